"""What was not audited is named in every format, and `--strict` refuses it."""

import json
from pathlib import Path

import polars as pl
import pytest
from support.cli_command import run

AS_OF = ("--as-of", "2007-12-31")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a ledger without findings of weight and two files that are none."""
    monkeypatch.chdir(tmp_path)
    where = tmp_path / "d"
    where.mkdir()
    (where / "a.csv").write_text("学号,姓名\n1,甲\n", encoding="utf-8")
    (where / "b.docx").write_text("x", encoding="utf-8")
    (where / "readme.txt").write_text("说明", encoding="utf-8")
    return tmp_path


def names(text):
    return all(name in text.replace("\\\\", "/") for name in ("b.docx", "readme.txt"))


@pytest.mark.parametrize("form", ["table", "markdown", "json", "jsonl", "csv"])
def test_every_format_names_what_was_not_audited(folder, form):
    done = run("audit", "d", *AS_OF, "--format", form)
    assert names(done.stdout)
    if form in ("csv", "jsonl"):
        assert names(done.stderr)
    if form == "json":
        skipped = json.loads(done.stdout)["ledger"]["skipped"]
        assert [(Path(s["file"]).name, s["sheet"]) for s in skipped] == [
            ("b.docx", None), ("readme.txt", None)]
        assert all(s["reason"] for s in skipped)


def test_a_file_of_findings_names_them_too(folder):
    run("audit", "d", *AS_OF, "--output", "found.parquet")
    assert names(" ".join(pl.read_parquet("found.parquet")["file"].drop_nulls().to_list()))


def test_the_exit_code(folder):
    assert run("audit", "d", *AS_OF, "--only", "1.3a").returncode == 0
    strict = run("audit", "d", *AS_OF, "--only", "1.3a", "--strict", "--lang", "en")
    assert strict.returncode == 2
    assert "--strict" in strict.stderr
    named = ("audit", "d/a.csv", "d/b.docx", *AS_OF, "--only", "1.3a")
    assert run(*named).returncode == 1
    assert run(*named, "--fail-on", "never").returncode == 0
    assert run("audit", "d/a.csv", *AS_OF, "--only", "1.3a").returncode == 0
    nothing = run("audit", "d/b.docx", "d/readme.txt", *AS_OF)
    assert nothing.returncode == 2
    assert names(nothing.stderr)
