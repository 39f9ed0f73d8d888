"""Undetermined findings are gathered by the blank behind them, and none is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.output_reports import undetermined
from support.party_transfer import fields

from zhuanjie.report.causes import Open, causes


def test_one_blank_behind_seven_findings_is_one_cause() -> None:
    clauses = ("1.1a", "1.1b", "1.4b", "1.4c", "1.5b", "2.3a", "2.3b")
    (cause,) = causes(
        (undetermined("06001", c, "member.left_on") for c in clauses), fields())
    assert cause.field == "member.left_on"
    assert (cause.records, cause.findings) == (1, 7)
    assert [o.clause for o in cause.groups[0].opens] == list(clauses)


def test_records_with_the_same_open_clauses_stand_together() -> None:
    found = [undetermined(record, clause, "member.left_on")
             for record in ("1", "2", "3") for clause in ("1.1a", "1.1b")]
    found.append(undetermined("4", "1.1a", "member.left_on"))
    (cause,) = causes(found, fields())
    assert [[f.record for f in g.sample] for g in cause.groups] == [["1", "2", "3"], ["4"]]
    assert cause.records == 4


def test_a_finding_with_two_blanks_stands_under_the_one_that_opens_more() -> None:
    found = [
        undetermined("1", "1.1a", "member.left_on"),
        undetermined("1", "1.4b", "member.left_on", "retention.attends"),
    ]
    (cause,) = causes(found, fields())
    assert cause.field == "member.left_on"
    assert cause.groups[0].opens == (Open("1.1a"), Open("1.4b", ("retention.attends",)))


def test_ties_go_to_the_blank_most_missed_in_the_whole_ledger() -> None:
    found = [
        undetermined("1", "1.4b", "member.left_on", "retention.attends"),
        undetermined("2", "1.4c", "retention.attends"),
    ]
    (cause,) = causes(found, fields())
    assert (cause.field, cause.records) == ("retention.attends", 2)


def test_a_finding_without_a_known_blank_is_kept() -> None:
    (cause,) = causes([undetermined("1", "1.3e")], fields())
    assert cause.field is None
    assert cause.findings == 1


def test_the_same_record_number_in_two_rows_is_two_records() -> None:
    found = [undetermined("1", "1.1a", "member.left_on", row=row) for row in (2, 9)]
    (cause,) = causes(found, fields())
    assert cause.records == 2


FIELDS = ("member.left_on", "letter.form", "arrival.accepted_on", "retention.attends")


@given(st.lists(st.tuples(
    st.sampled_from("abc"), st.sampled_from(("1.1a", "1.6b", "2.1b")),
    st.lists(st.sampled_from(FIELDS), unique=True, max_size=3))))
def test_every_finding_stands_under_exactly_one_cause(rows: list) -> None:
    found = [undetermined(record, clause, *missing) for record, clause, missing in rows]
    gathered = causes(found, fields())
    under = [(c.field, f) for c in gathered for g in c.groups for f in g.findings]
    assert sorted(id(f) for _, f in under) == sorted(map(id, found))
    assert all(field in f.missing if field else not f.missing for field, f in under)
    assert len({c.field for c in gathered}) == len(gathered)


def test_nothing_undetermined_has_no_cause() -> None:
    assert causes([], fields()) == []
