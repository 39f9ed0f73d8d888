"""What is written over. In: files of ours and of others. Out: ours may be, no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.cli_command import AS_OF, write_ledger
from support.marks import few

from zhuanjie.cli.main import main
from zhuanjie.report import OFFERED
from zhuanjie.report.ownership import is_ours


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "ledger.csv")


@pytest.mark.parametrize("ending", few(["txt", "md", "html", "json", "jsonl", "csv", "parquet"],
                                       "txt", "json", "parquet"))
def test_a_former_report_is_written_over(ledger: Path, tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"report.{ending}"
    for lang in ("zh", "en"):
        assert main(["audit", str(ledger), *AS_OF, "-o", str(target), "--lang", lang]) == 1
    assert is_ours(target)


@pytest.mark.parametrize("call", [
    ["fields"], ["policy", "list"], ["policy", "show", "fujian-2007-80"],
    ["policy", "lint", "fujian-2007-80"],
    ["policy", "diff", "fujian-2007-80", "fujian-2007-80"],
], ids=" ".join)
@pytest.mark.parametrize("ending", few(["json", "md", "txt"], "md"))
def test_any_commands_former_output_is_written_over(
    tmp_path: Path, call: list[str], ending: str,
) -> None:
    target = tmp_path / f"out.{ending}"
    for _ in range(2):
        assert main([*call, "-o", str(target)]) == 0


@pytest.mark.parametrize(("name", "held"), [
    ("a.csv", b"\xe5\xad\xa6\xe5\x8f\xb7,\xe5\xa7\x93\xe5\x90\x8d\n06018,\xe7\x8e\x8b\n"),
    ("a.csv", b"record,name\n1,2\n"), ("a.json", b'[{"member.id": "1"}]\n'),
    ("a.json", b'{"policy": "mine"}'), ("a.jsonl", b'{"member.id": "1"}\n'),
    ("a.md", b"# Minutes\n"), ("a.txt", b"notes\n-- zhuanjie\nand more\n"),
    ("a.html", b"<!doctype html>\n<html><head></head></html>"), ("a.parquet", b"PAR1 no more"),
])
def test_what_others_wrote_stays(ledger: Path, tmp_path: Path, name: str, held: bytes,
                                 capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / name
    target.write_bytes(held)
    call = ["audit", str(ledger), *AS_OF, "-o", str(target)]
    assert main(call) == 2
    assert "--force" in capsys.readouterr().err
    assert target.read_bytes() == held
    assert main([*call, "--force"]) == 1
    assert is_ours(target)


def test_a_report_that_somebody_went_on_writing_is_theirs(ledger: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    main(["audit", str(ledger), *AS_OF, "-o", str(target)])
    with target.open("a", encoding="utf-8") as file:
        file.write("\nspoken with the college on Monday\n")
    assert not is_ours(target)


def test_the_ledger_is_kept_even_with_force(ledger: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    before = ledger.read_bytes()
    assert main(["audit", str(ledger), *AS_OF, "-o", str(ledger), "--force"]) == 2
    assert ledger.read_bytes() == before
    assert "overwrite" in capsys.readouterr().err


def test_an_empty_file_and_what_is_no_file_are_written_to(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "made.json").touch()
    assert main(["audit", str(ledger), *AS_OF, "-o", str(tmp_path / "made.json")]) == 1
    assert main(["audit", str(ledger), *AS_OF, "-f", "json", "-o", os.devnull]) == 1


def test_a_blank_ledger_is_ours_until_it_is_filled_in(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    target = tmp_path / "blank.xlsx"
    for _ in range(2):
        assert main(["template", "-o", str(target)]) == 0
    book = openpyxl.load_workbook(target)
    book.worksheets[0]["A2"] = "06018"
    book.save(target)
    assert main(["template", "-o", str(target)]) == 2
    assert main(["template", "-o", str(target), "--force"]) == 0


def test_a_made_up_ledger_is_a_ledger(tmp_path: Path) -> None:
    call = ["generate", "--records", "3", "--seed", "1", "-o", str(tmp_path / "l.csv")]
    assert main(call) == 0
    assert main(call) == 2
    assert main([*call, "--force"]) == 0


@pytest.mark.parametrize(("args", "says"), [
    (["-o", "x.docx"], ".jsonl"), (["-o", "x.doc", "-f", "json"], ".doc"), (["-o", "x"], ".md"),
    (["-o", "x.csv", "-f", "json"], "csv"), (["-o", "x.JSON", "-f", "csv"], "json"),
])
def test_an_ending_that_says_nothing_or_another_thing_is_refused(
    ledger: Path, args: list[str], says: str, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["audit", str(ledger), *AS_OF, *args]) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.glob("x*"))


def test_the_ending_chooses_for_every_command(tmp_path: Path) -> None:
    assert main(["policy", "list", "-o", str(tmp_path / "packs.JSON")]) == 0
    assert (tmp_path / "packs.JSON").read_text("utf-8").startswith("[")


def test_help_names_every_ending_and_engine(capsys: pytest.CaptureFixture[str]) -> None:
    from zhuanjie.engine.api import backends
    from zhuanjie.report import endings

    assert main(["audit", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(word in text for word in (*endings("audit"), *backends(), *OFFERED["audit"]))
