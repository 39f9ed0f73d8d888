"""Whole ledgers on every engine. In: chance. Out: audits that must say the same, waivers and all.

What judging alone does not show: counts over the ledger, repeated ids, a roster, columns that are
not there taken either way, waivers, and the ways through a ledger (in batches, as one stream). What
is waived is also worked out by hand from the findings without waivers.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import yaml
from support.values import replace

from scale.records import columns
from scale.rules import text_of, typed_rule
from scale.worlds import World, world
from zhuanjie.engine import audit
from zhuanjie.engine.auditing.shares import value_of
from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.policy import Policy, TypedRule

STREAM, BY_HAND = "stream", "by-hand"
"""Ways besides engines: the engine for ledgers in one stream of small parts, and a clerk's."""
SMALL = Limits(reported_rows=7, hashed_rows=50, beat_rows=30, slice_rows=64, text_rows=40,
               typed_rows=64, sample_rows=4, chunk_rows=60)
Row = dict[str, Any]
Waivers = Sequence[Mapping[str, Any]]


@cache
def _folder() -> Path:
    """Where files are for as long as the process is: findings name them."""
    folder = Path(tempfile.mkdtemp(prefix="zj-scale-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class LedgerCase:
    """A ledger, rules, waivers and a roster; and the engine that is compared."""

    world: World
    day: date
    rules: tuple[TypedRule, ...]
    records: tuple[Row, ...]
    absent: frozenset[str]
    engine: str
    is_blank: bool = False
    all_outcomes: bool = False
    waivers: tuple[Mapping[str, Any], ...] = ()
    roster: tuple[str, ...] = ()

    @cached_property
    def policy(self) -> Policy:
        """The policy that judges; the one by date judges as it is."""
        if self.world.policy.timeline is not None:
            return self.world.policy.timeline.on(self.day)
        return replace(self.world.policy, rules=self.rules)

    @property
    def key(self) -> str:
        """The field that names a record."""
        return self.world.policy.vocabulary.key

    def frame(self) -> pl.DataFrame:
        """The ledger as a table, without the columns that it does not have."""
        read = self.world.fields.sort(
            {self.key, *self.world.policy.vocabulary.keys, *self.policy.fields} - self.absent)
        schema = {n: DTYPES[self.world.fields[n].type] for n in read}
        return pl.DataFrame([{n: r.get(n) for n in schema} for r in self.records], schema=schema)

    def audited(self, engine: str, waived: bool = True) -> Report:
        """What an engine makes of it."""
        options: dict[str, Any] = {"bulk": False, "backend": engine}
        if engine == STREAM:
            options = {"bulk": True}
        if self.roster:
            options["roster"] = path = _folder() / "roster.csv"
            pl.DataFrame({self.key: list(self.roster)}).write_csv(path)
        if self.waivers and waived:
            path = _folder() / "waivers.yaml"
            path.write_text(yaml.safe_dump({"waivers": [dict(w) for w in self.waivers]}),
                            encoding="utf-8")
            options["waivers"] = [path]
        with using(SMALL if engine == STREAM else Limits()):
            return audit(self.frame(), self.policy, as_of=self.day, all_outcomes=self.all_outcomes,
                         absent="blank" if self.is_blank else "unknown", **options)

    def says(self, engine: str) -> Any:
        """What is compared: findings, counts, what waivers cover; or why there are none."""
        try:
            if engine == BY_HAND:
                return self.by_hand(self.audited("reference", waived=False).findings)
            return self.of(self.audited(engine))
        except Exception as error:  # noqa: BLE001  an engine's own failure is a disagreement too
            return f"{type(error).__name__}: {error}"

    def of(self, report: Report) -> Any:
        """What is compared of a report."""
        if self.engine == BY_HAND:
            return [(f.outcome.value, f.waiver.id if f.waiver else None) for f in report.findings]
        return report.findings, report.summary, [
            (use.waiver.id, use.state, use.findings) for use in report.waivers]

    @property
    def stands(self) -> bool:
        """Whether the engine still says something else than the reference."""
        return self.says(self.engine) != self.says("reference")

    def by_hand(self, found: Sequence[Finding]) -> list[tuple[str, str | None]]:
        """Each finding's outcome once waivers are heard, and the waiver that it names."""
        fields, barred = self.world.fields, barred_clauses(self.policy)
        same = fields[self.key].compared

        def names(entry: Mapping[str, Any]) -> set[str]:
            return {same(n) for n in entry.get("records", [entry.get("record")])}

        def speaks(entry: Mapping[str, Any], f: Finding) -> bool:
            if f.outcome is not Outcome.VIOLATION or f.clause in barred:
                return False
            if f.clause != entry.get("clause") and f.rule != entry.get("rule"):
                return False
            if "where" not in entry:
                return f.record is not None and same(f.record) in names(entry)
            if f.share is not None:
                return self._holds_of(entry["where"], f.share)
            row = f.location.row
            return row is not None and f.rule not in whole and self._holds(entry["where"], row)

        whole = {rule.id for rule in self.policy.rules if rule.shape == "reconcile"}
        force = [w for w in self.waivers if w["granted_on"] <= self.day <= w["expires"]]
        over = sorted((w for w in self.waivers if w["expires"] < self.day),
                      key=lambda w: w["expires"], reverse=True)
        covering = [w for w in force if "where" not in w
                    or len({(f.location.row, f.share and (f.key, f.share)) for f in found
                            if speaks(w, f)}) <= w["at_most"]]
        out: list[tuple[str, str | None]] = []
        for f in found:
            first = next((w["id"] for w in covering if speaks(w, f)), None)
            last = next((w["id"] for w in over if speaks(w, f)), None)
            out.append(("waived", first) if first else (f.outcome.value, last))
        return out

    def _holds_of(self, where: str, share: ShareFigures) -> bool:
        """Whether a condition holds of a group, of which one field is known at most."""
        tree = check(read(where), self.world.schema, where, Kind.BOOL)
        names = {f.name for f in self.world.fields} - {share.by}
        record = {} if share.by is None or share.group is None else as_days(
            {share.by: value_of(share.group, self.world.fields[share.by])})
        params = self.policy.values(self.day)
        return Evaluator(record, to_day(self.day), params, frozenset(names)).trace(tree).value is True

    def _holds(self, where: str, row: int) -> bool:
        record = as_days({n: v for n, v in self.records[row - 1].items() if n not in self.absent})
        tree = check(read(where), self.world.schema, where, Kind.BOOL)
        unknown = frozenset[str]() if self.is_blank else self.absent
        params = self.policy.values(self.day)
        return Evaluator(record, to_day(self.day), params, unknown).trace(tree).value is True

    def text(self) -> str:
        """As a file has it."""
        return yaml.safe_dump({
            "pack": self.world.name, "as_of": self.day, "engine": self.engine,
            "rules": [text_of(r) for r in self.rules if r.shape != "reconcile"],
            "roster": list(self.roster), "waivers": [dict(w) for w in self.waivers],
            "records": [{n: v for n, v in r.items() if v is not None} for r in self.records],
            "absent": sorted(self.absent), "is_blank": self.is_blank,
            "all_outcomes": self.all_outcomes,
        }, allow_unicode=True, sort_keys=False, width=100)


def barred_clauses(policy: Policy) -> set[str]:
    """The clauses whose violations may not be waived."""
    return {name for name, clause in policy.clauses.items() if not clause.waivable}


def read_case(data: Mapping[str, Any]) -> LedgerCase:
    """A case that was kept as a file."""
    where = world(data["pack"])
    rules = [typed_rule(where, rule) for rule in data["rules"]]
    return LedgerCase(
        where, data["as_of"], (*rules, *reconciling(where)), tuple(data["records"]),
        frozenset(data["absent"]), data["engine"], data["is_blank"], data["all_outcomes"],
        tuple(data["waivers"]), tuple(data["roster"]))


def reconciling(where: World) -> Iterable[TypedRule]:
    """The rules of a world that look for people in a roster, of the field that names a record."""
    return (r for r in where.policy.rules if r.shape == "reconcile"
            and r.fields == {where.policy.vocabulary.key})


def drawn_case(random: Random, where: World, day: date, rules: Sequence[TypedRule],
               size: int) -> LedgerCase:
    """A ledger of random records, some of its columns left out; no waivers yet."""
    key = where.policy.vocabulary.key
    rules = (*rules, *reconciling(where))
    read = sorted(frozenset[str]().union(*(rule.fields for rule in rules)) - {key})
    cells = {name: list(map(_readable, some)) for name, some in columns(
        random, [where.fields[n] for n in read], day, size).items()}
    ids: list[str | None] = [f"R{n:05}" for n in range(size)]
    for _ in range(size // 20):
        ids[random.randrange(size)] = random.choice((None, random.choice(ids)))
    records = tuple(dict(zip((key, *cells), row, strict=True))
                    for row in zip(ids, *cells.values(), strict=True))
    gone = frozenset(random.sample(read, random.choice((1, 3, len(read) // 3)))) \
        if random.random() < 0.6 else frozenset[str]()
    known = [i for i in ids if i is not None and random.random() < 0.9]
    roster = (*known, *(f"X{n:03}" for n in range(random.choice((1, 5, 20)))))
    return LedgerCase(where, day, rules, records, gone, "reference", random.random() < 0.5,
                      random.random() < 0.4, (), roster if random.random() < 0.7 else ())


def _readable(cell: Any) -> Any:
    """A cell that reads as it stands: a text of signs alone may be a mark for nothing."""
    return "甲" if isinstance(cell, str) and not any(map(str.isalnum, cell)) else cell


def drawn_waivers(random: Random, case: LedgerCase, found: Sequence[Finding]) -> Waivers:
    """Waivers around the violations that there are, and around the edges of their days."""
    barred = barred_clauses(case.policy)
    wrong = [f for f in found if f.outcome is Outcome.VIOLATION and f.record is not None
             and f.clause not in barred]
    clauses: dict[str, set[str]] = {}
    for rule in case.policy.rules:
        clauses.setdefault(rule.rule.id, set()).update(rule.clauses)
    most, longest = (limit or 1000 for limit in (
        case.policy.waiver_limits.at_most, case.policy.waiver_limits.longest_days))
    out: list[Mapping[str, Any]] = []
    for number in range(random.choice((4, 12))) if wrong else ():
        about = random.choice(wrong)
        entry: Row = {"id": f"W-{number}", "reason": "-", "requested_by": "a", "approved_by": "b"}
        by_rule = random.random() < 0.5 and barred.isdisjoint(clauses.get(about.rule, barred))
        entry |= {"rule": about.rule} if by_rule else {"clause": about.clause}
        named = [f.record for f in random.sample(wrong, min(3, len(wrong)))] + [about.record]
        match random.choice(("record", "records", "where", "where")):
            case "where":
                entry |= {"where": _condition(random, case),
                          "at_most": min(most, random.choice((1, 2, 5, 20, 100)))}
            case "record":
                entry["record"] = random.choice((about.record, f" {about.record.lower()}"))
            case _:
                entry["records"] = named
        start = case.day + timedelta(random.choice((-20, -1, 0, 0, 1)))
        entry["granted_on"], entry["expires"] = start, start + timedelta(
            min(longest - 1, random.choice((0, 1, 25))))
        out.append(entry)
    return out


def _condition(random: Random, case: LedgerCase) -> str:
    """A condition of a waiver that some records meet."""
    fields = [f for f in case.world.fields if f.name in case.policy.fields]
    field = random.choice(fields)
    tests = [f"has({field.name})", f"!has({field.name})"]
    if field.type == "date":
        tests += [f"{field.name} >= as_of", f"{field.name} < as_of"]
    if field.type == "bool":
        tests += [field.name, f"!{field.name}"]
    if field.type == "enum":
        tests.append(f"{field.name} == '{random.choice(list(field.values))}'")
    return random.choice(tests)
