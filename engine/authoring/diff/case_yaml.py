"""A case that tells two rules apart, to paste. In: a setting. Out: YAML for a file of cases."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.testing.case_runner import ActualOutcome, CaseInstance
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, Record, came
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.core.results import REPORTED, plain
from zhuanjie.engine.expr.nodes import field_names, param_names
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.policy.pack_files import LoadedCases
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

_PLAIN = re.compile(r"[^\W\d][\w.-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


Mutated = Callable[[EvaluationContext], ActualOutcome]
"""What a record comes out as with the fault."""


class Witness(Struct, frozen=True):
    """A record and a day on which a rule and its mutant differ, and the case that says so.

    `file` is where the case belongs: its record is laid over the base of that file.
    """

    record: Mapping[str, Any]
    as_of: date
    was: str
    now: str
    file: str
    case: str


class CaseWriter:
    """Writes cases for a policy that has some, which say where each belongs."""

    def __init__(self, policy: Policy, chosen: Sequence[CaseInstance]) -> None:
        self.policy = policy
        self._mapping = HeadingMap(policy.vocabulary)
        self._files = {t.file.source.file: t.file for t in chosen}
        self._counts: dict[str, Counter[str]] = {}
        for task in chosen:
            for rule in task.expect:
                self._counts.setdefault(rule, Counter())[task.file.source.file] += 1
        self._scope = field_names(policy.scope)
        self._spoken: dict[tuple[object, ...], bool] = {}

    def witness(
        self,
        rule: TypedRule,
        setting: EvaluationContext,
        mutated: Mutated,
        *,
        name: str,
        reads: frozenset[str],
        sound: Mutated | None = None,
    ) -> Witness:
        """The witness of a setting in which `rule` comes out otherwise than it does for `mutated`.

        `reads` are the fields that either reads, `sound` how the record comes out without the
        fault, where a case may look at more than the record decides.
        """
        policy = self.policy
        sound = sound or (lambda at: came(rule, at, policy.scope))
        found, changed = sound(setting), mutated(setting)
        home = self._home(rule.id)
        laid = self._laid(home, setting)
        if (sound(laid), mutated(laid)) == (found, changed):
            reads &= setting.record.keys()  # what the file's base says besides is no difference
        lines = [f"- name: {_text(name)}", f"  as_of: {from_day(setting.today)}"]
        if setting.before is not None:
            lines.append(f"  before: {setting.before}")
        values = as_values(setting.record, setting.vocabulary.fields)
        record = self._over(home, setting, values, reads)
        if record:
            lines.append(f"  record: {_map(record)}")
        if len(setting.ledger) > 1:
            lines += ["  others:", *(
                f"    - {_map(as_values(r, setting.vocabulary.fields))}"
                for r in setting.ledger[1:])]
        if setting.roster is not None:
            lines.append(f"  roster: [{', '.join(_text(v) for v in sorted(setting.roster))}]")
        usual = policy.values(from_day(setting.today), sorted(rule.params))
        params = {k: policy.parameters[k].valued(setting.params[k]) for k, v in usual.items()
                  if setting.params.get(k, v) != v}
        if params:
            lines.append(f"  params: {_map(params)}")
        lines.append(f"  expect: {{{rule.id}: {_expected(found, changed)}}}")
        if home.cases.unnamed == "none" and self._others(rule.id, setting, home, reads):
            lines.append("  unnamed: any")
        return Witness(
            values,
            from_day(setting.today),
            str(found.outcome),
            str(changed.outcome),
            home.source.file,
            "\n".join(lines) + "\n",
        )

    def _base(self, home: LoadedCases) -> Record:
        return read_record(home.cases.record, self._mapping)[0]

    def _home(self, rule: str) -> LoadedCases:
        """The file that has most of a rule's cases."""
        counts = self._counts.get(rule, Counter())
        return self._files[max(self._files, key=lambda name: counts[name])]

    def _laid(self, home: LoadedCases, setting: EvaluationContext) -> EvaluationContext:
        """The setting with its record laid over the base of a file of cases."""
        base = as_days(self._base(home))
        return replace(setting, ledger=({**base, **setting.record}, *setting.ledger[1:]))

    def _over(self, home: LoadedCases, setting: EvaluationContext, record: Mapping[str, Any],
              reads: frozenset[str]) -> dict[str, Any]:
        """What a case must say so that, over its file's base, just this record is read."""
        base = self._base(home)
        # Who it is matters only where a rule asks.
        said = reads | (record.keys() - {setting.vocabulary.key})
        out = {k: v for k, v in record.items() if k in said and base.get(k) != v}
        out.update({k: None for k in base if k not in record and k in reads})
        return out

    def _others(self, rule: str, setting: EvaluationContext, home: LoadedCases,
                reads: frozenset[str]) -> bool:
        """Whether rules that the case does not name would report something."""
        base = {k: v for k, v in self._base(home).items() if k not in reads}
        whole = replace(setting, ledger=(
            {**as_days(base), **setting.record}, *setting.ledger[1:]))
        return any(self._speaks(r, whole) for r in self._rules if r.id != rule)

    @cached_property
    def _rules(self) -> Sequence[_Reading]:
        scope = param_names(self.policy.scope)
        return [_Reading(r, r.id, sorted(r.fields | self._scope), r.params | scope)
                for r in self.policy.rules]

    def _speaks(self, r: _Reading, whole: EvaluationContext) -> bool:
        """Whether a rule reports something; asked once of what is the same to it."""
        odd = tuple((k, whole.params[k]) for k in r.params if k in whole.params)
        key = (r.id, whole.today, whole.before, whole.roster, odd,
               tuple(tuple(record.get(n) for n in r.reads) for record in whole.ledger))
        if r.rule.shape == "reconcile" or key not in self._spoken:
            values = self.policy.values(from_day(whole.today), r.params)
            there = replace(whole, params={**values, **dict(odd)})
            self._spoken[key] = came(r.rule, there, self.policy.scope).outcome in REPORTED
        return self._spoken[key]


class _Reading(Struct, frozen=True):
    """A rule and what it reads."""

    rule: TypedRule
    id: str
    reads: Sequence[str]
    params: frozenset[str]


def as_values(record: Record, table: FieldTable) -> dict[str, Any]:
    """A record with its day numbers as dates and months, in the order of the field list."""
    return {
        name: _value(table[name], record[name])
        for name in table.sort(frozenset(record)) if name in table
    }


def _value(field: Field, held: Any) -> Any:
    if field.type == "month":
        return Month.of(from_day(held))
    return from_day(held) if field.type == "date" else held


def _expected(found: ActualOutcome, changed: ActualOutcome) -> str:
    """The outcome, with what else tells the two apart where the outcome does not."""
    told: dict[str, Any] = {"outcome": str(found.outcome)}
    if found.outcome == changed.outcome:
        for aspect in ("clause", "due", "days_late", "severity", "binds"):
            if getattr(found, aspect) != getattr(changed, aspect):
                told[aspect] = getattr(found, aspect)
    return told["outcome"] if len(told) == 1 else _map(told)


def _map(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in values.items()) + "}"


def _text(value: Any) -> str:
    """A scalar as YAML writes it, in quotes where it would be read as anything but itself."""
    value = plain(value)
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    text = str(value)
    day = re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text)
    words = all(_PLAIN.fullmatch(w) for w in text.split(" "))
    return text if day or (words and text.lower() not in _WORDS) else json.dumps(
        text, ensure_ascii=False)
