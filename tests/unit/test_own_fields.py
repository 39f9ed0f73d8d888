"""A notice with fields, values and a party of its own, in Chinese alone: every command knows them."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from zhuanjie.cli.main import main
from zhuanjie.engine.api import check, fixes, load_policy
from zhuanjie.engine.backends.registry import OWN

PACK = Path(__file__).parents[2] / "fixtures" / "packs" / "zhongbei-2010-1"
DAY = date(2012, 12, 31)
LEFT, GIVEN, ISSUED = date(2010, 6, 30), date(2010, 7, 10), date(2010, 9, 1)
HEADINGS = ["学号", "姓名", "离校时间", "是否落实工作单位", "去向类型", "转出时间",
            "活动证领取日期", "交回活动证时间", "交回后保管人"]
ROWS: list[list[Any]] = [
    ["s1", "甲", LEFT, "否", "父母单位", ISSUED, GIVEN, date(2010, 8, 31), "学院党委"],
    ["s2", "乙", LEFT, "是", "父母工作单位", ISSUED, GIVEN, date(2010, 9, 2), "党支部"],
    ["s3", "丙", LEFT, "否", "保留在学校", None, GIVEN, None, None],
    ["s4", "丁", LEFT, "否", "父母工作单位党组织", ISSUED, GIVEN, "2010年9月1日", "食堂"],
]
WANTED = [
    ("s1", "N3", "satisfied"), ("s1", "N4", "satisfied"),
    ("s2", "N3", "violation"), ("s2", "N4", "violation"),
    ("s3", "N2", "violation"), ("s3", "N3", "not_applicable"), ("s3", "N4", "not_applicable"),
    ("s4", "N3", "satisfied"), ("s4", "N4", "undetermined"),
]
RECORD = {"学号": "s5", "是否落实工作单位": "否", "转出时间": "2010-09-01", "去向类型": "父母单位",
          "活动证领取日期": "2010-07-10", "retention.certificate_returned_on": "2010-09-05"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with the pack's own columns, under other headings of theirs."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADINGS, *ROWS):
        sheet.append(row)
    path = tmp_path_factory.mktemp("ledger") / "ledger.xlsx"
    book.save(path)
    return path


def told(capsys: pytest.CaptureFixture[str], *args: str, code: int | None = None) -> str:
    done = main(list(args))
    shown = capsys.readouterr()
    assert done == code or (code is None and done in (0, 1)), shown.err
    return shown.out


@pytest.mark.parametrize("backend", [*OWN, "duckdb"])
def test_its_columns_are_judged_by_every_engine(backend: str, ledger: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "audit", str(ledger), "--policy", str(PACK), "--as-of", str(DAY), "--all",
               "--backend", backend, "--format", "json", "--quiet", code=1)
    report = json.loads(out)
    found = [(f["record"], f["clause"], f["outcome"]) for f in report["findings"]]
    assert set(WANTED) <= set(found)
    where = {f["record"]: (f["outcome"], f["clause"]) for f in report["findings"]
             if f["rule"] == "destination-allowed"}
    assert where == {"s1": ("satisfied", "1.2"), "s2": ("violation", "1.2"),
                     "s3": ("satisfied", "1.2"), "s4": ("satisfied", "1.2")}
    (unread,) = report["input"]
    assert (unread["record"], unread["value"]) == ("s4", "食堂")
    assert unread["field"] == "retention.certificate_kept_by"


def test_no_heading_of_it_is_unknown(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["audit", str(ledger), "--policy", str(PACK), "--as-of", str(DAY)])
    assert "heading" not in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "words"), [
    ("zh", ["由学生党支部保管", "活动证交回日期2010-09-02", "学院党委/office"]),
    ("en", ["活动证由branch保管", "请把活动证移交学院党委"]),  # what is in one language stays in it
])
def test_a_report_for_people_speaks_of_them(lang: str, words: list[str], ledger: Path,
                                            capsys: pytest.CaptureFixture[str],
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    out = told(capsys, "audit", str(ledger), "--policy", str(PACK), "--as-of", str(DAY),
               "--lang", lang, "--quiet", code=1)
    assert [word for word in words if word not in out] == []


def test_one_record_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = {f.clause: f.outcome.value for f in check(RECORD, load_policy(PACK), as_of=DAY)}
    assert (found["N3"], found["N4"]) == ("violation", "undetermined")
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RECORD), encoding="utf-8")
    out = told(capsys, "destinations", str(file), "--policy", str(PACK), "--as-of", str(DAY),
               "--format", "json")
    answers = {d["kind"]: d["outcome"] for d in json.loads(out)["destinations"]}
    assert list(answers)[-1] == "parents_work_unit"
    assert answers["parents_work_unit"] == answers["parents_township"] == "satisfied"
    assert answers["employer_org"] == "violation"


def test_a_way_to_put_a_record_in_order_uses_its_values(ledger: Path) -> None:
    found = fixes([ledger], "s2", "N4", load_policy(PACK), as_of=DAY)
    changes = [(c.field, c.was, c.value) for fix in found for way in fix.alternatives
               for c in way.changes]
    assert changes == [("retention.certificate_kept_by", "branch", "office")]


@pytest.mark.parametrize(("lang", "word"), [("zh", "学生党支部 → 学院党委"), ("en", "office")])
def test_it_is_explained_in_both_languages(lang: str, word: str, ledger: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "explain", str(ledger), "s2", "N4", "--policy", str(PACK), "--as-of",
               str(DAY), "--fix", "--lang", lang, code=0)
    assert all(part in out for part in word.split(" → "))


def test_what_it_adds_is_told_from_its_base(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "policy", "diff", "fujian-2007-80", str(PACK), "--format", "json")
    found = json.loads(out)
    assert {c: m["verdict"] for c, m in found["meaning"].items() if m["verdict"] != "equal"} == {
        "1.2": "laxer", "N1": "laxer", "N2": "stricter", "N3": "stricter", "N4": "stricter"}
    keys = [e["key"] for e in found["text"] if (e["key"] or "").startswith(("fields.", "parties."))]
    assert "fields.destination.kind.values.parents_work_unit.zh" in keys
    assert "parties.branch_secretary.zh" in keys
    assert "fields.destination.kind.headings" not in keys  # nothing is said of these


@pytest.mark.parametrize(("lang", "words"), [
    ("zh", ["约束：学生党支部书记。", "已记活动证交回日期，且活动证交回日期不晚于转出时间", "父母工作单位"]),
    ("en", ["转出时交回活动证", "retention.certificate_kept_by"]),
])
@pytest.mark.parametrize("form", ["markdown", "html"])
def test_its_document_names_them(form: str, lang: str, words: list[str],
                                 capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "policy", "docs", str(PACK), "--format", form, "--lang", lang, code=0)
    assert [word for word in words if word not in out.replace("\\_", "_")] == []


def test_a_diff_names_what_the_new_pack_no_longer_has_as_the_old_one_did(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["policy", "diff", str(PACK), "fujian-2007-80", "--lang", "zh"]) == 1
    said = capsys.readouterr().out
    meaning = said[said.index("\n含义\n"):]
    assert "去向类型: 父母工作单位" in meaning
    assert not re.search(r"parents_\w+|retention\.\w+", meaning)
