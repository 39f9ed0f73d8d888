"""`share`: figures as a range, whoever counts them; what a finding of a share is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.verify_pack import policy, rule, values

from zhuanjie.engine import audit, check
from zhuanjie.engine.api import explain, lint
from zhuanjie.engine.api.baselines import create_baseline
from zhuanjie.engine.authoring.diff.impact import impact
from zhuanjie.engine.authoring.diff.meaning import meaning
from zhuanjie.engine.authoring.testing.judged_shares import judged_share
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.results import Finding, Outcome
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.locate import load_chain, policy_periods
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import PackTimeline

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
    assert report.to_frame().select("share_asked", "share_met", "share_lowest").rows() == [(4, 1, "25.0")]
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


def slips(*groups: tuple[str | None, int, int, int]) -> list[dict[str, Any]]:
    """Records of colleges with letters: so many slips in time, late, not back."""
    out: list[dict[str, Any]] = []
    for college, good, late, blank in groups:
        for day in ["2007-11-10"] * good + ["2007-12-20"] * late + [None] * blank:
            out.append({"member.id": str(len(out)), "member.school_branch": college,
                        "letter.issued_on": "2007-11-01", "receipt.returned_on": day})
    return out


def test_a_waiver_covers_a_group_by_its_field(tmp_path: Path) -> None:
    entry = ("waivers:\n  - {{id: W1, rule: slips, where: \"{where}\", at_most: 1, reason: r,\n"
             "     requested_by: a, approved_by: b, granted_on: 2007-12-01, expires: 2008-01-31}}\n")
    waivers, records = tmp_path / "waivers.yaml", slips(("数学系", 1, 3, 0), ("中文系", 1, 3, 0))
    by, whole = (pack(tmp_path / name, 50, field) for name, field in (
        ("by", "member.school_branch"), ("whole", None)))
    for where, given, wanted in (
            ("member.school_branch == '数学系'", by, ["violation", "waived"]),
            ("has(member.school_branch)", by, ["violation", "violation"]),  # two, and it may one
            ("true", whole, ["waived"]), ("!has(member.id)", whole, ["violation"])):
        waivers.write_text(entry.format(where=where), encoding="utf-8")
        for how in ({}, {"bulk": True}):
            said = found(records, given, waivers=[waivers], **how)
            assert [str(f.outcome) for f in said] == wanted, where


def test_a_baseline_knows_groups_apart(tmp_path: Path) -> None:
    given = pack(tmp_path / "pack", 50, "member.school_branch")
    ledger_, known = tmp_path / "ledger.json", tmp_path / "known.jsonl"
    ledger_.write_text(json.dumps(slips(("数学系", 1, 3, 0), (None, 0, 1, 0))), encoding="utf-8")
    create_baseline([ledger_], known, given, as_of=DAY)
    ledger_.write_text(json.dumps(slips(("数学系", 1, 3, 0), (None, 1, 0, 0), ("中文系", 0, 1, 0))),
                       encoding="utf-8")
    since = {f.share.group: f.known_since for f in found(ledger_, given, baseline=known) if f.share}
    assert since == {"数学系": DAY, "中文系": None}


def test_each_record_counts_under_the_law_of_its_own_day(tmp_path: Path) -> None:
    """Half is enough until July 2011, and three quarters since."""
    folders = []
    for name, period, at_least in (("old", "{to: 2011-06-30}", 50), ("new", "{from: 2011-07-01}", 75)):
        pack(tmp_path / name, at_least, when=None)
        file = tmp_path / name / "pack.yaml"
        text = json.loads(re.sub(r": (\d{4}-\d\d-\d\d)", r': "\1"', file.read_text()))
        text |= {"id": name, "in_force": "@", "by_default": True}
        text["clauses"]["1"]["dated_by"] = "letter.issued_on"
        text["document"]["issued_on"] = "#"
        file.write_text(json.dumps(text).replace('"@"', period).replace('"#"', "2007-11-01"))
        folders.append(tmp_path / name)
    law = PackTimeline(
        policy_periods([(load_chain(f)[-1].manifest, f) for f in folders]),
        lambda f, given: build_policy(load_chain(f), given)).on(date(2020, 12, 31))

    def letters(year: int, good: int, late: int) -> list[dict[str, Any]]:
        return [{"member.id": f"{year}-{n}", "letter.issued_on": f"{year}-11-01",
                 "receipt.returned_on": f"{year}-1{1 if n < good else 2}-20"}
                for n in range(good + late)]

    for how in ENGINES:
        said = audit([*letters(2010, 2, 2), *letters(2012, 2, 2)], law, as_of=date(2020, 12, 31),
                     all_outcomes=True, **how).findings
        assert [(f.pack, str(f.outcome), f.share and f.share.asked) for f in said] == [
            ("old", "satisfied", 4), ("new", "violation", 4)], how


def test_a_change_of_the_share_says_which_groups_turn(tmp_path: Path) -> None:
    file = tmp_path / "ledger.json"
    file.write_text(json.dumps(slips(("数学系", 2, 2, 0), ("中文系", 1, 3, 0), (None, 2, 1, 1))),
                    encoding="utf-8")
    old, new = (pack(tmp_path / name, n, "member.school_branch") for name, n in (("a", 50), ("b", 60)))
    found_ = impact(old, new, [file], DAY)
    assert [(c.record, str(c.was), str(c.now), c.row) for c in found_.changes] == [
        ("member.school_branch: 数学系", "satisfied", "violation", None),
        ("member.school_branch:", "satisfied", "undetermined", None)]
    assert found_.records_changed == 0


def test_explain_says_what_the_group_comes_to_and_how_the_record_counts(tmp_path: Path) -> None:
    given = pack(tmp_path, 50, "member.school_branch")
    records = slips(("数学系", 1, 3, 0), ("中文系", 1, 0, 1))
    one, = explain(records, "4", "1", given, as_of=DAY)
    assert (one.finding.record, str(one.finding.outcome)) == ("4", "satisfied")
    assert one.finding.share is not None and one.finding.share.group == "中文系"
    assert [(p.label, p.trace.value) for p in one.parts] == [
        ("when", True), ("ask", True), ("at_least", 50)]


def test_the_share_that_is_needed_is_compared_over_all_days(tmp_path: Path) -> None:
    def least(*steps: tuple[str | None, int]) -> Policy:
        return pack(tmp_path / str(steps), "params.least", parameters={"least": values(*steps)})

    old = least((None, 50), ("2008-01-01", 60))
    for other, verdict in ((least((None, 50), ("2008-01-01", 60)), "equal"),
                           (least((None, 50), ("2008-01-01", 61)), "stricter"),
                           (least((None, 50)), "laxer"),
                           (least((None, 70), ("2008-01-01", 40)), "different")):
        assert meaning(old, other)["1"].verdict == verdict
    assert meaning(pack(tmp_path / "a"), pack(tmp_path / "b", ask="true"))["1"].verdict == "different"
