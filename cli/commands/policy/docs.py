"""`zhuanjie policy docs`: packs as documents. In: packs. Out: Markdown, a web page, or a site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackCases, Policy


@define("policy.docs")
@click.argument("packs", metavar="[PACK]...", nargs=-1, shell_complete=complete.packs)
@option("--site", help_key="site", metavar="FOLDER", type=click.Path(path_type=Path))
@options.target("policy.docs")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, packs: tuple[str, ...], site: Path | None,
            target: Target) -> int:
    """Write packs as documents to read: one, the index of all, or a site."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.site import index_page, pack_page

    session = session_of(ctx)
    if site is not None:
        if target.output is not None:
            raise fail(UsageError, "cli.docs.output", hint="cli.docs.output.hint")
        _write(site, _with_bases(packs or tuple(api.pack_ids())), target, session)
        return exit_codes.OK
    if len(packs) > 1:
        raise fail(UsageError, "cli.docs.one", hint="cli.docs.one.hint", pack=packs[1])
    if packs:
        policy = api.load_policy(packs[0])
        session.notices(policy.notices)
        view = show.view_of(session, target, policy)
        show.write(pack_page.present(policy, api.pack_cases(policy), view), target, view)
        return exit_codes.OK
    view = show.view_of(session, target)
    show.write(index_page.present(_with_bases(tuple(api.pack_ids())), view), target, view)
    return exit_codes.OK


def _with_bases(names: Sequence[str]) -> list[tuple[Policy, PackCases]]:
    """Packs after those that they build on, each once, and their cases."""
    from zhuanjie.engine import api

    found: dict[str, Policy] = {}
    for name in names:
        policy = api.load_policy(name)
        for pack in policy.chain[:-1]:
            if pack.manifest.id not in found:
                found[pack.manifest.id] = api.load_policy(pack.folder)
        found.setdefault(policy.id, policy)
    return [(policy, api.pack_cases(policy)) for policy in found.values()]


def _write(folder: Path, packs: list[tuple[Policy, PackCases]], target: Target,
           session: Session) -> None:
    """Write a site; nothing of it where a file stands in its way that is no former output."""
    from zhuanjie.cli.files import opened
    from zhuanjie.report.files import unwritable
    from zhuanjie.report.ownership import guard
    from zhuanjie.report.site.site import pages

    made = list(pages(packs, session.lang))
    for name, _ in made:
        guard(folder / name, force=target.force)
    for name, pieces in made:
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        with opened(path, machine=True) as out:
            out.writelines(pieces)
    session.tell(session.say("cli.docs.written", count=len(made), folder=str(folder)))
