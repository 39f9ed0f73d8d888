"""A policy made ready to judge. In: a policy, an as-of day, parameter values. Out: a plan.

A plan is what every engine runs. It holds the typed rules (for the reference evaluator and for
explanations) and the lowered ones (for every other engine) side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.shares import SHARE_COLUMNS
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.lowering.kept import LoweredOrigin, kept_lowering
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.rules import LoweredRule, lower
from zhuanjie.engine.policy.asked import asked_clauses, carried_clauses, grouping_fields
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.waivers.baseline import Baseline, read_baseline
from zhuanjie.engine.waivers.waiver_set import NO_WAIVERS, WaiverSet, load_waivers


class Plan(Struct, frozen=True, eq=False, weakref=True):
    """The rules that judge records one by one, typed and lowered, for one day.

    `rules` and `lowered` run in parallel; `whole` are the rules that look at the ledger as a whole
    and not at records (`reconcile`). `assumed` are fields that count as filled with the as-of day
    where they are blank: the act that is about to happen. `grouped_by` are fields that findings and
    totals are grouped by. `asked` are the clauses that are asked about, where it is not all;
    rules that carry none of them are not in the plan. `absent` are fields that the
    records' table has no column for; where `lists_all`, what only these could decide comes out as
    undetermined, else there is nothing to report of it.
    """

    policy: Policy
    as_of: date
    today: int
    params: Mapping[str, int]
    rules: tuple[TypedRule, ...]
    lowered: tuple[LoweredRule, ...]
    whole: tuple[TypedRule, ...]
    shares: tuple[TypedRule, ...] = ()
    """The rules on shares of the ledger; they judge no record either."""
    assumed: tuple[str, ...] = ()
    grouped_by: tuple[str, ...] = ()
    asked: frozenset[str] | None = None
    not_asked: tuple[str, ...] = ()
    """Clauses that the policy's rules carry and that were left out on purpose, in its order."""
    absent: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    """Those of `absent` that the records' tables keep, and contradict each other about."""
    lists_all: bool = True
    waivers: WaiverSet = NO_WAIVERS
    """The approvals under which violations may stand."""
    baseline: Baseline | None = None
    """The findings that were known on a day."""
    keyed: tuple[str, ...] = ()
    """The fields that name records of the ledger at hand, the one that names these first."""
    made: LoweredOrigin | None = None
    """Where the lowered rules are kept, if they are."""

    @property
    def kept_as(self) -> str | None:
        """The name that what is made of the lowered rules can be kept under.

        None where they are not those that were kept.
        """
        return self.made.name if self.made and self.made.lowered is self.lowered else None

    @property
    def fields(self) -> FieldTable:
        """The fields of the policy's vocabulary."""
        return self.policy.vocabulary.fields

    @property
    def key(self) -> str:
        """The field that names a record."""
        return self.keyed[0] if self.keyed else self.policy.vocabulary.key

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields that judging and naming records read, in the order of the vocabulary.

        Dates that say which edition judges a record are read to count the records of each, even
        where all editions ask the same and no condition reads them.
        """
        keys = self.policy.vocabulary.keys if self.waivers.by_name else ()
        dates = (r.edition.dates for r in self.policy.rules if r.edition is not None)
        return self.fields.sort(
            self.policy.fields.union({self.key}, self.keyed, self.names, self.grouped_by,
                                     self.waivers.fields, keys, *dates))

    @property
    def beside(self) -> tuple[str, ...]:
        """The columns of findings that only this audit has."""
        return (*self.grouped_by, *(("known_since",) if self.baseline is not None else ()),
                *(SHARE_COLUMNS if self.shares else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are shown beside the key: what a record is called, what it belongs to."""
        vocabulary = self.policy.vocabulary
        return tuple(n for n in (vocabulary.name, vocabulary.group) if n is not None)

    @property
    def not_kept(self) -> frozenset[str]:
        """The fields that there is no column for: what only these could decide is not judged."""
        return self.absent - self.doubted

    @property
    def kleene(self) -> Kleene:
        """What lowers an expression for this plan."""
        return Kleene(self.today, self.params, self.absent)

    @property
    def unique(self) -> tuple[TypedRule, ...]:
        """The rules that need counts over the whole ledger before records are judged."""
        return tuple(r for r in self.rules if r.counts_keys)

    def applies_to(self, rule: int, record: Mapping[str, Any]) -> bool:
        """Whether the rule at `rule` judges `record`, and no other edition of it."""
        edition = self.rules[rule].edition
        return edition is None or edition.applies_to(record, self.as_of)


@lru_cache(maxsize=64)
def keyed_plan(plan: Plan, key: str) -> Plan:
    """The plan for records that the field `key` names; the same one for each time it is asked."""
    if key == plan.key:
        return plan
    return replace(plan, keyed=tuple(dict.fromkeys((key, *(plan.keyed or (plan.key,))))))


def make_plan(policy: Policy, as_of: date, before: str | None = None, *,
              only: Sequence[str] = (), skip: Sequence[str] = (),
              by: Sequence[str] = (), waivers: Sequence[str | Path] = (),
              baseline: str | Path | None = None) -> Plan:
    """Lower every rule of `policy` for `as_of` and the parameter values in force then.

    `before` names one of the policy's moments: only the rules asked then are kept, and the act is
    taken to be done on `as_of`. `only` and `skip` name clauses to keep to or leave out, `by` fields
    to group by, `waivers` files of approvals, `baseline` a file of known findings. Raises
    UsageError for a moment, clause or field that there is not, InputError for a file that is not
    such a one.
    """
    if policy.timeline is not None:
        policy = policy.timeline.on(as_of)
    waived = load_waivers(waivers, policy, as_of) if waivers else NO_WAIVERS
    assumed: tuple[str, ...] = ()
    if before is not None:
        if before not in policy.moments:
            raise fail(UsageError, "policy.unknown-moment", hint="hint.known", name=before,
                       known=", ".join(policy.moments))
        assumed = (policy.moments[before].sets,)
        policy = policy.at(before)
    if not RECORD_DAYS[0] <= to_day(as_of) <= RECORD_DAYS[1]:
        raise fail(UsageError, "policy.as-of", day=as_of.isoformat())
    asked = asked_clauses(policy, only, skip)
    not_asked: tuple[str, ...] = ()
    if asked is not None:
        not_asked = tuple(c for c in carried_clauses(policy) if c not in asked)
        policy = replace(policy, rules=tuple(
            r for r in policy.rules if not asked.isdisjoint(r.clauses)))
    params = policy.values(as_of)
    today = to_day(as_of)
    kleene = Kleene(today, params)
    order = tuple(f.name for f in policy.vocabulary.fields)
    rules = tuple(r for r in policy.rules if not r.on_whole_ledger)
    lowered, made = kept_lowering(policy, rules, today, params, lambda: tuple(
        lower(r, kleene, order) for r in rules))
    return Plan(
        policy=policy, as_of=as_of, today=today, params=params, rules=rules,
        lowered=lowered, made=made,
        whole=tuple(r for r in policy.rules if r.shape == "reconcile"),
        shares=tuple(r for r in policy.rules if r.shape == "share"), assumed=assumed,
        grouped_by=grouping_fields(policy.vocabulary, by), asked=asked, not_asked=not_asked,
        waivers=waived, baseline=None if baseline is None else read_baseline(baseline),
    )


def narrowed_to(plan: Plan, keep: Callable[[TypedRule], bool]) -> Plan:
    """The plan with nothing but some of its rules."""
    kept = [(rule, lowered) for rule, lowered in zip(plan.rules, plan.lowered, strict=True)
            if keep(rule)]
    policy = replace(plan.policy, rules=tuple(filter(keep, plan.policy.rules)))
    return replace(plan, policy=policy, whole=tuple(filter(keep, plan.whole)),
                   shares=tuple(filter(keep, plan.shares)),
                   rules=tuple(rule for rule, _ in kept), lowered=tuple(low for _, low in kept))
