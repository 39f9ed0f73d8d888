"""Verdict batches into findings. In: batches. Out: findings in words, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.core.results import Finding, Location


def findings_of(batches: Iterable[VerdictBatch], words: FindingRenderer) -> Iterator[Finding]:
    """What the verdicts say of each record."""
    for batch in batches:
        if len(batch.verdicts):
            yield from _said(batch, words.of(batch.plan))


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
        yield words.finding(verdict, record, location)
