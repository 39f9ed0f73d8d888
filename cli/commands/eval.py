"""`zhuanjie eval`: one expression on a record. In: CEL and a record. Out: the value, as JSON."""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Selection
from zhuanjie.cli.session import session_of


@define("eval")
@click.argument("expression", metavar="EXPRESSION")
@option("--data", help_key="data", type=options.FILE, metavar="FILE")
@option("--policy", "pack", help_key="vocabulary-of", metavar="PACK",
        shell_complete=complete.packs)
@options.expression_selection
@options.lang
@click.pass_context
def command(ctx: click.Context, expression: str, data: str | None, pack: str | None,
            selection: Selection) -> int:
    """Print the value of an expression on each record of a file, or on an empty record."""
    from zhuanjie.cli.files import opened
    from zhuanjie.cli.records import say_of
    from zhuanjie.engine import api
    from zhuanjie.report.json_shape import value_text

    policy = api.load_policy(pack) if pack else None
    read = [say_of(each, session_of(ctx), notices=False)
            for each in (api.read_records(data, policy) if data else ())]
    records = [{**each.others, **each.values} for each in read] if data else [{}]
    with opened(None, machine=True) as out:
        for record in records:
            value = api.evaluate(expression, record, as_of=selection.day,
                                 params=dict(selection.params),
                                 backend=selection.backend or "reference")
            out.write("unknown\n" if value is api.UNKNOWN else f"{value_text(value)}\n")
    return exit_codes.OK
