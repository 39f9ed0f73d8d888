"""Marked workbooks of an audit. In: a report, its findings, its tables. Out: one file, or a folder.

Of an .xlsx the user's own file is marked, of any other ledger a workbook with its records in it. Of
several ledgers each has a workbook, in a folder, and one more has all findings.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.api import OutputError, UsageError, fail
from zhuanjie.engine.core import temporary
from zhuanjie.engine.core.results import Outcome, Report, Summary
from zhuanjie.report.files import replacing, unwritable
from zhuanjie.report.ownership import guard
from zhuanjie.report.view import View
from zhuanjie.report.workbook.marking import mark
from zhuanjie.report.workbook.marks import FindingStore
from zhuanjie.report.workbook.own_sheets import OwnSheets
from zhuanjie.report.workbook.package import Package
from zhuanjie.report.workbook.plain_copy import copy_tables, empty_book, refuse_large
from zhuanjie.report.workbook.sayings import Sayings, SheetPlace
from zhuanjie.report.workbook.sheet_text import LAST_ROW

if TYPE_CHECKING:
    from zhuanjie.engine.api import LedgerTable

_USUAL: Final = ".xlsx"
_MACROS: Final = {".xlsm": ".xlsm", ".xltm": ".xlsm", ".xltx": ".xlsx", ".xlsx": ".xlsx"}
"""The endings of marked workbooks by those that their ledgers need."""
_ROOM: Final = 3
"""Rows above the list of findings."""


class LedgerFile(Struct, frozen=True):
    """A file of a ledger: its name, where its bytes are, its sheets, and its tables if at hand."""

    name: str
    path: Path
    sheets: Sequence[str | None]
    tables: Sequence[LedgerTable] = ()

    @property
    def ending(self) -> str | None:
        """The ending of a workbook that has its bytes; None where it is no .xlsx."""
        if not self.path.is_file() or not _is_zip(self.path):
            return None
        package = None
        try:
            package = Package(self.path)
            return _MACROS.get(package.ending or "")
        except OutputError:
            if self.path.suffix.lower() in _MACROS:
                raise
            return None
        finally:
            if package is not None:
                package.close()


def is_folder(output: Path) -> bool:
    """Whether marked workbooks are to be put in a folder."""
    return output.is_dir() or (not output.suffix and not output.exists())


def files_of(tables: Iterable[LedgerTable]) -> list[LedgerFile]:
    """The files that tables were read from, in order."""
    found: dict[str, list[LedgerTable]] = {}
    for table in tables:
        source = getattr(table, "source", table)
        found.setdefault(source.file, []).append(source)
    return [LedgerFile(name, some[0].path or Path(name), [t.sheet for t in some], some)
            for name, some in found.items()]


def check_targets(output: Path, files: Sequence[LedgerFile], view: View, *, force: bool = False,
                  check: Callable[[Path], None] = lambda _path: None) -> list[Path]:
    """The workbooks that will be written; refuses what cannot come to an end well.

    Raises UsageError for one file to hold several ledgers, or an ending that its kind cannot have,
    OutputError for a ledger that no sheet holds, or what would be written over another file.
    `check` is asked of each workbook.
    """
    targets = _targets(output, files, view) if is_folder(output) else [output]
    for file in files:
        if file.ending is None:
            refuse_large(file.tables)
    for target in targets:
        check(target)
        guard(target, force=force)
    if is_folder(output):
        return targets
    if len(files) > 1:
        raise fail(UsageError, "report.workbook.several", hint="report.workbook.several.hint",
                   count=len(files), path=str(output))
    for file in files:
        wanted = file.ending or _USUAL
        if output.suffix.lower() != wanted:
            raise fail(UsageError, "report.workbook.ending", hint="report.workbook.ending.hint",
                       path=str(output), wanted=wanted)
    return targets


def write(output: Path, report: Report, store: FindingStore, files: Sequence[LedgerFile],
          view: View) -> None:
    """Write the marked workbooks, whose places were checked.

    Raises OutputError where one cannot be made.
    """
    if len(store) > LAST_ROW - _ROOM:
        raise fail(OutputError, "report.workbook.findings", hint="report.workbook.large.hint",
                   count=len(store), most=LAST_ROW - _ROOM)
    view = view.of_report(report)
    if not is_folder(output):
        _one(output, report, store, files[0] if files else None, view,
             by=tuple(report.summary.by), files=None)
        return
    targets = _targets(output, files, view)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(output, error) from error
    for target, file in zip(targets, files, strict=False):
        part = _part(report, store, file.name) if len(files) > 1 else report
        _one(target, part, store, file, view, by=tuple(report.summary.by),
             files=frozenset({file.name}) if len(files) > 1 else None)
    if len(files) > 1:
        _one(targets[-1], report, store, None, view, by=tuple(report.summary.by),
             files=None)


def _targets(folder: Path, files: Sequence[LedgerFile], view: View) -> list[Path]:
    """The workbooks of some files, and of them all where there are several."""
    taken: set[str] = set()
    names = [(PurePath(file.name).stem, file.ending or _USUAL) for file in files]
    if len(files) > 1:
        names.append((view.say("workbook.overview"), _USUAL))
    targets = []
    for stem, ending in names:
        base = _file_name(stem)
        name, number = base, 1
        while (name + ending).casefold() in taken:
            number += 1
            name = f"{base} ({number})"
        taken.add((name + ending).casefold())
        targets.append(folder / (name + ending))
    return targets


def _file_name(stem: str) -> str:
    return "".join("_" if c in '<>:"/\\|?*' or c < " " else c for c in stem) or "_"


def _part(report: Report, store: FindingStore, file: str) -> Report:
    """The report as far as it is about one of several files."""
    summary = Summary(not_judged=report.summary.not_judged, not_asked=report.summary.not_asked)
    counted: Counter[tuple[str, str]] = Counter()
    for where, counts in store.counts.items():
        if where[0] == file:
            for (clause, outcome, _), times in counts.items():
                counted[clause, outcome] += times
    for clause in dict.fromkeys((*report.summary.counts, *(c for c, _ in counted))):
        for outcome in Outcome:
            if times := counted[clause, outcome.value]:
                summary.add(clause, outcome, times)
    tables = tuple(t for t in report.ledger.tables if t.table.file == file)
    ledger = replace(report.ledger, tables=tables, records=sum(t.records for t in tables),
                     out_of_scope=0)
    return dataclasses.replace(report, summary=summary, ledger=ledger,
                   input=[f for f in report.input if f.file == file])


def _one(target: Path, report: Report, store: FindingStore, file: LedgerFile | None, view: View,
         *, by: Sequence[str], files: frozenset[str] | None) -> None:
    """Write one workbook."""
    with replacing(target, private=True) as draft, _source(file, view) as (source, places):
        sheets = OwnSheets(report, view, {place.where: place for place in places}, by)
        groups: dict[str, Counter[str]] = {}
        for where, counts in store.counts.items():
            if files is None or where[0] in files:
                for (_, outcome, group), times in counts.items():
                    groups.setdefault(group, Counter())[outcome] += times
        mark(source, draft, Sayings(store, report, view).of(places), {
            "findings": (view.say("workbook.findings"),
                         lambda out, styles, space: sheets.findings(
                             out, styles, space, store.all(files))),
            "summary": (view.say("workbook.summary"),
                        lambda out, styles, space: sheets.summary(out, styles, space, groups)),
        })


@contextmanager
def _source(file: LedgerFile | None, view: View) -> Iterator[tuple[Path, list[SheetPlace]]]:
    """A workbook to mark, and where the ledger stands in it."""
    if file is not None and file.ending is not None:
        yield file.path, [SheetPlace((file.name, sheet), sheet or "")
                          for sheet in dict.fromkeys(file.sheets)]
        return
    with temporary.folder() as folder:
        path = folder / "ledger.xlsx"
        try:
            places = copy_tables(file.tables, path) if file and file.tables else empty_book(
                path, view.say("workbook.no-ledger"), view.say("workbook.no-ledger.why"))
        except OSError as error:
            raise unwritable(path, error) from error
        yield path, places


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def is_package(path: Path) -> bool:
    """Whether a file is a workbook whose own bytes can be marked."""
    return LedgerFile(str(path), path, ()).ending is not None
