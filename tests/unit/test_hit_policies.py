"""Which rows of a table decide, for those who write tables: what is proved, planted, compared, said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from support.verify_pack import WORDS, policy, rule

from zhuanjie.engine.api import check, diff, verify
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.policy.policy import Policy

DAY = date(2007, 12, 31)
CONDITIONS = ("arrival.attends", "retention.attends", "arrival.by_proxy")
VALUES = ("employer_org", "talent_service")
Row = tuple[str, str | None, Sequence[str]]


def pack(folder: Path, hit: str, *rows: Row, guard: str | None = None,
         when: str | None = None) -> Policy:
    table: dict[str, Any] = {"hit": hit, "subject": "destination.kind", "rows": [
        {"clause": clause, "title": WORDS, "allow": list(allow), **({"when": where} if where else {})}
        for clause, where, allow in rows]}
    if guard:
        table["when"] = guard
    return policy(folder, [rule("place", {"table": table}, when)])


def outcome(of: Policy, record: dict[str, Any], backend: str = "python") -> str:
    return next(str(f.outcome) for f in check(record, of, as_of=DAY, all_outcomes=True,
                                              backend=backend))


@pytest.mark.parametrize("hit", ["first", "unique"])
def test_what_is_known_is_what_every_record_that_is_complete_says(tmp_path: Path, hit: str) -> None:
    """And what every one says is known, where no two rows that hold contradict each other."""
    for at, allowed in enumerate(product(VALUES, repeat=3)):
        rows = [(c, when, [a]) for c, when, a in zip("abc", CONDITIONS, allowed, strict=True)]
        of = pack(tmp_path / f"{at}", hit, *rows)
        full = {held: outcome(of, {"destination.kind": VALUES[0],
                                   **dict(zip(CONDITIONS, held, strict=True))})
                for held in product((True, False), repeat=3)}
        for held in product((True, False, None), repeat=3):
            came = outcome(of, {"destination.kind": VALUES[0],
                                **{n: v for n, v in zip(CONDITIONS, held, strict=True)
                                   if v is not None}})
            complete = {full[h] for h in full
                        if all(v in (None, h[i]) for i, v in enumerate(held))}
            assert came == (complete.pop() if len(complete) == 1 else "undetermined"), (allowed, held)


def test_the_guard_is_of_every_row_and_is_no_when(tmp_path: Path) -> None:
    of = pack(tmp_path, "first", ("a", None, VALUES), guard="arrival.attends",
              when="retention.attends")
    given = {"destination.kind": VALUES[0], "retention.attends": True}
    assert outcome(of, {**given, "arrival.attends": True}) == "satisfied"
    assert outcome(of, {**given, "arrival.attends": False}) == "violation"
    assert outcome(of, given) == "undetermined"
    assert outcome(of, {"destination.kind": VALUES[0], "retention.attends": False}) == (
        "not_applicable")


def kinds(of: Policy) -> set[tuple[str, str, tuple[str, ...]]]:
    found = verify(of).findings
    return {(f.code.removeprefix("verify.found."), str(f.severity), f.clauses) for f in found}


ROWS: tuple[Row, ...] = (
    ("a", "employment.employed", VALUES[:1]),
    ("b", "employment.employed && employment.employer_has_party_org", VALUES[1:]),
    ("c", "!employment.employed || !has(employment.employed)", VALUES),
)


@pytest.mark.parametrize(("hit", "wanted"), [
    ("any", {("overlap", "warning", ("a", "b"))}),
    ("first", {("masked", "warning", ("b", "a"))}),
    ("unique", {("overlap-unique", "error", ("a", "b"))}),
])
def test_verify_knows_which_rows_decide(tmp_path: Path, hit: str, wanted: set[Any]) -> None:
    assert kinds(pack(tmp_path, hit, *ROWS)) == wanted


def test_verify_is_content_with_rows_that_exclude_each_other(tmp_path: Path) -> None:
    assert not kinds(pack(tmp_path, "unique", ROWS[0], ROWS[2]))
    assert not kinds(pack(tmp_path, "first", ROWS[1], ROWS[0], ROWS[2]))


def test_faults_in_which_rows_decide(tmp_path: Path) -> None:
    found = {(m.fault, m.now) for m in mutants(pack(tmp_path, "first", *ROWS[:2])) if m.role == "hit"}
    assert found == {("hit", "any"), ("hit", "unique"), ("order", "first: row b, row a")}


def test_an_order_that_decides_is_a_difference(tmp_path: Path) -> None:
    old, new = (pack(tmp_path / name, "first", *rows) for name, rows in
                (("old", ROWS[:2]), ("new", (ROWS[1], ROWS[0]))))
    found = diff(old, new)
    assert [(e.key, e.now) for e in found.text] == [("table.order", ["row b", "row a"])]
    assert found.meaning["1"].verdict == "different"
    same = diff(*(pack(tmp_path / name, "any", *rows) for name, rows in
                  (("any", ROWS[:2]), ("turned", (ROWS[1], ROWS[0])))))
    assert not same.text and same.meaning["1"].verdict == "equal"
