"""HTML that cannot be written unescaped. In: texts and parts. Out: markup.

A `str` that is no `Html` is text, whoever wrote it, and is escaped where it is put into an element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final

from zhuanjie.report.wrap import printable

_VOID: Final = {"br", "meta"}
_CLOSED: Final = {"rect", "line"}
"""Elements of SVG without content, which close themselves."""


class Html(str):
    """Markup, as opposed to text."""

    __slots__ = ()


def text(given: str) -> Html:
    """A text as markup that shows it, on as many lines; what steers a display is replaced."""
    if isinstance(given, Html):
        return given
    return Html("<br>".join(escape(line) for line in printable(given).split("\n")))


def join(parts: Iterable[str], between: str = "") -> Html:
    """Parts one after the other."""
    return Html(between.join(map(text, parts)))


def tag(name: str, *parts: str, **attributes: str | int | bool | None) -> Html:
    """An element. `class_` is `class`, other `_` are `-`; what is None or False is left out."""
    said = "".join(
        f" {_attribute(key)}" if value is True else
        f' {_attribute(key)}="{escape(printable(str(value)))}"'
        for key, value in attributes.items() if value is not None and value is not False)
    if name in _VOID:
        return Html(f"<{name}{said}>")
    if name in _CLOSED:
        return Html(f"<{name}{said}/>")
    return Html(f"<{name}{said}>{join(parts)}</{name}>")


def _attribute(key: str) -> str:
    """The name of an attribute as HTML has it."""
    return key.rstrip("_").replace("_", "-")


def own(value: str) -> Html:
    """A text of a ledger, whose writing direction must not reach what stands around it."""
    return tag("bdi", value) if value else Html("")


def section(name: str, title: str, *parts: str, level: int = 2, class_: str | None = None) -> Html:
    """A part of the page under its heading, which names it."""
    head = tag(f"h{level}", title, id=name)
    return tag("section", head, *parts, aria_labelledby=name, class_=class_)


Link = Callable[[Sequence[str]], dict[str, str]]


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *,
          numbers: Iterable[int] = (), wide: Iterable[int] = (), foot: Sequence[str] = (),
          hidden: bool = False, whole: bool = False) -> Html:
    """A table whose first column heads its rows; columns blank throughout are left out.

    With `whole` these are shown too.

    `numbers` are columns of numbers, `wide` those that take what room there is. The caption is
    read aloud alone where it is `hidden`: a heading above says the same.
    """
    body = [list(row) for row in rows]
    keep = [at for at in range(len(headers)) if whole or any(row[at] for row in body)]
    kinds = {**dict.fromkeys(wide, "wide"), **dict.fromkeys(numbers, "number")}
    head = tag("tr", *(tag("th", headers[at], scope="col", class_=kinds.get(at)) for at in keep))
    lines = [_row([row[at] for at in keep], [kinds.get(at) for at in keep]) for row in body]
    last = tag("tfoot", _row([foot[at] for at in keep], [kinds.get(at) for at in keep])) \
        if foot else Html("")
    made = tag("table",
               tag("caption", caption, class_="unseen" if hidden else None),
               tag("thead", head), tag("tbody", join(lines, "\n")), last)
    return tag("div", made, class_="scroll", role="group", tabindex=0, aria_label=caption)


def _row(cells: Sequence[str], kinds: Sequence[str | None]) -> Html:
    first = tag("th", cells[0], scope="row", class_=kinds[0]) if cells else Html("")
    return tag("tr", first, *(tag("td", cell, class_=kind)
                              for cell, kind in zip(cells[1:], kinds[1:], strict=True)))


def number(count: int) -> str:
    """A count as people read it."""
    return f"{count:,}"


def blank_nought(count: int) -> str:
    """A count in a table, where a nought is left blank so that the eye finds the others."""
    return number(count) if count else ""
