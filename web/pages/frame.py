"""Pages made of templates. In: a template's name and values. Out: HTML, safe to show.

Whatever is put into a template is escaped. Besides the values each template knows `t` (words),
`lang`, `visitor` (None on pages before the login), `csrf_field` and `csrf`, `path`, `part`
(whether HTMX asked), `asset`, and the filters `cell` (a value in a table), `day`, `moment`,
`number`, `both` (a text in both languages), `says` (a diagnostic's words).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from zhuanjie.engine.api import LANGS, Diagnostic, Lang, Text, office_zone
from zhuanjie.report.wrap import visible
from zhuanjie.web.api.callers import csrf_of
from zhuanjie.web.pages.assets import asset
from zhuanjie.web.pages.forms import CSRF
from zhuanjie.web.pages.navigation import entries
from zhuanjie.web.pages.visitors import Visitor, is_part, wanted_language, wanted_theme
from zhuanjie.web.pages.words import has_words, words
from zhuanjie.web.service.saying import told

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'")
_NOTE: Final = "zhuanjie-note"
_NOTE_SECONDS: Final = 60
_WHOLE: Final = 16
_ADDRESS: Final = "/?#&=%:@!$'()*+,;~"
_UNSEEN: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SENT: Final = re.compile(
    r'(<textarea\b[^>]*>[^<]*|\s(?:value|href|action|formaction|hx-get|hx-post)="[^"]*")')
"""What is sent, not shown; no quotation mark stands in a text, where it is escaped."""


def render(request: Request, visitor: Visitor | None, template: str, *, status: int = 200,
           headers: Mapping[str, str] | None = None, **values: Any) -> Response:
    """The page or part of a template.

    A page extends `frame.html`; a part, whose name begins with `_`, is what HTMX swaps.
    """
    lang = visitor.lang if visitor else wanted_language(request)
    csrf = csrf_of(visitor.token) if visitor else ""
    note = request.cookies.get(_NOTE) if not is_part(request) else None
    html = environment(lang).get_template(template).render({
        "visitor": visitor, "path": request.url.path, "address": _address(request),
        "part": is_part(request), "csrf": csrf,
        "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, csrf)
        if csrf else "",
        "theme": visitor.theme if visitor else wanted_theme(request),
        "navigation": entries(visitor.permissions) if visitor else [],
        "note": note if note is not None and has_words(note, lang) else None, **values})
    answer = Response(shown(html), status, media_type="text/html; charset=utf-8", headers={
        "content-security-policy": PAGE_POLICY, "content-language": lang, "vary": "HX-Request",
        # Without a referrer a browser would not say which page a form comes from, either.
        "referrer-policy": "same-origin", **(headers or {})})
    if note is not None:
        answer.delete_cookie(_NOTE, path="/")
    return answer


def shown(html: str) -> str:
    """A page in which marks that nobody sees, and that turn what follows around, are seen.

    What a form sends back, and where a link leads, is as it was written.
    """
    if _UNSEEN.search(html) is None:
        return html
    return "".join(part if at % 2 else visible(part)
                   for at, part in enumerate(_SENT.split(html)))


def go(request: Request, path: str, note: str | None = None) -> Response:
    """Send the browser on after a form (303); `note` is a key of words that the next page says."""
    if is_part(request):
        answer = Response(status_code=204, headers={"hx-redirect": quote(path, safe=_ADDRESS)})
    else:
        answer = RedirectResponse(path, 303)
    if note is not None:
        answer.set_cookie(_NOTE, note, max_age=_NOTE_SECONDS, path="/", httponly=True,
                          samesite="lax")
    return answer


@cache
def environment(lang: Lang) -> Environment:
    """Jinja's environment of a language."""
    folder = files("zhuanjie.web.pages").joinpath("templates")
    made = Environment(loader=FileSystemLoader(str(folder)), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                       auto_reload=False)
    made.globals |= {"t": partial(_words, lang), "lang": lang, "asset": asset}
    made.filters |= {"cell": _cell, "day": _day, "moment": _moment, "number": _number,
                     "both": partial(_both, lang), "says": partial(_says, lang)}
    return made


def make_templates() -> None:
    """Have every template compiled, which whoever sees a page first would wait for."""
    for lang in LANGS:
        made = environment(lang)
        for name in made.list_templates():
            made.get_template(name)


def _words(lang: Lang, key: str, **values: Any) -> str:
    return words(key, lang, **values)


def _both(lang: Lang, text: Text | Mapping[str, str]) -> str:
    """A text that has both languages, in that of the page."""
    return text[lang] if isinstance(text, Mapping) else str(getattr(text, lang))


def _says(lang: Lang, said: Diagnostic) -> str:
    """The words of a diagnostic."""
    return told(said, lang)


def _day(value: Any) -> str:
    """A day as offices write it for themselves: 2026-06-30."""
    return "" if value is None else str(value)[:10]


def _moment(value: str | datetime | None) -> str:
    """A moment of the trail by the office's clock, to the minute."""
    if value is None:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(office_zone()).strftime("%Y-%m-%d %H:%M")


def _cell(value: Any) -> Markup:
    """What a record has, in a table: a date or a number is not broken between two lines."""
    text = str(value)
    whole = text.isascii() and len(text) <= _WHOLE
    # Put together, since `Markup.format` takes ten times as long, three hundred times a list.
    return Markup('<bdi class="nowrap">' if whole else "<bdi>") + text + Markup("</bdi>")


def _number(value: float) -> str:
    return f"{value:,}"


def _address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
