"""Law in time. In: the packs that stand for choice, an as-of day. Out: one policy that judges.

Each rule of each pack is given the period in which it stood; what successive packs say alike is one
rule. Which edition of a rule judges a record is decided by the date its clause speaks of, as a
condition that is never unknown: engines see rules and nothing else. A date after the as-of day
does not count yet, so that packs which came later are never looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache, reduce
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.kept_files import name_of
from zhuanjie.engine.expr.decisions import decisions_in
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, Lit
from zhuanjie.engine.expr.printer import decision_text, to_text
from zhuanjie.engine.expr.types import BOOL, RECORD_DATE, Kind, Type
from zhuanjie.engine.policy.policy import Edition, Policy, RulesOrigin, Span, TypedRule
from zhuanjie.engine.policy.renamed import renamed
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from zhuanjie.engine.policy.locate import PolicyPeriod
    from zhuanjie.engine.policy.model import Parameter
    from zhuanjie.engine.policy.pack_files import LoadedPack

Build = Callable[[Path, Mapping[str, int]], Policy]
_DAY = timedelta(days=1)


class _Interval(Struct, frozen=True):
    """Days on which one pack judges with the same numbers."""

    start: date | None
    end: date | None
    policy: Policy
    values: Mapping[str, int]

    @property
    def label(self) -> str:
        """What tells a number of these days from its others."""
        return self.start.isoformat() if self.start else f"to-{self.end}"


class _Run(Struct, frozen=True):
    """A rule over successive intervals in which it says the same."""

    rule: TypedRule
    first: int
    last: int
    dates: tuple[str, ...]


class PackTimeline:
    """The packs that stand for choice, one after the other; see `checking.policy.Timeline`."""

    def __init__(self, reigns: Sequence[PolicyPeriod], build: Build,
                 overrides: Mapping[str, int] | None = None) -> None:
        """`reigns` follow one another without a gap; `build` makes a folder a policy."""
        self.reigns, self.build = reigns, build
        self.overrides = dict(overrides or {})
        self._built: dict[Path, Policy] = {}
        self._on: dict[date, Policy] = {}

    def with_params(self, params: Mapping[str, int]) -> PackTimeline:
        """See `Timeline.with_params`."""
        return PackTimeline(self.reigns, self.build, {**self.overrides, **params})

    def at(self, day: date) -> Policy:
        """See `Timeline.at`."""
        reign = [r for r in self.reigns if r.start is None or r.start <= day][-1]
        policy = self._policy(reign)
        notice = _notice(reign, day)
        return replace(policy, notices=(*policy.notices, notice)) if notice else policy

    def on(self, day: date) -> Policy:
        """See `Timeline.on`."""
        if day not in self._on:
            reached = [r for r in self.reigns if r.start is None or r.start <= day]
            intervals = [i for reign in reached
                         for i in _intervals(reign, self._policy(reign), day)]
            now = self.at(day)
            made = now if len(intervals) == 1 else _composed(intervals, now, day)
            gaps = [notice for reign in reached[:-1] for notice in _gap(reign)]
            self._on[day] = replace(made, timeline=self, notices=(*made.notices, *gaps))
        return self._on[day]

    @property
    def chains(self) -> Sequence[Sequence[LoadedPack]]:
        """See `Timeline.chains`."""
        return [policy.chain for policy in self._built.values()]

    def _policy(self, reign: PolicyPeriod) -> Policy:
        if reign.folder not in self._built:
            self._built[reign.folder] = self.build(reign.folder, self.overrides)
        return self._built[reign.folder]


def applicable_edition(policy: Policy, record: Mapping[str, Any], as_of: date) -> Policy:
    """The policy with only those editions of its rules that judge `record`.

    One record needs no others: what is decided once need not be asked again.
    """
    if policy.timeline is not None:
        policy = policy.timeline.on(as_of)
    if not policy.spans:
        return policy
    return _only(policy, tuple(i for i, r in enumerate(policy.rules)
                               if r.edition is None or r.edition.applies_to(record, as_of)))


@lru_cache(maxsize=32)
def _only(policy: Policy, rules: tuple[int, ...]) -> Policy:
    """The policy with some of its rules; kept, since records mostly have the same ones."""
    chosen = [policy.rules[i] for i in rules]
    made = tuple(replace(r, when=r.edition.when) if r.edition else r for r in chosen)
    origin, places = policy.origin, None
    if origin is not None and (places := origin.places(chosen, policy.vocabulary)) is not None:
        origin = RulesOrigin(name_of("editions", origin.name, repr(places)), made,
                             policy.vocabulary)
    return replace(policy, timeline=None, rules=made, origin=origin)


def _notice(reign: PolicyPeriod, day: date) -> Diagnostic | None:
    """What is said of a day on which no pack is in force."""
    period = reign.manifest.in_force
    if period.holds(day):
        return None
    late = period.end is not None and day > period.end
    return Diagnostic("policy.after-force" if late else "policy.before-force", {
        "id": reign.manifest.id, "day": day.isoformat(),
        "start": str(period.start or ""), "end": str(period.end or "")})


def _gap(reign: PolicyPeriod) -> Iterator[Diagnostic]:
    """What is said of days that a pack judges though it had gone out of force."""
    end = reign.manifest.in_force.end
    if end is not None and reign.end is not None and end < reign.end:
        yield Diagnostic("policy.gap", {"id": reign.manifest.id, "start": str(end + _DAY),
                                        "end": str(reign.end)})


def _intervals(reign: PolicyPeriod, policy: Policy, as_of: date) -> Iterator[_Interval]:
    """The days of a reign, cut where a number that some rule reads changes."""
    read = set().union(*(r.params for r in policy.rules)) - policy.overrides.keys()
    cuts = sorted({v.start for name in read for v in policy.parameters[name].values
                   if v.start and v.start <= min(as_of, reign.end or as_of)
                   and v.start > (reign.start or date.min)})
    starts = [reign.start, *cuts]
    for start, following in pairwise([*starts, None]):
        end = following - _DAY if following else reign.end
        yield _Interval(start, end, policy, policy.values(start or date.min))


def _composed(intervals: Sequence[_Interval], now: Policy, as_of: date) -> Policy:
    """One policy of all that judge; `now` is the one of the as-of day."""
    policies = list({id(i.policy): i.policy for i in intervals}.values())
    _alike(policies)
    parameters: dict[str, Parameter] = {}
    for policy in policies:
        parameters.update(policy.parameters)
    rules: list[TypedRule] = []
    for rule_id in _order(policies):
        runs = list(_runs(rule_id, intervals))
        for number, run in enumerate(runs):
            made = _edition(run, number, intervals, as_of, parameters)
            if made is not None:
                rules.append(made)
    spans = _spans(intervals)
    digest = hashlib.sha256("".join(s.ref.sha256 for s in spans).encode()).hexdigest()
    return replace(
        now, rules=tuple(rules), parameters=parameters, sha256=digest, spans=spans,
        vocabulary=reduce(Vocabulary.joined, (p.vocabulary for p in policies), now.vocabulary),
        clauses={n: c for p in policies for n, c in p.clauses.items()},
        moments={n: m for p in policies for n, m in p.moments.items()},
        definitions={n: d for p in policies for n, d in p.definitions.items()},
    )


def _alike(policies: Sequence[Policy]) -> None:
    """Refuse packs of which it is not clear which judges a record."""
    problems: list[Diagnostic] = []
    for before, after in pairwise(policies):
        if apart := [*_vocabularies(before, after)]:
            problems += apart
            continue
        if before.scope != after.scope:
            problems.append(Diagnostic("policy.scopes-differ", {
                "id": after.id, "before": before.id}, Place(after.chain[-1].source.file)))
        dated = {r.id: before.clauses[r.clause].dated_by for r in before.rules}
        problems += [
            Diagnostic("policy.dated-differ", {"rule": r.id, "id": after.id, "before": before.id},
                       Place(r.file))
            for r in after.rules
            if dated.get(r.id, dates := after.clauses[r.clause].dated_by) != dates
        ]
    if problems:
        raise PolicyError(*problems)


def _vocabularies(before: Policy, after: Policy) -> Iterator[Diagnostic]:
    """Why one record cannot be read for both packs."""
    here = after.chain[-1].source
    named = {"id": after.id, "before": before.id}
    ours, theirs = after.vocabulary, before.vocabulary
    if ours.id != theirs.id:
        yield Diagnostic("policy.vocabularies-differ", {
            **named, "vocabulary": ours.id, "other": theirs.id}, here.place(("vocabulary",)))
    elif ours.keys != theirs.keys:
        yield Diagnostic("policy.keys-differ", {
            **named, "key": ours.key, "other": theirs.key}, here.place(("key",)))
    else:
        for field in ours.fields:
            other = theirs.fields.get(field.name)
            if other is not None and other.type != field.type:
                yield Diagnostic("policy.field-differs", {
                    **named, "name": field.name, "type": field.type, "other": other.type},
                    here.place(("fields", field.name), key=True))


def _order(policies: Sequence[Policy]) -> list[str]:
    """The ids of all rules; each policy's own order is kept, as far as they do not disagree."""
    out: list[str] = []
    for policy in policies:
        at = 0
        for rule in policy.rules:
            if rule.id in out:
                at = out.index(rule.id) + 1
            else:
                out.insert(at, rule.id)
                at += 1
    return out


def _runs(rule_id: str, intervals: Sequence[_Interval]) -> Iterator[_Run]:
    """The stretches of intervals over which a rule says the same with the same numbers."""
    run: _Run | None = None
    told: Any = None
    for at, interval in enumerate(intervals):
        rule = next((r for r in interval.policy.rules if r.id == rule_id), None)
        dates = interval.policy.clauses[rule.clause].dated_by if rule else ()
        defined = interval.policy.definitions
        says = rule and (rule.rule, dates, {p: interval.values[p] for p in rule.params},
                         {d: to_text(defined[d].expr) for d in rule.definitions},
                         {name: decision_text(call) for name, call in decisions_in(
                             *rule.expressions().values()).items()})
        if run is not None and says == told:
            run = replace(run, last=at)
            continue
        if run is not None:
            yield run
        run, told = (_Run(rule, at, at, dates), says) if rule else (None, None)
    if run is not None:
        yield run


def _edition(run: _Run, number: int, intervals: Sequence[_Interval], as_of: date,
             parameters: dict[str, Parameter]) -> TypedRule | None:
    """The rule of a run, applying to what is dated within it; None where nothing can be."""
    begins, ends = intervals[run.first], intervals[run.last]
    now = run.last == len(intervals) - 1
    if not now and not run.dates:
        return None
    guard: Expr = Lit(now, BOOL)
    start = begins.start if run.first else None
    if start or not now:
        for name in reversed(run.dates):
            guard = _within(name, start, None if now else ends.end, guard)
    numbers = {p: f"{p}@{begins.label}" for p in sorted(run.rule.params)
               if len({i.values[p] for i in intervals if p in i.values}) > 1}
    for plain, name in numbers.items():
        parameters[name] = parameters[plain].model_copy(
            update={"value": parameters[plain].valued(begins.values[plain]), "values": ()})
    rule = renamed(run.rule, numbers) if numbers else run.rule
    when = rule.when
    if guard != Lit(True, BOOL):
        when = guard if when is None else Call("&&", (guard, when), BOOL)
    label = begins.label if number else ""
    edition = Edition(begins.policy.id, label, run.dates, start, None if now else ends.end,
                      rule.when, guard)
    return replace(rule, when=when, edition=edition)


def _within(name: str, start: date | None, end: date | None, rest: Expr) -> Expr:
    """Whether the day in a field lies in a period; where it is blank, whether `rest` does.

    A period without an end holds the as-of day, and so every day after it.
    """
    has: Expr = Call("has", (field := FieldRef(name, RECORD_DATE),), BOOL)
    bounds = [Call(op, (field, _literal(day)), BOOL)
              for op, day in ((">=", start), ("<=", end)) if day is not None]
    inside: Expr = bounds[0] if len(bounds) == 1 else Call("&&", tuple(bounds), BOOL)
    match rest:
        case Lit(value=True):
            return Call("||", (Call("!", (has,), BOOL), inside), BOOL)
        case Lit():
            return Call("&&", (has, inside), BOOL)
        case _:
            return Call("?:", (has, inside, rest), BOOL)


def _literal(day: date) -> Lit:
    number = to_day(day)
    return Lit(number, Type(Kind.DATE, low=number, high=number))


def _spans(intervals: Sequence[_Interval]) -> tuple[Span, ...]:
    """Each pack that judges once, in the order in which they came."""
    return tuple(Span(p.manifest.in_force.start, p.manifest.in_force.end, p.ref)
                 for p in {i.policy.id: i.policy for i in intervals}.values())
