"""Fields for people and programs. In: what a policy reads of each. Out: a table, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import FieldUse, Policy

_COLUMNS = ("field", "holds", "other-headings", "read-by")


def present(policy: Policy, uses: Sequence[FieldUse], view: View) -> Presentation:
    """The fields, for any of the formats of `fields`."""
    return Presentation(lambda: [_section(policy, uses, view)], lambda: _plain(policy, uses))


def _section(policy: Policy, uses: Sequence[FieldUse], view: View) -> Section:
    vocabulary = policy.vocabulary
    return Section(
        title=view.say("fields", title=getattr(vocabulary.title, view.lang), id=vocabulary.id,
                       count=len(uses)),
        headers=[view.say(f"column.{c}") for c in _COLUMNS],
        rows=[(f"{use.heading(view.lang)}\n{use.field.name}", _holds(use, view),
               view.join(use.other_headings(view.lang)), read_by(use, view)) for use in uses])


def _holds(use: FieldUse, view: View) -> str:
    return f"{type_of(use, view)}\n{view.join(use.values(view.lang).values())}".strip()


def type_of(use: FieldUse, view: View) -> str:
    """The name of a field's type, with the bounds of a number and that it names records."""
    said = view.say(f"fields.type.{use.field.type}")
    if use.bounds is not None:
        said += " {}–{}".format(*use.bounds)
    return f"{said} {view.say('fields.key')}" if use.is_key else said


def read_by(use: FieldUse, view: View) -> str:
    """The clauses that read a field, and the scope."""
    return view.join([*([view.say("column.scope")] if use.scope else ()), *use.clauses])


def _plain(policy: Policy, uses: Sequence[FieldUse]) -> dict[str, Any]:
    vocabulary = policy.vocabulary
    return {"vocabulary": vocabulary.id, "key": vocabulary.key,
            "fields": [_field(use) for use in uses]}


def _field(use: FieldUse) -> dict[str, Any]:
    field, zh, en = use.field, use.values("zh"), use.values("en")
    return {
        "name": field.name, "type": field.type,
        "heading": {"zh": field.heading, "en": use.heading("en")},
        "headings": list(field.headings),
        "meaning": {"zh": use.meaning("zh"), "en": use.meaning("en")},
        "values": [{"value": own, "zh": zh[own], "en": en[own],
                    "forms": [f for f, meant in field.forms.items() if meant == own]}
                   for own in field.values],
        "low": field.low if field.type == "int" else None,
        "high": field.high if field.type == "int" else None,
        "units": list(field.units), "compare": field.compare, "personal": field.personal,
        "changes": field.changes, "clauses": list(use.clauses), "scope": use.scope,
    }
