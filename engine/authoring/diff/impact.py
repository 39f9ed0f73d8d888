"""Whom a change affects. In: two policies, a ledger, a day. Out: each outcome that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zhuanjie.engine.auditing.notices import no_columns, said_of
from zhuanjie.engine.auditing.run import AuditRun, begin
from zhuanjie.engine.authoring.diff.pairing import pair_rules
from zhuanjie.engine.authoring.diff.share_impact import changed_shares
from zhuanjie.engine.backends.registry import BULK, backend
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.ledger.ledger import open_ledger
from zhuanjie.engine.lowering.plan import make_plan
from zhuanjie.engine.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Changed:
    """A record whose outcome under one clause changes, and where it stands."""

    record: str | None
    clause: str
    rule: str
    was: Outcome
    now: Outcome
    file: str | None
    row: int | None
    """None where it is a share that changes, of the group that `record` names."""


@dataclass(frozen=True, slots=True)
class Impact:
    """Every outcome that changes, in the order of the ledger."""

    records: int
    changes: tuple[Changed, ...]
    notices: tuple[Diagnostic, ...] = ()

    @property
    def records_changed(self) -> int:
        """How many records have an outcome that changes."""
        return len({(c.file, c.row) for c in self.changes if c.row is not None})

    @property
    def counts(self) -> dict[tuple[str, Outcome, Outcome], int]:
        """How often an outcome becomes another, by clause."""
        out: dict[tuple[str, Outcome, Outcome], int] = {}
        for c in self.changes:
            out[c.clause, c.was, c.now] = out.get((c.clause, c.was, c.now), 0) + 1
        return out


def impact(old: Policy, new: Policy, ledgers: Sequence[str | Path], as_of: date,
           columns: Mapping[str, str] | None = None, *, lang: Lang = "en") -> Impact:
    """Judge a ledger by both policies and keep what differs.

    Rules that need a roster are left out; a record beyond a policy's scope counts as not applying.
    Where the ledger lacks columns that either policy reads, a notice says so in `lang`.
    """
    with ExitStack() as opened:
        runs = [begin(opened.enter_context(closing(open_ledger(
                             ledgers, columns, vocabulary=p.vocabulary))),
                         make_plan(p, as_of), backend(BULK), lang=lang) for p in (old, new)]
        return _compared(runs, old, new)


def _compared(runs: Sequence[AuditRun], old: Policy, new: Policy) -> Impact:
    renamed = {was.id: now.id for was, now in pair_rules(old, new) if was and now}
    order = {rule.id: at for at, rule in enumerate([*new.rules, *old.rules])}
    changes = [
        change for was, now in zip(_judged(runs[0], renamed), _judged(runs[1]), strict=True)
        for change in _differences(was, now, order)
    ]
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


@dataclass(frozen=True, slots=True)
class _Batch:
    """Verdicts of one batch by the record's row and the rule's id, and what records are called."""

    file: str | None
    found: dict[tuple[int, str], tuple[Outcome, str]]
    names: dict[int, Any]


def _judged(run: AuditRun, renamed: Mapping[str, str] = MappingProxyType({})) -> Iterator[_Batch]:
    """The verdicts, under the ids that rules have in the newer policy."""
    rules = run.plan.rules
    names = [renamed.get(r.id, r.id) for r in rules]
    for part in run.frames():
        frame, numbers = part.frame, part.rows.to_list()
        verdicts: list[Verdict] = run.backend.judge(part.plan, frame, all_outcomes=True)
        found: dict[tuple[int, str], tuple[Outcome, str]] = {
            (numbers[v.row], names[v.rule]): (v.outcome, v.clause or rules[v.rule].clause)
            for v in verdicts if v.outcome is not Outcome.NOT_APPLICABLE
        }
        yield _Batch(
            part.file, found, dict(zip(numbers, frame[run.plan.key].to_list(), strict=True))
        )


def _differences(was: _Batch, now: _Batch, order: Mapping[str, int]) -> Iterator[Changed]:
    names = {**was.names, **now.names}
    nothing = (Outcome.NOT_APPLICABLE, "")
    keys = sorted(was.found.keys() | now.found.keys(), key=lambda k: (k[0], order[k[1]]))
    for row, rule in keys:
        before = was.found.get((row, rule), nothing)
        after = now.found.get((row, rule), nothing)
        if before[0] is not after[0]:
            # The clause of whichever side reports something.
            clause = after[1] if after[0] is not Outcome.SATISFIED and after[1] else (
                before[1] or after[1])
            yield Changed(names[row], clause, rule, before[0], after[0], was.file, row)
