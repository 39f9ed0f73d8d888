"""One case, judged on a day. In: a policy, a day, a record with its columns. Out: outcomes.

For whoever keeps records one by one and asks again whenever something changes: a case says with its
outcomes with whom it has to be counted, which waivers it stands under, and when to ask again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.shared_rule import SharedRule
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.backends.registry import EMBEDDED, record_backend_of
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Outcome, Severity, Verdict
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.lowering.absent import without_columns
from zhuanjie.engine.lowering.clock import turning_days
from zhuanjie.engine.lowering.plan import Plan, keyed_plan, make_plan
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.waivers.entries import WaiverFiles
from zhuanjie.engine.waivers.waiver_set import waivers_for

_NOWHERE = Location()
NOBODY = frozenset[str]()


class SharedPlace(Struct, frozen=True):
    """The key that a case is counted under by a rule, and whether it is sure to take part."""

    key: tuple[Any, ...]
    sure: bool


class Others(Struct, frozen=True):
    """How many other cases are counted under a case's key: surely, and in all."""

    sure: int = 0
    all: int = 0


ALONE = Others()


class CaseOutcome(Struct, frozen=True):
    """How a rule comes out for a case, as a finding has it, without its words.

    `days_late` is as of the day; it grows with every day where `running`. `judged` is false where
    only columns that are not there could decide it. `waiver` is the id of the one that covers it,
    or that did until it expired. What `recurs` is due again on the day `due`.
    """

    rule: str
    edition: str
    clause: str
    outcome: Outcome
    severity: Severity
    due: date | None = None
    days_late: int | None = None
    running: bool = False
    missing: tuple[str, ...] = ()
    waiver: str | None = None
    judged: bool = True
    recurs: bool = False


@dataclass(frozen=True, slots=True)
class CaseJudgement:
    """What is said of a case on a day, rules that do not apply left out.

    `inside` is false beyond the policy's scope. `bounded` are the waivers with a limit that speak
    of the case, `turns_on` is the next day on which the clock may change what is said.
    """

    outcomes: tuple[CaseOutcome, ...] = ()
    inside: bool = True
    bounded: frozenset[str] = NOBODY
    turns_on: date | None = None
    verdicts: tuple[Verdict, ...] = field(default=(), repr=False)


class _Columns:
    """What judging records of one set of columns takes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.shared = [SharedRule(at, rule, plan) for at, rule in enumerate(plan.rules)
                       if rule.counts_keys]
        self.recurring = tuple(at for at, rule in enumerate(plan.rules)
                               if rule.rule.recurring is not None)
        self.waivers = RecordWaivers(plan) if plan.waivers else None
        scope = plan.policy.scope
        self.beyond = None if scope is None else compiled((plan.kleene.must_be_false(scope),), {})


class CaseJudge:
    """Judges cases by one policy, on one day; made once for a day, safe to share."""

    def __init__(self, policy: Policy, day: date, *,
                 waivers: WaiverFiles | None = None, before: str | None = None) -> None:
        """`waivers` are those that were given, `before` names a moment of the policy.

        Raises UsageError for a moment or a day that there is not.
        """
        plan = make_plan(policy, day, before)
        if waivers is not None and (waivers.entries or waivers.problems):
            plan = replace(plan, waivers=waivers_for(waivers, plan.policy, day))
        self.plan, self.day = plan, day
        self._renderers: dict[Lang, FindingRenderer] = {}
        self._backend = record_backend_of(EMBEDDED)
        self._codec = ValueCodec(plan.fields)
        self._sets: dict[frozenset[str] | None, _Columns] = {None: _Columns(plan)}
        self._limits = {w.entry.id: w.entry.at_most or 0 for w in plan.waivers.bounded}

    @cached_property
    def basis(self) -> Mapping[str, str]:
        """What tells this judge from one that may say something else of the same case, by what it
        is: policy, rules, parameters, waivers.

        Between days that have the same only the clock of each case matters.
        """
        plan = self.plan
        force = (w.entry.id for w in plan.waivers.waivers[:plan.waivers.in_force])
        return {"policy": plan.policy.ref.sha256,
                "rules": _digest(rule.id for rule in plan.rules),
                "parameters": _digest(f"{n}={v}" for n, v in sorted(plan.params.items())),
                "waivers": _digest((*force, "", plan.waivers.digest))}

    @property
    def limits(self) -> Mapping[str, int]:
        """How many cases each waiver that has a limit may cover, by its id."""
        return self._limits

    @property
    def waivable(self) -> tuple[frozenset[str], frozenset[str]]:
        """The rules and the clauses that the waivers speak of, in force or expired."""
        entries = [waiver.entry for waiver in self.plan.waivers.waivers]
        return (frozenset(e.rule for e in entries if e.rule is not None),
                frozenset(e.clause for e in entries if e.clause is not None))

    @property
    def allowed(self) -> Mapping[str, int]:
        """How many cases may share a key, by the ids of the rules that count keys."""
        return {shared.id: shared.allowed for shared in self._sets[None].shared}

    def typed(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """A record's plain values (days as ISO texts), typed; fields nobody knows are left out."""
        known = self.plan.fields
        typed = self._codec.decode({n: v for n, v in plain.items() if n in known})
        for name in self.plan.assumed:
            if typed.get(name) is None:
                typed[name] = self.day
        return typed

    def places(self, typed: Mapping[str, Any],
               columns: frozenset[str] | None = None) -> dict[str, SharedPlace]:
        """By the ids of rules that count keys, what a case is counted under."""
        of = self._of(columns)
        if not self._inside(of, typed):
            return {}
        found = ((shared.id, *shared.place(typed)) for shared in of.shared)
        return {rule: SharedPlace(key, sure) for rule, key, sure in found if key is not None}

    def judge(self, typed: dict[str, Any], columns: frozenset[str] | None = None,
              others: Mapping[str, Others] | None = None,
              beyond: frozenset[str] = NOBODY, *, all_outcomes: bool = True) -> CaseJudgement:
        """All outcomes of a case; or those that are reported, and what falls due again.

        `columns` are those of the tables that it comes from (None: all are known). `others` says,
        by the ids of rules that count keys, how many other cases share the case's key; `beyond`
        are the waivers that would cover more cases than they may.
        """
        of = self._of(columns)
        turns_on = self.turns_on(typed)
        if not self._inside(of, typed):
            return CaseJudgement(inside=False, turns_on=turns_on)
        counted = {**typed, **_counts(of, typed, others or {})}
        verdicts = self._verdicts(of, counted, all_outcomes)
        bounded = NOBODY
        if of.waivers is not None:
            if self._limits:
                waivers = of.plan.waivers.waivers
                bounded = frozenset(waivers[at].entry.id for v in verdicts
                                    for at in of.waivers.matching(v, typed)
                                    ).intersection(self._limits)
            verdicts = [of.waivers.marked(v, typed, beyond) for v in verdicts]
        return CaseJudgement(tuple(self._outcome(of.plan, v, typed) for v in verdicts), True,
                             bounded, turns_on, tuple(verdicts))

    def _verdicts(self, of: _Columns, counted: dict[str, Any],
                  all_outcomes: bool) -> list[Verdict]:
        judge, plan = self._backend.judge_record, of.plan
        if all_outcomes:
            return [v for v in judge(plan, counted, True)
                    if v.outcome is not Outcome.NOT_APPLICABLE]
        again = [v for v in judge(plan, counted, True, of.recurring)
                 if v.outcome is Outcome.SATISFIED] if of.recurring else []
        return sorted((*judge(plan, counted), *again), key=lambda v: v.rule)

    def findings(self, judgement: CaseJudgement, typed: Mapping[str, Any],
                 columns: frozenset[str] | None = None, location: Location = _NOWHERE,
                 lang: Lang = "en") -> list[Finding]:
        """A judgement in words, in the order of the policy's rules."""
        plan = self._of(columns).plan
        if columns is not None or plan.key not in typed:
            plan = keyed_plan(plan, plan.policy.vocabulary.key_of(
                typed if columns is None else columns))
        words, said = self._words(lang).of(plan), plan.waivers.said
        return [words.finding(v, typed, location, None if v.waiver is None else said[v.waiver])
                for v in judgement.verdicts]

    def _words(self, lang: Lang) -> FindingRenderer:
        known = self._renderers.get(lang)
        if known is None:
            known = self._renderers[lang] = FindingRenderer(self.plan, lang)
        return known

    def plan_for(self, columns: frozenset[str] | None) -> Plan:
        """The plan for cases whose tables have these columns (None: all are known)."""
        return self._of(columns).plan

    def counted(self, typed: Mapping[str, Any], others: Mapping[str, Others]) -> dict[str, Any]:
        """A typed record with how many share its keys, as rules ask for it."""
        return {**typed, **_counts(self._sets[None], typed, others)}

    def turns_on(self, typed: Mapping[str, Any]) -> date | None:
        """The next day on which the clock may change what is said of a case."""
        terms, any_day = self._turning
        today = self.plan.today
        if any_day:
            return from_day(today + 1)
        ahead = [d for day in terms(typed) if day is not None for d in (day, day + 1) if d > today]
        return from_day(min(ahead)) if ahead else None

    @cached_property
    def _turning(self) -> tuple[Any, bool]:
        plan = self.plan
        terms, any_day = turning_days(plan.rules, plan.policy.scope, plan.params)
        return compiled(tuple(dict.fromkeys(terms)), {}), any_day

    def _of(self, columns: frozenset[str] | None) -> _Columns:
        """What belongs to a set of columns: compiled once."""
        known = self._sets.get(columns)
        if known is None:
            assert columns is not None
            plan = without_columns(self.plan, frozenset(self.plan.needs) - columns)
            known = self._sets[columns] = (
                self._sets[None] if plan is self.plan else _Columns(plan))
        return known

    @staticmethod
    def _inside(of: _Columns, typed: Mapping[str, Any]) -> bool:
        return of.beyond is None or not of.beyond(typed)[0]

    def _outcome(self, plan: Plan, verdict: Verdict, typed: Mapping[str, Any]) -> CaseOutcome:
        rule = plan.rules[verdict.rule]
        waiver = None if verdict.waiver is None else plan.waivers.said[verdict.waiver].id
        late = verdict.late
        return CaseOutcome(
            rule=rule.rule.id, edition=rule.edition.label if rule.edition else "",
            clause=verdict.clause or rule.clause, outcome=verdict.outcome, severity=rule.severity,
            due=None if verdict.due is None else from_day(verdict.due), days_late=late,
            running=_is_running(rule, verdict, typed, plan.today),
            missing=verdict.missing, waiver=waiver,
            judged=not (verdict.missing and plan.not_kept.issuperset(verdict.missing)),
            recurs=rule.rule.recurring is not None)


def _is_running(rule: TypedRule, verdict: Verdict, typed: Mapping[str, Any], today: int) -> bool:
    """Whether lateness grows with every day: until the act is done, which ends it for a rule with a
    day; what recurs grows later until it is done again."""
    if verdict.late is None or verdict.due is None or verdict.late != today - verdict.due:
        return False
    if rule.rule.deadline is None:
        return True
    done = typed.get(rule.rule.deadline.done)
    return not (isinstance(done, date) and to_day(done) <= today)


def _counts(of: _Columns, typed: Mapping[str, Any],
            others: Mapping[str, Others]) -> dict[str, int]:
    """How many share the keys of a case, as rules ask for it."""
    out = {}
    for shared in of.shared:
        key, sure = shared.place(typed)
        more = others.get(shared.id, ALONE) if key is not None else ALONE
        out[shared.sure_name] = more.sure + (sure and key is not None)
        out[shared.all_name] = more.all + 1
    return out


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
