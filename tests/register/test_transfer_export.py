"""What leaves a register comes back as it was, and each record is on one list."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from support.transfer import ACTOR, LEDGERS, OPTIONS, POLICY, look, read, records, register, table
from support.values import replace

from zhuanjie.engine.api import UsageError, audit, register_acts
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.past import members_at
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.transfer.export import (
    ExportTable,
    csv_lines,
    export_table,
    json_lines,
    write_parquet,
)
from zhuanjie.web.transfer.lists import listed
from zhuanjie.web.transfer.preview import version_of
from zhuanjie.web.transfer.reads import note_export
from zhuanjie.web.transfer.save import save
from zhuanjie.web.transfer.workbook import Cover, write_lists, write_table

ID_NUMBER = "350500198501011239"


def exported(store: RegisterStore, *, full: bool = True, units: Sequence[str] = ()) -> ExportTable:
    with store.reading(SYSTEM) as conn:
        return export_table(conn, POLICY.vocabulary, full=full, scope=tuple(units) or "*")


def written(found: ExportTable, form: str, file: Path, lang: str) -> Path:
    assert lang in ("zh", "en")
    if form == "csv":
        file.write_text("".join(csv_lines(found, lang)), encoding="utf-8-sig", newline="")
    elif form == "jsonl":
        file.write_text("".join(json_lines(found, lang)), encoding="utf-8")
    elif form == "parquet":
        write_parquet(found, file, lang)
    else:
        write_table(found, file, lang)
    return file


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx"])
def test_what_was_exported_changes_nothing_when_it_comes_back(
        database: RegisterDatabase, tmp_path: Path, form: str, lang: str) -> None:
    store = register(database)
    save(store, read(*sorted(LEDGERS.iterdir())), OPTIONS, ACTOR)
    # Tables that lack what others have, odd texts, what looks like a formula, an early day.
    save(store, read(table(tmp_path, "a", "学号,姓名,身份证号", f"A1,=1+1,{ID_NUMBER}"),
                     table(tmp_path, "b", "学号,姓名,离校时间", "B1,\"'+2\",1899-12-31", 'B2,"王,""一",')),
         OPTIONS, ACTOR)
    before = records(store)
    assert before["A1"]["member.name"] == "=1+1"
    file = written(exported(store), form, tmp_path / f"out.{form}", lang)
    source = read(file)
    assert not [f for f in source.input if f.code != "records.duplicate-id"]
    found = look(store, source)
    assert found.members == [] and found.changes_nothing
    assert save(store, source, OPTIONS, ACTOR).id is None
    assert records(store) == before
    # What is said of the file is what is said of the register.
    with store.reading(SYSTEM) as conn:
        own = given_tables(members_at(conn, version_of(conn)), "register")
    assert outcomes([file]) == outcomes(own)


def outcomes(ledger: Sequence[Any]) -> list[tuple[Any, ...]]:
    found = audit(ledger, POLICY, as_of=date(2007, 12, 31)).findings
    return sorted((f.record or "", f.rule, f.outcome, f.due, f.missing, f.judged, f.message)
                  for f in found)


def test_an_export_fills_an_empty_register_as_it_was(database: RegisterDatabase,
                                                     tmp_path: Path) -> None:
    store = register(database)
    save(store, read(LEDGERS / "school-b.csv"), OPTIONS, ACTOR)
    file = written(exported(store), "csv", tmp_path / "out.csv", "zh")
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other_database = RegisterDatabase(f"sqlite:///{other_folder / 'register.db'}")
    other_database.create()
    other = register(other_database)
    save(other, read(file), OPTIONS, ACTOR)
    assert records(other) == records(store)
    other_database.close()


def test_numbers_are_masked_unless_asked_for_and_formulas_are_texts(
        database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名,身份证号", f"A1,=HYPERLINK(1),{ID_NUMBER}")),
         OPTIONS, ACTOR)
    masked, full = exported(store, full=False), exported(store)
    assert masked.is_masked and not full.is_masked
    shown = "350500**********39"
    file = written(masked, "csv", tmp_path / "m.csv", "zh")
    cells = list(csv.reader(file.open(encoding="utf-8-sig")))[1]
    assert cells == ["A1", "'=HYPERLINK(1)", shown]
    assert json.loads("".join(json_lines(masked, "zh")))["member.id_number"] == shown
    assert pl.read_parquet(written(masked, "parquet", tmp_path / "m.parquet", "zh"))[
        "member.id_number"].to_list() == [shown]
    book = openpyxl.load_workbook(written(full, "xlsx", tmp_path / "f.xlsx", "zh"))
    name, number = (book.worksheets[0].cell(2, at) for at in (2, 3))
    assert (name.value, name.data_type, number.value) == ("=HYPERLINK(1)", "s", ID_NUMBER)
    # What is masked is no value: it changes nothing when it comes back.
    assert look(store, read(file)).changes_nothing


def test_records_are_listed_once_behind_a_cover(database: RegisterDatabase,
                                                tmp_path: Path) -> None:
    store = register(database)
    lines = ["R,保留在学校,,", "N,单位党组织,,", "S,单位党组织,校内,2007-06-20", "C,单位党组织,市内,2007-06-20",
             "P,单位党组织,省内,2007-06-20", "O,单位党组织,省外,2007-06-20", "U,单位党组织,,2007-06-20"]
    save(store, read(table(tmp_path, "a", "学号,去向类型,转移类别,转出时间", *lines)), OPTIONS, ACTOR)
    found, day = exported(store), date(2007, 12, 31)
    lists = listed(found, register_acts(POLICY), day, "zh")
    assert {title: [m.record["member.id"] for m in some] for title, some in lists.items()} == {
        "保留": ["R"], "未转": ["N"], "校内": ["S"], "省内": ["C", "P"], "省外": ["O"],
        "已转（转移类别未填）": ["U"]}
    assert list(listed(found, register_acts(POLICY), day, "en", ["outside"])) == [
        "Outside the province"]
    with pytest.raises(UsageError):
        listed(found, register_acts(POLICY), day, "zh", ["nowhere"])
    file = tmp_path / "lists.xlsx"
    write_lists(found, lists, Cover("名单", day, "pack 1", "origin 7 abc"), file, "zh")
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["封面", *lists]
    cover = {row[0].value: row[1].value for row in book["封面"].iter_rows() if row[0].value}
    assert (cover["省内"], cover["合计"], cover["截至"]) == (2, 7, "2007-12-31")
    assert cover["校验点"] == "origin 7 abc"
    assert {"制表", "审核", "批准"} <= cover.keys()
    assert [c.value for c in book["省内"]["A"]][1:] == ["C", "P"]


def test_an_export_is_an_event_and_keeps_to_units(database: RegisterDatabase,
                                                  tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号", "A1")), replace(OPTIONS, unit="maths"), ACTOR)
    save(store, read(table(tmp_path, "b", "学号", "B1")), replace(OPTIONS, unit="physics"), ACTOR)
    found = exported(store, units=["maths"])
    assert [m.record["member.id"] for m in found.members] == ["A1"]
    note_export(store, ACTOR, found, ["maths"])
    with store.reading(SYSTEM) as conn:
        last = list(events(conn))[-1]
    assert (last.kind, last.data["count"], last.data["what"]) == ("members.read", 1, "export-full")
