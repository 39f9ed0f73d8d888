"""The settings on the command line. In: `--config`. Out: what is set, and where it was said.

Any command takes these options: they are the root's, and marked so.
"""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli.help import option
from zhuanjie.cli.session import session_of


def forget() -> None:
    """Let a call that names no file look for one, whatever a former call named."""
    from zhuanjie.engine import api

    api.use_settings(None)


def _use(_ctx: click.Context, _param: click.Parameter, file: Path | None) -> None:
    if file is not None:
        from zhuanjie.engine import api

        api.use_settings(file)


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
