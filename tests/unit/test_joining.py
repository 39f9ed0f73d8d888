"""Several tables, one ledger: which rows are one record, what its cells hold, what is said of them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook

from zhuanjie.engine.api import audit, explain, load_policy
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.results import Outcome, Report
from zhuanjie.engine.ledger.joining import same_records
from zhuanjie.engine.ledger.joining.join import join_tables
from zhuanjie.engine.ledger.joining.same_records import Homes, find_homes
from zhuanjie.engine.ledger.ledger import Ledger, open_ledger

DAY = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")
WAYS: list[dict[str, Any]] = [{}, {"bulk": True}, {"backend": "reference"}, {"backend": "python"}]
LI, SUN = "11010519491231002X", "440524188001010014"


def homes(*tables: dict[str, list[str | None]]) -> Homes:
    heights = [len(next(iter(table.values()))) for table in tables]
    keys = [{key: pl.Series(key, cells, dtype=pl.String) for key, cells in table.items()}
            for table in tables]
    return find_homes(keys, heights, ("id", "card"))


def at_home(*tables: dict[str, list[str | None]]) -> list[int]:
    return homes(*tables).home.to_list()


def test_rows_of_one_key_are_one_record() -> None:
    assert at_home({"id": ["1", "2"]}, {"id": ["2", "3", None]}, {"id": ["3", "1"]}) == [
        0, 1, 1, 3, 4, 3, 0]


def test_a_row_without_a_key_is_a_record_by_itself() -> None:
    assert at_home({"id": [None, None]}, {"id": [None]}, {"card": [None]}) == [0, 1, 2, 3]


def test_other_keys_are_found_by_the_rows_that_have_both() -> None:
    assert at_home({"card": ["x", "y"]}, {"id": ["1", "2"], "card": ["x", None]},
                   {"id": ["2", "1"]}) == [0, 1, 0, 3, 3, 0]
    # A key is not the same as another one that happens to look so.
    assert at_home({"id": ["1"]}, {"card": ["1"]}) == [0, 1]
    # Without a row that has both, tables of one key go together all the same.
    assert at_home({"id": ["1"]}, {"card": ["x"]}, {"card": ["x"]}) == [0, 1, 1]


def test_a_key_that_goes_with_two_others_joins_nothing() -> None:
    found = homes({"id": ["1", "2"], "card": ["x", "x"]}, {"card": ["x"]})
    assert found.home.to_list() == [0, 1, 2]
    assert found.unclear.to_list() == [2]
    found = homes({"id": ["1"], "card": ["x"]}, {"id": ["1"], "card": ["y"]}, {"card": ["y"]})
    assert found.home.to_list() == [0, 0, 2]
    assert found.unclear.to_list() == [2]


def test_a_key_that_a_table_has_twice_joins_nothing() -> None:
    found = homes({"id": ["1", "2", "1"]}, {"id": ["2", "1"]})
    assert found.home.to_list() == [0, 1, 2, 1, 4]
    assert found.repeated.rows() == [(2, 0), (4, 0)]


@pytest.mark.parametrize("hashed", [
    lambda names: pl.repeat(7, len(names), dtype=pl.UInt64, eager=True),
    lambda names: names.str.len_chars().cast(pl.UInt64).fill_null(0),
])
def test_keys_that_share_a_hash_are_told_apart(
    hashed: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(same_records, "_hash64", hashed)
    assert at_home({"id": ["1", "2"]}, {"id": ["2", "3", None]}, {"id": ["3", "1"]}) == [
        0, 1, 1, 3, 4, 3, 0]


def csv(folder: Path, **tables: str) -> list[Path]:
    out = []
    for name, text in tables.items():
        out.append(folder / f"{name}.csv")
        out[-1].write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n",
                           encoding="utf-8")
    return out


def joined(paths: list[Path]) -> Ledger:
    return join_tables(open_ledger(paths, vocabulary=POLICY.vocabulary))


def values(paths: list[Path], *names: str) -> list[tuple[Any, ...]]:
    """The records in their order; None also where nobody keeps a field."""
    rows = []
    for batch in joined(paths).batches():
        frame = batch.frame
        columns = [frame[n].to_list() if n in frame.columns else [None] * len(frame)
                   for n in names]
        rows += zip(batch.rows.to_list(), zip(*columns, strict=True), strict=True)
        if batch.run is None:
            raise AssertionError
    return [row for _, row in rows]


def test_a_filled_cell_wins_over_a_blank_one(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名,转出时间\n06001,,2007-06-30\n06002,李四,",
                b="学号,姓名,跟踪责任人\n06002,,赵\n0６ 001,张三,/")
    assert values(paths, "member.name", "letter.issued_on", "receipt.tracker") == [
        ("张三", date(2007, 6, 30), None), ("李四", None, "赵")]


def test_the_same_in_the_way_of_the_field_is_no_contradiction(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名,介绍信编号,转出时间\n06001,阿·卜,〔2007〕1号,2007-06-30",
                b="学号,姓名,介绍信编号,转出时间\n０６００１,阿•卜,(2007) 1号,2007年6月30日")
    assert not joined(paths).input
    # What is shown is what the first table has.
    assert values(paths, "member.id", "member.name", "letter.serial") == [
        ("06001", "阿·卜", "〔2007〕1号")]


@pytest.fixture
def contradicting(tmp_path: Path) -> list[Path]:
    return csv(
        tmp_path,
        a="学号,姓名,转出时间,介绍信式样,接收日期\n"
          "06001,张三,2007-06-30,三联,2007-07-10\n06002,李四,2007-06-30,三联,2007-07-10",
        b="学号,回执日期\n06002,2007-07-20\n06001,2007-07-20",
        c="学号,回执收到日期\n06001,2007-11-20\n06002,2007-07-20")


@pytest.mark.parametrize("absent", ["unknown", "blank"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_nothing_rests_on_cells_that_contradict_each_other(
    way: dict[str, Any], absent: Any, contradicting: list[Path],
) -> None:
    report = audit(contradicting, POLICY, as_of=DAY, join=True, absent=absent, **way)
    outcomes = {(f.record, f.clause): f for f in report.findings}
    # In time by one table, late by the other, and not blank: nobody knows.
    found = outcomes["06001", "1.6b"]
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("receipt.returned_on",))
    assert found.judged
    assert ("06002", "1.6b") not in outcomes
    [said] = report.input
    assert (said.code, said.record, said.field, said.row, said.column, said.value) == (
        "records.contradiction", "06001", "receipt.returned_on", 2, "回执收到日期", "2007-11-20")
    assert said.file == str(contradicting[2])
    assert dict(said.args) == {"first": str(contradicting[1]), "first_row": 3,
                               "first_column": "回执日期", "first_value": "2007-07-20"}


def test_every_way_says_the_same_of_contradictions(contradicting: list[Path]) -> None:
    first, *others = (audit(contradicting, POLICY, as_of=DAY, join=True, all_outcomes=True, **way)
                      for way in WAYS)
    assert first.findings
    for other in others:
        assert other.findings == first.findings
        assert other.summary == first.summary


def test_explain_knows_what_is_in_doubt(contradicting: list[Path]) -> None:
    [why] = explain(contradicting, "06001", "1.6b", POLICY, as_of=DAY, join=True)
    assert why.finding.outcome is Outcome.UNDETERMINED
    assert why.finding.location.file == str(contradicting[0])
    assert not why.not_judged


def test_of_several_contradictions_each_is_said(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名,届别\n1,甲,2006", b="学号,姓名,届别\n1,乙,2007",
                c="学号,姓名,届别\n1,丙,2006")
    said = joined(paths).input
    assert [(i.field, i.value, i.args["first_value"], i.file) for i in said] == [
        ("member.name", "乙", "甲", str(paths[1])), ("member.cohort", "2007", "2006",
                                                     str(paths[1])),
        ("member.name", "丙", "甲", str(paths[2]))]


def test_an_identity_number_is_masked_in_what_is_said(tmp_path: Path) -> None:
    paths = csv(tmp_path, a=f"学号,身份证号\n1,{LI}", b=f"学号,身份证号\n1,{SUN}")
    [said] = joined(paths).input
    assert (said.value, said.args["first_value"]) == ("440524**********14", "110105**********2X")


def test_a_key_twice_in_one_table_is_said_as_ever(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名\n1,甲\n1,甲", b="学号,跟踪责任人\n1,赵\n2,钱")
    ledger = joined(paths)
    assert [(i.code, i.record, i.file, i.row, i.args["first_row"]) for i in ledger.input] == [
        ("records.same-id", "1", str(paths[0]), 3, 2),
        ("records.same-id", "1", str(paths[1]), 2, 2)]
    assert ledger.size_hint == 4


def report(paths: list[Path], **options: Any) -> Report:
    return audit(paths, POLICY, as_of=DAY, **options)


def test_what_was_put_together_is_counted_and_said(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名\n1,甲\n2,乙\n合计,2人", b="学号,跟踪责任人\n2,赵\n3,钱")
    for way in WAYS:
        found = report(paths, join=True, **way)
        assert found.ledger.records == 3
        assert [(t.table.file, t.records, dict(t.rows)) for t in found.ledger.tables] == [
            (str(paths[0]), 2, {"sum": 1}), (str(paths[1]), 2, {})]
        [said] = [n for n in found.notices if n.code == "records.joined"]
        assert said.args == {"tables": 2, "rows": 4, "records": 3, "several": 1}


def test_without_joining_keys_of_several_tables_are_said_once(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名\n1,甲\n2,乙", b="学号,跟踪责任人\n2,赵\n1,钱\n3,孙")
    for way in WAYS:
        found = report(paths, **way)
        assert not [i for i in found.input if i.code == "records.same-id"]
        assert [(n.args, n.hint) for n in found.notices if n.code == "audit.same-keys"] == [
            ({"count": 2}, "audit.hint.same-keys")]
        assert found.ledger.records == 5
    # Tables with the same columns hold different people: a key of both is a mistake.
    paths = csv(tmp_path, c="学号,姓名\n1,甲", d="学号,姓名\n1,乙")
    assert [i.code for i in report(paths).input] == ["records.same-id"]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_sheets_of_one_register_against_one_roster(way: dict[str, Any], tmp_path: Path) -> None:
    book = Workbook()
    sheets = {
        "省内": [["学号", "姓名", "介绍信编号", "转出时间"], ["06001", "张三", "1", "2007-06-30"]],
        "省外": [["学号", "姓名", "身份证号", "回执收到日期"], ["06001", "张三", LI, "2007-07-10"],
                 ["06002", "李四", SUN, None]],
        "保留": [["身份证号", "姓名", "保留原因"], [LI, "张 三", "考研"]],
        "未转": [["学号", "姓名", "未落实原因"], ["06003", "王五", "联系不上"]],
    }
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path := tmp_path / "register.xlsx")
    [roster] = csv(tmp_path, roster="学号,姓名\n06001,张三\n06003,王五\n06004,赵六")
    found = report([path], join=True, roster=roster, **way)
    assert [(f.record, f.outcome) for f in found.findings if f.clause == "1.5a"] == [
        ("06004", Outcome.VIOLATION)]
    assert found.ledger.records == 3
    assert not [i for i in found.input if i.code == "records.contradiction"]
    assert [(t.table.sheet, t.records) for t in found.ledger.tables] == [
        ("省内", 1), ("省外", 2), ("保留", 1), ("未转", 1)]


def test_one_table_is_as_without_joining(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名\n1,甲\n1,甲")
    assert report(paths, join=True) == report(paths)


def test_tables_of_a_database_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        join_tables(Ledger([], is_database=True))
    assert [d.code for d in caught.value.diagnostics] == ["records.join-database"]


def test_what_was_kept_goes_when_the_ledger_is_closed(tmp_path: Path) -> None:
    paths = csv(tmp_path, a="学号,姓名\n1,甲", b="学号,跟踪责任人\n1,赵")
    ledger = joined(paths)
    [folder] = {path.parent for table in ledger.tables for path in table._paths}  # type: ignore[attr-defined]
    assert folder.exists()
    ledger.close()
    assert not folder.exists()


def test_a_record_goes_by_any_of_its_rows(contradicting: list[Path]) -> None:
    asked: dict[str, Any] = {"clause": "1.6b", "policy": POLICY, "as_of": DAY, "join": True}
    for file, row, record in (("a.csv", 2, "06001"), ("b.csv", 2, "06002"), ("b.csv", 3, "06001"),
                              ("c.csv", 3, "06002")):
        [why] = explain(contradicting, row=row, file=file, **asked)
        assert why.finding.record == record
        assert Path(why.finding.location.file or "").name == "a.csv"
    with pytest.raises(UsageError) as caught:
        explain(contradicting, row=2, **asked)
    [said] = caught.value.diagnostics
    assert said.args["places"] == ", ".join(map(str, contradicting))
    with pytest.raises(UsageError) as caught:
        explain(contradicting, row=9, **asked)
    assert [d.code for d in caught.value.diagnostics] == ["audit.no-row"]


def test_hidden_rows_are_counted_where_they_stand(tmp_path: Path) -> None:
    book = Workbook()
    for name, rows in {"一": [["学号", "姓名"], ["1", "甲"], ["2", "乙"]],
                       "二": [["学号", "跟踪责任人"], ["1", "赵"]]}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book["一"].row_dimensions[3].hidden = True
    del book["Sheet"]
    book.save(path := tmp_path / "hidden.xlsx")
    assert [(t.records, dict(t.marked)) for t in report([path], join=True).ledger.tables] == [
        (2, {"hidden": 1}), (1, {})]
