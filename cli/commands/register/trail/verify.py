"""`zhuanjie register trail verify`: in: a register, or a proof. Out: what was tampered with.

A register is only read, a proof needs none. The exit code is 1 where something is not what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, existing, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import InputError, UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.web.evidence.verify import TrailVerification
    from zhuanjie.web.trail.note import Verifier
    from zhuanjie.web.trail.proof import Shown


@define("register.trail.verify")
@database
@option("--key", "keys", help_key="trail-key", multiple=True, metavar="KEY")
@option("--checkpoint", "outside", help_key="trail-checkpoint", multiple=True, metavar="FILE",
        type=click.Path(path_type=Path))
@option("--proof", help_key="trail-proof", metavar="FILE", type=click.Path(path_type=Path))
@option("--projections", help_key="trail-projections", is_flag=True)
@option("--files", help_key="trail-files", is_flag=True)
@options.target("register.trail.verify")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, keys: Sequence[str],
            outside: Sequence[Path], proof: Path | None, projections: bool, files: bool,
            target: Target, quiet: bool) -> int:
    """Verify a register's history, or a proof."""
    from zhuanjie.cli import show
    from zhuanjie.cli.commands.register.trail.files import note_of
    from zhuanjie.web.evidence import layout
    from zhuanjie.web.evidence.keys import verifier

    session = session_of(ctx)
    view = show.view_of(session, target)
    known = [key for told in keys for key in verifier(told)]
    if proof is not None:
        shown = _prove(proof, known)
        show.write(layout.proved(shown, view), target, view)
        return exit_codes.OK
    notes = [note_of(path) for path in outside]
    found = _verify(session, database, known, notes, projections=projections, files=files,
                    quiet=quiet)
    show.write(layout.verified(found, view), target, view)
    return exit_codes.FINDINGS if found.count else exit_codes.OK


def _prove(path: Path, known: Sequence[Verifier]) -> Shown:
    import orjson

    from zhuanjie.cli.commands.register.trail.files import text_of
    from zhuanjie.web.trail.proof import ProofError, check_proof

    if not known:
        raise fail(UsageError, "register.trail.no-public-key",
                   hint="register.trail.no-public-key.hint")
    code = "other-key"
    try:
        document = orjson.loads(text_of(path))
    except orjson.JSONDecodeError:
        raise fail(InputError, "register.trail.proof.form", path=str(path)) from None
    for key in known:
        try:
            return check_proof(document, key)
        except ProofError as error:
            code = error.code if error.code != "other-key" else code
    raise fail(InputError, f"register.trail.proof.{code}", path=str(path))


def _verify(session: Session, url: str | None, known: Sequence[Verifier], notes: Sequence[str], *,
            projections: bool, files: bool, quiet: bool) -> TrailVerification:
    from zhuanjie.web.evidence.keys import verifiers_of
    from zhuanjie.web.evidence.verify import verify

    with existing(url) as (place, base):
        keys = known or verifiers_of(place.folder)
        if not keys:
            raise fail(UsageError, "register.trail.no-public-key",
                       hint="register.trail.no-public-key.hint")
        with Progress(session, quiet=quiet) as progress, base.reading() as conn:
            found = verify(conn, keys, outside=notes, progress=progress)
    if not projections and not files:
        return found
    from zhuanjie.web.evidence.projections import compare_projections
    from zhuanjie.web.service.attachment_check import check_attachments

    with opened(url) as register:
        if projections:
            found = found.with_more(lambda flaws: compare_projections(register.store, flaws))
        if files:
            with register.database.reading() as conn:
                found = found.with_more(
                    lambda flaws: check_attachments(conn, register.attachments, flaws))
    return found
