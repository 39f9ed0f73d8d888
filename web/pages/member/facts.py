"""A record laid out for people. In: a member, the domain's sections. Out: labels and values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zhuanjie.engine.api import Field, FieldTable, Lang, RegisterActs
from zhuanjie.web.pages.words import has_words, words
from zhuanjie.web.service.saying import field_label, value_words

REST = "rest"
"""The section of the fields that no other has."""


@dataclass(frozen=True, slots=True)
class FactLine:
    """A field as it is shown. `kept` says whether the member's tables have a column for it."""

    name: str
    label: str
    value: str
    kept: bool = True


@dataclass(frozen=True, slots=True)
class FactSection:
    """Fields that are shown together: those that are filled, and the others."""

    id: str
    title: str | None
    filled: tuple[FactLine, ...]
    blank: tuple[FactLine, ...]


def label_of(name: str, fields: FieldTable, lang: Lang) -> str:
    """What a field is called."""
    return field_label(fields[name], lang) if name in fields else name


def value_of(name: str, value: Any, fields: FieldTable, lang: Lang) -> str:
    """A value as people read it; what is masked stays so."""
    if name in fields:
        return value_words(fields[name], value, lang)
    return "" if value is None else str(value)


def options_of(field: Field, lang: Lang) -> list[tuple[str, str]]:
    """The values that a field can have, each with what people call it."""
    return [(own, value_words(field, own, lang)) for own in field.values]


def sections_of(acts: RegisterActs) -> list[tuple[str, Any, tuple[str, ...]]]:
    """The sections of a record: id, title (None for what is left over), fields."""
    names = [*acts.file.sections, REST]
    return [(name, title, fields)
            for name, (title, fields) in zip(names, acts.sections, strict=False)]


def section_with(acts: RegisterActs, field: str) -> str | None:
    """The section that has a field."""
    return next((id for id, _, fields in sections_of(acts) if field in fields), None)


def facts(record: Mapping[str, Any], columns: Collection[str], acts: RegisterActs,
          lang: Lang) -> list[FactSection]:
    """A record by sections; a section of which nothing is filled comes too."""
    def line(name: str) -> FactLine:
        return FactLine(name, label_of(name, acts.fields, lang),
                        value_of(name, record.get(name), acts.fields, lang), name in columns)

    return [FactSection(id, None if title is None else getattr(title, lang),
                        tuple(line(n) for n in fields if record.get(n) is not None),
                        tuple(line(n) for n in fields if record.get(n) is None))
            for id, title, fields in sections_of(acts)]


def labelled(values: Iterable[tuple[str, Any]], fields: FieldTable,
             lang: Lang) -> list[tuple[str, str]]:
    """Fields' names and values as people read them."""
    return [(label_of(name, fields, lang), value_of(name, value, fields, lang) or "—")
            for name, value in values]


def kind_words(lang: Lang) -> Callable[[str], str]:
    """What kinds of events are called that come of no act of the domain."""
    def said(kind: str) -> str:
        key = f"member.kind_{kind.replace('.', '_').replace('-', '_')}"
        return words(key, lang) if has_words(key, lang) else kind

    return said
