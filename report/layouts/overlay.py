"""What packs change in those they build on. In: changes. Out: sentences, plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import OverlayChange


def changes(found: Iterable[OverlayChange], view: View) -> Iterator[str]:
    """A sentence for each change: who changed what of whom, and why."""
    for change in found:
        yield view.say("change.told", pack=change.pack, base=change.base,
                       what=what(change, view), reason=reason(change, view)).rstrip()


def what(change: OverlayChange, view: View) -> str:
    """What was done to what."""
    return view.say(f"change.{change.kind}.{change.change}", name=change.name,
                    row=change.row or "")


def reason(change: OverlayChange, view: View) -> str:
    """Why, in the language of the view."""
    words: str = getattr(change.reason, view.lang) if change.reason else ""
    return words


def plain_change(change: OverlayChange) -> dict[str, Any]:
    """A change as JSON has it."""
    return {
        "kind": change.kind, "change": change.change, "name": change.name, "row": change.row,
        "pack": change.pack, "base": change.base,
        "reason": change.reason.model_dump() if change.reason else None,
    }
