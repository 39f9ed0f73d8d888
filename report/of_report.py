"""A report's own methods. In: a report that an audit or check gave. Out: data, text, files.

The engine's `Report` finds these as an entry point when they are called: it stands below.
"""

from __future__ import annotations

import io
import json
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from zhuanjie.engine.api import Report, UsageError, fail
from zhuanjie.report.files import replacing
from zhuanjie.report.formats.registry import FORMATS, OFFERED, fitting
from zhuanjie.report.frames import frame_of
from zhuanjie.report.layouts.audit import sections
from zhuanjie.report.ownership import guard, last_line
from zhuanjie.report.page.audit import brief, page
from zhuanjie.report.presentation import write_report
from zhuanjie.report.view import View


def text_of(report: Report, form: str) -> str:
    """The report in a format of texts."""
    view = _view(report)
    out = io.StringIO()
    write_report(report, sections, form, out, view, page)
    return out.getvalue()


def notebook(report: Report) -> str:
    """The report's page in a frame of its own: its style and script touch nothing around it.

    Where there are more findings than a page bears it has the totals alone.
    """
    view, most = _view(report), FORMATS["html"].most
    whole = most is None or len(report.findings) <= most
    held = "".join((page if whole else brief)(report, view))
    return (f'<iframe sandbox="allow-scripts" title="{escape(view.policy_title)}" '
            f'srcdoc="{escape(held)}" style="width: 100%; height: 40rem; border: 0"></iframe>')


def _view(report: Report) -> View:
    policy, lang, all_outcomes = report.origin or (None, "en", False)
    return View.of(policy, lang, all_outcomes=all_outcomes)


def to_dict(report: Report) -> dict[str, Any]:
    """The report as its JSON form has it."""
    data: dict[str, Any] = json.loads(text_of(report, "json"))
    return data


def to_frame(report: Report) -> pl.DataFrame:
    """The findings as a frame, a row each."""
    return frame_of(report.findings)


def save(report: Report, path: str | Path, *, force: bool = False) -> None:
    """Write the report in the format that the ending names, over former output of ours alone."""
    target = Path(path)
    forms = fitting(target, "audit")
    known = [end for f in OFFERED["audit"] for end in FORMATS[f].endings]
    if not forms:
        raise fail(UsageError, "cli.usage.ending", hint="cli.usage.ending.hint",
                   suffix=target.suffix, path=str(path), endings=", ".join(known))
    guard(target, force=force)
    if FORMATS[forms[0]].findings == "book":
        from zhuanjie.report.workbook.save import save as save_book

        policy, lang, all_outcomes = report.origin or (None, "en", False)
        save_book(report, target, View.of(policy, lang, all_outcomes=all_outcomes), force=force)
        return
    encoding = "utf-8-sig" if FORMATS[forms[0]].bom else "utf-8"
    with replacing(target, private=True) as draft:
        if forms[0] == "parquet":
            to_frame(report).write_parquet(draft)
        else:
            draft.write_text(text_of(report, forms[0]) + last_line(forms[0]), encoding=encoding,
                             newline="")
