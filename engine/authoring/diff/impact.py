"""Whom a change affects. In: two policies, a ledger, a day. Out: each outcome that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.auditing.notices import no_columns, said_of
from zhuanjie.engine.auditing.run import AuditRun, begin
from zhuanjie.engine.auditing.stages.waivers import CoveredBatches
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.authoring.diff.pairing import pair_rules
from zhuanjie.engine.authoring.diff.share_impact import changed_shares
from zhuanjie.engine.backends.registry import BULK, backend
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.aspects import Aspect
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Outcome, Severity, Verdict
from zhuanjie.engine.ledger.joining.join import join_tables
from zhuanjie.engine.ledger.ledger import Ledger, open_ledger
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.waivers.entries import WaiverFiles
from zhuanjie.engine.waivers.waiver_set import waivers_for

Told = Outcome | Severity | date | int | str | None


class Changed(Struct, frozen=True):
    """A record of which something changes under one rule, and where it stands.

    Aspects beside the outcome are compared where both policies report the record: a violation,
    something pending or undetermined.
    """

    record: str | None
    clause: str
    rule: str
    was: Told
    now: Told
    file: str | None
    row: int | None
    """None where it is a share or a roster: of the group, or the record, that `record` names."""
    aspect: Aspect = Aspect.OUTCOME

    @property
    def days(self) -> int | None:
        """By how many days it moves, where it is a day or counts days."""
        if isinstance(self.was, date) and isinstance(self.now, date):
            return (self.now - self.was).days
        if isinstance(self.was, int) and isinstance(self.now, int):
            return self.now - self.was
        return None


Count = tuple[Aspect, str, Told, Told, int | None]
"""What changes: the aspect, the clause, from what to what, or by how many days."""


class Impact(Struct, frozen=True):
    """Everything that changes, in the order of the ledger."""

    records: int
    changes: tuple[Changed, ...]
    notices: tuple[Diagnostic, ...] = ()

    @property
    def records_changed(self) -> int:
        """How many records have something that changes."""
        return self.records_of(self.changes)

    @staticmethod
    def records_of(changes: Iterable[Changed]) -> int:
        """Of how many records changes are."""
        return len({(c.file, c.row) for c in changes if c.row is not None})

    def of(self, aspect: Aspect) -> list[Changed]:
        """The changes of one aspect."""
        return [c for c in self.changes if c.aspect is aspect]

    @property
    def counts(self) -> dict[Count, int]:
        """How often what becomes what, by aspect and clause; days by how far they move."""
        out: dict[Count, int] = {}
        for aspect in Aspect:
            for c in self.of(aspect):
                told = (None, None) if c.days is not None else (c.was, c.now)
                key = (aspect, c.clause, *told, c.days)
                out[key] = out.get(key, 0) + 1
        return out


def impact(old: Policy, new: Policy, ledgers: Sequence[str | Path], as_of: date,
           columns: Mapping[str, str] | None = None, *, lang: Lang = "en",
           roster: str | Path | None = None) -> Impact:
    """Judge a ledger by both policies and keep what differs.

    Rules that need a roster are left out where there is none; a record beyond a policy's scope
    counts as not applying. Where the ledger lacks columns that either policy reads, a notice says
    so in `lang`.
    """
    found = impact_on(old, new, [_opened(ledgers, columns, p) for p in (old, new)], as_of,
                      lang=lang)
    if roster is None:
        return found
    absences = [_absent(p, ledgers, as_of, columns, roster, lang) for p in (old, new)]
    return replace(found, changes=(*found.changes, *_absences(*absences)))


def impact_on(old: Policy, new: Policy, ledgers: Sequence[Ledger], as_of: date, *,
              lang: Lang = "en", waivers: WaiverFiles | None = None,
              progress: Callable[[int], None] = lambda _done: None) -> Impact:
    """Judge one ledger by both policies, opened for each, and keep what differs; it is closed.

    Of `waivers` each policy takes what it allows. `progress` is told how many records have been
    judged.
    """
    with ExitStack() as opened:
        runs = [begin(opened.enter_context(closing(ledger)), _plan(p, as_of, waivers),
                      backend(BULK), lang=lang)
                for p, ledger in zip((old, new), ledgers, strict=True)]
        return _compared(runs, old, new, progress)


def _plan(policy: Policy, day: date, waivers: WaiverFiles | None) -> Plan:
    plan = make_plan(policy, day)
    return plan if waivers is None else replace(plan, waivers=waivers_for(waivers, policy, day))


def _absent(policy: Policy, ledgers: Sequence[str | Path], as_of: date,
            columns: Mapping[str, str] | None, roster: str | Path,
            lang: Lang) -> dict[tuple[str, str], Finding]:
    """Who of a roster is not in the ledger, by rule and record."""
    judging = policy.timeline.on(as_of) if policy.timeline is not None else policy
    whole = replace(judging, timeline=None, rules=tuple(
        r for r in judging.rules if r.shape == "reconcile"))
    if not whole.rules:
        return {}
    with ExitStack() as opened:
        ledger, expected = (opened.enter_context(closing(_opened(given, columns, policy)))
                            for given in (ledgers, [roster]))
        run = begin(ledger, make_plan(whole, as_of), lang=lang, roster=expected)
        return {(f.rule, str(f.record)): f for f in run}


def _opened(ledgers: Sequence[str | Path], columns: Mapping[str, str] | None,
            policy: Policy) -> Ledger:
    """A ledger, its records told apart that say what is not kept of them."""
    ledger = open_ledger(ledgers, columns, vocabulary=policy.vocabulary)
    return join_tables(ledger, join=False) if ledger.says_not_kept else ledger


def _absences(was: Mapping[tuple[str, str], Finding],
              now: Mapping[tuple[str, str], Finding]) -> Iterator[Changed]:
    for rule, record in dict.fromkeys([*was, *now]):
        before, after = (_NOTHING if f is None else _Judged(f.outcome, f.clause, f.severity)
                         for f in (was.get((rule, record)), now.get((rule, record))))
        yield from _aspects(record, rule, before, after, None, None)


def _compared(runs: Sequence[AuditRun], old: Policy, new: Policy,
              progress: Callable[[int], None]) -> Impact:
    pairs = [(was, now) for was, now in pair_rules(old, new) if was and now]
    renamed = {was.id: now.id for was, now in pairs}
    # Of a rule in several editions one judges a record; they go by one name.
    names = {was.id: now.rule.id for was, now in pairs}
    order: dict[str, int] = {}
    for rule in (*new.rules, *old.rules):
        order.setdefault(rule.rule.id, len(order))
    changes: list[Changed] = []
    done = 0
    for was, now in zip(_judged(runs[0], names), _judged(runs[1]), strict=True):
        changes += _differences(was, now, order)
        done += len(now.names)
        progress(done)
    changes += [Changed(c.group, c.clause, c.rule, c.was, c.now, None, None)
                for c in changed_shares(runs[0], runs[1], renamed)]
    return Impact(runs[0].totals.records, tuple(changes),
                  (*runs[1].ledger.notices, *_lacking(*runs)))


def _lacking(old: AuditRun, new: AuditRun) -> Iterator[Diagnostic]:
    """Notices on columns that the ledger lacks, those that only the older policy reads last."""
    told: set[str] = set()
    for run in (new, old):
        if (kept := run.ledger.kept) is not None:
            lacking = {name: clauses for name, clauses in no_columns(run.plan, kept).items()
                       if name not in told}
            told |= lacking.keys()
            yield from said_of(lacking, run.plan, run.lang)


class _Judged(Struct, frozen=True):
    """What a policy says of a record under a rule; `told` where it is a finding of an audit."""

    outcome: Outcome
    clause: str
    severity: Severity
    due: int | None = None
    late: int | None = None
    told: bool = True


_NOTHING = _Judged(Outcome.NOT_APPLICABLE, "", Severity.ERROR, told=False)


class _Batch(Struct, frozen=True):
    """Verdicts of one batch by the record's row and the rule's id, and what records are called."""

    file: str | None
    found: dict[tuple[int, str], _Judged]
    names: dict[int, Any]


def _judged(run: AuditRun, renamed: Mapping[str, str] = MappingProxyType({})) -> Iterator[_Batch]:
    """The verdicts, under the ids that rules have in the newer policy."""
    rules = run.plan.rules
    names = [renamed.get(r.id, r.rule.id) for r in rules]
    waivers = CoveredBatches(run.plan.waivers, run.beyond)
    for part in run.frames():
        frame, numbers, unkept = part.frame, part.rows.to_list(), part.plan.not_kept
        verdicts: Iterable[Verdict] = run.backend.judge(part.plan, frame, all_outcomes=True)
        if run.plan.waivers:
            verdicts = waivers.marked(VerdictBatch(
                part.plan, frame, part.rows, Verdicts(part.plan, items=[*verdicts]))).verdicts
        found = {
            (numbers[v.row], names[v.rule]): _Judged(
                v.outcome, v.clause or rules[v.rule].clause, rules[v.rule].severity, v.due, v.late,
                v.outcome is not Outcome.SATISFIED and not (
                    v.outcome is Outcome.UNDETERMINED and unkept.issuperset(v.missing)))
            for v in verdicts if v.outcome is not Outcome.NOT_APPLICABLE
        }
        yield _Batch(
            part.file, found, dict(zip(numbers, frame[run.plan.key].to_list(), strict=True))
        )


def _differences(was: _Batch, now: _Batch, order: Mapping[str, int]) -> Iterator[Changed]:
    names = {**was.names, **now.names}
    keys = sorted(was.found.keys() | now.found.keys(), key=lambda k: (k[0], order[k[1]]))
    for row, rule in keys:
        before = was.found.get((row, rule), _NOTHING)
        after = now.found.get((row, rule), _NOTHING)
        if before != after:
            yield from _aspects(names[row], rule, before, after, was.file, row)


def _aspects(record: str | None, rule: str, was: _Judged, now: _Judged, file: str | None,
             row: int | None) -> Iterator[Changed]:
    """What changes of a record under a rule, each aspect by itself."""
    # The clause of whichever side reports something.
    clause = now.clause if now.outcome is not Outcome.SATISFIED and now.clause else (
        was.clause or now.clause)
    pairs: list[tuple[Aspect, Told, Told]] = [(Aspect.OUTCOME, was.outcome, now.outcome)]
    if was.told and now.told:
        pairs += [(Aspect.DUE, _day(was.due), _day(now.due)), (Aspect.LATE, was.late, now.late),
                  (Aspect.SEVERITY, was.severity, now.severity),
                  (Aspect.CLAUSE, was.clause, now.clause)]
    for aspect, before, after in pairs:
        if before != after:
            yield Changed(record, clause, rule, before, after, file, row, aspect)


def _day(number: int | None) -> date | None:
    return None if number is None else from_day(number)
