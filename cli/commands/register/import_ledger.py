"""`zhuanjie register import`: ledgers into the register. In: ledgers. Out: what changes, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.report import Presentation
    from zhuanjie.report.view import View
    from zhuanjie.web.service.register import Register
    from zhuanjie.web.transfer.plan import ImportOptions
    from zhuanjie.web.transfer.source import ImportSource


@define("register.import")
@click.argument("ledgers", nargs=-1, type=options.FILE, metavar="LEDGER...")
@database
@option("--save", help_key="import-save", is_flag=True)
@option("--token", help_key="import-token", metavar="TOKEN")
@option("--clear", help_key="import-clear", is_flag=True)
@option("--again", help_key="import-again", is_flag=True)
@option("--unit", help_key="import-unit", metavar="UNIT")
@option("--undo", help_key="import-undo", metavar="ID")
@option("--reason", help_key="import-reason", metavar="TEXT")
@option("--list", "listing", help_key="import-list", is_flag=True)
@option("--all", "every", help_key="import-all", is_flag=True)
@options.column_selection
@options.target("register.import")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledgers: Sequence[str], database: str | None, save: bool,
            token: str | None, clear: bool, again: bool, unit: str | None, undo: str | None,
            reason: str | None, listing: bool, every: bool, selection: Selection, target: Target,
            quiet: bool) -> int:
    """Import ledgers, or take an import back."""
    session = session_of(ctx)
    refuse_overwrite([*ledgers, *selection.files], target.output, force=target.force)
    if ledgers and (undo is not None or listing):
        raise fail(UsageError, "register.import.alone", hint="register.import.alone.hint",
                   name="--list" if listing else "--undo")
    if not ledgers and undo is None and not listing:
        raise fail(UsageError, "register.import.no-ledger",
                   hint="register.import.no-ledger.hint")
    with opened(database) as register:
        call = _Call(session, target, register)
        if listing:
            return call.listing()
        if undo is not None:
            return call.undo(undo, reason)
        from zhuanjie.web.transfer.plan import ImportOptions

        source = _read(register, ledgers, selection, session, unit=unit, clear=clear)
        from zhuanjie.web.transfer.units import office, unit_for, unit_of_group

        with register.store.reading(actor()) as conn:
            asked = ImportOptions(
                unit=unit_for(conn, unit) or office(conn), clear=clear, again=again,
                unit_of=unit_of_group(conn, register.vocabulary))
        if save:
            return call.save(source, asked, token, quiet=quiet)
        return call.preview(source, asked, every=every)


def _read(register: Register, ledgers: Sequence[str], selection: Selection, session: Session, *,
          unit: str | None, clear: bool) -> ImportSource:
    from zhuanjie.engine import api
    from zhuanjie.web.transfer.kept_columns import kept_columns, mapping_of
    from zhuanjie.web.transfer.source import read_source
    from zhuanjie.web.transfer.units import office

    policy = selection.load() if selection.policy else register.policy()
    with register.store.reading(actor()) as conn:
        kept = mapping_of(kept_columns(conn, unit or office(conn)))
    headings = selection.headings(policy, kept)
    with api.open_rows(list(ledgers), policy, headings) as rows:
        source = read_source(rows, policy.vocabulary, {"clear": clear})
    session.notices(source.notices)
    return source


class _Call:
    """One call on an open register."""

    def __init__(self, session: Session, target: Target, register: Register) -> None:
        self.session, self.target, self.register = session, target, register

    def _write(self, shown: Presentation, view: View) -> None:
        from zhuanjie.cli import show

        show.write(shown, self.target, view)

    def _view(self) -> View:
        from zhuanjie.cli import show

        return show.view_of(self.session, self.target, self.register.policy())

    def preview(self, source: ImportSource, asked: ImportOptions, *, every: bool) -> int:
        """Show what would change."""
        from zhuanjie.web.transfer import layout
        from zhuanjie.web.transfer.preview import preview

        view = self._view()
        found = preview(self.register.store, source, asked, actor(), every=every)
        self._write(layout.presented(found, view, every=every), view)
        return _code(found.counts)

    def save(self, source: ImportSource, asked: ImportOptions, token: str | None, *,
             quiet: bool) -> int:
        """Save it."""
        from zhuanjie.web.store.errors import ConflictError
        from zhuanjie.web.transfer import layout
        from zhuanjie.web.transfer.save import save

        try:
            with Progress(self.session, quiet=quiet, doing="writing") as progress:
                done = save(self.register.store, source, asked, actor(), token=token,
                            saving=progress)
        except ConflictError as error:
            self.session.notices(layout.what_changed(error))
            raise
        view = self._view()
        self._write(layout.saved(done, view), view)
        return _code(done.counts)

    def undo(self, id: str, reason: str | None) -> int:
        """Take an import back."""
        from zhuanjie.web.transfer import layout
        from zhuanjie.web.transfer.undo import undo

        done, view = undo(self.register.store, id, actor(), reason), self._view()
        self._write(layout.undone(done, view), view)
        return exit_codes.OK

    def listing(self) -> int:
        """List the imports."""
        from zhuanjie.web.transfer import layout
        from zhuanjie.web.transfer.projection import imports

        with self.register.store.reading(actor()) as conn:
            found = imports(conn)
        view = self._view()
        self._write(layout.listed(found, view), view)
        return exit_codes.OK


def _code(counts: Any) -> int:
    """1 where something of the files is not imported and somebody has to look."""
    left = ("contradictions", "contradicted", "elsewhere", "withdrawn", "nameless")
    return exit_codes.FINDINGS if any(counts.get(name) for name in left) else exit_codes.OK
