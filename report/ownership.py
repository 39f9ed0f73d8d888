"""Whose a file is. In: a path. Out: whether it is a former output of ours, by what it holds.

A name proves nothing: a ledger may be called like a report. So a file is written over only where
its own bytes say that this program wrote it, and nobody since.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, fail
from zhuanjie.engine.core.patterns import late

MARK: Final = "zhuanjie"
"""What the last line of a text for people says in a file, and what other files name as maker."""
MADE: Final = "2000-01-01T00:00:00Z"
"""When workbooks of ours were changed last, by their own account: a program that saves one anew
puts its own time there."""

_HEAD, _TAIL = 4096, 64
_FINDING: Final = ("rule", "clause", "outcome", "severity")
_HEADS: Final = tuple(late(pattern) for pattern in (
    rb"(id,record,name,group|record),rule,clause,outcome,",                   # findings as CSV
    rb"record,(field,)?(clause|rule)(,[a-z_]+)*\r?\n",                         # what was planted
    rb'\{"(id|record)": .*"rule": .*"clause": .*"outcome": ',                # JSON lines
    rb"id,state,record,name,group,rule,clause,",                               # compared
    rb'\{\n  "compared": \[',
    rb'\{\n  "title": "[^"]*",\n  "about": "',                                  # of a register
    rb'\{\n  "policy": \{\n    "id": ',                                        # reports
    rb'\{\n  "(vocabulary|key)": "',                                         # fields
    rb'\{\n  "(cases|text|tables|rules|points|findings|mutants|killed|proved)": ',  # policy …
    rb'\[\n  \{\n    "id": "[^"]*",\n    "version": ',                         # lists of packs
    rb'\{\n  "\$schema": .*zhuanjie',
    rb"# zhuanjie (columns\r?\n|lock: )",
    rb"BEGIN:VCALENDAR\r?\n(.*\r?\n)*?PRODID:[^\n]*zhuanjie",
    rb'<\?xml[^>]*\?>\s*<testsuites name="zhuanjie',
    rb'\{\n  "\$schema": "[^"]*",\n  "version": "2\.1\.0",\n  "runs": \[\{\n    "tool": '
    rb'\{"driver": \{"name": "zhuanjie"',                                    # SARIF
    rb'\[\]\n\Z|\[\n  \{"check_name": "zhuanjie/',                           # issues for GitLab
    rb"::notice title=zhuanjie::",
    rb'<!doctype html>\n<html[^>]*><head><meta charset="utf-8"><meta name="generator" '
    rb'content="zhuanjie">',
))
_MARKED: Final = "/zhuanjie-findings.xml"
"""How a part ends of workbooks that were marked; a program that saves one anew calls it so no more.
"""
_LAST: Final = late(rb"(\A|\n)(-- zhuanjie|<!-- zhuanjie -->)\r?\n\Z")


def guard(path: Path | None, *, force: bool) -> None:
    """Raise OutputError where a file would be written over that is no former output of ours."""
    if path is None or force or not path.is_file() or is_ours(path):
        return
    raise fail(OutputError, "report.not-ours", hint="report.not-ours.hint", path=str(path))


def is_ours(path: Path) -> bool:
    """Whether a file holds what this program wrote, or nothing at all."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, path.stat().st_size - _TAIL))
            tail = file.read()
    except OSError:  # who cannot read it cannot know; writing says what is wrong
        return not path.exists()
    if not head:
        return True
    if head.startswith(b"PAR1"):
        return _parquet(path)
    if head.startswith(b"PK"):
        return _workbook(path)
    text = head.removeprefix(b"\xef\xbb\xbf")
    return bool(_LAST.search(tail)) or any(mark.match(text) for mark in _HEADS)


def last_line(form: str) -> str:
    """What a text for people, and one that names no maker, ends with in a file."""
    return {"table": f"\n-- {MARK}\n", "markdown": f"\n<!-- {MARK} -->\n",
            "junit": f"<!-- {MARK} -->\n"}.get(form, "")


def _parquet(path: Path) -> bool:
    import polars as pl

    try:
        names = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError):
        return False
    return all(name in names for name in _FINDING) or list(names) == ["record", "clause", "outcome"]


def _workbook(path: Path) -> bool:
    import zipfile

    try:
        with zipfile.ZipFile(path) as book:
            if any(name.endswith(_MARKED) for name in book.namelist()):
                return True
            core = book.read("docProps/core.xml").decode(errors="replace")
    except (KeyError, OSError, zipfile.BadZipFile, RuntimeError):
        return False
    changed = re.search(r"<dcterms:modified[^>]*>([^<]*)<", core)
    return f"<dc:creator>{MARK}<" in core and changed is not None and changed[1] == MADE
