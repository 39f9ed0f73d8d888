"""A report that saves itself as a workbook. In: a report that Python has. Out: marked workbooks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from zhuanjie.engine.api import InputError, Report, UsageError, fail, read_tables
from zhuanjie.report.view import View
from zhuanjie.report.workbook.marks import FindingStore
from zhuanjie.report.workbook.write import LedgerFile, check_targets, files_of, is_package, write

_BLOCK = 1 << 20


def save(report: Report, path: Path, view: View, *, force: bool = False) -> None:
    """Write the ledgers of a report with its findings marked in them.

    A ledger that was in memory alone, or is gone, is not in the workbook; the findings are. Raises
    UsageError where a ledger has changed since it was audited.
    """
    names = list(dict.fromkeys(table.table.file for table in report.ledger.tables))
    there = [Path(name) for name in names if Path(name).is_file()]
    if len(there) == len(names) and report.ledger.sha256 not in ("", _digest(there)):
        raise fail(UsageError, "report.workbook.changed", hint="report.workbook.changed.hint",
                   path=", ".join(names))
    with closing(FindingStore()) as store, _files(report, names) as files:
        check_targets(path, files, view, force=force,
                      check=lambda target: _refuse_input(target, there))
        store.keep(report.findings)
        write(path, report, store, files, view)


@contextmanager
def _files(report: Report, names: list[str]) -> Iterator[list[LedgerFile]]:
    """The files of a report's ledgers; those that are no packages are read again."""
    policy = report.origin[0] if report.origin else None
    ledgers = []
    files = []
    try:
        for name in names:
            sheets = [t.table.sheet for t in report.ledger.tables if t.table.file == name]
            file = LedgerFile(name, Path(name), sheets)
            if policy is not None and file.path.is_file() and not is_package(file.path):
                try:
                    ledger = read_tables(name, policy)
                except InputError:  # such as headings that only the audit was told of
                    files.append(file)
                    continue
                ledgers.append(ledger)
                file = files_of(ledger.tables)[0]
            files.append(file)
        yield files
    finally:
        for ledger in ledgers:
            ledger.close()


def _refuse_input(target: Path, read: list[Path]) -> None:
    if any(target.exists() and target.samefile(path) for path in read):
        raise fail(UsageError, "report.is-input", hint="report.hint", path=str(target))


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
