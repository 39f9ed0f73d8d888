"""What can be searched for. In: policies. Out: entries, and the box that a script makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.report.layouts.clause_source import quoted
from zhuanjie.report.layouts.pack_document import PackDocument
from zhuanjie.report.layouts.policy import said
from zhuanjie.report.page.markup import Html, join, tag
from zhuanjie.report.site.links import link

if TYPE_CHECKING:
    from zhuanjie.engine.api import FieldUse

_WORDS: Final = ("none", "found", "more")
_KINDS: Final = ("clause", "rule", "parameter", "definition", "field")


class SearchEntry(Struct, frozen=True):
    """Something to find: what it is, what it is called, what is said of it, and where."""

    kind: str
    title: str
    text: str
    href: str


def entries(document: PackDocument, uses: Iterable[FieldUse], page: str = "", *,
            own: bool = False) -> Iterator[SearchEntry]:
    """What can be found of a pack; `page` is the file that it stands in.

    `own` leaves out what it takes over as it is from the packs that it builds on.
    """
    policy, view = document.policy, document.view
    manifest = policy.manifest
    for name, clause in policy.clauses.items():
        if own and name not in manifest.clauses:
            continue
        source = quoted(clause.source, view) if clause.source else ""
        yield SearchEntry("clause", f"{name} {said(clause.text, view)}", source,
                    page + link("clause", name))
    for rule in policy.rules:
        if own and rule.pack != policy.id:
            continue
        section = next(document.rule(rule))
        rows = [cell for row in section.rows for cell in row]
        yield SearchEntry("rule", f"{rule.clause} {said(rule.title, view)} ({rule.id})",
                    "\n".join([*section.notes, *rows, *section.tree]), page + link("rule", rule.id))
    for name, parameter in policy.parameters.items():
        if own and name not in manifest.parameters:
            continue
        title = f"params.{name}" + (f" {said(parameter.title, view)}" if parameter.title else "")
        yield SearchEntry("parameter", title, f"{said(parameter.source, view)}\n"
                    f"{said(parameter.note, view)}", page + link("parameter", name))
    for name, definition in policy.definitions.items():
        if own and definition.pack != policy.id:
            continue
        yield SearchEntry("definition", f"{name} {said(definition.title, view)}", "\n".join((
            document.phrases.condition(definition.expr), definition.text)),
            page + link("definition", name))
    for use in uses:
        headings = " ".join((use.field.heading, use.field.heading_en,
                             *use.other_headings(view.lang)))
        yield SearchEntry("field", f"{use.field.name} {use.heading(view.lang)}",
                    f"{use.meaning(view.lang)}\n{headings}", page + link("field", use.field.name))


@cache
def script() -> str:
    """What searches the entries that stand in the page."""
    return files("zhuanjie.report.site").joinpath("search.js").read_text(encoding="utf-8")


def box(found: Iterable[SearchEntry], lang: Lang) -> Html:
    """The search, which shows itself once its script runs, and its entries."""
    kinds = {kind: say(f"docs.kind.{kind}", lang) for kind in _KINDS}
    held = {"entries": [[e.kind, e.title, e.text, e.href] for e in found], "kinds": kinds,
            "words": {w: say(f"docs.search.{w}", lang, count="[count]") for w in _WORDS}}
    # No text of a pack may end the element that holds it.
    data = json.dumps(held, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return join([
        tag("search", tag("label", say("docs.search", lang), for_="search-for"),
            tag("input", id="search-for", type="search", autocomplete="off"),
            tag("p", id="search-count", class_="note", role="status"),
            tag("ol", id="search-found"), id="search", hidden=True),
        Html(f'<script type="application/json" id="search-data">{data}</script>')])
