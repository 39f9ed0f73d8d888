"""Every line of the tables in docs/semantics.md, tried on every engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.marks import few

from zhuanjie.engine.api import UNKNOWN, audit, check, evaluate, load_policy
from zhuanjie.engine.backends.registry import BULK
from zhuanjie.engine.core.dates import Month

PAGE = Path(__file__).resolve().parents[2] / "docs" / "semantics.md"
ENGINES = ("reference", BULK, "duckdb", "postgresql")
TODAY = date(2007, 12, 31)
VALUES = {"true": True, "false": False, "unknown": UNKNOWN}

PACK = """
id: shapes
version: 1.0.0
title: {zh: 各种规则, en: shapes}
authority: {zh: 测试, en: test}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 测试, en: test}}
in_force: {from: 2007-01-01}
clauses:
  "1": {binds: sender, text: {zh: 测试, en: test}}
"""
RULE = """
topic: {{zh: 测试, en: test}}
rules:
  - id: tried
    clause: "1"
    title: {{zh: 测试, en: test}}
    when: employment.employed
    {shape}
    message: {{zh: 测试, en: test}}
    remedy: {{zh: 测试, en: test}}
"""
SHAPES = {
    "require": "require: {ask: employment.employer_has_party_org}",
    "deadline": "deadline: {due: member.left_on, done: arrival.accepted_on}",
    "recurring": "recurring: {start: member.left_on, last: arrival.last_contact_on, every: '30'}",
    "unique": "unique: {field: letter.serial}",
    "at_most": "at_most: {field: letter.serial, count: 2}",
}


def tables(heading: str) -> Iterator[list[list[str]]]:
    """The tables under a heading, rows of cells."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^### {heading}$(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert found
    for table in re.findall(r"(?:^\|.*\n)+", found[1], re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in table.splitlines()]
        yield [[cell.strip().strip("`").replace("\\|", "|") for cell in line] for line in lines]


def lines(heading: str) -> list[tuple[str, ...]]:
    ((_, _, *rows),) = tables(heading)
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("engine", ENGINES)
def test_kleene(engine: str) -> None:
    def value(text: str, **given: str) -> Any:
        data = {name: VALUES[word] for name, word in given.items() if word != "unknown"}
        fields = {name: f"v.{name}" for name in given}
        for name, field in fields.items():
            text = re.sub(rf"\b{name}\b", field, text)
        return evaluate(text, {"v": data}, backend=engine)

    tried = 0
    for (text, *heads), _, *rows in tables("Kleene"):
        for left, *cells in rows:
            for head, cell in zip(heads, cells, strict=True):
                given = {"a": left, "b": head} if head else {"a": left}
                assert value(text, **given) is VALUES[cell], (text, left, head)
                tried += 1
    assert tried == 9 + 9 + 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_month_and_a_day(engine: str) -> None:
    (head, _, *rows), = tables("A month and a day")
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    month, tried = Month(2008, 2, 1), 0
    for where, *cells in rows:
        days = {"a day before the month": (date(2008, 1, 31), date(2007, 2, 10)),
                "its first day": (date(2008, 2, 1),), "its last day": (date(2008, 2, 29),),
                "a day within the month": (date(2008, 2, 2), date(2008, 2, 28)),
                "a day after the month": (date(2008, 3, 1), date(2009, 2, 10))}[where]
        for op, cell in zip(head[1:], cells, strict=True):
            for day in days:
                data = {"v": {"m": month, "d": day}}
                for text in (f"v.m {op} v.d", f"v.d {turned.get(op, op)} v.m"):
                    assert evaluate(text, data, backend=engine) is VALUES[cell], (text, day)
                    tried += 1
    assert tried == 8 * 6 * 2


@pytest.mark.parametrize("engine", ENGINES)
def test_days_and_their_parts(engine: str) -> None:
    rows = lines("Days and their parts")
    for text, value in rows:
        wanted = (UNKNOWN if value == "unknown" else date.fromisoformat(value) if "-" in value[1:]
                  else int(value))
        assert evaluate(text, {}, backend=engine) == wanted, text
    assert len(rows) > 20


def outcomes(shape: str, records: list[dict[str, Any]], folder: Path, engine: str) -> list[str]:
    """How the rule of a shape comes out for the first record of a ledger."""
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    (folder / "10.yaml").write_text(RULE.format(shape=SHAPES[shape]), encoding="utf-8")
    report = audit(records, load_policy(folder), as_of=TODAY, backend=engine, all_outcomes=True)
    return [str(f.outcome) for f in report.findings if f.location.row == 1]


def when(word: str) -> dict[str, Any]:
    return {} if word == "unknown" else {"employment.employed": word}


def require(condition: str, ask: str) -> list[dict[str, Any]]:
    asked = {} if ask == "unknown" else {"employment.employer_has_party_org": ask}
    return [{"member.id": "1", **when(condition), **asked}]


def deadline(condition: str, due: str, act: str) -> list[dict[str, Any]]:
    day = TODAY + timedelta(days=0 if "not passed" in act else -2)
    record = {"member.id": "1", **when(condition)}
    if due == "known":
        record["member.left_on"] = day
    if act.startswith("done"):
        record["arrival.accepted_on"] = day + timedelta(days="after" in act)
    if act.startswith("announced"):
        record["arrival.accepted_on"] = TODAY + timedelta(days=1)
    return [record]


def recurring(condition: str, base: str, following: str) -> list[dict[str, Any]]:
    day = TODAY - timedelta(days=30 if following == "not passed" else 31)
    counted = {"last": {"arrival.last_contact_on": day}, "start": {"member.left_on": day}}
    return [{"member.id": "1", **when(condition), **counted.get(base, {})}]


def unique(condition: str, key: str, others: str) -> list[dict[str, Any]]:
    serial = {"letter.serial": "7"}
    first = {"member.id": "1", **when(condition), **(serial if key == "filled" else {})}
    other = {"one surely": when("true"), "one perhaps": {}, "none": when("false")}[others]
    return [first, {"member.id": "2", **serial, **other}]


def at_most(condition: str, key: str, others: str) -> list[dict[str, Any]]:
    first, _ = unique(condition, key, "none")
    words = {"two surely": "one surely, one surely"}.get(others, others)
    return [first, *(unique("true", "filled", word)[1] | {"member.id": str(n)}
                     for n, word in enumerate(words.split(", "), 2))]


MAKERS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "require": require, "deadline": deadline, "recurring": recurring, "unique": unique,
    "at_most": at_most,
}
HITS = """
    table:
      hit: {hit}
      subject: destination.kind
      rows:
        - {{clause: "1", title: {{en: a}}, when: arrival.attends, allow: [{allowed[0]}]}}
        - {{clause: "1", title: {{en: b}}, when: retention.attends, allow: [{allowed[1]}]}}
"""


def hits() -> list[tuple[str, ...]]:
    return [tuple(row) for row in list(tables("table"))[1][2:]]


@pytest.mark.parametrize("engine", (*ENGINES, "python", "durable"))
@pytest.mark.parametrize("case", hits(), ids=", ".join)
def test_hits(case: tuple[str, ...], engine: str, tmp_path: Path) -> None:
    hit, *rows, expected = case
    said = [row.split(", ") for row in rows]
    allowed = ["employer_org" if says == "allows" else "talent_service" for _, says in said]
    held = {"holds": True, "fails": False, "unknown": None}
    record = {"member.id": "1", "destination.kind": "employer_org", "employment.employed": True,
              "arrival.attends": held[said[0][0]], "retention.attends": held[said[1][0]]}
    (tmp_path / "pack.yaml").write_text(PACK, encoding="utf-8")
    shape = HITS.format(hit=hit, allowed=allowed).strip()
    (tmp_path / "10.yaml").write_text(RULE.format(shape=shape), encoding="utf-8")
    policy = load_policy(tmp_path)
    found = (check(record, policy, as_of=TODAY, backend=engine, all_outcomes=True)
             if engine in ("python", "durable") else
             audit([record], policy, as_of=TODAY, backend=engine, all_outcomes=True).findings)
    assert [str(f.outcome) for f in found] == [expected]


CASES = [(shape, *line) for shape in MAKERS for line in lines(shape)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=", ".join)
def test_shapes(case: tuple[str, ...], engine: str, tmp_path: Path) -> None:
    shape, *given, expected = case
    assert outcomes(shape, MAKERS[shape](*given), tmp_path, engine) == [expected]


@pytest.mark.parametrize("engine", ENGINES)
def test_shares(engine: str, tmp_path: Path) -> None:
    """Each line of the table, as a ledger of so many records of each kind."""
    sides = [(w, a) for w in ("true", "unknown") for a in ("true", "false", "unknown")]
    (_, _, *rows), = tables("share")
    for *counts, expected in rows:
        records = [require(w, a)[0] for (w, a), times in zip(sides, counts, strict=True)
                   for _ in range(int(times))] or require("false", "true")
        records = [{**record, "member.id": str(n)} for n, record in enumerate(records)]
        (tmp_path / "pack.yaml").write_text(PACK, encoding="utf-8")
        (tmp_path / "10.yaml").write_text(RULE.format(
            shape="share: {ask: employment.employer_has_party_org, at_least: 50}"), encoding="utf-8")
        found, = audit(records, load_policy(tmp_path), as_of=TODAY, backend=engine,
                       all_outcomes=True).findings
        assert str(found.outcome) == expected, counts
    assert len(rows) == 11


def spoken(words: str) -> date | None:
    """A day as the page writes it."""
    return None if words == "none" else datetime.strptime(words, "%d %B %Y").date()


@pytest.mark.parametrize("engine", few(ENGINES, "reference", BULK))
@pytest.mark.parametrize("case", lines("Which day decides"), ids=" ".join)
def test_which_day_decides(case: tuple[str, ...], engine: str) -> None:
    first, as_of, rule, decided_by = case
    day = spoken(as_of)
    assert day
    # The parents' residence was listed before 1 July 2015, and is not since.
    record = {"destination.kind": "parents_township", "employment.employed": False,
              "letter.issued_on": spoken(first)}
    found = [f for f in audit([record], as_of=day, backend=engine, all_outcomes=True).findings
             if f.rule == "destination-allowed"]
    wanted = {"as it was before": "satisfied", "as it is since": "violation"}[rule]
    assert [f.outcome.value for f in found] == [wanted]
    decisive = spoken(first) if decided_by == "the date" else day
    assert decisive and (decisive >= date(2015, 7, 1)) == (rule == "as it is since")
