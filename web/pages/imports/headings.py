"""Headings that somebody puts to fields by hand. In: a preview, a form. Out: rows, a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from zhuanjie.engine.api import InputError, Lang, Policy, columns_wanted
from zhuanjie.report.view import View
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.words import words
from zhuanjie.web.transfer.layout import heading_of

MOST: Final = 150
"""Headings that a page shows."""
MORE: Final = 3
"""Headings that may be added, where a table was not found by its own."""
_CELL: Final = "column:"
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """A heading of one table or of several, and what it is taken for."""

    heading: str
    columns: Sequence[str]
    field: str
    shown: str
    """The field's name for people; empty where there is none."""
    state: str
    near: str
    samples: Sequence[str]

    @property
    def name(self) -> str:
        """What its field of the form is called."""
        return _CELL + sha256(self.heading.encode()).hexdigest()[:16]

    @property
    def short(self) -> str:
        """The heading, where it is a whole paragraph its beginning."""
        return self.heading if len(self.heading) <= _LONGEST else self.heading[:_LONGEST] + "…"


@dataclass(slots=True)
class TypedHeadings:
    """What a form says of headings; of `wrong` ones no field was found."""

    mapping: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def heading_rows(tables: Sequence[Mapping[str, Any]], view: View) -> list[HeadingRow]:
    """The headings of all tables, each once."""
    found: dict[str, HeadingRow] = {}
    for table in tables:
        for use in table["columns"]:
            heading = use["heading"]
            if heading in found:
                continue
            state = use["how"] if use["how"] in ("mapped", "null") else use["state"]
            if state == "known" and not use["field"]:
                state = "passed"  # it is known to be no field, or another column says the same
            found[heading] = HeadingRow(
                heading, [use["column"]], use["field"],
                heading_of(use["field"], view) if use["field"] else "", state,
                next(iter(use["near"]), ""), use["samples"])
    return list(found.values())


def field_choices(policy: Policy, lang: Lang) -> Iterator[str]:
    """The fields that a heading may be taken for, as people call them."""
    view = View.of(policy, lang)
    for each in policy.vocabulary.fields:
        yield heading_of(each.name, view)


def typed_headings(form: FormValues, rows: Sequence[HeadingRow], policy: Policy, lang: Lang,
                   before: Mapping[str, str]) -> TypedHeadings:
    """The mapping that a form asks for: what it was `before`, and what is another now."""
    out = TypedHeadings(dict(before))
    names = dict(zip(field_choices(policy, lang), (f.name for f in policy.vocabulary.fields),
                     strict=True))
    asked = [(row.heading, row.shown, form.one(row.name)) for row in rows if form.has(row.name)]
    for heading, wanted in zip(form.all("heading"), form.all("field"), strict=False):
        if heading:
            asked.append((heading, "", wanted))
    aside = words("imports.not_taken", lang)
    for heading, shown, said in asked:
        wanted = "" if said == aside else said
        if wanted == shown:
            continue
        out.typed[heading] = wanted
        name = names.get(wanted, wanted)
        try:
            # As the field itself is called: what was typed may be another word for it.
            out.mapping[heading] = (columns_wanted(policy, None, ((heading, name),)) or {})[heading]
        except InputError:
            out.wrong.append(heading)
    return out
