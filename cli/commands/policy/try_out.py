"""`zhuanjie policy try`: expressions and rules on a record. In: lines. Out: values, what was read.

Without a terminal, lines are read as they come; the exit code is 2 where one of them was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Count, Selection
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import TriedRecord


@define("policy.try")
@click.argument("pack", metavar="[PACK]", required=False, shell_complete=complete.packs)
@option("--ledger", help_key="try-ledger", type=options.FILE, metavar="LEDGER")
@option("--row", help_key="row", type=Count(1), metavar="NUMBER")
@option("--id", "id_", help_key="try-id", metavar="ID")
@option("--sheet", help_key="sheet", metavar="SHEET")
@option("--record", help_key="try-record", type=options.FILE, metavar="FILE")
@option("--expression", "-e", "expressions", help_key="try-expression", multiple=True,
        metavar="EXPRESSION")
@options.trial_selection
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str | None, ledger: str | None, row: int | None,
            id_: str | None, sheet: str | None, record: str | None,
            expressions: tuple[str, ...], selection: Selection, quiet: bool) -> int:
    """Try expressions and rules on a record."""
    from zhuanjie.cli import prompt as prompts
    from zhuanjie.cli.files import opened
    from zhuanjie.engine import api

    session = session_of(ctx)
    _check(ledger, record, row is not None or id_ is not None, sheet is not None)
    bench = api.trial_bench(pack, selection.day, dict(selection.params))
    headings = selection.headings(bench.policy) if ledger else None

    def find(row: int | None, id_: str | None) -> TriedRecord:
        assert ledger is not None
        return api.record_of_ledger(ledger, api.RecordName(id_, row, sheet), bench.policy,
                                    headings)

    with opened(None, machine=False) as out:
        prompt = prompts.Prompt(bench, session, out, find if ledger else None)
        if record is not None or ledger is not None:
            first = api.record_to_try(record, bench.policy) if record is not None else find(
                row, id_)
            for line in prompt.use(first):
                if not quiet:
                    session.tell(line)
        if expressions:
            sound = prompt.answer_all(expressions)
        elif prompts.is_terminal():
            session.tell(session.say("try.welcome", id=bench.policy.id, day=bench.day))
            prompts.talk(prompt)
            sound = True
        else:
            sound = prompt.answer_all(prompts.piped_lines())
    return exit_codes.OK if sound else exit_codes.UNUSABLE


def _check(ledger: str | None, record: str | None, named: bool, sheet: bool) -> None:
    """Raise UsageError where the options name no record, or two."""
    if ledger is not None and record is not None:
        raise fail(UsageError, "try.two-records", hint="try.two-records.hint")
    if ledger is not None and not named:
        raise fail(UsageError, "try.which", hint="try.which.hint")
    if ledger is None and (named or sheet):
        raise fail(UsageError, "try.no-ledger", hint="try.no-ledger.hint")
