"""The fewest changes that mend a record. In: a plan, a record, rules. Out: sets of changes.

Rules that are broken say which fields to try. Each such field is either changed, to each of its
values in turn, or left for good, so that no set is tried twice; sets are tried by size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as preset
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.auditing.repair.values import CandidateValues, CellChange
from zhuanjie.engine.backends.python.backend import ENGINE
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable

DEEPEST = 16
"""The most fields that one fix of rules which hang together changes."""

BUDGET, EACH = 16_000, 5_000
"""Steps for all searches of one record, and for one of them, before it is given up."""

Changes = tuple[CellChange, ...]
Keys = Mapping[str, Counter[tuple[Any, Any]]]
"""For each `unique` rule, how many other records hold each key within each group."""


def order(changes: Changes, fields: FieldTable) -> tuple[object, ...]:
    """Fewest first; then what can be done before what must be so; then by the list of fields."""
    return (len(changes), sum(c.kind == "fact" for c in changes),
            sum(c.was is not None for c in changes), sum(c.open for c in changes),
            tuple(fields.order[c.field] for c in changes),
            tuple(_rank(c, fields) for c in changes))


def _rank(change: CellChange, fields: FieldTable) -> tuple[int, str]:
    """The place of a value among those of its field."""
    value, values = str(change.value), list(fields[change.field].values)
    return (values.index(value) if value in values else 0, value)


def applied(record: Mapping[str, Any], changes: Sequence[CellChange], plan: Plan,
            keys: Keys) -> dict[str, Any]:
    """The record with `changes` made, and counted anew where what is counted changed."""
    out = {**record, **{c.field: c.value for c in changes}}
    touched = {c.field for c in changes}
    for rule in plan.unique:
        if rule.id in keys and touched & rule.fields:
            count = keys[rule.id][unique_key(rule, plan.fields, out)] + 1
            out[UNIQUE_SURE.format(rule=rule.id)] = out[UNIQUE_ALL.format(rule=rule.id)] = count
    return out


def unique_key(rule: TypedRule, fields: FieldTable, record: Mapping[str, Any]) -> tuple[Any, Any]:
    """The key that a rule counts, as compared: a value, and within what."""
    shared = rule.rule.shared
    value, within = (None if name is None else fields[name].compared(record.get(name))
                     for name in (shared.field, shared.within))
    return value, within


@dataclass(slots=True)
class Search:
    """Searches one record of a plan.

    `spent` counts the steps taken; `complete` tells whether the last search came to its end.
    """

    plan: Plan
    record: Mapping[str, Any]
    values: CandidateValues
    keys: Keys
    spent: int = 0
    complete: bool = True
    _read: list[frozenset[str]] = preset(init=False)
    _single: dict[int, Plan] = preset(default_factory=dict)
    _known: dict[tuple[int, tuple[Any, ...]], frozenset[str]] = preset(default_factory=dict)
    _free: dict[tuple[int, bool], tuple[list[str], list[str]]] = preset(default_factory=dict)

    def __post_init__(self) -> None:
        self._read = [rule.fields for rule in self.plan.rules]

    def bad(self, record: Mapping[str, Any]) -> tuple[int, int]:
        """The rules that are violated and those that are undetermined, a bit for each."""
        violated, undetermined, *_ = ENGINE.masks(self.plan, record)
        return violated, undetermined

    def reads(self, index: int) -> frozenset[str]:
        """The fields a rule reads."""
        return self._read[index]

    def smallest(self, allowed: int, keep: bool = False) -> list[Changes]:
        """All smallest sets of changes after which no rule but `allowed` is bad.

        `keep` leaves alone what is on record and only fills blanks. Empty where there is none.
        """
        self.complete = True
        last = min(BUDGET, self.spent + EACH)
        for size in range(1, DEEPEST + 1):
            walk = _Walk(self, allowed, keep, last)
            walk.down((), frozenset(), self.bad(self.record), size)
            if walk.found:
                return sorted(walk.found, key=lambda changes: order(changes, self.plan.fields))
            if not walk.cut or not self.complete:
                break
        return []

    def fields_of(self, index: int, record: Mapping[str, Any], undetermined: bool,
                  keep: bool) -> tuple[str, ...]:
        """The fields whose change may mend a rule.

        Blank acts and entries may be filled, blank facts where they are what is missing. What is on
        record may be replaced where it is no date and no fact, or where it is repeated. What two
        records share is told apart by the value itself, not by what it is counted within.
        """
        if (index, keep) not in self._free:
            self._free[index, keep] = self._sorted_out(index, keep)
        free, facts = self._free[index, keep]
        if not (undetermined and facts):
            return tuple(free)
        missing = self._missing(index, record)
        return (*free, *(name for name in facts if name in missing))

    def _sorted_out(self, index: int, keep: bool) -> tuple[list[str], list[str]]:
        """The fields of a rule that may be changed, and those that may be found out."""
        rule = self.plan.rules[index]
        last = rule.rule.recurring.last if rule.rule.recurring else None
        within = rule.rule.shared.within if rule.rule.shared else None
        timed = rule.shape in ("deadline", "recurring")
        free: list[str] = []
        facts: list[str] = []
        for name in self.plan.fields.sort(rule.quotes - {within}):
            known = self.plan.fields[name]
            fact = known.changes == "fact"
            if self.record.get(name) is None:
                (facts if fact else free).append(name)
            elif name == last or not (keep or timed or fact or known.type in ("date", "month")):
                free.append(name)
        return free, facts

    def _missing(self, index: int, record: Mapping[str, Any]) -> frozenset[str]:
        key = (index, tuple(record.get(n) for n in self._read[index]))
        if key not in self._known:
            self._known[key] = self._asked(index, record)
        return self._known[key]

    def _asked(self, index: int, record: Mapping[str, Any]) -> frozenset[str]:
        if index not in self._single:
            self._single[index] = replace(self.plan, rules=(self.plan.rules[index],),
                                          lowered=(self.plan.lowered[index],))
        verdicts = ENGINE.judge_record(self._single[index], record)
        return frozenset(n for v in verdicts for n in v.missing)


class _Walk(Struct):
    """One search to one size: what it found, and whether the size cut anything off."""

    search: Search
    allowed: int
    keep: bool
    last: int
    found: list[Changes] = field(default_factory=list)
    cut: bool = False

    def down(self, changes: Changes, settled: frozenset[str], bad: tuple[int, int],
             left: int) -> None:
        """Mend what is bad with at most `left` more changes to fields that are not `settled`."""
        search = self.search
        if search.spent >= self.last:
            search.complete = False
            return
        search.spent += 1
        wrong = (bad[0] | bad[1]) & ~self.allowed
        if not wrong:
            self.found.append(
                tuple(sorted(changes, key=lambda c: search.plan.fields.order[c.field]))
            )
            return
        record = applied(search.record, changes, search.plan, search.keys)
        choices = {i: tuple(n for n in search.fields_of(i, record, bool(bad[1] >> i & 1), self.keep)
                            if n not in settled) for i in bits(wrong)}
        # A rule may also be mended by what is changed for the sake of another.
        pool = frozenset(n for names in choices.values() for n in names)
        reach = [pool & search.reads(i) for i in choices]
        if not all(reach):
            return
        if _apart(reach) > left:
            self.cut = True
            return
        name = min(filter(None, choices.values()), key=len)[0]
        settled |= {name}
        opened = frozenset(c.field for c in changes if c.open)
        for value, is_open in search.values.of(name, record, opened):
            more = (*changes, CellChange(name, search.record.get(name), value,
                                     search.plan.fields[name].changes, is_open))
            self.down(more, settled, search.bad(applied(search.record, more, search.plan,
                                                        search.keys)), left - 1)
        self.down(changes, settled, bad, left)


def _apart(choices: Sequence[frozenset[str]]) -> int:
    """How many of the choices share no field: so many changes are needed at least."""
    seen: set[str] = set()
    count = 0
    for names in sorted(choices, key=len):
        if seen.isdisjoint(names):
            seen.update(names)
            count += 1
    return count


def bits(mask: int) -> Iterator[int]:
    """The places of the bits of a mask, in order."""
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit.bit_length() - 1
