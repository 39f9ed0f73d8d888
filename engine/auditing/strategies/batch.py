"""An audit in batches. In: a ledger, a plan, any engine. Out: verdicts, batch by batch.

For small ledgers, and for engines that judge record by record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.frames import LedgerFrames, RecordFrame
from zhuanjie.engine.auditing.shares import judged_shares, merged
from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.registry import BULK, EMBEDDED, backend_of
from zhuanjie.engine.backends.verdicts import judged_by
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.lowering.plan import Plan, keyed_plan


class BatchJudge:
    """Judges the records of a ledger as they are read."""

    sliced = False

    def __init__(self, request: AuditRequest) -> None:
        self.backend = request.backend or backend_of(_suiting(request.ledger))
        self.ledger, self._request = request.ledger, request
        self._frames = LedgerFrames(request.ledger, request.plan, self.backend, request.plan_for)
        self._values: defaultdict[str, list[pl.Series]] = defaultdict(list)
        self._shares: list[pl.DataFrame] = []

    @property
    def size(self) -> int | None:
        """See `Strategy.size`."""
        return self.ledger.size_hint

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """See `Strategy.batches`."""
        request = self._request
        indices: dict[Plan, EditionIndex] = {}
        self._values.clear()
        self._shares.clear()
        for part in self._frames:
            for field in request.observed:
                self._values[field].append(_values(part, field))
            if part.plan.shares:
                self._shares.append(judged_shares(part.frame, part.plan, self.backend))
            index = indices.setdefault(part.plan, EditionIndex(part.plan))
            editions = index.of_frame(part.frame)
            plan = index.specialize(editions, len(part.frame))
            yield VerdictBatch(
                keyed_plan(plan, part.key or plan.key), part.frame, part.rows,
                judged_by(self.backend, plan, part.frame, request.all_outcomes), part.file,
                part.sheet, part.records, part.out_of_scope, part.input, editions, slice=start,
                header_row=part.header_row, others=part.others, run=part.run)

    def shares(self) -> pl.DataFrame | None:
        """See `Strategy.shares`."""
        return merged(self._shares)

    def values(self, field: str, _wanted: pl.Series) -> Iterator[pl.Series]:
        """See `Strategy.values`."""
        return iter(self._values[field])

    def frames(self, _record: str | None = None) -> Iterator[RecordFrame]:
        """See `LedgerStrategy.frames`."""
        return iter(self._frames)


def _suiting(ledger: Ledger) -> str:
    """The engine for a ledger that is read in batches, where none is asked for."""
    hint = ledger.size_hint
    return BULK if hint is None or hint > limits().judged_singly_to else EMBEDDED


def _values(part: RecordFrame, field: str) -> pl.Series:
    """The values of a field, of records out of scope too."""
    read = part.source is not None and field in part.source.columns
    return part.source[field] if read and part.source is not None else part.frame[field]
