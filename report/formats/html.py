"""Sections as a web page. In: sections. Out: one HTML page that needs nothing from elsewhere.

How a page looks, and what may run in it, is said in `report/page/`, where audits have one of their
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from zhuanjie.report.page.markup import Html, join, table, tag
from zhuanjie.report.page.shell import contents, document
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

_CONTENTS: Final = 3
"""Headings down to this level stand in the contents."""


def render(sections: Iterable[Section], out: TextIO, view: View) -> None:
    """Write `sections` as a page with its contents; everything quoted is escaped."""
    out.writelines(lines(sections, view))


def lines(sections: Iterable[Section], view: View) -> Iterator[str]:
    """The page of `sections`, in pieces."""
    parts = list(sections)
    title = next((s.title for s in parts if s.title), "")
    return document(title, view.lang, _body(parts, view))


def _body(parts: list[Section], view: View) -> Iterator[str]:
    first = join(_blocks(parts[0], 0)) if parts else Html("")
    rest = [join(_blocks(section, at), "\n") for at, section in enumerate(parts[1:], start=1)]
    yield tag("header", first)
    yield contents([(f"s{at}", s.title, s.level) for at, s in enumerate(parts)
                    if 1 < s.level <= _CONTENTS and s.title], view.lang)
    yield tag("main", join(rest, "\n"), id="main", tabindex=-1)


def _blocks(section: Section, at: int) -> Iterator[Html]:
    if section.title:
        yield tag(f"h{section.level}", section.title, id=f"s{at}")
    for note in section.notes:
        yield tag("p", note)
    if section.rows:
        headers, rows = section.table()
        yield table(section.title, headers, rows, hidden=True)
    if section.tree:
        yield tag("pre", "\n".join(section.tree), tabindex=0)
