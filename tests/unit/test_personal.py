"""Numbers of persons are hidden wherever they stand: in another column, in an error, in a text."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli_command import run

from zhuanjie.engine.core.personal import hide_numbers

NUMBER = "350521198503124718"
HIDDEN = "350521**********18"


@pytest.mark.parametrize(("text", "shown"), [
    (NUMBER, HIDDEN),
    (f"身份证号：{NUMBER}，已核对", f"身份证号：{HIDDEN}，已核对"),
    ("35052119850312471x", "350521**********1x"),
    (f"{NUMBER} {NUMBER}", f"{HIDDEN} {HIDDEN}"),
    ("200705120117", "200705120117"),
    ("123456789012345678", "123456789012345678"),  # no day of birth in it
    (f"{NUMBER}0", f"{NUMBER}0"),
    ("", ""),
])
def test_a_number_is_known_by_how_it_is_made(text: str, shown: str) -> None:
    assert hide_numbers(text) == shown
    assert len(shown) == len(text)


@pytest.mark.parametrize("form", ["table", "json", "csv", "jsonl", "markdown", "html"])
def test_a_number_in_another_column_is_not_told(form: str, tmp_path: Path) -> None:
    """Cells shift; what cannot be read is quoted, and what is read stands in findings."""
    path = tmp_path / "ledger.csv"
    path.write_text("学号,姓名,转出时间,介绍信编号,介绍信存根序号,回执序号\n"
                    f"1,甲,{NUMBER},1,1,1\n2,乙,2007-06-20,{NUMBER},3,4\n", encoding="utf-8")
    said = run("audit", path, "--as-of", "2007-12-31", "--policy", "fujian-2007-80",
               "--absent", "blank", "--format", form)
    assert said.returncode == 1
    whole = said.stdout + said.stderr
    assert NUMBER not in whole
    assert HIDDEN in whole or HIDDEN.replace("*", "\\*") in whole


def test_a_number_on_the_command_line_is_not_echoed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("学号,姓名,转出时间\n1,甲,2007-06-20\n", encoding="utf-8")
    for call in (["explain", path, NUMBER], ["audit", path, "--column", f"{NUMBER}=无此字段"]):
        said = run(*call)
        assert said.returncode == 2
        assert NUMBER not in said.stdout + said.stderr
