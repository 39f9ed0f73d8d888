"""A report as one JSON document. In: a report. Out: the shape of the contract.

Every finding is one line of its own, so that a large report stays readable and is written fast.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO

from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report import json_shape as shape
from zhuanjie.report.files import unwritable
from zhuanjie.report.view import View

_BLOCK: Final = 1 << 20


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the report."""
    out.write(head(report, view))
    out.writelines(tail(report.findings))


def head(report: Report, view: View) -> str:
    """What stands before the findings."""
    text = json.dumps(shape.head(report, view), ensure_ascii=False, indent=2)
    return text.removesuffix("\n}") + ',\n  "findings": ['


def tail(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings, as they come, and what stands behind them."""
    return tail_of(map(text_of, findings))


def text_of(finding: Finding) -> str:
    """A finding on a line."""
    return json.dumps(shape.finding(finding), ensure_ascii=False)


def tail_of(texts: Iterable[str]) -> Iterator[str]:
    """The same of findings that are texts already."""
    gap, end = "\n    ", "]\n}\n"
    for text in texts:
        yield gap + text
        gap, end = ",\n    ", "\n  ]\n}\n"
    yield end


def write(data: Any, out: TextIO) -> None:
    """Write any other answer."""
    out.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


class Spool:
    """The findings of a report kept aside as they come: what they come to stands before them."""

    def __init__(self, aside: TextIO) -> None:
        self._aside = aside

    def keep(self, findings: Iterable[Finding]) -> None:
        """Keep all findings; raises OutputError where that, and not finding them, fails."""
        lines: Iterator[str | None] = tail(findings)
        line: str | None = ""
        while line is not None:
            line = next(lines, None)
            try:
                self._aside.write(line or "")
                if line is None:
                    self._aside.flush()
            except OSError as error:
                raise unwritable(tempfile.gettempdir(), error) from error

    def render(self, report: Report, out: TextIO, view: View) -> None:
        """Write the report, whose findings were kept."""
        self._aside.seek(0)
        out.write(head(report, view))
        shutil.copyfileobj(self._aside, out, _BLOCK)


@contextmanager
def spooled(_view: View) -> Iterator[Spool]:
    """A place to keep findings in, which is gone afterwards."""
    aside = _aside()
    try:
        yield Spool(aside)
    finally:
        with suppress(OSError):  # what could not be kept was said, and closing says it again
            aside.close()


def _aside() -> TextIO:
    """A file of the moment; memory, where there is no place for one."""
    try:
        return tempfile.TemporaryFile("w+", encoding="utf-8", newline="")
    except OSError:
        return io.StringIO()
