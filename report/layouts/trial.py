"""What was tried on a record. In: trials, records, a policy. Out: lines to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import UNKNOWN
from zhuanjie.engine.core.messages import say
from zhuanjie.report.json_shape import value_text
from zhuanjie.report.layouts.policy import said
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy, Trial, TriedRecord


def trial(found: Trial, record: TriedRecord, day: date, view: View) -> Iterator[str]:
    """The value of an expression, why it is unknown, and what was read."""
    if found.value is UNKNOWN:
        because = [_say("because", view, field=_named(name, view), held=_held(name, record, view))
                   for name in found.missing]
        yield _say("unknown" if because else "unknown-for-all", view,
                   because=view.parts(because))
    else:
        yield _say("value", view, value=_value(found, view))
    for name in found.reads:
        yield f"  {_named(name, view)}: {_held(name, record, view)}"
    for name, value in found.definitions.items():
        shown = view.say("value.unknown") if value is None else view.value("", value)
        yield f"  {name}: {shown}"
    for name, number in found.numbers.items():
        yield f"  params.{name}: {number}"
    if found.reads_day:
        yield f"  as_of: {day}"


def record(held: TriedRecord, view: View, *, whole: bool = False) -> Iterator[str]:
    """Which record is tried on; `whole` gives its values too, blanks left out."""
    at = held.location
    if at is None:
        yield _say("no-record", view)
        return
    table = f"{at.file}[{at.sheet}]" if at.sheet else at.file or ""
    yield _say("record", view, file=table, row=at.row, id=held.key or _say("nameless", view))
    for name, value in held.values.items() if whole else ():
        if value is not None:
            yield f"  {_named(name, view)}: {view.value(name, value)}"


def fields(policy: Policy, word: str, view: View) -> Iterator[str]:
    """The fields whose name, heading or meaning has a word in it."""
    for field in policy.vocabulary.fields:
        kind = view.say(f"fields.type.{field.type}")
        text = " ".join((field.name, *field.all_headings, *field.meaning.values()))
        if word.casefold() in text.casefold():
            heading = field.heading if view.lang == "zh" else field.heading_en or field.heading
            yield f"{field.name}  {heading} ({kind})"


def rules(policy: Policy, word: str, view: View) -> Iterator[str]:
    """The rules whose id, clause or title has a word in it."""
    for rule in policy.rules:
        text = f"{rule.id}  {rule.clause} {said(rule.title, view)}"
        if word.casefold() in text.casefold():
            yield text


def definitions(policy: Policy, word: str, view: View) -> Iterator[str]:
    """The definitions whose name, title or text has a word in it."""
    for name, each in policy.definitions.items():
        text = f"{name}  {said(each.title, view)}: {' '.join(each.text.split())}"
        if word.casefold() in text.casefold():
            yield text


def parameters(policy: Policy, values: Mapping[str, Any], word: str, view: View) -> Iterator[str]:
    """The parameters whose name or title has a word in it, with their values on the day."""
    for name, each in policy.parameters.items():
        title = f"  {said(each.title, view)}" if each.title else ""
        text = f"params.{name} = {values[name]}{title}"
        if word.casefold() in text.casefold():
            yield text


def _say(code: str, view: View, **args: Any) -> str:
    return say(f"try.{code}", view.lang, **args)


def _named(name: str, view: View) -> str:
    """A field by its name, as expressions have it, with what people call it."""
    field = view.fields.get(name)
    heading = (field.heading if view.lang == "zh" else field.heading_en) if field else ""
    return f"{name} ({heading})" if heading else name


def _held(name: str, held: TriedRecord, view: View) -> str:
    if name in held.absent:
        return view.say("explain.no-column")
    value = held.values.get(name)
    unread = next((f for f in held.input if f.field == name), None)
    if value is None and unread is not None:
        return _say("unread", view)
    return view.say("explain.blank") if value is None else view.value(name, value)


def _value(found: Trial, view: View) -> str:
    """A value as programs have it; of a field, as it may be shown."""
    value = found.value
    # A text is a field's, or was written in the expression.
    name = next((n for n, held in found.reads.items() if held == value), None)
    if isinstance(value, str) and name is not None:
        return f'"{view.value(name, value)}"'
    return _say("days", view, count=value.days) if isinstance(value, timedelta) \
        else value_text(value)
