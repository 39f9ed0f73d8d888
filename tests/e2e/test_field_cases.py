"""Ledgers that others collected, where they are there: how many are read, who, and who is accused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.party_transfer import load_columns, open_ledger

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.messages import say_diagnostic
from zhuanjie.engine.core.results import Outcome, Report

POLICY = load_policy("fujian-2007-80")
CITIZENS = [f"35010219850101{at:04}" for at in range(1, 11)]


def _ids(*numbers: int) -> list[str]:
    return [f"{number:05}" for number in numbers]


LEDGERS: dict[str, tuple[int, list[str | None] | None]] = {
    "01-templateA.xlsx": (5, CITIZENS[:5]),
    "02-group-header.xlsx": (5, _ids(*range(6001, 6006))),
    "03-notes-repeated-header.xlsx": (10, _ids(*range(6001, 6011))),
    "04-vanish.xlsx": (10, CITIZENS),
    "05-placeholders.xlsx": (10, [*_ids(*range(6001, 6010)), "060010"]),
    "06-month-format.xlsx": (4, _ids(*range(6001, 6005))),
    "08-text-dates.xlsx": (26, _ids(*range(6000, 6026))),
    "09-ticks.xlsx": (41, _ids(*range(6000, 6038), 6990, 6991, 6992)),
    "10-sheets.xlsx": (15, _ids(6001, 6002, 6003, 6011, 6012, 6013, 6001, 6011, 6002, 6012, 6003,
                                6013, 6041, 6042, 6043)),
    "11c-if-empty.xlsx": (50, _ids(*range(6001, 6051))),
    "12-ids-number.xlsx": (3, ["200705000019", "200705000020", "200705000021"]),
    "12b-ids-sci.csv": (2, [None, None]),
    "15-html.xls": (1, ["06001"]),
    "16-gbk-euro.csv": (2, ["06001", "06002"]),
    "16f-pipe.txt": (1, ["06001"]),
    "16h-cncomma.csv": (1, ["06001"]),
    "16j-big5.csv": (1, ["06001"]),
    "18-bracket-headings.xlsx": (1, ["06001"]),
    "20-zanliu.xlsx": (3, None),
    "22-xls-zeros.xls": (2, ["06018", "06019"]),
    "25-merged-person.xlsx": (3, ["06001", "06001", "06002"]),
    "27-filtered-strike.xlsx": (5, _ids(*range(6001, 6006))),
    "30-heading-forms.xlsx": (1, ["06001"]),
    "32-synonyms.xlsx": (1, ["06001"]),
    "34-phones-names-serials.xlsx": (24, _ids(*range(6001, 6025))),
    "35-ledger.xlsx": (4, ["06001", "06002", "X06003", "06004"]),
    "36-dup-ids.xlsx": (3, None),
    "37-headings.xlsx": (1, ["1"]),
    "39-200-same-bad.xlsx": (200, _ids(*range(6000, 6200))),
    "stray-quote.csv": (100, _ids(*range(6001, 6101))),
    "stray-quote2.csv": (100, _ids(*range(6001, 6101))),
    "x-base.xlsx": (2, ["06001", "06002"]),
    "x-prefix.xlsx": (2, ["06001", "06002"]),
    "x-single.xlsx": (2, ["06001", "06002"]),
}
REGISTERS = {
    "01_owip_out_import.csv": 2, "02_owip_out_export.csv": 2, "04_owip_in_import.csv": 1,
    "05_owip_transfer_import_merged_note.xlsx": 1, "06_owip_stay_abroad_summary.csv": 1,
    "08_owip_outflow_export.csv": 1, "09_owip_certify_export.csv": 1,
    "12_mentalomega_graduates_ledger.csv": 2, "14_hubei_2020_register.csv": 2,
    "16_fujian_talent_in.csv": 1, "17_fujian_talent_out.csv": 1,
    "18_wisdomtown_transfer_export.csv": 1, "20_vocational_ods_transfer.csv": 1,
    "21_chongqing_app_form.csv": 1, "22_zghr_reissued_letters.csv": 1,
    "25_student_affairs_form.csv": 1,
}


def _audit(path: Path, **options: object) -> Report:
    return audit([path], POLICY, as_of=date(2007, 12, 31), **options)


def _keys(path: Path) -> list[str | None]:
    return [row.get(batch.key) for batch in open_ledger([str(path)]).batches()
            for row in batch.frame.iter_rows(named=True)]


def _accused(report: Report) -> dict[str, set[str | None]]:
    out: dict[str, set[str | None]] = {}
    for finding in report.findings:
        if finding.outcome is Outcome.VIOLATION:
            out.setdefault(finding.clause, set()).add(finding.record)
    return out


@pytest.mark.parametrize("name", LEDGERS)
def test_everybody_is_read_and_nobody_else(field_cases: Path, name: str) -> None:
    records, keys = LEDGERS[name]
    path = field_cases / "ledgers" / name
    assert _audit(path).ledger.records == records
    if keys is not None:
        assert _keys(path) == keys


@pytest.mark.parametrize("name", REGISTERS)
def test_registers_are_read(field_cases: Path, name: str) -> None:
    report = _audit(field_cases / "headings" / name)
    assert report.ledger.records == REGISTERS[name]


@pytest.mark.parametrize("name", [
    "01-templateA.xlsx", "02-group-header.xlsx", "04-vanish.xlsx", "20-zanliu.xlsx",
    "16f-pipe.txt", "11c-if-empty.xlsx", "32-synonyms.xlsx", "18-bracket-headings.xlsx"])
def test_nobody_is_accused_of_a_column_that_is_not_there(field_cases: Path, name: str) -> None:
    assert _accused(_audit(field_cases / "ledgers" / name)) == {}


def test_mapped_ledgers_have_the_same_people(field_cases: Path) -> None:
    for ledger, columns, count in (("01-templateA.xlsx", "01-columns.yaml", 5),
                                   ("20-zanliu.xlsx", "20-columns.yaml", 3)):
        mapping = load_columns(field_cases / "ledgers" / columns)
        report = _audit(field_cases / "ledgers" / ledger, columns=mapping)
        assert report.ledger.records == count
        assert not {"1.3a", "1.3c", "1.3d", "1.6a"} & _accused(report).keys()


def test_marks_for_nothing_satisfy_nothing(field_cases: Path) -> None:
    accused = _accused(_audit(field_cases / "ledgers" / "05-placeholders.xlsx"))
    blank = {*_ids(*range(6002, 6010)), "060010"}
    assert accused["1.3c"] >= blank
    assert accused["1.6a"] >= blank


def test_rosters_name_the_same_people(field_cases: Path) -> None:
    for ledger, roster in (("22-xls-zeros.xls", "22-roster.csv"),
                           ("35-ledger.xlsx", "35-roster.xlsx")):
        folder = field_cases / "ledgers"
        report = _audit(folder / ledger, roster=folder / roster)
        assert "1.5a" not in _accused(report)


def test_only_other_names_and_serials_are_found(field_cases: Path) -> None:
    accused = _accused(_audit(field_cases / "ledgers" / "34-phones-names-serials.xlsx"))
    assert "1.3a" not in accused
    assert not accused.get("1.3d", set()) & set(_ids(6018, 6019, 6022, 6024))
    assert not accused.get("1.3b", set()) & set(_ids(*range(6001, 6007), 6010))
    assert accused["1.3b"] >= {"06011"}


def test_a_folder_is_audited_and_what_is_not_is_named(field_cases: Path) -> None:
    report = _audit(field_cases / "ledgers" / "folder")
    named = {Path(t.table.file).name for t in report.ledger.tables}
    left_out = {Path(s.file).name for s in report.ledger.skipped}
    assert named | left_out == {"a.xlsx", "d.xlsx", "e.et", "readme.txt", "x.json"}
    assert {"a.xlsx", "d.xlsx"} <= named
    assert not named & left_out


def test_old_workbooks_of_another_program_are_read_or_refused_by_name(field_cases: Path) -> None:
    path = field_cases / "ledgers" / "14-wps.et"
    try:
        assert _audit(path).ledger.records > 0
    except ZhuanjieError as refused:
        assert "14-wps.et" in "\n".join(say_diagnostic(d, "zh") for d in refused.diagnostics)


def test_the_same_fault_is_one_entry(field_cases: Path) -> None:
    report = _audit(field_cases / "ledgers" / "39-200-same-bad.xlsx")
    assert sorted((found.field, found.count) for found in report.input) == [
        ("employment.employed", 100), ("member.left_on", 200)]


def test_a_line_of_json_is_named(field_cases: Path) -> None:
    with pytest.raises(ZhuanjieError) as refused:
        _audit(field_cases / "ledgers" / "bad.jsonl")
    assert "bad.jsonl:3" in "\n".join(say_diagnostic(d, "zh") for d in refused.value.diagnostics)
