"""Where a clause stands in its document. In: a source. Out: what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zhuanjie.engine.core.messages import say
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Source


def quoted(source: Source, view: View) -> str:
    """The quote in the view's language, or in the one there is."""
    if source.quote is None:
        return ""
    words: str = getattr(source.quote, view.lang)
    return words


def whereabouts(source: Source, view: View) -> str:
    """Article and page, as far as they are given."""
    found = [say(f"docs.source.{key}", view.lang, number=value)
             for key in ("article", "page") if (value := getattr(source, key))]
    return say("docs.list", view.lang).join(found)


def source_lines(source: Source, view: View) -> Iterator[str]:
    """What the document says, where, and where it is published."""
    words, where = quoted(source, view), whereabouts(source, view)
    if words:
        yield say("docs.source.quote", view.lang, quote=words, where=where).rstrip()
    elif where:
        yield say("docs.source.where", view.lang, where=where)
    if source.url:
        yield say("docs.source.url", view.lang, url=source.url)
