"""What a ledger's cells say is shown in every format and obeyed in none."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from support.cli_command import AS_OF, record, run, write_ledger
from support.marks import few

from zhuanjie.report.inert import commandless, csv_cell, markdown


@pytest.mark.parametrize(("text", "shown"), [
    ("::error::x", ": :error::x"), ("a\n  ::add-mask::x", "a\n  : :add-mask::x"),
    ("a ::error::x", "a ::error::x"), ("a ##[error]x", "a # #[error]x"),
    ("##vso[task.complete]", "# #vso[task.complete]"), ("## heading", "## heading"), ("", ""),
])
def test_a_line_commands_no_build_server(text: str, shown: str) -> None:
    assert commandless(text) == shown


@pytest.mark.parametrize(("cell", "shown"), [
    *((f"{first}1+1", f"'{first}1+1") for first in "=+-@＝＋－＠"),
    ("a;=1+1", "a;'=1+1"), ("a; =1", "a;' =1"), ('a;"=1', "a;'\"=1"), (" =1", "' =1"),
    ("a\n=1", "a\n'=1"), ("\t=1", "'\t'=1"), ("a\x1b[31m\u202eb", "a\ufffd[31m\ufffdb"),
    ("::add-mask::1", ": :add-mask::1"), ("2007-06-30", "2007-06-30"), ("a=1;b", "a=1;b"),
    ("党员-1", "党员-1"), (7, 7), (None, None),
])
def test_a_cell_is_no_formula(cell: object, shown: object) -> None:
    assert csv_cell(cell) == shown


@pytest.mark.parametrize(("text", "shown"), [
    ("@name", "@&#8203;name"), ("see https://x.org", "see https:&#8203;//x.org"),
    ("www.x.org", "www&#8203;.x.org"), ("a@b.org", "a@&#8203;b.org"), ("#12", r"\#&#8203;12"),
    ("GH-12", "GH-&#8203;12"), ("&#64;name", r"\&\#&#8203;64;name"), ("a & b", "a & b"),
    ("\x1b[1m\u202e", "\ufffd\\[1m\ufffd"), ("::error::", ": :error::"), ("a\nb", "a<br>b"),
    ("![x](y)", r"!\[x\](y)"), ("$x$", r"\$x\$"),
])
def test_markdown_calls_on_nobody(text: str, shown: str) -> None:
    assert markdown(text) == shown


BAD = "\x1b[2J::error::x\n::add-mask::y\n@name https://x.org \u202e##[group]z;=1+1"


@pytest.mark.parametrize("form", few(["table", "csv", "markdown"], "csv"))
def test_no_output_is_steered_by_a_cell(form: str, tmp_path: Path) -> None:
    rows = [record(1, 姓名=BAD, 转出时间=BAD), record(2, 学号=BAD, 回执收到日期="")]
    path = write_ledger(tmp_path / "l.csv", rows)
    said = run("audit", path, *AS_OF, "--format", form, "--all")
    assert said.returncode in (1, 2)
    for text in (said.stdout, said.stderr):
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
        assert not {"\x1b", "\u202e"} & set(text)
        assert "##[" not in text
    if form == "csv":
        assert ";=1" not in said.stdout
        assert len(next(csv.reader(io.StringIO(said.stdout)))) > 10
    if form == "markdown":
        assert "@name" not in said.stdout
        assert "https://x" not in said.stdout


@pytest.mark.parametrize("form", few(["table", "csv", "markdown", "ics"], "markdown"))
def test_no_output_is_steered_by_a_heading(form: str, tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "l.csv", [record(1, 回执收到日期="")])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("转出时间", "转出时间\x1b[2J\u202e", 1).replace(
        "2007-06-30", "2007-02-30"), encoding="utf-8")
    command = ["deadlines"] if form == "ics" else ["audit"]
    said = run(*command, path, *AS_OF, "--format", form)
    assert not {"\x1b", "\u202e"} & set(said.stdout + said.stderr)
