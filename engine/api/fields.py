"""What a ledger may hold, for callers. In: a policy. Out: its fields, and who reads each."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.policy.asked import grouping_fields
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import INT_RANGE, Field

__all__ = ["FieldUse", "field_uses", "template_fields"]


class FieldUse(Struct, frozen=True):
    """A field, and what a policy reads it for: clauses in the policy's order, its scope.

    `is_key` says that it names records, `is_name` that it is shown beside that.
    """

    field: Field
    clauses: tuple[str, ...]
    scope: bool = False
    is_key: bool = False
    is_name: bool = False

    @property
    def is_read(self) -> bool:
        """Whether anything that the policy asks depends on it."""
        return self.scope or bool(self.clauses)

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The least and greatest whole number, where the field says so."""
        own = (self.field.low, self.field.high)
        return own if self.field.type == "int" and own != INT_RANGE else None

    def heading(self, lang: Lang) -> str:
        """What a ledger in that language heads the column."""
        return (self.field.heading_en if lang == "en" else "") or self.field.heading

    def other_headings(self, lang: Lang) -> tuple[str, ...]:
        """Other headings that mean the field, its name left out."""
        own = (self.heading(lang), self.field.name)
        return tuple(h for h in self.field.all_headings if h not in own)

    def meaning(self, lang: Lang) -> str:
        """What it means; in the other language where it is said in that alone."""
        said = self.field.meaning
        return said.get(lang) or next(iter(said.values()), "")

    def values(self, lang: Lang) -> dict[str, str]:
        """The values by their own form, as a ledger in that language writes them."""
        return {own: self._written(own, lang) for own in self.field.values}

    def _written(self, own: str, lang: Lang) -> str:
        field = self.field
        if lang == "zh":
            return field.values[own]
        if field.type == "bool":
            word = say(f"value.{own}", lang)
            return word if word in field.written else field.values[own]
        return field.values_en.get(own, field.values[own])


def field_uses(policy: Policy) -> list[FieldUse]:
    """Every field of the policy's vocabulary, in its order."""
    read: dict[str, set[str]] = {}
    for rule in policy.rules:
        for clause, names in _reads(rule):
            for name in names:
                read.setdefault(name, set()).add(clause)
    vocabulary, scope = policy.vocabulary, field_names(policy.scope)
    return [FieldUse(field, tuple(c for c in policy.clauses if c in read.get(field.name, ())),
                     field.name in scope, field.name in vocabulary.keys,
                     field.name == vocabulary.name)
            for field in vocabulary.fields]


def template_fields(policy: Policy, *, every: bool = False) -> list[FieldUse]:
    """The columns of a blank ledger: key, name, then the fields that the policy reads.

    With `every` all fields of the vocabulary.
    """
    vocabulary = policy.vocabulary
    first = (vocabulary.key, vocabulary.name)
    uses = {use.field.name: use for use in field_uses(policy)}
    return [*(uses[name] for name in first if name in uses),
            *(use for name, use in uses.items()
              if name not in first and (every or use.is_read or name in policy.fields))]


def _reads(rule: TypedRule) -> Iterator[tuple[str, frozenset[str]]]:
    """What each clause of a rule reads; the days that only choose its edition left out."""
    own = {role: expr for role, expr in rule.expressions().items() if not role.startswith("rows[")}
    if rule.edition is not None:
        own.pop("when", None)
        yield rule.clause, field_names(rule.edition.when)
    yield rule.clause, field_names(*own.values())
    for row in rule.rows:
        yield row.clause, field_names(row.when)


def grouping_field(policy: Policy, given: str) -> str:
    """The field that a name or a heading means; raises UsageError for one that means none."""
    return grouping_fields(policy.vocabulary, [given])[0]
