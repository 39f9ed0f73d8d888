"""What an act would set. In: an act, a record, what is given. Out: values before and after.

Inputs are read as cells of their fields are, so that a value may be written as ledgers write it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from zhuanjie.engine.api import (
    Diagnostic,
    InputError,
    RegisterActs,
    RegisterSetting,
    TypedAct,
    fail,
    plain_values,
)

NextNumber = Callable[[str], str]
"""The next number of a series, as it is written."""


@dataclass(slots=True)
class ActValues:
    """What fields hold after an act, and which it asks for and did not get."""

    record: dict[str, Any]
    lacking: list[str] = field(default_factory=list)

    def changes(self, before: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """By field, what it held and holds, where that is not the same."""
        names = dict.fromkeys((*before, *self.record))
        return {name: (before.get(name), self.record.get(name)) for name in names
                if before.get(name) != self.record.get(name)}


def input_fields(act: TypedAct, acts: RegisterActs) -> dict[str, bool]:
    """The fields that an act takes as inputs, and whether it needs each."""
    said = act.act
    own = {name: setting.input == "required" for name, setting in said.sets.items()
           if setting.input is not None}
    if said.sets_any:
        own |= {f.name: False for f in acts.fields
                if f.name not in said.sets and f.name not in said.not_fields}
    return own


def read_inputs(act: TypedAct, acts: RegisterActs, given: Mapping[str, Any],
                day: date) -> dict[str, Any]:
    """What is given, as a register keeps it; None where a field is to be emptied.

    Raises InputError with everything that is wrong.
    """
    allowed = input_fields(act, acts)
    wrong = [Diagnostic("register.acts.not-input", {
        "name": name, "act": act.act.title, "known": ", ".join(allowed)}, hint="hint.known")
        for name in given if name not in allowed]
    filled = {name: value for name, value in given.items()
              if name in allowed and value is not None}
    read = plain_values(filled, acts.vocabulary)
    wrong += [Diagnostic(found.code, {
        "value": found.value, "column": found.column, "field": found.field, **found.args})
        for found in read.unread]
    out: dict[str, Any] = {n: None for n, v in given.items() if n in allowed and v is None}
    out |= read.values
    for name in act.act.sets.keys() & out.keys():
        if act.act.sets[name].past and out[name] is not None and out[name] > day.isoformat():
            wrong.append(Diagnostic("register.acts.future", {
                "field": name, "day": out[name], "today": day.isoformat()}))
    if wrong:
        raise InputError(*wrong)
    # A cell with a mark for nothing is read as blank.
    return {name: out.get(name) for name in given}


def values_after(act: TypedAct, record: Mapping[str, Any], inputs: Mapping[str, Any], *,
                 day: date, actor: Callable[[], str], number: NextNumber) -> ActValues:
    """The record as the act would leave it; `actor` says what whoever acts is called."""
    made = ActValues(dict(record))
    for name, setting in act.act.sets.items():
        if setting.input is not None:
            if inputs.get(name) is not None or (name in inputs and setting.input == "optional"):
                _put(made, name, inputs[name])
                continue
            if setting.input == "required":
                made.lacking.append(name)
            if setting.otherwise is None:
                continue
        _put(made, name, _source(setting.otherwise or setting, made.record, day, actor, number))
    for name, value in inputs.items():
        if name not in act.act.sets:
            _put(made, name, value)
    return made


def _source(setting: RegisterSetting, record: Mapping[str, Any], day: date,
            actor: Callable[[], str], number: NextNumber) -> Any:
    if setting.take is not None:
        return day.isoformat() if setting.take == "today" else actor()
    if setting.series is not None:
        return number(setting.series)
    if setting.field is not None:
        return record.get(setting.field)
    return setting.value


def _put(made: ActValues, name: str, value: Any) -> None:
    if value is None:
        made.record.pop(name, None)
    else:
        made.record[name] = value


def unknown_act(acts: RegisterActs, name: str) -> InputError:
    """That there is no such act."""
    return fail(InputError, "register.acts.unknown", hint="hint.known", name=name,
                known=", ".join(acts.acts))
