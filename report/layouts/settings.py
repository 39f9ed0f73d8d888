"""Settings for people. In: what is set. Out: a section with each setting and who said so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackRoot, Settings


def present(settings: Settings, view: View) -> Presentation:
    """What is set, for people."""
    return Presentation(lambda: sections(settings, view))


def sections(settings: Settings, view: View) -> Iterator[Section]:
    """One table, a row for each value; nothing set is said."""
    notes = [view.say("settings.file", file=settings.file) if settings.file
             else view.say("settings.no-file")]
    if not settings.packs and not settings.columns:
        notes.append(view.say("settings.none"))
    yield Section(
        title=view.say("settings"), notes=notes,
        headers=[view.say(f"column.{c}") for c in ("setting", "value", "set-by")],
        rows=[*(("packs", str(root.folder), _said(root)) for root in settings.packs),
              *(("columns", f"{heading} = {name}", str(settings.file))
                for heading, name in settings.columns.items())])


def _said(root: PackRoot) -> str:
    """The file and line, or the variable, that names a folder."""
    at = root.origin
    return f"{at.file}:{at.line}" if at.line else str(at.file)
