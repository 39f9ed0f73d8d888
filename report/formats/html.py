"""Sections as a web page. In: sections. Out: one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final, TextIO

from zhuanjie.engine.core.messages import say
from zhuanjie.report.ownership import MARK
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

_CONTENTS: Final = 3
"""Headings down to this level stand in the contents."""
_STYLE: Final = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; } pre { white-space: pre-wrap; }
th, td { border: 1px solid #d0d7de; padding: .3rem .6rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { background: #f6f8fa; } pre { background: #f6f8fa; padding: .8rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; } nav li { margin-left: 1rem; }
nav .level2 { font-weight: 600; margin-left: 0; } p { margin: .3rem 0; }
@media (prefers-color-scheme: dark) { body { color: #e6edf3; background: #0d1117; }
  th, pre { background: #161b22; } th, td, h2 { border-color: #30363d; } a { color: #58a6ff; } }
"""


def render(sections: Iterable[Section], out: TextIO, view: View) -> None:
    """Write `sections` as a page with its contents; everything quoted is escaped."""
    parts = list(sections)
    title = next((s.title for s in parts if s.title), "")
    out.write(f'<!doctype html>\n<html lang="{view.lang}"><head><meta charset="utf-8">'
              f'<meta name="generator" content="{MARK}">'
              f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
              f"<style>{_STYLE}</style></head><body>\n")
    for at, section in enumerate(parts):
        out.write("".join(f"{block}\n" for block in _blocks(section, at)))
        if at == 0:
            out.write(_contents(parts, view))
    out.write("</body></html>\n")


def _contents(parts: list[Section], view: View) -> str:
    """Links to the parts of the document and the groups within them."""
    lines = "".join(
        f'<li class="level{s.level}"><a href="#s{at}">{escape(s.title)}</a></li>\n'
        for at, s in enumerate(parts) if 1 < s.level <= _CONTENTS and s.title)
    return f"<nav><h2>{escape(say('docs.contents', view.lang))}</h2><ul>\n{lines}</ul></nav>\n"


def _blocks(section: Section, at: int) -> Iterator[str]:
    if section.title:
        yield f'<h{section.level} id="s{at}">{escape(section.title)}</h{section.level}>'
    for note in section.notes:
        yield f"<p>{_lines(note)}</p>"
    if section.rows:
        headers, rows = section.table()
        head = "".join(f"<th>{escape(h)}</th>" for h in headers)
        yield f"<table><thead><tr>{head}</tr></thead><tbody>"
        for row in rows:
            yield "<tr>" + "".join(f"<td>{_lines(cell)}</td>" for cell in row) + "</tr>"
        yield "</tbody></table>"
    if section.tree:
        yield f"<pre>{escape(chr(10).join(section.tree))}</pre>"


def _lines(text: str) -> str:
    return "<br>".join(map(escape, text.splitlines()))
