"""A case that tells two rules apart, to paste. In: a setting. Out: YAML for a file of cases."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from zhuanjie.engine.authoring.testing.case_runner import ActualOutcome, CaseInstance
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, Record, came
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.core.results import REPORTED, plain
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import read_record
from zhuanjie.engine.policy.pack_files import LoadedCases
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

_PLAIN = re.compile(r"[^\W\d][\w.-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


Mutated = Callable[[EvaluationContext], ActualOutcome]
"""What a record comes out as with the fault."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A record and a day on which a rule and its mutant differ, and the case that says so.

    `file` is where the case belongs: its record is laid over the base of that file.
    """

    record: Mapping[str, Any]
    as_of: date
    was: str
    now: str
    file: str
    case: str


def witness(
    policy: Policy,
    rule: TypedRule,
    setting: EvaluationContext,
    mutated: Mutated,
    *,
    name: str,
    reads: frozenset[str],
    chosen: Sequence[CaseInstance],
    sound: Mutated | None = None,
) -> Witness:
    """The witness of a setting in which `rule` comes out otherwise than it does for `mutated`.

    `reads` are the fields that either reads, `sound` how the record comes out without the fault,
    where a case may look at more than the record decides.
    """
    sound = sound or (lambda at: came(rule, at, policy.scope))
    found, changed = sound(setting), mutated(setting)
    home = _home(rule.id, chosen)
    laid = _laid(home, setting)
    if (sound(laid), mutated(laid)) == (found, changed):
        reads &= setting.record.keys()  # what the file's base says besides makes no difference
    lines = [f"- name: {_text(name)}", f"  as_of: {from_day(setting.today)}"]
    if setting.before is not None:
        lines.append(f"  before: {setting.before}")
    record = _over(home, setting, as_values(setting.record, setting.vocabulary.fields), reads)
    if record:
        lines.append(f"  record: {_map(record)}")
    if len(setting.ledger) > 1:
        lines += [
            "  others:",
            *(f"    - {_map(as_values(r, setting.vocabulary.fields))}" for r in setting.ledger[1:]),
        ]
    if setting.roster is not None:
        lines.append(f"  roster: [{', '.join(_text(v) for v in sorted(setting.roster))}]")
    usual = policy.values(from_day(setting.today))
    params = {k: policy.parameters[k].valued(v) for k, v in setting.params.items()
              if usual.get(k) != v and k in rule.params}
    if params:
        lines.append(f"  params: {_map(params)}")
    lines.append(f"  expect: {{{rule.id}: {_expected(found, changed)}}}")
    if home.cases.unnamed == "none" and _others(policy, rule.id, setting, home, reads):
        lines.append("  unnamed: any")
    return Witness(
        as_values(setting.record, setting.vocabulary.fields),
        from_day(setting.today),
        str(found.outcome),
        str(changed.outcome),
        home.source.file,
        "\n".join(lines) + "\n",
    )


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


def _home(rule: str, chosen: Sequence[CaseInstance]) -> LoadedCases:
    """The file that has most of a rule's cases."""
    files = {t.file.source.file: t.file for t in chosen}
    counts = Counter(t.file.source.file for t in chosen if rule in t.expect)
    best = max(files, key=lambda name: counts[name])
    return files[best]


def _laid(home: LoadedCases, setting: EvaluationContext) -> EvaluationContext:
    """The setting with its record laid over the base of a file of cases."""
    base = as_days(read_record(home.cases.record, HeadingMap(setting.vocabulary))[0])
    return replace(setting, ledger=({**base, **setting.record}, *setting.ledger[1:]))


def _over(home: LoadedCases, setting: EvaluationContext, record: Mapping[str, Any],
          reads: frozenset[str]) -> dict[str, Any]:
    """What a case must say so that, over its file's base, just this record is read."""
    base = read_record(home.cases.record, HeadingMap(setting.vocabulary))[0]
    # Who it is matters only where a rule asks.
    said = reads | (record.keys() - {setting.vocabulary.key})
    out = {k: v for k, v in record.items() if k in said and base.get(k) != v}
    out.update({k: None for k in base if k not in record and k in reads})
    return out


def _others(policy: Policy, rule: str, setting: EvaluationContext, home: LoadedCases,
            reads: frozenset[str]) -> bool:
    """Whether rules that the case does not name would report something."""
    held = read_record(home.cases.record, HeadingMap(setting.vocabulary))[0]
    base = {k: v for k, v in held.items() if k not in reads}
    whole = EvaluationContext(
        setting.vocabulary,
        ({**as_days(base), **setting.record}, *setting.ledger[1:]),
        setting.today,
        {**policy.values(from_day(setting.today)), **setting.params},
        setting.roster,
        setting.before,
    )
    return any(came(r, whole, policy.scope).outcome in REPORTED
               for r in policy.rules if r.id != rule)


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
