"""`share`: figures as a range, whoever counts them; what a finding of a share is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.verify_pack import policy, rule, values

from zhuanjie.engine import audit, check
from zhuanjie.engine.api import lint
from zhuanjie.engine.authoring.testing.judged_shares import judged_share
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.results import Finding, Outcome
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.policy.policy import Policy

DAY = date(2007, 12, 31)
ASK = "receipt.returned_on <= letter.issued_on + days(30)"
WHEN = "letter.issued_on <= as_of"
ENGINES = ({}, {"bulk": True}, {"backend": "duckdb"}, {"backend": "reference"},
           {"backend": "durable"}, {"backend": "python"})


def pack(folder: Path, at_least: Any = 50, by: str | None = None, when: str | None = WHEN,
         ask: str = ASK, **more: Any) -> Policy:
    shape = {"ask": ask, "at_least": at_least, **({"by": by} if by else {})}
    return policy(folder, [rule("slips", {"share": shape}, when)], **more)


def ledger(random: Random, size: int) -> list[dict[str, Any]]:
    """Records of three colleges, some with blanks where they matter."""
    def some(*cells: str | None) -> str | None:
        return random.choice(cells)

    return [{"member.id": str(n), "member.school_branch": some("数学系", "中文系", None),
             "letter.issued_on": some("2007-11-01", "2007-11-01", "2008-01-05", None),
             "receipt.returned_on": some("2007-11-10", "2007-11-10", "2007-12-20", None)}
            for n in range(size)]


def found(records: Any, given: Policy, **how: Any) -> list[Finding]:
    return list(audit(records, given, as_of=DAY, **how).findings)


def test_figures_are_the_least_and_the_most_of_all_that_may_be() -> None:
    """Every way in which the unknown may turn out, counted one by one."""
    for counts in product(range(3), repeat=6):
        met, failed, open_, p_met, p_failed, p_open = counts
        for at_least in (1, 50, 67, 100):
            figures = ShareFigures(*counts, at_least)  # type: ignore[arg-type]
            ways = {
                (met + a + b + d, met + failed + open_ + b + c + d + e)
                for a in range(open_ + 1) for b in range(p_met + 1) for c in range(p_failed + 1)
                for d in range(p_open + 1) for e in range(p_open - d + 1)}
            held = {of == 0 or 100 * n >= at_least * of for n, of in ways}
            wanted = ("undetermined" if len(held) == 2 else
                      "satisfied" if held == {True} else "violation")
            assert figures.standing == (wanted if any(counts) else "not_applicable"), counts
            assert (figures.highest < at_least) <= (False not in ways)
            if figures.standing == "violation":
                assert figures.highest < at_least


@pytest.mark.parametrize("seed", range(6))
def test_every_way_of_counting_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    records = ledger(random, random.choice((1, 5, 40)))
    given = pack(tmp_path, random.choice((20, 50, 80)),
                 random.choice((None, "member.school_branch")), random.choice((None, WHEN)))
    typed, = given.rules
    days = [as_days(read_record(r, HeadingMap(given.vocabulary))[0]) for r in records]
    today = (DAY - date(1970, 1, 1)).days
    wanted = {}
    for n, record in enumerate(days):
        mine = [record, *days[:n], *days[n + 1:]]
        judged = judged_share(typed, mine, today, {}, given.vocabulary.fields, None)
        group = record.get("member.school_branch") if typed.within else None
        wanted[group] = judged.outcome, judged.missing
    for how in ENGINES:
        came = {f.share.group: (f.outcome, frozenset(f.missing))
                for f in found(records, given, all_outcomes=True, **how) if f.share}
        asked = {g: w for g, w in wanted.items()
                 if w[0] is not Outcome.NOT_APPLICABLE or typed.within is None}
        assert came == asked, how


@pytest.mark.parametrize("at_least", [0, 101, -1, "params.least", "letter.valid_days", "'50'"])
def test_what_no_share_can_be_is_refused_where_it_stands(at_least: Any, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        pack(tmp_path, at_least, parameters={"least": values((None, 50), ("2008-01-01", 120))})
    said = refused.value.diagnostics[0]
    assert said.place is not None and said.place.path == "rules[0].share.at_least"


def test_a_finding_of_a_share_has_its_figures_and_no_record(tmp_path: Path) -> None:
    records = [{"member.id": str(n), "member.school_branch": "数学系",
                "letter.issued_on": "2007-11-01", "receipt.returned_on": day}
               for n, day in enumerate(("2007-11-10", "2007-12-20", "2007-12-20", None))]
    report = audit(records, pack(tmp_path, 80, "member.school_branch"), as_of=DAY)
    one, = report.findings
    assert (one.record, one.location.row, one.name) == (None, None, None)
    assert one.outcome is Outcome.VIOLATION and report.summary.people == 0
    said, = json.loads(json.dumps(report.to_dict()))["findings"]
    assert said["share"] == {"by": "member.school_branch", "group": "数学系", "asked": 4, "met": 1,
                             "unknown": 1, "lowest": 25.0, "highest": 50.0, "at_least": 80}
    assert "25.0" in said["message"] and "50.0" in said["message"]


def test_groups_have_ids_of_their_own(tmp_path: Path) -> None:
    records = [{"member.id": str(n), "member.school_branch": branch,
                "letter.issued_on": "2007-11-01", "receipt.returned_on": "2007-12-20"}
               for n, branch in enumerate(("数学系", "中文系", None))]
    ids = [f.id for f in found(records, pack(tmp_path, 50, "member.school_branch"))]
    assert len(set(ids)) == 3


def test_a_column_that_is_not_there_leaves_a_share_unjudged(tmp_path: Path) -> None:
    table = tmp_path / "ledger.csv"
    table.write_text("member.id,letter.issued_on\n1,2007-11-01\n2,2007-11-01\n")
    given = pack(tmp_path / "pack")
    for how in ENGINES:
        report = audit(table, given, as_of=DAY, **how)
        assert not report.findings and report.summary.not_judged == {"1": 1}, how
        dark, = audit(table, given, as_of=DAY, all_outcomes=True, **how).findings
        assert dark.missing == ("receipt.returned_on",) and not dark.judged


@pytest.mark.parametrize("bulk", [False, True])
def test_rows_without_a_cell_are_no_records(bulk: bool, tmp_path: Path) -> None:
    table = tmp_path / "ledger.csv"
    table.write_text("member.id,letter.issued_on,receipt.returned_on\n"
                     "1,2007-11-01,2007-11-02\n,,\n,,\n2,2007-11-01,2007-11-02\n")
    for when in (None, WHEN):
        one, = found(table, pack(tmp_path / "pack", 100, when=when), bulk=bulk, all_outcomes=True)
        assert one.share is not None and (one.share.asked, one.share.unknown) == (2, 0)


def test_records_out_of_scope_do_not_count(tmp_path: Path) -> None:
    records = ledger(Random(1), 30)
    given = pack(tmp_path, 50, scope="member.school_branch == '数学系'")
    inside = [r for r in records if r["member.school_branch"] in ("数学系", None)]
    for how in ENGINES:
        assert found(records, given, all_outcomes=True, **how)[0].share == found(
            inside, given, all_outcomes=True)[0].share, how


def test_one_record_is_not_asked_of_a_share(tmp_path: Path) -> None:
    record: Sequence[Any] = [{"member.id": "1", "letter.issued_on": "2007-11-01",
                              "receipt.returned_on": "2007-12-20"}]
    assert not check(record[0], pack(tmp_path), as_of=DAY)


def test_a_text_may_quote_the_figures(tmp_path: Path) -> None:
    asked = rule("slips", {"share": {"ask": ASK, "at_least": 50}}, WHEN)
    asked["message"] = {"zh": "至多{highest}%", "en": "{highest} % at most, of {asked}"}
    texts = [d for d in lint(policy(tmp_path / "1", [asked])) if d.code == "lint.text-not-read"]
    assert not texts
    asked["message"] = {"zh": "{receipt.tracker}", "en": "{receipt.tracker}"}
    texts = [d for d in lint(policy(tmp_path / "2", [asked])) if d.code == "lint.text-not-read"]
    assert [d.args["name"] for d in texts] == ["receipt.tracker"]
