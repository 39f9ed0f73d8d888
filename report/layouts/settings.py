"""Settings for people. In: what is set. Out: a section with each setting and who said so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackRoot, Settings
    from zhuanjie.engine.core.option_settings import OptionSetting


def present(settings: Settings, view: View) -> Presentation:
    """What is set, for people."""
    return Presentation(lambda: sections(settings, view))


def sections(settings: Settings, view: View) -> Iterator[Section]:
    """One table, a row for each value; nothing set is said."""
    notes = [view.say("settings.file", file=settings.file) if settings.file
             else view.say("settings.no-file")]
    if not settings.packs and not settings.columns and not settings.options:
        notes.append(view.say("settings.none"))
    yield Section(
        title=view.say("settings"), notes=notes,
        headers=[view.say(f"column.{c}") for c in ("setting", "value", "set-by")],
        rows=[*(("packs", str(root.folder), _said(root)) for root in settings.packs),
              *(("columns", f"{heading} = {name}", str(settings.file))
                for heading, name in settings.columns.items()),
              *((key, _shown(setting.value), _said(setting))
                for key, setting in settings.options.items())])


def _shown(value: Any) -> str:
    """A value as the file writes it, more or less."""
    if isinstance(value, list):
        return ", ".join(f"{v[0]} = {v[1]}" if isinstance(v, tuple) else str(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(root: PackRoot | OptionSetting) -> str:
    """The file and line, or the variable, that says so."""
    at = root.origin
    return f"{at.file}:{at.line}" if at.line else str(at.file)
