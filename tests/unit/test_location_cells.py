"""The cells that findings read, by the names that a spreadsheet program gives them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from zhuanjie.engine import audit

HEADS = ["序号", "学号", "姓名", "介绍信编号", "转出时间", "跟踪责任人"]
ROWS = [[1, "06001", "甲", "8", "2007-06-30", None], [2, "06002", "乙", "9", "2007-06-30", "丙"]]
DAY = date(2007, 12, 31)


def sheet(path: Path, above: int = 2, *, again: bool = False) -> Path:
    book = openpyxl.Workbook()
    ledger = book.active
    assert ledger is not None
    for at in range(above):
        ledger.append([f"台账说明{at}"])
    for _ in range(1 + again):
        for row in (HEADS, *ROWS):
            ledger.append(row)
    book.save(path)
    return path


def cells(path: Path, *, bulk: bool = False) -> dict[tuple[str | None, int | None], dict[str, str]]:
    report = audit(path, "fujian-2007-80", as_of=DAY, only=["1.6a"], bulk=bulk)
    return {(f.record, f.location.row): f.location.cells for f in report.findings}


@pytest.mark.parametrize("bulk", [False, True])
def test_a_finding_names_its_cells_even_blank_ones(tmp_path: Path, bulk: bool) -> None:
    found = cells(sheet(tmp_path / "a.xlsx"), bulk=bulk)
    assert found["06001", 4] == {"letter.issued_on": "E4", "receipt.tracker": "F4"}


def test_tables_below_one_another_have_their_own_cells(tmp_path: Path) -> None:
    found = cells(sheet(tmp_path / "a.xlsx", again=True))
    assert found["06001", 7]["receipt.tracker"] == "F7"


def test_a_delimited_file_has_cells_as_a_spreadsheet_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(str(c or "") for c in r) for r in [HEADS, *ROWS]),
                    encoding="utf-8")
    assert cells(path)["06001", 2] == {"letter.issued_on": "E2", "receipt.tracker": "F2"}


def test_records_that_no_spreadsheet_shows_have_no_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([dict(zip(HEADS, row, strict=True)) for row in ROWS]), "utf-8")
    assert cells(path)["06001", 1] == {}
