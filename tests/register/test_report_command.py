"""`zhuanjie register report`: the monthly report from the command line, as the board has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.register_office import office
from support.sheets import words

from zhuanjie.cli.main import main


def test_the_report_is_the_boards(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with office(tmp_path) as at:
        at.register.judging.refresh(at.register.store)
    url = f"sqlite:///{tmp_path / 'register.db'}"

    def call(*args: str, code: int = 0) -> str:
        came = main(["register", "report", "--database", url, "--lang", "en", *args])
        said = capfd.readouterr()
        assert came == code, said
        return said.out + said.err

    made = json.loads(call())
    units = made["tables"][0]
    assert {row[0].split(" (")[0] for row in units["rows"]} >= {"数学系", "物理系"}
    assert units["rows"][-1][1] == sum(row[1] for row in units["rows"][:-1]) == 3
    assert made["note"].startswith("zhuanjie")
    files = {form: tmp_path / f"month.{form}" for form in ("pdf", "xlsx", "json")}
    for file in files.values():
        call("--output", str(file))
    assert "数学系" in words(files["pdf"].read_bytes())
    sheet = load_workbook(files["xlsx"]).worksheets[1]
    assert [[cell.value for cell in row] for row in sheet.rows] == [units["headings"], *units["rows"]]
    # Of a unit, and of a day before, which is worked out first.
    only = json.loads(call("--unit", "physics"))["tables"][0]["rows"]
    assert [row[1] for row in only] == [1]*len(only)
    assert "2020-01-31" in json.loads(call("--as-of", "2020-01-31"))["about"]
    assert "--output" in call("--format", "pdf", code=2)
    assert "nowhere" in call("--unit", "nowhere", code=2)
    assert "2999" in call("--as-of", "2999-01-01", code=2)
    assert "--force" in call("--output", str(files["pdf"]), code=2)
    call("--output", str(files["pdf"]), "--force")
    call("--output", str(files["xlsx"]))
