"""Values of fields as pages show them. In: fields, plain values. Out: words, inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhuanjie.engine.api import Field, Lang, Vocabulary
from zhuanjie.web.service.saying import field_label, value_words


@dataclass(frozen=True, slots=True)
class ValueInput:
    """How a value is typed: `kind` is a type of HTML, or `choice`, which has `options`."""

    name: str
    label: str
    kind: str
    options: Sequence[tuple[str, str]]
    required: bool


def value_input(field: Field, lang: Lang, *, required: bool = False) -> ValueInput:
    """How a value of a field is typed in a form."""
    options: list[tuple[str, str]] = []
    kind = {"date": "date", "month": "month", "int": "number"}.get(field.type, "text")
    if field.values:
        kind = "choice"
        options = [(own, value_words(field, own, lang)) for own in field.values]
    return ValueInput(field.name, field_label(field, lang), kind, options, required)


def record_words(record: Mapping[str, Any], names: Sequence[str], vocabulary: Vocabulary,
                 lang: Lang) -> list[str]:
    """The values of these fields of a record, in their order."""
    return [value_words(vocabulary.fields[name], record.get(name), lang) for name in names]
