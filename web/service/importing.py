"""Ledgers that were sent, imported. In: an upload, who imports. Out: what would change, or did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanjie.engine.api import columns_wanted, open_rows
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.preview import ImportPreview, preview
from zhuanjie.web.transfer.save import SavedImport, save
from zhuanjie.web.transfer.source import ImportSource, read_source
from zhuanjie.web.transfer.units import office, unit_of_group

IMPORT = "import"
"""The permission whose reach is what an import may touch."""


def preview_upload(register: Register, actor: Actor, upload: Upload) -> ImportPreview:
    """What saving an upload would do now."""
    return preview(register.store, read_upload(register, upload),
                   options_of(register, actor, upload.options), actor)


def save_upload(register: Register, actor: Actor, upload: Upload, token: str) -> SavedImport:
    """Save an upload as it was shown."""
    return save(register.store, read_upload(register, upload),
                options_of(register, actor, upload.options), actor, token=token)


def read_upload(register: Register, upload: Upload) -> ImportSource:
    """What the files of an upload hold, and how it was understood."""
    policy = register.policy()
    columns: Mapping[str, str] = upload.options.get("columns") or {}
    headings = columns_wanted(policy, None, tuple(columns.items()))
    with open_rows(list(upload.files), policy, headings) as rows:
        how: dict[str, Any] = {"columns": dict(headings or {}),
                               "clear": bool(upload.options.get("clear"))}
        return read_source(rows, policy.vocabulary, how)


def options_of(register: Register, actor: Actor, said: Mapping[str, Any]) -> ImportOptions:
    """How an import is made: whoever names no unit belongs to that of whoever imports."""
    with register.store.reading(actor) as conn:
        return ImportOptions(
            unit=said.get("unit") or actor.unit or office(conn),
            unit_of=unit_of_group(conn, register.vocabulary),
            scope=register.guard.units(conn, actor, IMPORT),
            clear=bool(said.get("clear")), again=bool(said.get("again")))
