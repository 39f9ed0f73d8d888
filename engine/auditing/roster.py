"""A roster to compare a ledger with. In: the roster, a plan. Out: who is absent, as verdicts.

It is read when it is opened, so that one that cannot be read is refused before anything is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.frames import in_scope
from zhuanjie.engine.auditing.reconciliation import RosterReconciliation
from zhuanjie.engine.auditing.shown import shown_values
from zhuanjie.engine.auditing.uniqueness import DTYPES, key_field
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.wording.template import field_label
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.backends.verdicts import SCHEMA, Verdicts
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import OUTCOME_CODES, InputFinding, Outcome
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.lowering.conditions import FALSE, TRUE
from zhuanjie.engine.lowering.plan import Plan, keyed_plan
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.policy.policy import TypedRule

Values = Callable[[str, pl.Series], Iterator[pl.Series]]
"""The values of a field that a ledger has; only whether those wanted are among them matters.

What is wanted comes in the form in which the field's values are compared.
"""


class Roster:
    """What the `reconcile` rules of a plan ask of a ledger."""

    def __init__(self, ledger: Ledger, plan: Plan, backend: Backend, lang: Lang,
                 audited: Sequence[frozenset[str]] = ()) -> None:
        """Read the roster; raises InputError where it lacks a field that is asked about.

        `audited` are the fields of each table of the ledger, where they are known.
        """
        self.ledger = ledger
        self.rules: list[RosterReconciliation] = []
        for whole in plan.whole:
            name = roster_field(whole, plan, audited, ledger.fields)
            self.rules.append(RosterReconciliation(whole, plan.fields[name].compare, name))
        self.input: list[InputFinding] = []
        """What could not be read in it."""
        self._plan = _plan_of_absences(plan)
        for rule in self.rules:
            if rule.field not in ledger.fields:
                raise fail(InputError, "audit.roster-column",
                           field=field_label(rule.field, lang, plan.fields))
        shown = dict.fromkeys((*plan.names, *plan.grouped_by))
        for batch in ledger.batches() if self.rules else ():
            frame, kept = in_scope(batch.frame, plan, backend)
            self.input += batch.input
            for rule in self.rules:
                rule.expect(frame[rule.field], batch.rows.gather(kept), batch.file, batch.sheet,
                            frame.select(n for n in shown if n != rule.field))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that are compared."""
        return frozenset(rule.field for rule in self.rules)

    def absences(self, values: Values, kept: frozenset[str] | None) -> Iterator[VerdictBatch]:
        """The values that the ledger lacks, by rule and by where they stand in the roster.

        `kept` are the fields that every table of the ledger has a column for (None where that does
        not matter): where some table does not keep a field, nobody is known to be absent.
        """
        for rule in self.rules:
            for there in values(rule.field, rule.expected):
                rule.observe(there)
        for number, rule in enumerate(self.rules):
            for (file, sheet), absent in groupby(
                    rule.unmatched(), key=lambda found: (found[1].file, found[1].sheet)):
                yield self._batch(number, list(absent), file, sheet,
                                  judged=kept is None or rule.field in kept)

    def _batch(self, number: int, absent: list[tuple[str, Location, dict[str, Any]]],
               file: str | None, sheet: str | None, *, judged: bool) -> VerdictBatch:
        rule = self.rules[number]
        # What is not judged names the rule's own field, whichever the roster is compared by.
        absent_fields = frozenset((rule.field, key_field(rule.rule)))
        plan = self._plan if judged else replace(self._plan, absent=absent_fields)
        outcome = Outcome.VIOLATION if judged else Outcome.UNDETERMINED
        beside = [shown for *_, shown in absent]
        frame = pl.DataFrame([
            pl.Series(rule.field, [value for value, *_ in absent]),
            *(pl.Series(name, [shown[name] for shown in beside],
                        dtype=DTYPES[self._plan.fields[name].type]) for name in beside[0]),
        ])
        if rule.field in plan.policy.vocabulary.keys:
            plan = keyed_plan(plan, rule.field)
        if plan.key not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(plan.key))
        if (own := key_field(rule.rule)) not in frame.columns:  # which the rule's texts quote
            shown = shown_values(plan.fields[rule.field], pl.col(rule.field))
            frame = frame.with_columns(shown.alias(own))
        verdicts = pl.select(
            row=pl.int_range(len(absent)), rule=pl.lit(number),
            outcome=pl.lit(OUTCOME_CODES.index(outcome)), clause=None, due=None,
            late=None, missing=pl.lit(0 if judged else 1)).cast(SCHEMA)
        return VerdictBatch(
            plan, frame, pl.Series([at.row for _, at, _ in absent], dtype=pl.Int64),
            Verdicts(plan, table=verdicts), file or "", sheet)


def roster_field(rule: TypedRule, plan: Plan, audited: Sequence[frozenset[str]],
                 there: frozenset[str]) -> str:
    """The field that a roster with the fields `there` is compared by.

    It is the rule's own; where that is a key, the first key that the roster and every table of the
    ledger has, or at least one of them.
    """
    own, keys = key_field(rule), plan.policy.vocabulary.keys
    if own not in keys or not audited:
        return own
    both = [key for key in (own, *keys) if key in there]
    everywhere = (key for key in both if all(key in fields for fields in audited))
    somewhere = (key for key in both if any(key in fields for fields in audited))
    return next(everywhere, next(somewhere, own))


def _plan_of_absences(plan: Plan) -> Plan:
    """A plan of nothing but the `reconcile` rules; what is absent violates them.

    Only a column that is not there leaves it open.
    """
    return replace(plan, rules=plan.whole, whole=(), lowered=tuple(
        LoweredRule(rule.id, not_applicable=FALSE, satisfied=FALSE, violation=TRUE, pending=FALSE,
                    undetermined=FALSE, settled=FALSE, missing=((key_field(rule), TRUE),))
        for rule in plan.whole))
