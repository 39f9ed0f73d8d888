"""`policy verify` on many rules: the same on any number of cores, kept or not, broken off or not.

What is settled without a question of its own is held up against asking about each by itself.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from support.marks import few
from support.verify_pack import ask, deadline, policy, rule

from zhuanjie.cli.main import main
from zhuanjie.engine.authoring.verification.boxes import box_of
from zhuanjie.engine.authoring.verification.meeting import Meeting, numbers_in
from zhuanjie.engine.authoring.verification.prover import Prover
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.authoring.verification.verify import Verification, verify
from zhuanjie.engine.core.kept_files import KeptFiles, keep_in
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.policy.policy import Policy

DAYS = ("letter.issued_on", "arrival.accepted_on", "member.left_on")
KINDS = ("employer_org", "retained", "talent_service")


def condition(r: random.Random) -> str:
    """A condition on one of a few cells, so that rules meet."""
    return r.choice((
        f"has({r.choice(DAYS)})", f"member.cohort == {r.randrange(2005, 2008)}",
        f"member.cohort {r.choice(('>=', '<'))} {r.randrange(2005, 2009)}",
        f"destination.kind == '{r.choice(KINDS)}'",
        f"destination.kind in ['{r.choice(KINDS)}', '{r.choice(KINDS)}']",
        f"{r.choice(('', '!'))}employment.employed",
        f"{r.choice(DAYS)} {r.choice(('<', '>='))} {r.choice(DAYS)} + days({r.randrange(9)})",
        f"letter.serial == '{r.choice('AB')}1'", "!has(letter.phone)",
        f"(employment.employed || letter.valid_days > {r.randrange(20, 23)})"))


def drawn(folder: Path, seed: int, count: int) -> Policy:
    """A pack of random rules."""
    r = random.Random(seed)
    rules = []
    for n in range(count):
        shape = (ask(condition(r)) if r.random() < 0.6 else
                 deadline(f"{r.choice(DAYS)} + days({r.randrange(30)})", "receipt.returned_on"))
        rules.append(rule(f"r{n}", shape, " && ".join(
            condition(r) for _ in range(r.choice((1, 2))))))
    return policy(folder, rules)


def told(found: Verification) -> list[Any]:
    """All that is said, in its order."""
    return [[(f.kind, f.rules, f.code, f.witness, f.as_of, f.places) for f in found.findings],
            [(s.kind, s.rules, s.code) for s in found.proved]]


@pytest.mark.parametrize("seed", few(range(12)))
def test_pairs_are_at_odds_as_asking_about_each_shows(tmp_path: Path, seed: int) -> None:
    pack = drawn(tmp_path, seed, 14)
    found = {frozenset(f.rules) for f in verify(pack).findings if f.kind == "contradiction"}
    prover = Prover(pack, 5000)
    wanted = set()
    for a, b in combinations(prover.rules, 2):
        both = [a.applies, b.applies]
        met = [r.outcome(Outcome.SATISFIED) for r in (a, b)]

        def never(*parts: Any) -> bool:
            return prover.query([*both, *parts]).check().value == "no"  # noqa: B023

        if a.rule.fields & b.rule.fields and never(*met) and not (never(met[0]) or never(met[1])):
            wanted.add(frozenset((a.rule.id, b.rule.id)))
    assert found == wanted


@pytest.mark.parametrize("seed", few(range(12)))
def test_what_boxes_keep_apart_the_solver_keeps_apart(tmp_path: Path, seed: int) -> None:
    prover = Prover(drawn(tmp_path, seed, 20), 5000)
    sets = RuleSets(prover)
    apart = 0
    for n, box in enumerate(sets.meeting):
        for m in numbers_in(sets.every & ~sets.met.of(box)):
            apart += 1
            parts = [x for k in (n, m) for x in (
                sets.rules[k].applies, sets.rules[k].outcome(Outcome.SATISFIED))]
            assert prover.query(parts).check().value == "no"
    assert apart, "nothing is kept apart"


@pytest.mark.parametrize("seed", range(4))
def test_a_record_lies_in_the_box_of_all_that_holds_of_it(tmp_path: Path, seed: int) -> None:
    prover = Prover(drawn(tmp_path, seed, 20), 5000)
    boxes = Meeting([box_of(r.lowered.violation) for r in prover.rules])
    met = 0
    for rule_ in prover.rules:
        shown = prover.find([rule_.violation], lambda s, r=rule_.rule: s.violates(r)).scenario
        if shown is None:
            continue
        setting = shown.setting
        near = boxes.of_record(setting.record, setting.today, setting.vocabulary.fields)
        for n, other in enumerate(prover.rules):
            if shown.violates(other.rule):
                met += 1
                assert near >> n & 1
    assert met


def guarded(folder: Path, count: int, terms: Mapping[int, int] | None = None) -> Policy:
    """Many plain rules on one field and some days; `terms` changes the days of some."""
    days = {n: 10 + n for n in range(count)} | dict(terms or {})
    return policy(folder, [
        rule(f"r{n}", deadline(f"{DAYS[n % 3]} + days({days[n]})", "receipt.returned_on"),
             f"has({DAYS[n % 3]}) && member.cohort == {2000 + n % 9}") for n in range(count)])


@pytest.mark.slow
def test_many_processes_say_what_one_says(tmp_path: Path) -> None:
    pack = guarded(tmp_path, 70)
    assert told(verify(pack, jobs=2)) == told(verify(pack))


def test_what_did_not_change_is_not_asked_again(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    query = Prover.query
    monkeypatch.setattr(Prover, "query", lambda *a, **k: (asked.append(1), query(*a, **k))[1])
    counts = []
    keep_in(tmp_path / "kept")
    try:
        for terms in ({}, {}, {7: 400}):
            asked.clear()
            pack = guarded(tmp_path / "pack", 20, terms)
            said = told(verify(pack))
            counts.append(len(asked))
            keep_in(None)
            assert told(verify(pack)) == said
            keep_in(tmp_path / "kept")
    finally:
        keep_in(None)
    first, again, edited = counts
    assert again == 0 < edited < first / 2


def test_kept_records_that_show_nothing_are_not_believed(tmp_path: Path) -> None:
    pack = guarded(tmp_path / "pack", 12)
    folder = tmp_path / "kept"
    keep_in(folder)
    try:
        said = told(verify(pack))
        (name,) = (f.name for f in folder.iterdir())
        files = KeptFiles(folder)
        text = files.read(name)
        assert text is not None and "2000" in text
        for spoilt in (text.replace("2000", "1900"), text.replace('"member.cohort":', '"no.field":'),
                       text.replace(":20", ":true"), "[]", "{", text[:-9]):
            files.write(name, spoilt)
            assert told(verify(pack)) == said
    finally:
        keep_in(None)


def test_what_is_broken_off_is_never_clean(tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    pack = guarded(tmp_path, 30)
    found = verify(pack, budget=0)
    assert {kind for left in found.left for kind in (left.kind,)} >= {"dead", "contradiction"}
    assert not found.proved and not found.interrupted
    told_so = 0

    def stop(_done: int, _whole: int) -> None:
        nonlocal told_so
        told_so += 1
        raise KeyboardInterrupt

    found = verify(pack, partial=True, progress=stop)
    assert found.interrupted and told_so == 1
    assert {s.kind for s in found.proved} >= {"dead"}
    assert {"contradiction", "implied", "unsatisfiable"} <= {left.kind for left in found.left}
    rules = {r for left in found.left if left.kind == "dead" for r in left.rules}
    assert rules and rules < {f"r{n}" for n in range(30)}
    with pytest.raises(KeyboardInterrupt):
        verify(pack, progress=stop)
    assert capsys.readouterr().out == ""


def test_findings_say_where_their_rules_stand(tmp_path: Path,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    policy(tmp_path, [rule("a", ask("has(letter.phone)")), rule("b", ask("has(letter.phone)"))])
    assert main(["policy", "verify", str(tmp_path), "--format", "github", "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert f"file={tmp_path}/10.yaml,line=1," in said and "`b` stands at" in said
