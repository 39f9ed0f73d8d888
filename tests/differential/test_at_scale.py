"""`make differential` in small: that engines agree, that it would notice if not, and what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from scale import found as found_module
from scale.found import FOLDER, Disagreement, read_found, write
from scale.judging import run_trial
from scale.ledgers import LedgerCase, drawn_case, drawn_waivers, read_case
from scale.rules import typed_rule
from scale.smaller import Shrinker
from scale.tally import FEATURES, LEDGERS, REACHED, WAIVED, Tally
from scale.worlds import world
from support import engines
from support.marks import few

from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.core.results import Outcome, Verdict

ROOT = Path(__file__).resolve().parents[2]
FOUND = sorted(FOLDER.glob("*.yaml"))


def of_file(path: Path) -> Disagreement | LedgerCase:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read_case(data) if "waivers" in data else read_found(path)


@pytest.mark.parametrize("number", few(range(6), 3))
def test_engines_agree(number: int) -> None:
    """A few trials of a small size, on the engines that need no server."""
    names = ("polars", "python", "durable", "duckdb")
    trial = run_trial("small", number, names, size=150, of_each=3)
    assert not trial.found, Shrinker(trial.found[0]).smallest().text()
    assert trial.tally.judged > 500
    assert trial.tally.of("polars") == trial.tally.of("python") == trial.tally.judged


@pytest.mark.slow
def test_a_small_run_reaches_everything(tmp_path: Path) -> None:
    """A run of a minute or two, as `make differential` begins: no shape or outcome is left out.

    Whole audits are too few in it to have every outcome by every engine.
    """
    done = subprocess.run(
        [sys.executable, "-m", "scale", "--seed", os.environ.get("SEED", "ci"), "--outcomes",
         "400000", "--records", "500", "--engines", "polars,python,durable,duckdb",
         "--found", str(tmp_path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": "tests"}, capture_output=True, text=True,
        check=False, timeout=1200)
    assert not list(tmp_path.iterdir()) and "disagrees" not in done.stdout, done.stdout
    lines = done.stdout.splitlines()
    end = next(n for n, line in enumerate(lines) if line in (
        "too little was tried:", "nothing was left untried"))
    assert [line for line in lines[end + 1:] if not line.startswith("ledgers: ")] == []


class Crooked:
    """An engine that counts the last day of a deadline as too late."""

    name = "crooked"

    def judge(self, plan: Any, frame: Any, all_outcomes: bool = False) -> list[Verdict]:
        return [
            Verdict(v.row, v.rule, Outcome.VIOLATION, v.clause, v.due, 0)
            if v.outcome is Outcome.PENDING and v.due == plan.today else v
            for v in backend("reference").judge(plan, frame, all_outcomes)]


@pytest.fixture
def crooked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_module, "backend",
                        lambda name: Crooked() if name == "crooked" else backend(name))


@pytest.mark.usefixtures("crooked")
def test_a_fault_is_found_and_made_small(tmp_path: Path) -> None:
    """One rule, one record, no more cells than it takes; and the file says the same again."""
    seen = []
    for number in range(40):
        trial = run_trial("fault", number, ("crooked",), size=300, of_each=2,
                          packs=("harbour-2024-6", "haiwan-2024-3"))
        seen += trial.found
        if seen:
            break
    assert seen, "forty trials never came to the last day of a deadline"
    small = Shrinker(seen[0]).smallest()
    assert isinstance(small, Disagreement)
    (rule,), (record,) = small.rules, small.records
    assert rule.shape == "deadline" and rule.when is None and not small.absent
    assert {n for n, v in record.items() if v is not None} <= rule.fields
    assert len([v for v in record.values() if v is not None]) <= 1
    path = write(small, tmp_path, "seed fault")
    again = read_found(path)
    assert again.stands and again.text() == small.text()


def test_an_idle_run_is_no_agreement() -> None:
    """What was never tried is said, engine by engine, shape by shape."""
    tally = Tally()
    said = tally.idle(["polars"], ["stream"])
    assert len(said) == sum(map(len, [*REACHED.values(), *LEDGERS.values(), WAIVED])) + len(
        FEATURES)
    for shape, outcomes in REACHED.items():
        tally.add("polars", [(shape, o) for o in outcomes for _ in range(30)])
    tally.features.update(FEATURES)
    assert tally.idle(["polars"]) == []
    tally.outcomes["polars", "deadline", "pending"] = 0
    assert [s.split(" 0 ")[0] for s in tally.idle(["polars"])] == ["polars: deadline was pending"]


@pytest.mark.parametrize("engine", few(("by-hand", "stream", "polars", "python", "durable", "duckdb"),
                                       "by-hand", "stream"))
def test_whole_ledgers(engine: str) -> None:
    """With waivers, a roster, repeated ids and columns that are not there."""
    random = Random(f"whole-{engine}")
    where = world("harbour-2024-6")
    rules = [r for r in where.policy.rules if r.shape != "reconcile"]
    case = drawn_case(random, where, where.day, rules, 60)
    waivers = drawn_waivers(random, case, case.audited("reference").findings)
    tried = LedgerCase(**{**vars_of(case), "engine": engine, "waivers": tuple(waivers)})
    assert waivers
    assert not tried.stands


def vars_of(case: LedgerCase) -> dict[str, Any]:
    return {name: getattr(case, name) for name in LedgerCase.__dataclass_fields__}


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
@pytest.mark.parametrize("engine", [n for n in NAMES if n not in ("reference", *engines.DEAR)])
def test_what_was_found_does_not_stand_any_more(path: Path, engine: str) -> None:
    """Every disagreement that was ever found, on every engine: what one got wrong another may."""
    case = of_file(path)
    names: Sequence[str] = (case.engine,) if isinstance(case, LedgerCase) else (engine,)
    for name in names:
        assert case.says(name) == case.says("reference")


def test_rules_keep_their_meaning_as_text() -> None:
    """What a file keeps of a rule is all of it."""
    from scale.rules import drawn_rules, text_of

    for name in ("harbour-2024-6", "haiwan-2024-3", "by-date"):
        where = world(name)
        for rule in drawn_rules(Random(name), where, 8):
            assert text_of(typed_rule(where, text_of(rule))) == text_of(rule)
