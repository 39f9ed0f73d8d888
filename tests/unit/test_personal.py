"""Numbers of persons are hidden wherever they stand: in another column, in an error, in a text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.cli_command import AS_OF, record, run
from support.marks import few

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


@pytest.mark.parametrize("form", few(["table", "json", "csv", "jsonl", "markdown", "html"],
                                     "table", "json"))
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


@pytest.fixture
def waived(tmp_path: Path) -> tuple[Path, Path]:
    """A ledger keyed by id numbers, and a waiver that speaks of one of them in every text it has."""
    row = record(2, 回执收到日期="")
    del row["学号"]
    row = {"身份证号": NUMBER} | row
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("\n".join(map(",".join, (row, row.values()))) + "\n", encoding="utf-8")
    file = tmp_path / "waivers.yaml"
    texts = {key: f"{key} {NUMBER}" for key in ("reason", "basis", "requested_by", "approved_by")}
    entry = texts | {"clause": "1.6b", "granted_on": "2007-12-01", "expires": "2007-12-31"}
    file.write_text(yaml.safe_dump({"waivers": [
        entry | {"id": "W-1", "record": NUMBER},
        entry | {"id": "W-2", "where": f"member.id_number == '{NUMBER}'", "at_most": 2}]},
        allow_unicode=True), encoding="utf-8")
    return ledger, file


@pytest.mark.parametrize("form", few(["table", "json", "csv", "jsonl", "markdown", "html", "sarif",
                                      "junit", "github", "gitlab"], "table", "html", "sarif"))
def test_a_number_in_a_waiver_is_not_told(form: str, waived: tuple[Path, Path]) -> None:
    ledger, file = waived
    said = run("audit", ledger, *AS_OF, "--only", "1.6b", "--waivers", file, "--format", form)
    assert said.returncode == 0, said.stderr
    assert "W-1" in said.stdout
    assert NUMBER not in said.stdout + said.stderr


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_number_in_a_waiver_is_not_listed(form: str, waived: tuple[Path, Path]) -> None:
    ledger, file = waived
    for more in ((), ("--ledger", ledger)):
        said = run("waivers", "list", file, *AS_OF, *more, "--format", form, env={"COLUMNS": "400"})
        assert "W-2" in said.stdout
        assert NUMBER not in said.stdout + said.stderr
        assert said.stdout.count(HIDDEN) >= 2


def test_what_is_kept_of_an_audit_names_no_number(waived: tuple[Path, Path],
                                                  tmp_path: Path) -> None:
    ledger, file = waived
    folder, known = tmp_path / "out", tmp_path / "known.jsonl"
    call = ("audit", ledger, *AS_OF, "--waivers", file, "--partition-by", "clause", "-o", folder)
    assert run(*call).returncode == 1
    assert NUMBER not in (folder / "_audit.jsonl").read_text("utf-8")
    assert run("baseline", "create", ledger, *AS_OF, "--waivers", file, "-o",
               known).returncode == 0
    grown = run("baseline", "update", known, ledger, *AS_OF, "--grow", "--reason", f"为 {NUMBER}")
    assert grown.returncode == 0, grown.stderr
    text = known.read_text("utf-8")
    assert HIDDEN in text.splitlines()[0]
    assert NUMBER not in text
