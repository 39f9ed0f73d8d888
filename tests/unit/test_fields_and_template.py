"""What a ledger may hold is listed, and a blank ledger can be filled in and audited."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from support.author_packs import MANIFEST, RULES, write

from zhuanjie.cli.main import main
from zhuanjie.engine.api import audit, field_uses, load_policy, template_fields
from zhuanjie.engine.core.messages import LANGS
from zhuanjie.engine.ledger.headings import HeadingMap

LONG = "、".join(f"a choice that is rather long, number {n}" for n in range(12)).split("、")
ID_NUMBER = "11010519491231002X"
OWN = """\
fields:
  destination.kind:
    values: {{parents_employer: {{zh: 父母工作单位, en: the parents' work unit}}}}
  visit.on: {{type: date, heading: {{zh: 走访日期}}, meaning: {{zh: 上门走访之日}}}}
  visit.month: {{type: month, heading: {{zh: 走访月份}}}}
  visit.times: {{type: int, heading: {{zh: 走访次数}}, low: 0, high: 12}}
  visit.kind: {{type: enum, heading: {{zh: 走访方式}}, values: {{{values}}}}}
scope: {{when: "visit.times > 0", title: {{zh: 走访过的}}}}
"""
VISITED = """\
  - id: visited
    clause: "2"
    title: {zh: 走访, en: visited}
    when: visit.kind == 'v1'
    require: {ask: has(visit.month) && has(visit.on)}
    message: {zh: 错, en: wrong}
    remedy: {zh: 改, en: mend}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A pack with fields of its own, one of them with more choices than a cell rule has room for."""
    values = ", ".join(f"v{n}: {{zh: 方式{n}, en: '{text}'}}" for n, text in enumerate(LONG))
    return write(tmp_path / "own", rules=RULES + VISITED, cases=None,
                 manifest=MANIFEST + OWN.format(values=values))


def listed(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert main(["fields", *args, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


# --- fields -----------------------------------------------------------------------------------


def test_every_field_is_listed_with_who_reads_it(own: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys, str(own))
    policy = load_policy(own)
    by_name = {f["name"]: f for f in found["fields"]}
    assert list(by_name) == [f.name for f in policy.vocabulary.fields]
    assert (found["vocabulary"], found["key"]) == ("party-transfer", "member.id")
    assert by_name["employment.employed"]["clauses"] == ["2a", "2b"]
    assert by_name["destination.kind"]["clauses"] == ["2"]
    assert by_name["receipt.returned_on"]["clauses"] == ["1"]
    assert by_name["member.ethnicity"]["clauses"] == []
    assert by_name["visit.times"]["scope"] and not by_name["visit.on"]["scope"]
    assert (by_name["visit.times"]["low"], by_name["visit.times"]["high"]) == (0, 12)
    assert by_name["visit.on"]["heading"] == {"zh": "走访日期", "en": "走访日期"}
    assert by_name["visit.on"]["meaning"] == {"zh": "上门走访之日", "en": "上门走访之日"}
    assert by_name["destination.kind"]["values"][-1] == {
        "value": "parents_employer", "zh": "父母工作单位", "en": "the parents' work unit",
        "forms": []}
    assert by_name["member.sex"]["values"][0] == {
        "value": "male", "zh": "男", "en": "male", "forms": ["男性"]}
    assert by_name["destination.file_moved_with"]["values"][0]["en"] == "yes"


def test_what_the_policy_reads_is_what_is_said_to_be_read() -> None:
    for name in ("fujian-2007-80", "quanzhou-normal-2007-23"):
        policy = load_policy(name)
        assert {u.field.name for u in field_uses(policy) if u.is_read} == policy.fields


def test_without_a_pack_those_that_judge_by_default_are_read(
        capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    (leaving,) = [f for f in listed(capsys)["fields"] if f["name"] == "abroad.leaves_on"]
    assert leaving["clauses"]  # which only the later packs ask about
    assert main(["fields", "--lang", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "学号" in shown and "学工号" in shown and "男、女" in shown and "1900–2999" in shown


# --- template ---------------------------------------------------------------------------------


def made(folder: Path, *args: str) -> Any:
    path = folder / "blank.xlsx"
    assert main(["template", *args, "--output", str(path)]) == 0
    return openpyxl.load_workbook(path)


def rules_of(sheet: Any) -> dict[str, DataValidation]:
    """The rule on the cells of each column, by heading."""
    first = {str(at).split(":", maxsplit=1)[0]: rule
             for rule in sheet.data_validations.dataValidation for at in rule.sqref.ranges}
    return {cell.value: first[f"{cell.column_letter}2"] for cell in sheet[1]
            if f"{cell.column_letter}2" in first}


def choices(book: Any, rule: DataValidation) -> list[str]:
    """What a list offers: in itself, or where it points to."""
    text = rule.formula1
    if text.startswith('"'):
        return text.strip('"').split(",")
    name, _, cells = text.removeprefix("=").rpartition("!")
    return [row[0].value for row in book[name.strip("'")][cells.replace("$", "")]]


@pytest.mark.parametrize("lang", LANGS)
def test_the_cells_are_of_the_right_kind(own: Path, tmp_path: Path, lang: str) -> None:
    book = made(tmp_path, str(own), "--lang", lang)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    wanted = template_fields(load_policy(own))
    assert heads == [u.heading(lang) for u in wanted]  # type: ignore[arg-type]
    assert [u.field.name for u in wanted][:2] == ["member.id", "member.name"]
    formats = {u.field.name: sheet.column_dimensions[get_column_letter(at)].number_format
               for at, u in enumerate(wanted, 1)}
    assert (formats["member.id"], formats["visit.kind"]) == ("@", "@")
    assert (formats["visit.on"], formats["visit.month"]) == ("yyyy-mm-dd", "yyyy-mm")
    assert formats["visit.times"] == "0"
    assert sheet.freeze_panes == "C2"
    assert all(cell.comment and cell.comment.text for cell in sheet[1])


def test_choices_are_offered_and_notes_say_what_a_column_means(own: Path, tmp_path: Path) -> None:
    book = made(tmp_path, str(own), "--lang", "zh")
    sheet = book.worksheets[0]
    rules = rules_of(sheet)
    assert choices(book, rules["去向类型"])[-1] == "父母工作单位"
    assert choices(book, rules["是否落实工作单位"]) == ["是", "否"]
    assert choices(book, rules["走访方式"]) == [f"方式{n}" for n in range(12)]
    assert (rules["走访日期"].type, rules["走访次数"].type) == ("date", "whole")
    assert (rules["走访次数"].formula1, rules["走访次数"].formula2) == ("0", "12")
    notes = {cell.value: cell.comment.text for cell in sheet[1]}
    assert "上门走访之日" in notes["走访日期"] and "用于条款：2" in notes["走访日期"]
    english = made(tmp_path, str(own), "--lang", "en")
    rules = rules_of(english.worksheets[0])
    assert choices(english, rules["走访方式"]) == LONG  # with commas, and too long for the rule
    assert choices(english, rules["Employed"]) == ["yes", "no"]


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("lang", LANGS)
def test_what_is_filled_in_is_understood(own: Path, tmp_path: Path, lang: str,
                                         every: bool) -> None:
    book = made(tmp_path, str(own), "--lang", lang, *["--all"] * every)
    sheet = book.worksheets[0]
    rules = rules_of(sheet)
    for cell in sheet[1]:
        rule = rules.get(cell.value)
        value: Any = ID_NUMBER if cell.value in ("身份证号", "Identity number") else "00180"
        if rule is not None:
            value = {"list": lambda r: choices(book, r)[-1], "date": lambda r: date(2020, 6, 1),
                     "whole": lambda r: int(r.formula2)}[rule.type](rule)
        sheet.cell(2, cell.column).value = value
    path = tmp_path / "filled.xlsx"
    book.save(path)
    policy = load_policy(own)
    report = audit([path], policy, as_of=date(2020, 12, 31))
    assert (report.ledger.records, list(report.input)) == (1, [])
    # The explanations are no ledger.
    assert [d.code for d in report.notices] == ["records.skipped-sheet"]
    assert report.no_columns == {}
    assert len(sheet[1]) == (len(policy.vocabulary.fields) if every else len(
        template_fields(policy)))


@pytest.mark.parametrize("lang", LANGS)
def test_the_explanations_are_no_ledger_even_where_each_cell_is_a_heading(
        tmp_path: Path, lang: str) -> None:
    book = made(tmp_path, "--all", "--lang", lang)
    about = book.worksheets[1]
    mapping = HeadingMap(load_policy().vocabulary)
    for row in about.iter_rows(values_only=True):
        found = [field.name for cell in row if (field := mapping.find(str(cell))) is not None]
        assert not mapping.looks_known(found), row


def test_the_same_call_gives_the_same_bytes(own: Path, tmp_path: Path) -> None:
    made(tmp_path, str(own))
    first = (tmp_path / "blank.xlsx").read_bytes()
    made(tmp_path, str(own))
    assert (tmp_path / "blank.xlsx").read_bytes() == first


def test_a_file_of_another_kind_is_refused(tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", "-o", str(tmp_path / "blank.csv")]) == 2
    assert "does not end in .xlsx" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
