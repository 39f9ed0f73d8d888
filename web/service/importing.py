"""Ledgers that were sent, imported. In: an upload, who imports. Out: what would change, or did."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from zhuanjie.engine.api import columns_wanted, open_rows
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.kept_columns import kept_columns, mapping_of
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.preview import ImportPreview, preview
from zhuanjie.web.transfer.save import SavedImport, save
from zhuanjie.web.transfer.source import ImportSource, read_source
from zhuanjie.web.transfer.undo import UndoneImport, undo
from zhuanjie.web.transfer.units import office, unit_for, unit_of_group

IMPORT = "import"
"""The permission whose reach is what an import may touch."""
UNDO = "undo-import"
"""The permission whose reach is what may be taken back."""
Told = Callable[[int, int | None], None]
"""Told how much of the whole is done."""


def preview_upload(register: Register, actor: Actor, upload: Upload) -> ImportPreview:
    """What saving an upload would do now."""
    return preview(register.store, read_upload(register, actor, upload),
                   options_of(register, actor, upload.options), actor)


def save_upload(register: Register, actor: Actor, upload: Upload, token: str,
                told: Told = lambda _done, _all: None) -> SavedImport:
    """Save an upload as it was shown."""
    return save(register.store, read_upload(register, actor, upload),
                options_of(register, actor, upload.options), actor, token=token, saving=told)


def read_upload(register: Register, actor: Actor, upload: Upload) -> ImportSource:
    """What the files of an upload hold, and how it was understood."""
    policy = register.policy()
    headings = headings_of(register, actor, upload)
    with open_rows(list(upload.files), policy, headings) as rows:
        how = {"clear": bool(upload.options.get("clear"))}
        return _as_sent(read_source(rows, policy.vocabulary, how), upload)


def headings_of(register: Register, actor: Actor, upload: Upload) -> dict[str, str] | None:
    """What headings are taken for: as whoever sent the upload says, else as their office does."""
    columns: Mapping[str, str] = upload.options.get("columns") or {}
    with register.store.reading(actor) as conn:
        kept = mapping_of(kept_columns(conn, _unit_of(register, conn, actor, upload.options)))
    return columns_wanted(register.policy(), None, tuple(columns.items()), kept)


def _as_sent(source: ImportSource, upload: Upload) -> ImportSource:
    """The same with files called as whoever sent them does, not by where they are kept."""
    names = [path.name for path in upload.files]
    called = {str(path): path.name if names.count(path.name) == 1 else f"{number}/{path.name}"
              for number, path in enumerate(upload.files, 1)}

    def named(text: Any) -> Any:
        if isinstance(text, str):
            for path, name in called.items():
                text = text.replace(path, name)
        return text

    def of_args(args: Mapping[str, Any]) -> dict[str, Any]:
        return {name: named(value) for name, value in args.items()}

    source.tables = [dataclasses.replace(t, columns=replace(t.columns, file=named(t.columns.file)))
                     for t in source.tables]
    source.input = [replace(f, file=named(f.file), args=of_args(f.args)) for f in source.input]
    source.skipped = [replace(s, file=named(s.file)) for s in source.skipped]
    source.notices = [replace(n, args=of_args(n.args)) for n in source.notices]
    return source


def options_of(register: Register, actor: Actor, said: Mapping[str, Any]) -> ImportOptions:
    """How an import is made: whoever names no unit belongs to that of whoever imports."""
    with register.store.reading(actor) as conn:
        register.guard.require(conn, actor, IMPORT)
        scope = register.guard.units(conn, actor, IMPORT)
        return ImportOptions(
            unit=_unit_of(register, conn, actor, said),
            unit_of=unit_of_group(conn, register.vocabulary), scope=scope,
            clear=bool(said.get("clear")), again=bool(said.get("again")))


def own_unit(register: Register, actor: Actor, said: str = "") -> str | None:
    """The unit that keeps what its headings mean: the one that was `said`, else the importer's."""
    with register.store.reading(actor) as conn:
        return _unit_of(register, conn, actor, {"unit": said}) or None


def undo_import(register: Register, actor: Actor, id: str, reason: str | None) -> UndoneImport:
    """Take an import back, as far as whoever asks may."""
    with register.store.reading(actor) as conn:
        register.guard.require(conn, actor, UNDO)
        scope = register.guard.units(conn, actor, UNDO)
    return undo(register.store, id, actor, reason, scope=scope)


def _unit_of(register: Register, conn: Connection, actor: Actor, said: Mapping[str, Any]) -> str:
    """The unit of whoever names none: the one that was said, else that of whoever imports."""
    scope = register.guard.units(conn, actor, IMPORT)
    return unit_for(conn, said.get("unit"), scope) or actor.unit or office(conn)
