"""`zhuanjie audit`: whole ledgers against a pack. In: ledgers. Out: a report, or findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from zhuanjie.cli import exit_codes, options, spark
from zhuanjie.cli.help import define
from zhuanjie.cli.ledgers import arguments, publish, refuse_overwrite, say_beside
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.results import Finding


@define("audit")
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@options.ledger_selection
@options.target("table", "json", "jsonl", "csv", "markdown")
@options.fail_on
@options.all_outcomes
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledgers: Sequence[str], selection: Selection, target: Target,
            fail_on: str, all_outcomes: bool, quiet: bool) -> int:
    """Audit ledgers."""
    session = session_of(ctx)
    refuse_overwrite(ledgers, target)
    if spark.is_for_spark(ledgers, selection, target):
        return spark.audit(session, ledgers, selection, target, fail_on=fail_on,
                           all_outcomes=all_outcomes, quiet=quiet)
    run = _stream if target.format == "jsonl" else _report
    return run(session, selection, target, ledgers=ledgers, fail_on=fail_on,
               all_outcomes=all_outcomes, quiet=quiet)


def _report(session: Session, selection: Selection, target: Target, *, ledgers: Sequence[str],
            fail_on: str, all_outcomes: bool, quiet: bool) -> int:
    """Judge everything, then write the report."""
    from zhuanjie.cli import show
    from zhuanjie.cli.output.audit import sections
    from zhuanjie.engine import api

    with Progress(session, quiet=quiet) as progress:
        policy = selection.load()
        report = api.audit(list(ledgers), policy, **arguments(selection, session),
                           all_outcomes=all_outcomes, progress=progress)
    view = show.view_of(session, target, policy, all_outcomes=all_outcomes)
    return publish(session, report, sections, target, view, fail_on=fail_on, quiet=quiet)


def _stream(session: Session, selection: Selection, target: Target, *, ledgers: Sequence[str],
            fail_on: str, all_outcomes: bool, quiet: bool) -> int:
    """Write each finding as it comes."""
    from zhuanjie.cli import show
    from zhuanjie.cli.output.jsonl import lines
    from zhuanjie.engine import api

    heaviest = 0

    def weighed(findings: Iterator[Finding]) -> Iterator[Finding]:
        nonlocal heaviest
        for finding in findings:
            heaviest = max(heaviest, exit_codes.weight(finding))
            yield finding

    with show.result(target) as out, Progress(session, quiet=quiet or out.isatty()) as progress:
        policy = selection.load()
        run = api.stream(list(ledgers), policy, **arguments(selection, session),
                         all_outcomes=all_outcomes, progress=progress)
        out.writelines(lines(weighed(iter(run))))
    head = run.head()
    say_beside(session, head, target)
    heaviest = max([heaviest, *map(exit_codes.weight, head.input)])
    return exit_codes.FINDINGS if heaviest >= exit_codes.LEVELS[fail_on] else exit_codes.OK
