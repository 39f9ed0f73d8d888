"""Records that leave over HTTP. In: who asks, what for. Out: files, and an event before them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from zhuanjie.engine.api import Lang, fail, office_zone, say
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import ForbiddenError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.transfer.export import ExportTable, csv_lines, export_table, json_lines
from zhuanjie.web.transfer.export import write_parquet as parquet
from zhuanjie.web.transfer.lists import listed
from zhuanjie.web.transfer.reads import note_export
from zhuanjie.web.transfer.workbook import Cover, write_lists, write_table


def export_to(register: Register, actor: Actor, folder: Path, *, day: date | None,
              units: Sequence[str], formats: Sequence[str], lists: bool, only: Sequence[str],
              full: bool, lang: Lang) -> int:
    """Write the records that `actor` may take out to files in `folder`; returns how many.

    Raises ForbiddenError where they may take none.
    """
    permission = "export-full" if full else "export"
    with register.store.reading(actor) as conn:
        scope = _within(register.guard.units(conn, actor, permission), units)
        if not scope:
            raise fail(ForbiddenError, "register.access.forbidden",
                       **register.guard.table.called(permission, actor.role))
        table = export_table(conn, register.vocabulary, day=day, zone=office_zone(), scope=scope,
                             full=full)
    note_export(register.store, actor, table, units)
    for form in formats:
        _write(table, folder / f"members.{form}", form, lang)
    if lists:
        _lists(register, table, folder / "lists.xlsx", day or register.day(), only, lang)
    return len(table.members)


def _within(scope: Scope, units: Sequence[str]) -> Scope:
    if not units:
        return scope
    return tuple(unit for unit in units if scope == EVERYTHING or unit in scope)


def _write(table: ExportTable, path: Path, form: str, lang: Lang) -> None:
    if form in {"csv", "jsonl"}:
        with path.open("w", encoding="utf-8-sig" if form == "csv" else "utf-8",
                       newline="\n") as out:
            out.writelines((csv_lines if form == "csv" else json_lines)(table, lang))
    else:
        (parquet if form == "parquet" else write_table)(table, path, lang)


def _lists(register: Register, table: ExportTable, path: Path, day: date, only: Sequence[str],
           lang: Lang) -> None:
    policy = register.policy(day)
    found = listed(table, register.acts.desk.acts, day, lang, only)
    cover = Cover(say("output.register.export.title", lang), day,
                  f"{policy.id} {policy.version} {policy.sha256[:12]}",
                  register.trail.line(register.store))
    write_lists(table, found, cover, path, lang)
