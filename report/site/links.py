"""Where things stand in the pages of packs. In: names. Out: anchors, and links to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from msgspec import Struct, field

from zhuanjie.engine.core.messages import Lang
from zhuanjie.report.page.markup import Html, join, tag

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
OTHER: Final[Mapping[Lang, Lang]] = {"zh": "en", "en": "zh"}


class Links(Struct, frozen=True):
    """Which pages stand beside one: by pack, the index, the same page in the other language."""

    packs: Mapping[str, str] = field(default_factory=dict)
    index: str = ""
    other_language: str = ""

    def pack(self, name: str, anchor: str = "") -> Html:
        """A pack's id, as a link where it has a page."""
        page = self.packs.get(name)
        return tag("a", name, href=page + anchor) if page else tag("span", name)


def page_of(pack: str) -> str:
    """The file of a pack's page."""
    return f"pack-{pack}.html"


def anchor(kind: str, name: str) -> str:
    """The id of an element: no blank stands in one."""
    return f"{kind}-" + re.sub(r"\s", "_", name)


def to(kind: str, name: str, shown: str | None = None) -> Html:
    """A link to something on the same page."""
    return tag("a", name if shown is None else shown, href=link(kind, name))


def link(kind: str, name: str) -> str:
    """The address of something on the same page."""
    return "#" + quote(anchor(kind, name), safe="-._")


class LinkedNames:
    """The names that a policy's expressions may have, and where each is explained."""

    def __init__(self, policy: Policy, fields: frozenset[str]) -> None:
        """`fields` are those that the page speaks of."""
        self._known = {
            **{name: ("field", name) for name in fields},
            **{f"params.{name}": ("parameter", name) for name in policy.parameters},
            **{name: ("definition", name) for name in policy.definitions}}

    def linked(self, text: str) -> Html:
        """An expression whose names are links."""
        return join(self._parts(text))

    def _parts(self, text: str) -> Iterator[str]:
        at = 0
        for found in _NAME.finditer(text):
            known = self._known.get(found[0])
            if known is not None:
                yield text[at:found.start()]
                yield to(*known, found[0])
                at = found.end()
        yield text[at:]
