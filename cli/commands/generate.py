"""`zhuanjie generate`: a synthetic ledger. In: a size, a seed. Out: a file, and its truth."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Count, Pair
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


def _share(text: str) -> float | None:
    """A share from 0 to 1, or None."""
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


@define("generate")
@option("--records", help_key="records", type=Count(0), required=True, metavar="N")
@option("--seed", help_key="seed", type=Count(0), required=True, metavar="S")
@option("--output", "-o", help_key="ledger-output", required=True, metavar="FILE",
        type=click.Path(path_type=Path))
@options.force
@options.as_of
@option("--rate", "rates", help_key="rate", multiple=True, metavar="CLAUSE=SHARE",
        type=Pair(_share, "cli.usage.rate"))
@option("--planted", help_key="planted", metavar="FILE", type=click.Path(path_type=Path))
@option("--clean", help_key="clean", is_flag=True)
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, records: int, seed: int, output: Path, force: bool,
            as_of: date | None,
            rates: tuple[tuple[str, float], ...], planted: Path | None, clean: bool,
            quiet: bool) -> int:
    """Make a ledger whose violations are known."""
    from zhuanjie.report.files import replacing
    from zhuanjie.report.ownership import guard
    from zhuanjie.synthetic import generate

    if planted is not None and planted.resolve() == output.resolve():
        raise fail(UsageError, "report.twice", hint="report.hint", path=str(planted))
    guard(output, force=force)
    guard(planted, force=force)
    session = session_of(ctx)
    with ExitStack() as drafts, Progress(session, quiet=quiet, doing="writing") as progress:
        ledger = drafts.enter_context(replacing(output))
        truth = drafts.enter_context(replacing(planted)) if planted else None
        generate(records=records, seed=seed, output=ledger, as_of=as_of,
                 rates=dict(rates), planted=truth, clean=clean, lang=session.lang,
                 progress=progress)
    return exit_codes.OK
