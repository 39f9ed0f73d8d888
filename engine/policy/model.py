"""What a policy pack is. In: plain data from YAML. Out: frozen, validated models.

A pack is a folder: `pack.yaml` (identity, parameters, clauses), topic files (rules) and `cases/`.
Nothing here knows CEL: conditions are texts, typed later by `check`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from zhuanjie.engine.core.models import FieldName, Filled, Int64, Name, Slug, Strict, Text
from zhuanjie.engine.core.results import Severity
from zhuanjie.engine.policy.base_ref import FORM, base_ref
from zhuanjie.engine.policy.definition_model import Definition
from zhuanjie.engine.policy.ledger_shapes import AtMost, Reconcile, Share, Unique
from zhuanjie.engine.policy.source_model import Source
from zhuanjie.engine.policy.table_model import (
    Cel,
    DecisionTable,
    RowChange,
    with_row_defaults,
    with_when,
)
from zhuanjie.engine.policy.ways import SHAPES, ManifestWays, ParameterWays, PeriodWays, RuleWays
from zhuanjie.engine.policy.withdrawal_model import Withdrawal
from zhuanjie.engine.policy.workday_model import WorkingYear, Year, check_years
from zhuanjie.engine.vocabulary.model import Spec

DatedBy = FieldName | tuple[FieldName, ...]


class Period(Strict, PeriodWays):
    """Days from `from` to `to`, both included; an open end is left out."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")


class Document(Strict):
    """The paper a pack encodes; `note` says what is not certain about it."""

    number: Filled
    issued_on: date
    title: Text
    note: Text | None = None


class DatedValue(Strict):
    """A parameter's value from a day on (from ever, where `from` is left out)."""

    start: date | None = Field(default=None, alias="from")
    value: Int64 | date


class Parameter(Strict, ParameterWays):
    """A number or a day the notice leaves open: its value, unit, source, the note that says so."""

    unit: Literal["days", "workdays", "months", "count", "percent", "date"]
    title: Text | None = Field(default=None, description="what people call the number")
    value: Int64 | date | None = Field(
        default=None, description="the value, where it never changed")
    values: tuple[DatedValue, ...] = Field(default=(), description="the values by date, in order")
    source: Text
    note: Text

    @model_validator(mode="after")
    def _one_form(self) -> Parameter:
        if (self.value is None) == (not self.values):
            raise ValueError("parameter.one-form")
        starts = [v.start or date.min for v in self.values]
        if starts != sorted(set(starts)):
            raise ValueError("parameter.order")
        held = [v.value for v in self.values] + ([] if self.value is None else [self.value])
        if any(isinstance(v, date) is not (self.unit == "date") for v in held):
            raise ValueError("parameter.date" if self.unit == "date" else "parameter.number")
        return self


def _listed(value: Any) -> Any:
    """One name may stand where a list of names is meant."""
    return [value] if isinstance(value, str) else value


class Clause(Strict):
    """A clause of the notice, in a short wording of ours.

    `dated_by` names the fields that date what the clause speaks of, the first that is filled
    before the others; without any the clause speaks of the day of the audit.
    """

    text: Text
    binds: Annotated[Name, Field(description="whom it binds: a party of the vocabulary")]
    dated_by: Annotated[
        tuple[FieldName, ...], BeforeValidator(_listed, json_schema_input_type=DatedBy),
        Field(description="the date by which the law that judges is chosen, where none is named"),
    ] = ()
    waivable: bool = Field(default=True, description="whether a violation of it may be waived")
    source: Source | None = Field(
        default=None, description="where it stands in the document, and a short quote")


class Moment(Strict):
    """An act about to happen. Before it, `sets` is taken to be the as-of day if it is blank.

    Only the rules that name the moment are asked then.
    """

    title: Text
    sets: FieldName


class WaiverLimits(Strict):
    """How far waivers may go: for how many days, and for how many records by one condition."""

    longest_days: Annotated[int, Field(ge=1)] | None = None
    at_most: Annotated[int, Field(ge=1)] | None = None


class Scope(Strict):
    """Which records the pack speaks of: those for which `when` is not definitely false."""

    when: Cel
    title: Text


class Require(Strict):
    """A condition that must hold."""

    ask: Cel


class Deadline(Strict):
    """An act due by a date. `done` names the field that dates the act."""

    due: Cel
    done: FieldName


class Recurring(Strict):
    """An act to repeat: next due `every` days after `last`, or after `start` before the first."""

    start: Cel
    last: FieldName
    every: Cel


class Replaces(Strict):
    """The rule of the base that another stands in for (the one of the same id, if left out)."""

    rule: Slug | None = None
    reason: Text


class Rule(Strict, RuleWays):
    """One rule: when it applies, what it asks (exactly one shape), and how it is put to people.

    `message` is for a violation, `remedy` what would mend it. `late` and `late_remedy` replace
    them where an act was done, but after its day. Texts quote `{field.name}`, `{due}`, `{done}`,
    `{days_late}`, `{as_of}`, `{params.name}`.
    """

    id: Slug
    clause: str
    severity: Severity = Severity.ERROR
    title: Text
    replaces: Replaces | None = Field(
        default=None, description="the rule of the base that this one stands in for, and why")
    moments: tuple[Name, ...] = Field(default=(), description="before which acts the rule is asked")
    when: Cel | None = Field(default=None, description="when the rule applies; always if left out")
    require: Require | None = None
    deadline: Deadline | None = None
    recurring: Recurring | None = None
    table: DecisionTable | None = None
    unique: Unique | None = None
    at_most: AtMost | None = None
    share: Share | None = None
    reconcile: Reconcile | None = None
    message: Text
    remedy: Text
    late: Text | None = None
    late_remedy: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, data: Any) -> Any:
        return with_row_defaults(data)

    @model_validator(mode="after")
    def _one_shape(self) -> Rule:
        if sum(getattr(self, s) is not None for s in SHAPES) != 1:
            raise ValueError("rule.one-shape")
        with_when(self)
        if self.reconcile and self.when:
            raise ValueError("rule.reconcile-when")
        if not self.deadline and (self.late or self.late_remedy):
            raise ValueError("rule.late-deadline")
        return self


class Topic(Strict):
    """A topic file: rules that belong together, and rows for tables of the base."""

    topic: Text
    rules: tuple[Rule, ...] = ()
    rows: tuple[RowChange, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Topic:
        if not self.rules and not self.rows:
            raise ValueError("topic.empty")
        return self


VerifyKind = Literal[
    "gap", "overlap", "dead", "never-violated", "always-violated", "implied", "contradiction",
    "unsatisfiable", "backward-deadline", "unknown",
]
"""What `policy verify` may find."""


class Acceptance(Strict):
    """A finding of `policy verify` that the pack means to have, and why.

    It is the one of this kind on exactly these rules; `clauses` tells the rows of a table apart.
    """

    kind: VerifyKind
    rules: Annotated[tuple[Slug, ...], Field(min_length=1)]
    clauses: tuple[str, ...] = ()
    reason: Text


def of_form(schema: dict[str, Any]) -> None:
    """In the JSON Schema too, `builds_on` is of its form."""
    schema["anyOf"][0]["pattern"] = FORM


def _with_range(written: str) -> str:
    try:
        base_ref(written)
    except ValueError:
        raise ValueError("base.form") from None
    return written


class Manifest(Strict, ManifestWays):
    """`pack.yaml`: what the pack is and what it builds on."""

    id: Slug
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: Text
    authority: Text
    document: Document
    in_force: Period
    builds_on: Annotated[str, AfterValidator(_with_range)] | None = Field(
        default=None, json_schema_extra=of_form, description="the pack that this one builds on, "
        "and if wanted in which versions: `>=1.0,<2`")
    vocabulary: Slug | None = Field(
        default=None, description="whose fields the pack speaks of; that of the base, or the usual "
        "one, where left out")
    key: FieldName | None = Field(
        default=None, description="the field that names a record, before the vocabulary's own keys")
    fields: dict[FieldName, Spec] = Field(
        default_factory=dict, description="fields of the pack's own, and what it adds to others")
    parties: dict[Name, Text] = Field(
        default_factory=dict, description="whom clauses may bind, besides the vocabulary's parties")
    known_headings: tuple[Filled, ...] = Field(
        default=(), description="headings of ledgers whose meaning is known and that no rule reads")
    required_columns: tuple[FieldName, ...] = Field(
        default=(), description="fields that a ledger must have a column for, besides the base's")
    by_default: bool = Field(
        default=False, description="whether the pack judges, in its period, where none is named")
    withdraws: tuple[Withdrawal, ...] = Field(
        default=(), description="what of the base does not hold any more, and why")
    scope: Scope | None = None
    moments: dict[Name, Moment] = Field(default_factory=dict)
    waivers: WaiverLimits | None = Field(
        default=None, description="how far waivers may go; as the base has it, where left out")
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    working_days: Annotated[dict[Year, WorkingYear], AfterValidator(check_years)] = Field(
        default_factory=dict, description="on which days of a year there is work, besides the "
        "base's years: what workdays(n) counts by")
    definitions: dict[Name, Definition] = Field(
        default_factory=dict, description="expressions that the pack calls by names of its own")
    clauses: dict[str, Clause] = Field(default_factory=dict)
    accepts: tuple[Acceptance, ...] = Field(
        default=(), description="findings of `policy verify` that are meant")

    @model_validator(mode="after")
    def _base(self) -> Manifest:
        if self.withdraws and self.builds_on is None:
            raise ValueError("withdrawal.no-base")
        if self.in_force.start and self.in_force.end and self.in_force.end < self.in_force.start:
            raise ValueError("period.order")
        return self
