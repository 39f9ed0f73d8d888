"""The packs there are. In: their manifests and folders. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.results import plain
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Manifest, PolicyEntry


def present(packs: Sequence[PolicyEntry], view: View) -> Presentation:
    """The packs, for any of the formats of `policy list`."""
    return Presentation(lambda: [_section([p.manifest for p in packs], view)],
                        lambda: [_plain(p) for p in packs])


def _plain(pack: PolicyEntry) -> dict[str, Any]:
    m = pack.manifest
    return {
        "id": m.id, "version": m.version, "title": m.title.model_dump(),
        "in_force": {"from": plain(m.in_force.start), "to": plain(m.in_force.end)},
        "builds_on": m.base,
        "builds_on_versions": (m.builds_on or "").removeprefix(m.base or "").strip() or None,
        "by_default": m.by_default, "path": str(pack.path),
    }


def _section(packs: Sequence[Manifest], view: View) -> Section:
    return Section(
        headers=[view.say(f"column.{c}") for c in
                 ("pack", "version", "in-force", "builds-on", "title")],
        rows=[(m.id, m.version, _in_force(m, view), m.builds_on or "",
               getattr(m.title, view.lang)) for m in packs],
    )


def _in_force(pack: Manifest, view: View) -> str:
    """When a pack is in force, and whether it judges then where none is named."""
    period = view.period(pack.in_force.start, pack.in_force.end)
    return f"{period}\n{view.say('policy.stands')}".strip() if pack.by_default else period
