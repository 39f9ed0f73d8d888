"""Shell completion of names. In: what is typed so far. Out: the names that start so.

Completion runs on every Tab: pack ids come from the folder list, not from loading packs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """The names that start with `incomplete`."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(n) for n in names if n.startswith(incomplete)]


def packs(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of the packs that have one; else folders."""
    from click.shell_completion import CompletionItem

    from zhuanjie.engine import api

    try:
        names = api.pack_ids()
    except api.ZhuanjieError:  # the command itself will say what is wrong with the settings
        names = []
    return items(names, incomplete) or [CompletionItem(incomplete, type="dir")]


def clauses(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The clauses of the pack this call names."""
    from zhuanjie.engine import api

    try:
        pack = api.load_policy(ctx.params.get("policy") or ctx.params.get("pack"))
    except api.ZhuanjieError:  # nothing to offer; the command itself will say what is wrong
        return []
    return items(dict.fromkeys(c for rule in pack.rules for c in rule.clauses), incomplete)


def moments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The moments of the pack this call names."""
    from zhuanjie.engine import api

    try:
        return items(api.load_policy(ctx.params.get("policy")).moments, incomplete)
    except api.ZhuanjieError:
        return []


def backends(_ctx: click.Context, _param: click.Parameter,
             incomplete: str) -> list[CompletionItem]:
    """The engines that can judge."""
    from zhuanjie.engine import api

    return items(api.backends(), incomplete)


def lints(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of lints."""
    from zhuanjie.engine import api

    return items(api.LINTS, incomplete)
