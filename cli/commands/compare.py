"""`zhuanjie compare`: what became of findings. In: reports. Out: what is new, mended, open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import refuse_overwrite
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, ZhuanjieError, fail


@define("compare")
@click.argument("files", nargs=-1, required=True, metavar="OLD... NEW",
                type=click.Path(path_type=Path))
@option("--by", "by", help_key="compare-by", metavar="FIELD")
@option("--ledger", "ledgers", help_key="compare-ledger", multiple=True, metavar="LEDGER",
        type=options.FILE)
@options.columns
@options.policy
@options.target("compare")
@options.fail_on
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, files: Sequence[Path], by: str | None, ledgers: Sequence[str],
            columns: str | None, policy: str | None, target: Target, fail_on: str,
            quiet: bool) -> int:
    """Compare reports."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.comparing.comparison import compare_files
    from zhuanjie.report.comparing.report_file import policy_of
    from zhuanjie.report.layouts import comparison as layout

    if len(files) < 2:
        raise fail(UsageError, "compare.two", hint="compare.two.hint")
    refuse_overwrite([*map(str, files), *ledgers, columns], target.output, force=target.force)
    session = session_of(ctx)
    try:
        known = api.load_policy(policy or policy_of(files[-1]))
    except ZhuanjieError:
        if policy or ledgers:
            raise
        known = None  # a pack of somebody else's: its words are not needed to compare
    present = None
    if ledgers and known:
        present = api.record_ids(list(ledgers), known, columns=api.columns_wanted(known, columns))
    compared = compare_files(files, api.grouping_field(known, by) if by and known else by, present,
                             group=known.vocabulary.group if known else None)
    view = show.view_of(session, target, known)
    session.notices(compared.notices if target.format == "csv" else ())
    most = layout.LISTED.get(target.format, layout.MOST)
    show.write(reports.Presentation(
        lambda: layout.sections(compared, view, most),
        texts={"json": lambda: layout.document(compared, view),
               "csv": lambda: layout.lines(compared)}), target, view)
    fails = compared.heaviest >= exit_codes.LEVELS[fail_on]
    return exit_codes.FINDINGS if fails else exit_codes.OK
