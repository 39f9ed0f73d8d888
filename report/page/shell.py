"""The page around its parts. In: a title, parts, data. Out: one HTML document, in pieces.

The style and the script stand in the page itself, and its policy on content allows these two, by
their hashes, and nothing else: no network, no picture, no form, whatever a ledger smuggles in.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.report.ownership import MARK
from zhuanjie.report.page.markup import Html, tag


@cache
def style() -> str:
    """The style that every page of ours has."""
    return _resource("style.css")


@cache
def script() -> str:
    """What lets findings be filtered and sorted."""
    return _resource("script.js")


def _resource(name: str) -> str:
    return files("zhuanjie.report.page").joinpath(name).read_text(encoding="utf-8")


def document(title: str, lang: Lang, body: Iterable[str], *, more_style: str = "",
             with_script: bool = False, own_script: str = "") -> Iterator[str]:
    """The whole page; `more_style` is put behind the common style, `own_script` is one of its own.
    """
    look, run = style() + more_style, script() if with_script else own_script
    policy = (f"default-src 'none'; style-src {_allowed(look)}; "
              f"script-src {_allowed(run) if run else chr(39) + 'none' + chr(39)}; "
              "base-uri 'none'; form-action 'none'")
    yield (f'<!doctype html>\n<html lang="{lang}"><head>'
           f'<meta charset="utf-8"><meta name="generator" content="{MARK}">'
           f'{tag("meta", http_equiv="Content-Security-Policy", content=policy)}'
           '<meta name="viewport" content="width=device-width, initial-scale=1">'
           '<meta name="color-scheme" content="light dark">'
           '<meta name="referrer" content="no-referrer">'
           f'{tag("title", title)}\n<style>{look}</style></head>\n<body>\n')
    yield tag("a", say("output.page.skip", lang), class_="skip", href="#main") + "\n"
    for part in body:
        yield part + "\n"
    if run:
        yield f"<script>{run}</script>\n"
    yield "</body></html>\n"


def contents(links: Iterable[tuple[str, str, int]], lang: Lang) -> Html:
    """Links to the parts of the page: their names, titles and levels."""
    made = [tag("li", tag("a", title, href=f"#{name}"), class_=f"level{level}")
            for name, title, level in links]
    return tag("nav", tag("h2", say("docs.contents", lang), id="contents"), tag("ul", *made),
               aria_labelledby="contents")


def _allowed(held: str) -> str:
    return f"'sha256-{b64encode(sha256(held.encode()).digest()).decode()}'"
