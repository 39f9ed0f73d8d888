"""The site. In: packs, their cases. Out: its files by their paths, in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from zhuanjie.engine.core.messages import LANGS, Lang
from zhuanjie.report.site import index_page, pack_page
from zhuanjie.report.site.links import OTHER, Links, page_of
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackCases, Policy

INDEX = "index.html"


def pages(packs: Sequence[tuple[Policy, PackCases]],
          lang: Lang) -> Iterator[tuple[str, Iterator[str]]]:
    """Every page by its path: an index and a page of each pack, in both languages.

    At the top stands the index in `lang`. Bases come before what builds on them.
    """
    yield INDEX, _index(packs, lang, f"{lang}/", f"{OTHER[lang]}/{INDEX}")
    for each in LANGS:
        yield f"{each}/{INDEX}", _index(packs, each, "", f"../{OTHER[each]}/{INDEX}")
        beside = _beside(packs, "")
        for policy, tried in packs:
            name = page_of(policy.id)
            links = Links(beside, INDEX, f"../{OTHER[each]}/{name}")
            above = [p for p, _ in packs if p.manifest.base == policy.id]
            yield f"{each}/{name}", pack_page.page(policy, tried, View.of(policy, each), links,
                                                   above)


def _index(packs: Sequence[tuple[Policy, PackCases]], lang: Lang, folder: str,
           other: str) -> Iterator[str]:
    return index_page.page(packs, View.of(None, lang),
                           Links(_beside(packs, folder), other_language=other))


def _beside(packs: Sequence[tuple[Policy, PackCases]], folder: str) -> Mapping[str, str]:
    return {policy.id: folder + page_of(policy.id) for policy, _ in packs}
