"""How results are put to people. In: language, width, colour, the pack's words. Out: labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.api import FieldTable, field_label, value_label
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.results import REPORTED, Outcome, Report, Scalar, Severity

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy

WIDTH: Final = 80
"""The width of a pipe, a file, and a terminal that does not say."""
_RECORD_COLUMNS: Final = ("record", "which")
"""Columns that name records."""


class View(Struct, frozen=True):
    """Language, width and colour of the output, and the pack's own words where they are known.

    `titles` puts rules into words by their id, `clauses` clauses by theirs. `outcomes` are the
    outcomes that are shown, `key`, `fields` and `parties` those of the policy's vocabulary, as is
    `record`, what one is about; `names` has the fields shown beside the key, by column. `headings`,
    `severities` and `remedies` say by clause what its rule is called, weighs, and asks to be done.
    """

    lang: Lang
    width: int = WIDTH
    colour: bool = False
    policy_title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = REPORTED
    key: str = ""
    fields: FieldTable = field(default_factory=lambda: FieldTable(()))
    parties: Mapping[str, str] = field(default_factory=dict)
    record: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)
    rules_of: Mapping[str, str] = field(default_factory=dict)
    """The clause of the rule that has a row under a clause, where the two differ."""
    policy: Policy | None = None
    with_values: bool = False
    """Whether formats for other programs hold what records hold."""

    @classmethod
    def of(cls, policy: Policy | None, lang: Lang, *, all_outcomes: bool = False,
           width: int = WIDTH, colour: bool = False, with_values: bool = False) -> View:
        """A view with the words of a policy and of its vocabulary, where there is one."""
        outcomes = tuple(Outcome) if all_outcomes else REPORTED
        if policy is None:
            return cls(lang, width, colour, outcomes=outcomes, with_values=with_values)
        vocabulary, headings = policy.vocabulary, dict[str, str]()
        for rule in policy.rules:
            headings.setdefault(rule.clause, getattr(rule.title, lang))
            for row in rule.rows:
                headings.setdefault(row.clause, getattr(row.title, lang))
        by_clause = {c: r for r in reversed(policy.rules) for c in r.clauses}
        return cls(
            lang, width, colour,
            policy_title=getattr(policy.title, lang),
            titles={r.id: getattr(r.title, lang) for r in policy.rules},
            clauses={c: getattr(clause.text, lang) for c, clause in policy.clauses.items()},
            outcomes=outcomes,
            key=policy.vocabulary.key,
            fields=policy.vocabulary.fields,
            parties={name: getattr(text, lang)
                     for name, text in policy.vocabulary.parties.items()},
            record=getattr(vocabulary.record, lang),
            names={column: name for column, name in (
                ("named", vocabulary.name), ("group", vocabulary.group)) if name},
            headings=headings,
            severities={c: r.severity for c, r in by_clause.items()},
            rules_of={row.clause: rule.clause for rule in policy.rules for row in rule.rows},
            remedies={c: remedy for c, r in by_clause.items()
                      if "{" not in (remedy := getattr(r.remedy, lang))},
            policy=policy, with_values=with_values,
        )

    def say(self, code: str, **args: Any) -> str:
        """The message `output.<code>`."""
        return say(f"output.{code}", self.lang, **args)

    def join(self, parts: Iterable[str]) -> str:
        """A list as the language writes it."""
        return self.say("list.separator").join(parts)

    def parts(self, parts: Iterable[str]) -> str:
        """Parts of a sentence that have commas of their own."""
        return self.say("parts.separator").join(parts)

    def group_value(self, name: str, value: str | None) -> str:
        """The value of a field that findings are grouped by, which it gives as text."""
        field = self.fields.get(name)
        if field is not None and field.type == "bool" and value is not None:
            return self.value(name, value == "true")
        return self.value(name, value)

    def label(self, name: str, text: str) -> str:
        """A text under a name."""
        return self.say("label", name=name, text=text).rstrip()

    def period(self, start: date | None, end: date | None) -> str:
        """The days from `start` to `end`, either open."""
        kind = "period" if start and end else "period.since" if start else "period.until"
        return self.say(kind, start=start, end=end) if start or end else ""

    def outcome(self, outcome: Outcome) -> str:
        """The name of an outcome."""
        return self.say(f"outcome.{outcome}")

    def severity(self, severity: Severity) -> str:
        """The name of a severity."""
        return self.say(f"severity.{severity}")

    def column(self, name: str) -> str:
        """The heading of a column; records go by their key's, where it is in the language."""
        field = self.key if name in _RECORD_COLUMNS else self.names.get(name, "")
        shown = self.fields.get(field) if self.lang == "zh" else None
        return shown.heading if shown else self.say(f"column.{name}")

    def of_report(self, report: Report) -> View:
        """The view of a report whose records may go by another key than the vocabulary's first."""
        if not report.keys or report.keys == (self.key,):
            return self
        return replace(self, key=report.keys[0] if len(report.keys) == 1 else "")

    def columns(self, *names: str) -> list[str]:
        """The headings of columns."""
        return [self.column(name) for name in names]

    def field(self, name: str) -> str:
        """A field as a ledger heads it: its Chinese heading, or in English its name."""
        return field_label(name, self.lang, self.fields)

    def lacking(self, name: str, *, filled: bool) -> str:
        """What is missing: a field or, where it is on record, its day or what it is a part of."""
        if not filled:
            return self.field(name)
        field = self.fields.get(name)
        month = field is not None and field.type == "month"
        return say("finding.its-day" if month else "finding.reckoned", self.lang,
                   name=self.field(name))

    def value(self, name: str, value: Scalar | None) -> str:
        """A field's value as a ledger writes it; what is no field and has no value is unknown."""
        if value is None and name not in self.fields:
            return self.say("value.unknown")
        return value_label(name, value, self.lang, self.fields)
