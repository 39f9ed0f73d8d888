"""The output formats. In: a result and the name of a format. Out: its text on a stream.

A format is a module with `render`; only the one asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final, TextIO

from zhuanjie.cli.output.section import Section
from zhuanjie.cli.output.view import View
from zhuanjie.engine.results import Report

SECTION_FORMATS: Final = {
    "table": "zhuanjie.cli.output.table",
    "markdown": "zhuanjie.cli.output.markdown",
}
"""Formats for people: they write sections."""

REPORT_FORMATS: Final = {
    "json": "zhuanjie.cli.output.json",
    "jsonl": "zhuanjie.cli.output.jsonl",
    "csv": "zhuanjie.cli.output.csv",
    "github": "zhuanjie.cli.output.github",
    "ics": "zhuanjie.cli.output.ics",
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
