"""Texts with blanks to fill. In: a template, once; a record and what goes with it. Out: a sentence.

Templates are taken apart once, since the same few are filled for every finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Any

from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.vocabulary.fields import Field, FieldTable


class Template:
    """A text that quotes `{group.field}` and the like; a blank field is said to be blank."""

    __slots__ = ("_names", "_text", "names")

    def __init__(self, text: str, lang: Lang, fields: FieldTable) -> None:
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(text)]
        self.names = tuple(name for _, name in parts if name is not None)
        """What it quotes."""
        self._names = tuple((name, TextLabels(fields.get(name), lang)) for name in self.names)
        # Braces that were doubled are single now, and `%s` marks what is to be filled in.
        self._text = "".join(
            literal.replace("%", "%%") + ("" if name is None else "%s") for literal, name in parts)

    def fill(self, record: Mapping[str, Any], extra: Mapping[str, str]) -> str:
        """The text with the values of `record`, and of `extra` for what is not a field."""
        if not self._names:
            return self._text % ()
        values = []
        for name, label in self._names:
            value = extra.get(name)
            values.append(label(record.get(name)) if value is None else value)
        return self._text % tuple(values)


class TextLabels:
    """Puts the values of one field into words."""

    __slots__ = ("_blank", "_masked", "_month", "_no", "_values", "_yes")

    def __init__(self, field: Field | None, lang: Lang) -> None:
        self._blank = say("value.blank", lang)
        self._yes, self._no = say("value.true", lang), say("value.false", lang)
        self._masked = field if field is not None and field.mask is not None else None
        self._month = field is not None and field.type == "month"
        self._values = field.values if field and field.type == "enum" and lang == "zh" else {}

    def __call__(self, value: Any) -> str:
        """The value as people read it."""
        if value is None:
            return self._blank
        if value is True:
            return self._yes
        if value is False:
            return self._no
        if isinstance(value, date):
            return (Month.of(value) if self._month else value).isoformat()
        if self._masked is not None:
            return self._masked.shown(value)
        return self._values.get(value, str(value)) if self._values else hide_numbers(str(value))


def field_label(name: str, lang: Lang, fields: FieldTable) -> str:
    """What people call a field: its Chinese heading, or in English its name."""
    field = fields.get(name)
    return field.heading if field and lang == "zh" else name


def value_label(name: str, value: Any, lang: Lang, fields: FieldTable) -> str:
    """A value as people read it; a blank says so."""
    return TextLabels(fields.get(name), lang)(value)
