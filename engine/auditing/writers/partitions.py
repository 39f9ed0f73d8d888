"""A folder of findings. In: tables as they come. Out: Parquet files, one set for each slice.

A slice of the ledger is written whole or not at all, under folders named as in `clause=1.6b` by
the columns asked for. A journal in the folder says which slices are finished and what they came to,
so that an audit that was stopped goes on from there.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.totals import KindCounts, counts_of, late_of, new_of
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.writers.finding_frame import FindingFrames, in_order, not_audited
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, UsageError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding, Outcome, TableRef
from zhuanjie.engine.core.whole_files import PRIVATE, on_disk

JOURNAL = "_audit.jsonl"
"""The journal's name; tools that read a folder of Parquet pass over names that begin so."""
BLANK = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = "whole"
_PART = "part-{:04}-{:05}"


class Partitions:
    """Writes the findings of an audit into a folder, slice by slice."""

    def __init__(self, folder: Path, keys: Sequence[str], run: AuditRun, call: dict[str, Any], *,
                 resume: bool, finish: Callable[[], None] | None = None) -> None:
        """`call` says what the audit is of; only one of the same can go on. `finish` is done to the
        folder before its journal says that it is whole.

        Raises UsageError for a folder in use or another audit's, InputError for a broken journal.
        """
        self.folder, self.keys, self.run = folder, keys, run
        self._finish = finish
        self.call = {**call, "partition_by": list(keys), "slice_rows": limits().slice_rows}
        self.finished: list[dict[str, Any]] = []
        self._journal = folder / JOURNAL
        self._frames = FindingFrames(run.plan)
        if resume:
            self._resume()
        elif folder.exists() and any(folder.iterdir()):
            raise fail(UsageError, "audit.folder-in-use", hint="audit.folder-in-use.hint",
                       path=str(folder))

    def write(self) -> None:
        """Judge and write what is left to do."""
        run = self.run
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self._journal.exists():
            self._note(self.call)
        for done in self.finished:
            run.totals.resume(done["records"], done["out_of_scope"],
                              [InputFinding(**found) for found in done["input"]],
                              {tuple(kind): times for *kind, times in done["findings"]},
                              done.get("late", {}), *self._written(done["slice"]),
                              done.get("seen", ()), done["new"] if "new" in done else {
                                  (outcome, severity) for _, outcome, severity, _ in
                                  done["findings"]})
            for *table, records, others in done.get("tables", ()):
                run.totals.count(TableRef(*table), records, others)
        start = (0, 0)
        if self.finished:
            table, part = self.finished[-1]["slice"]
            start = table, part + 1
        for part, batches in groupby(run.batches(start), key=lambda batch: batch.slice):
            if part is None:  # who is absent belongs to no slice
                self._put("absent", pl.concat(map(self._frames.of, batches)))
            else:
                self._slice(part, batches)
        rest = not_audited(run.head(), run.plan)
        if len(rest):
            self._put("not-audited", rest)
        if self._finish is not None:
            self._finish()
        self._note({_WHOLE: True})

    def _slice(self, part: tuple[int, int], batches: Iterator[VerdictBatch]) -> None:
        tables: list[tuple[int | None, pl.DataFrame]] = []
        read: list[InputFinding] = []
        counts: KindCounts = Counter()
        late: Counter[str] = Counter()
        rows: list[tuple[Any, ...]] = []
        records = out_of_scope = 0
        seen, new = set[str](), set[tuple[str, str]]()
        for batch in batches:
            tables.append((batch.run, self._frames.of(batch)))
            place = batch.file, batch.sheet, batch.header_row
            if batch.records or batch.others:
                rows.append((*place, batch.records, dict(batch.others)))
            counts += counts_of(batch)
            seen |= batch.seen
            new |= {(str(outcome), str(severity)) for outcome, severity in new_of(batch)}
            late |= Counter(late_of(batch))
            read += batch.input
            records += batch.records
            out_of_scope += batch.out_of_scope
        self._put(_PART.format(*part), pl.concat(in_order(tables)))
        self._note({"slice": list(part), "records": records, "out_of_scope": out_of_scope,
                    "findings": sorted((*kind, times) for kind, times in counts.items()),
                    "late": late, "tables": rows, "seen": sorted(seen), "new": sorted(new),
                    "input": [_plain(found) for found in read]})

    def _written(self, part: Sequence[int]) -> tuple[
            pl.Series, dict[str, Counter[tuple[str, Outcome]]], Counter[str]]:
        """Who has a violation in a finished slice, its counts by the fields grouped by, and those

        by waivers.
        """
        files = sorted(self.folder.rglob(f"{_PART.format(*part)}.parquet"))
        grouped = self.run.plan.grouped_by
        if not files:
            return pl.Series([], dtype=pl.String), {}, Counter()
        found = pl.scan_parquet(files, hive_partitioning=True).select(
            "record", "file", "sheet", "row", "outcome", "waiver", *grouped).collect()
        wrong = found.filter(outcome=str(Outcome.VIOLATION)).unique(
            ["record", "file", "sheet", "row"])
        counts = {name: Counter({
            (value or "", Outcome(outcome)): times for value, outcome, times in
            found.group_by(name, "outcome").len().iter_rows()}) for name in grouped}
        waived = Counter[str](dict(found["waiver"].drop_nulls().value_counts().iter_rows()))
        return wrong["record"], counts, waived

    def _put(self, name: str, findings: pl.DataFrame) -> None:
        """Write findings under the folders of their keys; a file appears when it is whole."""
        parts = findings.partition_by(self.keys, as_dict=True, include_key=False) \
            if self.keys else {(): findings} if len(findings) else {}
        for values, part in parts.items():
            folder = self.folder
            for key, value in zip(self.keys, values, strict=True):
                shown = BLANK if value is None else quote(str(value), safe="")
                folder = folder / f"{key}={shown}"
            folder.mkdir(parents=True, exist_ok=True)
            draft = folder / f".{name}.tmp"
            try:
                draft.touch(PRIVATE)
                part.write_parquet(draft)
                on_disk(draft)
                draft.replace(folder / f"{name}.parquet")
            except pl.exceptions.PolarsError as error:
                raise OSError(None, str(error).splitlines()[0]) from None
            finally:
                draft.unlink(missing_ok=True)

    def _note(self, line: dict[str, Any]) -> None:
        with open(self._journal, "ab", opener=_private) as file:
            file.write(_line_of(line))
            file.flush()
            os.fsync(file.fileno())

    def _resume(self) -> None:
        """Read the journal; a last line that was cut off is as if it were not there."""
        if not self._journal.exists():
            raise fail(UsageError, "audit.nothing-to-resume", hint="audit.nothing-to-resume.hint",
                       path=str(self.folder))
        text = self._journal.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        lines = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                lines.append(json.loads(line))
            except ValueError:
                raise fail(InputError, "audit.journal", Place(str(self._journal), line=number),
                           "audit.journal.hint") from None
        if not lines:
            if text and not _line_of(self.call).startswith(text):
                raise fail(InputError, "audit.no-journal", Place(str(self._journal)),
                           "audit.journal.hint")
            self._journal.unlink()  # cut short in its first line: nothing was written yet
            return
        if lines[0] != json.loads(_line_of(self.call)):
            raise fail(UsageError, "audit.resume-other", hint="audit.resume-other.hint",
                       path=str(self.folder))
        if lines[-1].get(_WHOLE):
            raise fail(UsageError, "audit.resume-whole", path=str(self.folder))
        if len(whole) < len(text):
            os.truncate(self._journal, len(whole))
        self.finished = [line for line in lines[1:] if "slice" in line]


def _private(path: str, flags: int) -> int:
    """Open a file that its owner alone reads."""
    return os.open(path, flags, PRIVATE)


def _line_of(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, default=str) + "\n").encode()


def _plain(found: InputFinding) -> dict[str, Any]:
    return {name: getattr(found, name) for name in
            ("code", "record", "field", "row", "column", "value", "file", "sheet")} | {
                "args": dict(found.args)}
