"""Verdict batches into findings. In: batches. Out: findings in words, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import Any

from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.core.results import Finding, Location


def findings_of(batches: Iterable[VerdictBatch], words: FindingRenderer) -> Iterator[Finding]:
    """What the verdicts say of each record."""
    run: list[VerdictBatch] = []
    for batch in batches:
        if run and batch.run != run[0].run:
            yield from _among(run, words)
            run = []
        if batch.run is not None:
            run.append(batch)
        elif len(batch.verdicts):
            yield from _said(batch, words.of(batch.plan))
    yield from _among(run, words)


def _among(run: Sequence[VerdictBatch], words: FindingRenderer) -> Iterator[Finding]:
    """The findings of batches whose records stand among one another."""
    return merge(*(_said(batch, words.of(batch.plan)) for batch in run if len(batch.verdicts)),
                 key=lambda finding: finding.location.row or 0)


def _said(batch: VerdictBatch, words: FindingRenderer) -> Iterator[Finding]:
    frame, rows = batch.reported()
    at = -1
    record: dict[str, Any] = {}
    location = Location()
    pairs = zip(rows, frame.iter_rows(named=True), strict=True)
    for verdict in batch.verdicts:
        if verdict.row != at:
            at = verdict.row
            number, record = next(pairs)
            location = Location(batch.file or None, batch.sheet, number)
        waiver = None if verdict.waiver is None else batch.waivers[verdict.waiver]
        yield words.finding(verdict, record, location, waiver)
