"""Marked workbooks through the real command, opened by a real spreadsheet program."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from support.cli_command import AS_OF, LEDGER, SOUND, record, run, write_ledger
from support.engines import ALL
from support.office_books import by_xlsxwriter, parts


@pytest.fixture
def office() -> str:
    """LibreOffice, without a screen."""
    found = shutil.which("soffice")
    if found is None:
        assert not ALL, "LibreOffice is not there, though everything is said to be installed"
        pytest.skip("LibreOffice is not installed (Debian's libreoffice-calc-nogui)")
    return found


def test_libreoffice_opens_what_was_marked(office: str, tmp_path: Path) -> None:
    source = by_xlsxwriter(tmp_path / "a.xlsx")
    done = run("audit", source, *AS_OF, "-o", tmp_path / "m.xlsx", lang="zh")
    assert done.returncode == 1, done.stderr
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to",
         "xlsx", "--outdir", str(tmp_path / "out"), str(tmp_path / "m.xlsx")],
        check=True, capture_output=True, timeout=300)
    opened = openpyxl.load_workbook(tmp_path / "out" / "m.xlsx")
    own = openpyxl.load_workbook(tmp_path / "m.xlsx")
    assert opened.sheetnames == own.sheetnames
    for sheet, was in zip(opened, own, strict=True):
        for row in was.iter_rows():
            for cell in row:
                seen = sheet[cell.coordinate]
                assert (seen.comment is None) == (cell.comment is None), cell.coordinate
                if cell.value is not None and not str(cell.value).startswith("="):
                    assert str(seen.value) == str(cell.value)
                if was.title == own.sheetnames[0] and cell.comment is not None:
                    assert seen.fill.fgColor.rgb == cell.fill.fgColor.rgb
    # What it saved is marked again as the first was, without a mark too many.
    again = run("audit", tmp_path / "out" / "m.xlsx", *AS_OF, "-o", tmp_path / "n.xlsx", lang="zh")
    assert again.returncode == 1, again.stderr
    twice = openpyxl.load_workbook(tmp_path / "n.xlsx")
    assert twice.sheetnames == own.sheetnames
    assert said(twice) == said(own)


def said(book: openpyxl.Workbook) -> dict[str, str]:
    """The comments of the first sheet."""
    return {cell.coordinate: cell.comment.text for row in book.worksheets[0].iter_rows()
            for cell in row if cell.comment}


def test_a_ledger_of_another_kind_gets_a_workbook_of_its_own(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path / "l.csv", [*LEDGER, record(8, 学号="350102199001011237")])
    done = run("audit", ledger, *AS_OF, "-o", tmp_path / "m.xlsx")
    assert done.returncode == 1, done.stderr
    book = openpyxl.load_workbook(tmp_path / "m.xlsx")
    with ledger.open(encoding="utf-8") as file:
        written = list(csv.reader(file))
    assert [[cell.value or "" for cell in row] for row in book.worksheets[0]] == written
    late = book.worksheets[0].cell(3, list(SOUND).index("回执收到日期") + 1)
    assert "1.6b violation" in late.comment.text
    assert len(CalamineWorkbook.from_path(tmp_path / "m.xlsx").sheet_names) == 3


def test_several_ledgers_have_a_folder(tmp_path: Path) -> None:
    first, second = write_ledger(tmp_path / "a.csv"), by_xlsxwriter(tmp_path / "b.xlsx")
    refused = run("audit", first, second, *AS_OF, "-o", tmp_path / "m.xlsx")
    assert refused.returncode == 2
    assert "2 ledgers" in refused.stderr
    assert "--format xlsx" in refused.stderr
    folder = tmp_path / "out"
    done = run("audit", first, second, *AS_OF, "-o", folder, "--format", "xlsx")
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "a.xlsx", "all findings.xlsx", "b.xlsx"]
    counts = {path.stem: openpyxl.load_workbook(path)["Findings"].max_row - 3
              for path in folder.iterdir()}
    assert counts["all findings"] == counts["a"] + counts["b"]
    assert run("audit", first, second, *AS_OF, "-o", folder, "-f", "xlsx").returncode == 1
    beside = run("audit", first, second, *AS_OF, "-o", tmp_path, "-f", "xlsx")
    assert beside.returncode == 2
    assert "b.xlsx" in beside.stderr


def test_only_a_former_marked_workbook_is_written_over(tmp_path: Path) -> None:
    source = by_xlsxwriter(tmp_path / "a.xlsx")
    target = tmp_path / "m.xlsx"
    assert run("audit", source, *AS_OF, "-o", target).returncode == 1
    assert run("audit", source, *AS_OF, "-o", target).returncode == 1
    book = openpyxl.load_workbook(target)
    book.save(target)  # somebody has worked in it
    kept = parts(target)
    done = run("audit", source, *AS_OF, "-o", target)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert parts(target) == kept
