"""Verdicts into words. In: a verdict and its record. Out: a finding that a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from zhuanjie.engine.auditing.grouping import group_text
from zhuanjie.engine.auditing.wording.template import Template, field_label, value_label
from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.results import Finding, Outcome, Verdict
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.core.waiver import Waiver
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

__all__ = ["FindingRenderer", "field_label", "value_label"]

_BROKEN = frozenset({Outcome.VIOLATION, Outcome.WAIVED})


class _RuleTexts:
    """What there is to say of one rule, taken apart for filling."""

    __slots__ = ("clause", "counted", "done", "edition", "id", "late", "late_remedy", "message",
                 "months", "pack", "quotes", "reads", "recurring", "remedy", "severity",
                 "title")

    def __init__(self, rule: TypedRule, lang: Lang, fields: FieldTable) -> None:
        texts = rule.rule
        self.id, self.clause, self.severity = texts.id, rule.clause, rule.severity
        self.pack = rule.edition.pack if rule.edition else ""
        self.edition = rule.edition.label if rule.edition else ""
        self.title: str = getattr(rule.title, lang)
        self.message = Template(getattr(texts.message, lang), lang, fields)
        self.remedy = Template(getattr(texts.remedy, lang), lang, fields)
        self.late = (
            Template(getattr(texts.late, lang), lang, fields) if texts.late else self.message
        )
        self.late_remedy = (Template(getattr(texts.late_remedy, lang), lang, fields)
                            if texts.late_remedy else self.remedy)
        self.done = texts.deadline.done if texts.deadline else None
        self.quotes = tuple(dict.fromkeys([
            *self.message.names, *self.late.names, *([self.done] if self.done else [])]))
        self.recurring = texts.recurring is not None
        self.counted = rule.counts_keys
        self.reads = fields.sort(rule.quotes)
        self.months = frozenset(n for n in self.reads if fields[n].type == "month")


class FindingRenderer:
    """Renders the verdicts of one plan in one language."""

    def __init__(self, plan: Plan, lang: Lang) -> None:
        self.as_of = plan.as_of
        self.lang = lang
        self._typed, self._absent = plan.rules, plan.not_kept
        self._others: dict[tuple[int, frozenset[str], str], FindingRenderer] = {}
        self.fields, self.key = plan.fields, plan.key
        self._masked = {field.name: field for field in plan.fields if field.mask is not None}
        vocabulary = plan.policy.vocabulary
        self._name, self._group = vocabulary.name or "", vocabulary.group or ""
        self._by = [(name, plan.fields[name]) for name in plan.grouped_by]
        blank = say("value.blank", lang)
        self._rules = [_RuleTexts(rule, lang, plan.fields) for rule in plan.rules]
        parameters = plan.policy.parameters
        self._constants = {
            "as_of": plan.as_of.isoformat(), "due": blank,
            "done": blank, "days_late": blank,
            **{f"params.{name}": str(parameters[name].valued(value))
               for name, value in plan.params.items()},
        }

    @property
    def reads(self) -> list[tuple[str, ...]]:
        """The fields that each rule reads, in the order of the vocabulary."""
        return [tuple(rule.reads) for rule in self._rules]

    def of(self, plan: Plan) -> FindingRenderer:
        """The renderer for verdicts by the rules of `plan`: this one, unless they are others."""
        if plan.rules is self._typed and plan.not_kept == self._absent and plan.key == self.key:
            return self
        what = id(plan.rules), plan.not_kept, plan.key
        known = self._others.get(what)
        if known is None:
            known = self._others[what] = FindingRenderer(plan, self.lang)
        return known

    def finding(self, verdict: Verdict, record: Mapping[str, Any], location: Location,
                waiver: Waiver | None = None, share: ShareFigures | None = None) -> Finding:
        """Put a verdict on `record` into words; `waiver` covers it, or did until it expired.

        Of a `share` the record is no more than what a group has in common.
        """
        rule = self._rules[verdict.rule]
        outcome = verdict.outcome
        due = None if verdict.due is None else from_day(verdict.due)
        message = remedy = ""
        broken = outcome in _BROKEN
        if broken or outcome is Outcome.PENDING:
            extra, tardy = self._quoted(rule, verdict, due, record)
            extra |= share.said() if share else {}
            if broken:
                message = (rule.late if tardy else rule.message).fill(record, extra)
            remedy = (rule.late_remedy if tardy else rule.remedy).fill(record, extra)
        if not broken:
            message = self._message(rule, verdict, due, record)
        if outcome is Outcome.UNDETERMINED:
            remedy = self._fill_in(rule, verdict, record)
        if share is not None:
            message = self._of_share(message, share)
            if outcome is Outcome.UNDETERMINED and not verdict.missing:
                remedy = rule.remedy.fill(record, self._constants | share.said())
        named = record.get(self.key) if share is None else None
        return Finding(
            record=self.shown(self.key, named), rule=rule.id, clause=verdict.clause or rule.clause,
            outcome=outcome, severity=rule.severity, message=message, due=due,
            days_late=verdict.late, missing=verdict.missing,
            fields={name: Month.of(value) if name in rule.months else self.shown(name, value)
                    for name in rule.reads if (value := record.get(name)) is not None},
            remedy=remedy, location=location, pack=rule.pack, edition=rule.edition,
            name=_text(record.get(self._name)), group=_text(record.get(self._group)),
            by={name: group_text(self.shown(name, record.get(name)), field)
                for name, field in self._by},
            judged=not (verdict.missing and self._absent.issuperset(verdict.missing)),
            waiver=waiver,
            known_since=None if verdict.known is None else from_day(verdict.known),
            share=share, identity=group_identity(share) if share is not None else
            named if self.key in self._masked else None,
        )

    def _of_share(self, message: str, share: ShareFigures) -> str:
        """What is said of a share, with its figures."""
        text = say("finding.share-figures", self.lang, message=message, **share.said())
        if share.by is None:
            return text
        group = group_identity(share)
        if group is None:
            group = say("value.blank", self.lang)
        else:
            known = self.fields[share.by]
            group = known.values.get(group, group) if self.lang == "zh" else group
        return say("finding.share-of", self.lang, message=text, group=group,
                   field=field_label(share.by, self.lang, self.fields))

    def message(self, verdict: Verdict, record: Mapping[str, Any]) -> str:
        """The message of a finding, by itself."""
        rule = self._rules[verdict.rule]
        due = None if verdict.due is None else from_day(verdict.due)
        if verdict.outcome not in _BROKEN:
            return self._message(rule, verdict, due, record)
        extra, tardy = self._quoted(rule, verdict, due, record)
        return (rule.late if tardy else rule.message).fill(record, extra)

    def message_reads(self, verdict: Verdict) -> tuple[str, ...]:
        """What `message` asks of a record beside the verdict: names of fields, and perhaps others.

        It is the same sentence for records that have the same there, by verdicts that are the same.
        """
        return (self._rules[verdict.rule].quotes if verdict.outcome in _BROKEN
                else verdict.missing)

    def _quoted(self, rule: _RuleTexts, verdict: Verdict, due: date | None,
                record: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
        """What texts may quote beside fields, and whether the act was done late."""
        extra = dict(self._constants)
        done = record.get(rule.done) if rule.done else None
        if due is not None:
            extra["due"] = due.isoformat()
        if done is not None:
            extra["done"] = done.isoformat()
        if verdict.late is not None:
            extra["days_late"] = str(verdict.late)
        return extra, done is not None and done <= self.as_of

    def shown(self, name: str, value: Any) -> Any:
        """A value as it may be shown."""
        if isinstance(value, str):
            field = self._masked.get(name)
            return hide_numbers(value) if field is None else field.shown(value)
        return value

    def is_tardy(self, rule: TypedRule, record: Mapping[str, Any]) -> bool:
        """Whether a deadline's act is on record by the as-of day (so that it can only be late)."""
        done = record.get(rule.rule.deadline.done) if rule.rule.deadline else None
        return done is not None and done <= self.as_of

    def _message(self, rule: _RuleTexts, verdict: Verdict, due: date | None,
                 record: Mapping[str, Any]) -> str:
        """What is said of every outcome but a violation."""
        title = rule.title
        match verdict.outcome:
            case Outcome.UNDETERMINED if verdict.missing:
                return say("finding.undetermined", self.lang, title=title,
                           missing=self._names(verdict.missing, record))
            case Outcome.UNDETERMINED:
                why = "shared" if rule.counted else "rows"
                return say(f"finding.undetermined-{why}", self.lang, title=title)
            case Outcome.PENDING if due:
                return say("finding.pending", self.lang, title=title, due=due.isoformat(),
                           days=(due - self.as_of).days)
            case Outcome.SATISFIED if due and rule.recurring:
                return say("finding.next", self.lang, title=title, due=due.isoformat())
            case outcome:
                return say(f"finding.{outcome}", self.lang, title=title)

    def _fill_in(self, rule: _RuleTexts, verdict: Verdict, record: Mapping[str, Any]) -> str:
        blank = tuple(n for n in verdict.missing if record.get(n) is None)
        if verdict.missing:
            # The day of a month that is on record has no cell of its own.
            return say("finding.fill-in" if blank else "finding.look-up", self.lang,
                       missing=self._names(blank or verdict.missing, record))
        return rule.remedy.fill(record, self._constants)

    def _is_month(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is not None and field.type == "month"

    def _names(self, names: tuple[str, ...], record: Mapping[str, Any]) -> str:
        """What is missing: fields, or the day where a month is on record."""
        labels = ((n, field_label(n, self.lang, self.fields)) for n in names)
        return say("list.comma", self.lang).join(
            label if record.get(name) is None else say(
                "finding.its-day" if self._is_month(name) else "finding.reckoned", self.lang,
                name=label)
            for name, label in labels)


def group_identity(share: ShareFigures) -> str | None:
    """What the id of a finding on a share is made of, in the place of a record."""
    return None if share.group is None else hide_numbers(share.group)


def identity(field: Field, value: Any) -> Any:
    """What the id of a finding is made of: the whole of a value that is shown in part.

    Of another it is the value as it is shown.
    """
    return value if field.mask is not None or not isinstance(value, str) else hide_numbers(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
