"""The output formats. In: a result and the name of a format. Out: its text on a stream.

A format is a module with `render`; only the one asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final, TextIO

from zhuanjie.engine.core.results import Report
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

SECTION_FORMATS: Final = {
    "table": "zhuanjie.report.formats.table",
    "markdown": "zhuanjie.report.formats.markdown",
}
"""Formats for people: they write sections."""

REPORT_FORMATS: Final = {
    "json": "zhuanjie.report.formats.json",
    "jsonl": "zhuanjie.report.formats.jsonl",
    "csv": "zhuanjie.report.formats.csv",
    "github": "zhuanjie.report.formats.github",
    "ics": "zhuanjie.report.formats.ics",
}
"""Formats for programs: they write a report."""

Layout = Callable[[Report, View], Iterable[Section]]


def write_report(report: Report, layout: Layout, form: str, out: TextIO, view: View) -> None:
    """Write `report` in the format `form`; `layout` puts it into sections for people."""
    if form in SECTION_FORMATS:
        write_sections(layout(report, view), form, out, view)
    else:
        import_module(REPORT_FORMATS[form]).render(report, out, view)


def write_sections(sections: Iterable[Section], form: str, out: TextIO, view: View) -> None:
    """Write `sections` in a format for people."""
    import_module(SECTION_FORMATS[form]).render(sections, out, view)


def write_answer(data: Any, sections: Iterable[Section], form: str, out: TextIO,
                 view: View) -> None:
    """Write an answer that is no report: `data` as JSON, `sections` in a format for people."""
    if form in SECTION_FORMATS:
        write_sections(sections, form, out, view)
    else:
        import_module(REPORT_FORMATS[form]).write(data, out)
