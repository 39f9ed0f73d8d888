"""What a checked policy is. In: nothing. Out: typed rules and the policy that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.results import PolicyRef, Severity
from zhuanjie.engine.expr.nodes import Call, Expr, definition_names, field_names, param_names
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.typed_table import TypedOutput, TypedRow, value_of
from zhuanjie.engine.policy.ways import KEY_SHAPES, WHOLE_SHAPES
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from zhuanjie.engine.core.diagnostics import Diagnostic
    from zhuanjie.engine.core.models import Text
    from zhuanjie.engine.policy.model import (
        Clause,
        Manifest,
        Moment,
        Parameter,
        Rule,
        Scope,
        WaiverLimits,
    )
    from zhuanjie.engine.policy.pack_files import LoadedPack
    from zhuanjie.engine.policy.table_model import Hit
    from zhuanjie.engine.policy.typed_definition import TypedDefinition


class OverlayChange(Struct, frozen=True):
    """What a pack changes in a pack it builds on, and why.

    `name` is the rule, clause or parameter; `row` the clause of a row of that rule. A parameter
    gives its reason as its source and note.
    """

    kind: Literal["rule", "row", "clause", "parameter", "moment", "definition"]
    change: Literal["added", "replaced", "withdrawn"]
    name: str
    pack: str
    base: str
    reason: Text | None = None
    row: str | None = None


class Edition(Struct, frozen=True):
    """A rule as it stood in a period, where several packs judge one ledger.

    `pack` is the pack in whose period it came in. The day that decides is the first filled of
    `dates` that is not after the as-of day, else the as-of day. `guard` says so of a record, never
    unknown. `label` tells it from the rule's other editions, `when` is the rule's condition without
    the period.
    """

    pack: str
    label: str
    dates: tuple[str, ...]
    start: date | None
    end: date | None
    when: Expr | None
    guard: Expr

    def deciding(self, record: Mapping[str, Any], as_of: date) -> tuple[str | None, date]:
        """The field that decides which edition judges `record`, and its day.

        None where it is the as-of day.
        """
        name = next((n for n in self.dates if record.get(n) is not None), None)
        if name is None or record[name] > as_of:
            return None, as_of
        return name, record[name]

    def applies_to(self, record: Mapping[str, Any], as_of: date) -> bool:
        """Whether this edition judges `record`."""
        _, day = self.deciding(record, as_of)
        return (self.start or date.min) <= day <= (self.end or date.max)


class TypedRule(Struct, frozen=True):
    """A rule whose expressions are typed. Only the parts of its shape are set.

    `when` None: the rule applies always. `pack` is where the rule was written, or last changed;
    `history` what was replaced in it. `edition` is set where several packs judge.
    """

    rule: Rule
    pack: str
    file: str
    when: Expr | None = None
    ask: Expr | None = None
    due: Expr | None = None
    done: Expr | None = None
    start: Expr | None = None
    last: Expr | None = None
    every: Expr | None = None
    hit: Hit = "any"
    guard: Expr | None = None
    subject: Expr | None = None
    outputs: tuple[TypedOutput, ...] = ()
    rows: tuple[TypedRow, ...] = ()
    key: Expr | None = None
    within: Expr | None = None
    limit: Expr | None = None
    history: tuple[OverlayChange, ...] = ()
    edition: Edition | None = None

    @property
    def id(self) -> str:
        """The rule's id; with its edition's label where it has several."""
        label = self.edition.label if self.edition else ""
        return f"{self.rule.id}@{label}" if label else self.rule.id

    @property
    def clause(self) -> str:
        """The clause the rule stands for."""
        return self.rule.clause

    @property
    def severity(self) -> Severity:
        """How much a violation weighs."""
        return self.rule.severity

    @property
    def title(self) -> Text:
        """The rule's short name."""
        return self.rule.title

    @property
    def message(self) -> Text:
        """What is said of a violation."""
        return self.rule.message

    @property
    def remedy(self) -> Text:
        """What would mend a violation."""
        return self.rule.remedy

    @property
    def shape(self) -> str:
        """One of `zhuanjie.engine.policy.ways.SHAPES`."""
        return self.rule.shape

    @property
    def on_whole_ledger(self) -> bool:
        """Whether it judges a ledger as a whole, and no record of it."""
        return self.shape in WHOLE_SHAPES

    @property
    def counts_keys(self) -> bool:
        """Whether it hangs on how many records share a key."""
        return self.shape in KEY_SHAPES

    def expressions(self) -> dict[str, Expr]:
        """The rule's expressions by role, in the order in which they are read."""
        roles = ("when", "guard", "subject", "key", "within", "limit", "ask", "due", "done",
                 "start", "last", "every")
        found = {role: getattr(self, role) for role in roles}
        for i, row in enumerate(self.rows):
            found[f"rows[{i}]"] = row.when
            found.update({f"rows[{i}].{name}": value for name, value in row.sets})
        found.update({f"rows[].{output.name}": output.default for output in self.outputs})
        return {role: expr for role, expr in found.items() if expr is not None}

    def holds(self, row: TypedRow) -> Expr | None:
        """When a row of the table holds, its guard with it; None: always."""
        if self.guard is None or row.when is None:
            return row.when if self.guard is None else self.guard
        return Call("&&", (self.guard, row.when), BOOL)

    def output(self, output: TypedOutput, at: int = 0) -> Call:
        """The value of one of the table's outputs, for rules that read it."""
        return value_of(output, self.hit, [(self.holds(r), r) for r in self.rows], self.when, at)

    @property
    def fields(self) -> frozenset[str]:
        """Every field the rule reads."""
        return field_names(*self.expressions().values())

    @property
    def quotes(self) -> frozenset[str]:
        """The fields the rule itself reads, without those that only choose its edition."""
        if self.edition is None or self.edition.when is self.when:
            return self.fields
        own = {**self.expressions(), "when": self.edition.when}
        return field_names(*own.values())

    @property
    def params(self) -> frozenset[str]:
        """Every parameter the rule reads."""
        return param_names(*self.expressions().values())

    @property
    def definitions(self) -> frozenset[str]:
        """Every definition the rule uses, by way of others too."""
        return definition_names(*self.expressions().values())

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses a finding of the rule may carry: its own, then its rows'."""
        return (self.clause, *(r.clause for r in self.rows))


class Span(Struct, frozen=True):
    """A pack that judges beside others, and when it is in force; open ends are None."""

    start: date | None
    end: date | None
    ref: PolicyRef


class Timeline(Protocol):
    """Policies in time; see `checking.timeline`."""

    def on(self, day: date) -> Policy:
        """The policy as it judges on an as-of day, each record by its own dates."""

    def at(self, day: date) -> Policy:
        """The one pack that stands on a day."""

    def with_params(self, params: Mapping[str, int]) -> Timeline:
        """The same with parameter values set for a run."""

    @property
    def chains(self) -> Sequence[Sequence[LoadedPack]]:
        """The chains of the packs that were looked at so far."""


class RulesOrigin(Struct, frozen=True, eq=False, dict=True):
    """Under which name rules were kept, so that what is made of them can be kept too.

    It holds of these very rules and this vocabulary, and of nothing that was put in their place.
    """

    name: str
    rules: tuple[TypedRule, ...]
    vocabulary: Vocabulary

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(rule): place for place, rule in enumerate(self.rules)}

    def places(self, rules: Iterable[TypedRule], vocabulary: Vocabulary) -> list[int] | None:
        """Which of the rules these are; None where one of them is another."""
        found = [self._places.get(id(rule)) for rule in rules]
        if vocabulary is not self.vocabulary or None in found:
            return None
        return [place for place in found if place is not None]


class Policy(Struct, frozen=True, eq=False, dict=True):
    """A pack that was loaded, merged with what it builds on, and checked.

    `vocabulary` is what it speaks of, with what its packs add. `chain` are the packs as written,
    the root first. `overrides` are parameter values set for this run; they win over the pack's own.
    `changes` are what the packs of the chain change in those before them. A policy chosen by date
    carries its `timeline`, and `spans` where several judge; one that was kept its `origin`.
    """

    manifest: Manifest
    vocabulary: Vocabulary
    rules: tuple[TypedRule, ...]
    parameters: Mapping[str, Parameter]
    clauses: Mapping[str, Clause]
    moments: Mapping[str, Moment]
    scope_rule: Scope | None
    scope: Expr | None
    sha256: str
    chain: tuple[LoadedPack, ...]
    notices: tuple[Diagnostic, ...] = ()
    overrides: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[OverlayChange, ...] = ()
    timeline: Timeline | None = None
    spans: tuple[Span, ...] = ()
    origin: RulesOrigin | None = None
    definitions: Mapping[str, TypedDefinition] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The pack's id."""
        return self.manifest.id

    @property
    def version(self) -> str:
        """The pack's version."""
        return self.manifest.version

    @property
    def title(self) -> Text:
        """The pack's title."""
        return self.manifest.title

    @property
    def start(self) -> date:
        """The day the pack comes into force; where that is open, the day its document is of."""
        return self.manifest.in_force.start or self.manifest.document.issued_on

    @property
    def ref(self) -> PolicyRef:
        """How a report names the policy."""
        return PolicyRef(self.id, self.version, self.sha256)

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The fields that a ledger must have a column for, in the order of the vocabulary."""
        return self.vocabulary.fields.sort(
            {name for pack in self.chain for name in pack.manifest.required_columns})

    @property
    def waiver_limits(self) -> WaiverLimits:
        """How far waivers may go: as the last pack of the chain has it that says so."""
        for limits in (pack.manifest.waivers for pack in reversed(self.chain)):
            if limits is not None:
                return limits
        # Imported late: a policy that was kept is used without what checks packs.
        from zhuanjie.engine.policy.model import WaiverLimits

        return WaiverLimits()

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every field that the scope or some rule reads."""
        return field_names(self.scope).union(*(r.fields for r in self.rules))

    def at(self, moment: str) -> Policy:
        """The policy with only the rules that are asked before `moment`."""
        return replace(self, rules=tuple(r for r in self.rules if moment in r.rule.moments))

    def values(self, as_of: date, names: Iterable[str] | None = None) -> dict[str, int]:
        """The parameters' values in force on `as_of`, overrides applied; days are counted.

        A parameter without a value on that day takes its earliest. `names` are those that are
        wanted, where it is not all of them.
        """
        out = {}
        wanted = self.parameters if names is None else [n for n in names if n in self.parameters]
        for name in wanted:
            held = self.parameters[name].at(as_of)
            out[name] = self.parameters[name].numbers[0] if held is None else held
        return {**out, **{n: v for n, v in self.overrides.items() if names is None or n in out}}
