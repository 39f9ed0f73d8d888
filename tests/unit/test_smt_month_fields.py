"""Rules on months compared for every record: what the solver proves of months and days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.month_ledgers import PACK
from support.party_transfer import compare_rules, same_outcomes
from support.verify_pack import ask, policy, rule

from zhuanjie.cli.main import main
from zhuanjie.engine import load_policy
from zhuanjie.engine.authoring.diff.counterexample import Side, find_counterexample
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext
from zhuanjie.engine.core.dates import Month, from_day, to_day

M, N, D, E = "dues.paid_to", "member.converted_on", "letter.issued_on", "arrival.accepted_on"
WHEN = f"has({D})"


@pytest.mark.parametrize(("old", "new", "verdict"), [
    (f"{M} < {D}", f"{M} <= {D}", "laxer"),
    (f"{M} > as_of", f"{M} >= as_of", "laxer"),
    (f"{M} + months(12) >= {D}", f"{M} + months(12) >= {D} + days(1)", "stricter"),
    (f"{M} + months(member.cohort - 2007) >= {D}", f"{M} + months(member.cohort - 2007) > {D}",
     "stricter"),
    # What only whole months have in common: between two that follow one another there is none.
    (f"{N} < {M}", f"{N} + months(1) <= {M}", "equal"),
    (f"{N} < {M}", f"{M} - months(1) >= {N}", "equal"),
    (f"{M} > {N} && {M} < {N} + months(2)", f"{M} == {N} + months(1)", "equal"),
    (f"{M} > {N} && {M} < {N} + months(13)",
     f"{M} >= {N} + months(1) && {M} <= {N} + months(12)", "equal"),
    (f"{M} >= {N} && {M} <= {N}", f"{M} == {N}", "equal"),
    (f"{M} in [{N}]", f"{M} == {N}", "equal"),
    # And what is so of a month and a day.
    (f"!({M} > {D})", f"{M} <= {D}", "equal"),
    (f"{M} == {D}", f"!({M} != {D})", "equal"),
    (f"{M} == {D}", f"{M} <= {D} && {M} >= {D}", "equal"),
    (f"{M} < {D}", f"{D} > {M}", "equal"),
    (f"{M} < {D}", f"{M} < {D} && {M} <= {D}", "equal"),
    (f"{M} <= {D} && {D} <= {E}", f"{M} <= {D} && {D} <= {E} && {M} <= {E}", "equal"),
])
def test_verdicts(old: str, new: str, verdict: str, tmp_path: Path) -> None:
    a, b = (policy(tmp_path / name, [rule("x", ask(text), WHEN)]).rules[0]
            for name, text in (("old", old), ("new", new)))
    found = compare_rules(a, b, {}, {})
    assert found.verdict == verdict
    assert same_outcomes(a, b, {}, {}) is (verdict == "equal")
    for name in (M, N):  # a month that the witness has is the first of its days
        held = (found.witness or {}).get(name)
        assert held is None or (isinstance(held, Month) and held.day == 1)


@pytest.mark.parametrize("args", [
    ["fmt", "--check"], ["lint"], ["test"], ["coverage", "--fail-under", "100"], ["mutate"],
    ["verify"], ["docs", "--lang", "zh"]], ids=" ".join)
def test_a_pack_that_counts_by_months(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command, *options = args
    assert main(["policy", command, str(PACK), *options]) == 0, capsys.readouterr()
    if command == "docs":
        said = capsys.readouterr().out
        assert "转出时间早于党费缴至时间后" in said and "转正时间不早于出生年月后" in said


def test_a_search_without_the_solver_moves_months(tmp_path: Path) -> None:
    """A record on which two rules differ by one month is found near where it starts."""
    packs = [policy(tmp_path / name, [rule("x", ask(f"{D} < {M} + months({n})"), WHEN)])
             for name, n in (("old", 2), ("new", 3))]
    old, new = (Side(pack.rules[0], pack) for pack in packs)
    day = date(2024, 12, 31)
    start = EvaluationContext(load_policy(PACK).vocabulary, (
        {"member.id": "1", D: to_day(date(2024, 6, 15)), M: to_day(Month(2024, 6, 1))},),
        to_day(day), {})
    found = find_counterexample(old, new, [start])
    assert found is not None and from_day(found.record[M]).day == 1
    assert old.came(found).outcome != new.came(found).outcome
