"""A report that an audit wrote, read again. In: a file. Out: what it says of itself, its findings.

JSON is read a finding a line, as it is written; of a document that somebody laid out anew the whole
is held, so that there is a limit to its size. Findings become columns: a million have room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.api import InputError, Place, fail
from zhuanjie.engine.core.panics import PanicError, contained
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.core.unaudited import NOT_AUDITED

WHOLE: Final = 256 << 20
"""Bytes of a document that may be held whole."""
WRONG: Final = [str(o) for o in (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.WAIVED)]
"""The outcomes that are compared."""
_BLOCK: Final = 20_000
_TEXTS: Final = ("id", "record", "name", "group", "rule", "clause", "outcome", "severity",
                 "message", "waiver", "file", "sheet", "pack")
SCHEMA: Final = pl.Schema({**dict.fromkeys(_TEXTS, pl.String()), "due": pl.Date(),
                           "row": pl.Int64()})
_NEEDED: Final = ("record", "rule", "clause", "outcome", "severity")
_FINDINGS: Final = '  "findings": ['
_MISSHAPEN: Final = (AttributeError, KeyError, TypeError, ValueError, RecursionError,
                     pl.exceptions.PolarsError, PanicError)
"""What comes of a value that is not what a report has in its place."""
_POLICY: Final = re.compile(rb'\s*\{\s*"policy": ?\{\s*"id": ?"([^"\\]+)"')
_FORMULA: Final = r"^'([\s\"']*[=+\-@＝＋－＠﹢﹣﹦﹫]|[\t\r\n])"


class ReportFile(Struct):
    """One report. What its form does not say is None: only JSON says who judged, and when.

    `unjudged` are the clauses that were not asked about or, of some records, not judged; `skipped`
    the files that were not read.
    """

    path: Path
    findings: pl.DataFrame
    policy: Mapping[str, str] | None = None
    as_of: date | None = None
    records: int | None = None
    sha256: str | None = None
    files: frozenset[str] | None = None
    not_kept: frozenset[str] | None = None
    not_asked: frozenset[str] = frozenset()
    unjudged: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    has_ids: bool = True

    @property
    def label(self) -> str:
        """What the report is called: by its day, else by its file."""
        return self.as_of.isoformat() if self.as_of else self.path.name


def policy_of(path: Path) -> str | None:
    """The id of the pack that judged, where a report says it at its head."""
    try:
        with path.open("rb") as file:
            found = _POLICY.match(file.read(1024))
    except OSError:
        return None
    return found[1].decode(errors="replace") if found else None


def read_report(path: Path, by: Sequence[str] = ()) -> ReportFile:
    """Read a report, with the values of the fields that its findings are grouped `by`.

    Raises InputError for what is no report of findings, or not whole.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise _no_report(path, "compare.unreadable", reason=error.strerror or "") from error
    try:
        return _read(path, by, start)
    except InputError:
        raise
    except _MISSHAPEN as error:
        raise _no_report(path, "compare.no-report") from error


def _read(path: Path, by: Sequence[str], start: bytes) -> ReportFile:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return _Columns(path, by).parquet()
    if text.startswith(b"{"):
        first = text.split(b"\n", 1)[0].strip()
        lines = first.startswith((b'{"id":', b'{"record":')) and b'"rule":' in first
        return _Lines(path, by).lines() if lines else _Lines(path, by).document()
    if b"rule,clause,outcome" in text.split(b"\n", 1)[0]:
        return _Columns(path, by).csv()
    raise _no_report(path, "compare.no-report")


def _no_report(path: Path, code: str, line: int | None = None, **args: Any) -> InputError:
    error = fail(InputError, code, Place(str(path), line=line), "compare.no-report.hint",
                 path=str(path), **args)
    assert isinstance(error, InputError)
    return error


class _Lines(Struct):
    """Reads JSON."""

    path: Path
    by: Sequence[str]
    parts: list[pl.DataFrame] = field(default_factory=list)
    left_out: list[Mapping[str, Any]] = field(default_factory=list)

    def lines(self) -> ReportFile:
        """Findings, one a line."""
        with self.path.open(encoding="utf-8-sig") as file:
            self._take(self._objects(enumerate(file, 1)))
        return _told_apart(ReportFile(self.path, self._frame()), self.left_out)

    def document(self) -> ReportFile:
        """A document with a head."""
        with self.path.open(encoding="utf-8-sig") as file:
            before: list[str] = []
            for line in file:
                if line.startswith(_FINDINGS):
                    first = "]" if line.rstrip().endswith("]") else next(file, "")
                    if not first.rstrip().endswith(("}", "},", "]")):
                        break  # laid out by another program
                    head = self._load("".join(before).rstrip().removesuffix(",") + "}", 1)
                    self._take(self._behind(chain([first], file), len(before) + 1))
                    return self._report(head)
                before.append(line)
                if len(before) == 1 and line.strip() != "{":
                    break
        if self.path.stat().st_size > WHOLE:
            raise _no_report(self.path, "compare.too-large", size=WHOLE >> 20)
        whole = self._load(self.path.read_bytes().removeprefix(b"\xef\xbb\xbf"), None)
        if not isinstance(whole, dict) or not isinstance(whole.get("findings"), list):
            raise _no_report(self.path, "compare.no-report")
        self._take(whole.pop("findings"))
        return self._report(whole)

    def _behind(self, file: Iterable[str], number: int) -> Iterator[dict[str, Any]]:
        """The findings of a document, down to the end of their list."""
        for line in file:
            number += 1
            if line.strip() == "]":
                return
            yield self._load(line.strip().removesuffix(","), number)
        raise _no_report(self.path, "compare.cut-off", line=number)

    def _objects(self, lines: Iterable[tuple[int, str]]) -> Iterator[dict[str, Any]]:
        for number, line in lines:
            if line.strip():
                yield self._load(line, number)

    def _load(self, text: str | bytes, line: int | None) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise _no_report(self.path, "compare.cut-off", line=line) from error

    def _take(self, findings: Iterable[Any]) -> None:
        rows: list[list[Any]] = []
        for found in findings:
            if not isinstance(found, dict) or not all(name in found for name in _NEEDED):
                raise _no_report(self.path, "compare.no-report")
            if found["outcome"] == NOT_AUDITED:
                self.left_out.append({**found, **(found.get("location") or {})})
                continue
            rows.append(self._row(found))
            if len(rows) == _BLOCK:
                self._keep(rows)
                rows = []
        self._keep(rows)

    def _row(self, found: dict[str, Any]) -> list[Any]:
        at, waiver, by = found.get("location") or {}, found.get("waiver"), found.get("by") or {}
        cells = {**found, "file": at.get("file"), "sheet": at.get("sheet"), "row": at.get("row"),
                 "waiver": waiver.get("id") if isinstance(waiver, dict) else waiver}
        return [*(cells.get(name) for name in SCHEMA), *(by.get(name) for name in self.by)]

    def _keep(self, rows: list[list[Any]]) -> None:
        self.parts.append(_typed(pl.DataFrame(
            rows, schema={**SCHEMA, "due": pl.String(),
                          **dict.fromkeys(self.by, pl.String())}, orient="row")))

    def _frame(self) -> pl.DataFrame:
        return pl.concat(self.parts)

    def _report(self, head: Any) -> ReportFile:
        """A report by the head of a document."""
        ledger, summary = head["ledger"], head["summary"]
        return ReportFile(
            self.path, self._frame(),
            policy={name: str(head["policy"][name]) for name in ("id", "version", "sha256")},
            as_of=date.fromisoformat(head["as_of"]), records=int(ledger["records"]),
            sha256=ledger["sha256"] or None,
            files=_names(part["file"] for part in ledger.get("files", ())),
            not_kept=_names(part["field"] for part in ledger.get("not_kept", ())),
            not_asked=_names(summary.get("not_asked", ())),
            unjudged=_names(summary.get("not_asked", ())) | {
                clause for clause, counts in summary["by_clause"].items()
                if counts.get("not_judged")},
            skipped=_names(part["file"] for part in ledger.get("skipped", ())),
            has_ids=_has_ids(self._frame()))


class _Columns(Struct):
    """Reads tables of findings."""

    path: Path
    by: Sequence[str]

    def csv(self) -> ReportFile:
        """Findings as CSV; what was marked as text for spreadsheets is as it was."""
        return self._read(lambda: pl.scan_csv(self.path, infer_schema=False)
                          .with_columns(pl.all().str.replace(_FORMULA, "${1}")))

    def parquet(self) -> ReportFile:
        """Findings as Parquet, which has no words and no ids."""
        return self._read(lambda: pl.scan_parquet(self.path))

    def _read(self, scan: Any) -> ReportFile:
        query: pl.LazyFrame = scan()
        there = query.collect_schema().names()
        if not all(name in there for name in _NEEDED):
            raise _no_report(self.path, "compare.no-report")
        wanted = [*SCHEMA, *self.by]
        with contained():
            frame = query.select(pl.col(n) if n in there else pl.lit(None).alias(n)
                                 for n in wanted).collect()
            frame = _typed(frame.with_columns(pl.col("row").cast(pl.Int64)))
        left_out = frame.filter(outcome=NOT_AUDITED)
        frame = frame.filter(pl.col("outcome") != NOT_AUDITED)
        return _told_apart(ReportFile(self.path, frame), left_out.to_dicts())


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts, days and numbers; a blank text is none."""
    texts = [n for n in frame.columns if n not in ("due", "row")]
    frame = frame.with_columns(pl.col(texts).cast(pl.String).replace("", None),
                               pl.col("due").cast(pl.String).replace("", None).str.to_date())
    # What is not wrong is looked up, never shown: its words need no room.
    return frame.with_columns(
        pl.col("rule", "clause", "outcome", "severity").fill_null(""),
        message=pl.when(pl.col("outcome").is_in(WRONG)).then(pl.col("message")))


def _names(found: Iterable[Any]) -> frozenset[str]:
    """Names of files, fields or clauses; raises TypeError where one is none."""
    names = frozenset(found)
    if not all(name is None or isinstance(name, str) for name in names):
        raise TypeError
    return names


def _has_ids(frame: pl.DataFrame) -> bool:
    return not frame["id"].has_nulls()


def _told_apart(report: ReportFile, left_out: Sequence[Mapping[str, Any]]) -> ReportFile:
    """A report of findings alone, with what its last lines say was not audited."""
    report.unjudged = frozenset(part["clause"] for part in left_out if part["clause"])
    report.skipped = frozenset(part["file"] for part in left_out
                               if part.get("file") and not part["clause"])
    report.has_ids = _has_ids(report.findings)
    return report
