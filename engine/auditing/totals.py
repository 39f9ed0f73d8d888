"""What an audit comes to. In: verdict batches, as the last stage hands them on. Out: the counts.

Everything that a report says in numbers is counted here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from zhuanjie.engine.auditing.editions import judged
from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.core.results import InputFinding, Judged, Outcome, Severity, Summary
from zhuanjie.engine.lowering.plan import Plan

KindCounts = Counter[tuple[str, str, str]]
"""How many findings there are by clause, outcome and severity."""


class AuditTotals:
    """The counts of one audit so far."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.records = self.out_of_scope = 0
        self.input: list[InputFinding] = []
        self.editions: Counter[int] = Counter()
        self.summary = Summary()
        self.kinds: set[tuple[Outcome, Severity]] = set()
        """What findings there are, by what they weigh."""

    def add(self, batch: VerdictBatch) -> None:
        """Count a batch."""
        self._read(batch)
        self.editions.update(batch.editions)
        self._note(counts_of(batch))

    def add_frame(self, frame: RecordFrame) -> None:
        """Count records that are only read."""
        self._read(frame)

    def resume(self, records: int, out_of_scope: int, unread: Iterable[InputFinding],
               findings: Mapping[tuple[str, str, str], int]) -> None:
        """Count a part of the ledger that was judged before."""
        self.records += records
        self.out_of_scope += out_of_scope
        self.input += unread
        self._note(findings)

    def _note(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        for (clause, outcome, severity), times in counts.items():
            self.summary.add(clause, Outcome(outcome), times)
            self.kinds.add((Outcome(outcome), Severity(severity)))

    def judged(self) -> tuple[Judged, ...]:
        """What each of several packs judged."""
        return judged(self.plan, self.editions)

    def ordered(self) -> Summary:
        """The summary, its clauses in the order of the pack."""
        order = {clause: i for i, clause in enumerate(self.plan.policy.clauses)}
        return Summary(dict(sorted(self.summary.counts.items(), key=lambda pair: order[pair[0]])))

    def _read(self, part: VerdictBatch | RecordFrame) -> None:
        self.records += part.records
        self.out_of_scope += part.out_of_scope
        self.input += part.input


def counts_of(batch: VerdictBatch) -> KindCounts:
    """How many findings a batch has."""
    found: KindCounts = Counter()
    for (clause, rule, outcome), times in batch.verdicts.counts().items():
        found[clause, str(outcome), str(batch.plan.rules[rule].severity)] += times
    return found
