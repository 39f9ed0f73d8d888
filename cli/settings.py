"""The settings on the command line. In: `--config`. Out: what is set, and where it was said.

Any command takes these options: they are the root's, and marked so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from zhuanjie.cli.help import option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail
from zhuanjie.report import FORMATS

_OF_AUDITS: Final = ("output",)
"""Options whose setting is meant for audits alone."""
_OF_SOME: Final = ("format",)
"""Options that take more words with some commands than with others."""


def forget() -> None:
    """Let a call that names no file look for one, whatever a former call named."""
    from zhuanjie.engine import api

    api.use_settings(None)


def _use(ctx: click.Context, _param: click.Parameter, file: Path | None) -> None:
    if file is not None:
        from zhuanjie.engine import api

        api.use_settings(file)
    if not ctx.resilient_parsing:
        ctx.default_map = _defaults(ctx)


def _defaults(ctx: click.Context) -> dict[str, Any]:
    """What the settings say of a command's options; a form that it does not offer is not meant.

    Raises UsageError for what an option does not take.
    """
    from zhuanjie.engine import api

    if api.settings_file() is None or isinstance(ctx.command, click.Group):
        return {}
    said = api.settings().options
    found: dict[str, Any] = {}
    for param in ctx.command.params:
        key = max(param.opts, key=len).removeprefix("--")
        if key not in said or not isinstance(param, click.Option):
            continue
        if key in _OF_AUDITS and ctx.command.name != "audit":
            continue
        setting = said[key]
        words = getattr(param.type, "words", None)
        if words is not None and setting.value not in words:
            if key in _OF_SOME and setting.value in FORMATS:
                continue
            raise fail(UsageError, "settings.choice", setting.origin, key=key, value=setting.value,
                       choices=", ".join(words))
        found[param.name or key] = setting.value
    return found


def _show(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    from zhuanjie.cli import show
    from zhuanjie.cli.options import Target
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import settings as layout

    target = Target("table", None)
    view = show.view_of(session_of(ctx), target)
    show.write(layout.present(api.settings(), view), target, view)
    ctx.exit()


config = option("--config", help_key="config", metavar="FILE", type=click.Path(path_type=Path),
                is_eager=True, expose_value=False, callback=_use, everywhere=True)
show_settings = option("--show-settings", help_key="show-settings", is_flag=True,
                       expose_value=False, callback=_show, everywhere=True)
