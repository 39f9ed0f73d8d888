"""The index of packs. In: packs, their cases. Out: sections to read, a page with a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from zhuanjie.engine.api import field_uses
from zhuanjie.engine.core.messages import say
from zhuanjie.report.layouts.pack_document import PackDocument
from zhuanjie.report.layouts.policy import said
from zhuanjie.report.page import shell
from zhuanjie.report.page.markup import join, number, section, table, tag
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.site import search
from zhuanjie.report.site.links import Links
from zhuanjie.report.site.pack_page import head, style
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackCases, Policy

_COLUMNS = ("title", "pack", "version", "document", "in-force", "builds-on")


def present(packs: Sequence[tuple[Policy, PackCases]], view: View) -> Presentation:
    """The index, for any of the formats of `policy docs`."""
    return Presentation(lambda: [_section(packs, view)],
                        texts={"html": lambda: page(packs, view, Links())})


def page(packs: Sequence[tuple[Policy, PackCases]], view: View, links: Links) -> Iterator[str]:
    """The page of all packs, with a search in what they say."""
    title = say("docs.index", view.lang)
    rows = [(_named(policy, links, view), *_rest(policy, view), join(
        [links.pack(policy.manifest.base)]) if policy.manifest.base else "",
        *_counts(policy, tried)) for policy, tried in packs]
    body = [
        head(view, Links(other_language=links.other_language), tag("h1", title),
             tag("p", say("docs.index.note", view.lang), class_="lead")),
        search.box(_entries(packs, view, links), view.lang) if links.packs else "",
        tag("main", section("packs", say("docs.packs", view.lang, count=len(packs)),
                            table(title, _headers(view), rows, numbers=(6, 7, 8), hidden=True)),
            id="main", tabindex=-1)]
    return shell.document(title, view.lang, body, more_style=style(),
                          own_script=search.script() if links.packs else "")


def _section(packs: Iterable[tuple[Policy, PackCases]], view: View) -> Section:
    return Section(
        title=say("docs.index", view.lang), level=1, headers=_headers(view),
        rows=[(said(policy.title, view), *_rest(policy, view), policy.manifest.builds_on or "",
               *_counts(policy, tried)) for policy, tried in packs])


def _headers(view: View) -> list[str]:
    return [*(view.say(f"column.{c}") for c in _COLUMNS),
            *(say(f"docs.column.{c}", view.lang) for c in ("clauses", "rules", "cases"))]


def _named(policy: Policy, links: Links, view: View) -> str:
    href, title = links.packs.get(policy.id), said(policy.title, view)
    return tag("a", title, href=href) if href else title


def _rest(policy: Policy, view: View) -> tuple[str, ...]:
    manifest = policy.manifest
    force = view.period(manifest.in_force.start, manifest.in_force.end)
    stands = view.say("policy.stands") if manifest.by_default else ""
    return policy.id, policy.version, manifest.document.number, f"{force}\n{stands}".strip()


def _counts(policy: Policy, tried: PackCases) -> tuple[str, ...]:
    return number(len(policy.clauses)), number(len(policy.rules)), number(tried.own)


def _entries(packs: Iterable[tuple[Policy, PackCases]], view: View,
             links: Links) -> Iterator[search.SearchEntry]:
    """What any pack says of its own; a field where it is read first."""
    seen: set[str] = set()
    for policy, tried in packs:
        document = PackDocument(policy, tried, View.of(policy, view.lang))
        uses = [use for use in field_uses(policy) if use.is_read and use.field.name not in seen]
        seen.update(use.field.name for use in uses)
        yield from search.entries(document, uses, links.packs[policy.id], own=True)
