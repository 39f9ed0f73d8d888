"""Input that is broken, or means harm: an answer or exit 2 with one message, soon and in bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from support.child import limited
from support.cli_command import AS_OF, COMMAND, SOUND, record, run, write_ledger

RULES = "id: bad-1\nversion: 1.0.0\n"


def fine(done: subprocess.CompletedProcess[str], *codes: int) -> None:
    assert done.returncode in (codes or (0, 1, 2)), done.stderr
    for word in ("Traceback", "internal error", "panicked", "RUST_BACKTRACE"):
        assert word not in done.stderr


@pytest.mark.parametrize("text", [
    "!!int x", "a: !!int x", "a: !!bool maybe", "a: !!float y", "a: !!timestamp z",
    "a: !!binary é", "a: !!set [1]", "a: !!omap 1", "!!pairs x", "a: !!python/object:os.system x",
    "[" * 5000, "a: " * 50, "{" * 300 + "}" * 300, "&a [*a]",
])
def test_yaml_records(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    fine(run("check", path, *AS_OF), 2)


@pytest.mark.parametrize("depth", [90, 300, 950, 990, 20_000])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_deep_json(depth: int, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"r.{ending}"
    path.write_text('{"学号": "1", "姓名": "a", "letter": ' + '[{"a":' * depth + "1" + "}]" * depth + "}",
                    encoding="utf-8")
    fine(run("audit", path, *AS_OF, "--absent", "blank"))
    if ending == "json":
        fine(run("check", path, *AS_OF))


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_half_a_character(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"r.{ending}"
    one = '{"学号": "1", "姓名": "\\ud800", "a\\ud800b": "x\\udfff", "去向类型": ["\\ud834"]}'
    path.write_text(one if ending == "jsonl" else f"[{one}]", encoding="utf-8")
    for form in ("json", "csv"):
        fine(run("audit", path, *AS_OF, "--format", form))
    if ending == "json":
        fine(run("check", path, *AS_OF, "--format", "json"))


@pytest.mark.parametrize("text", ["{}\n" * 20_000, "[" + ",".join(["{}"] * 20_000) + "]",
                                  "[" + ",".join(["{}"] * 30) + "]", "[]", '{"records": []}'])
def test_records_without_anything(text: str, tmp_path: Path) -> None:
    path = tmp_path / ("r.json" if text[0] == "[" else "r.jsonl")
    path.write_text(text)
    fine(run("audit", path, *AS_OF))


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("ms"), pl.Datetime("us", "Asia/Shanghai")])
@pytest.mark.parametrize("nested", [False, True])
def test_days_that_no_calendar_has(kind: pl.DataType, nested: bool, tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    far = pl.Series("转出时间", [2**31 - 1, -2**31, 13_694], dtype=pl.Int32)
    if kind != pl.Date:
        far = pl.Series("转出时间", [2**62, -2**62, 1_183_161_600_000], dtype=pl.Int64)
    frame = pl.DataFrame([pl.Series("学号", ["1", "2", "3"]), pl.Series("姓名", ["a", "b", "c"]),
                          far.cast(kind)])
    if nested:
        frame = frame.select("学号", "姓名", letter=pl.struct(issued_on="转出时间"))
    frame.write_parquet(path)
    done = run("audit", path, *AS_OF, "--absent", "blank", "--format", "json")
    fine(done, 1)
    assert done.stdout.count('"records.') >= 0
    assert '"row": 1' in done.stdout


def test_a_number_that_is_no_day(tmp_path: Path) -> None:
    path = tmp_path / "l.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, list(SOUND))
    sheet.write_row(1, 0, list(record(1).values()))
    at = list(SOUND).index("转出时间")
    sheet.write_number(1, at, 1e300, day)
    book.close()
    fine(run("audit", path, *AS_OF))


@pytest.mark.parametrize("url", ["table=a.b.c", "table=%00", "table=", "table=x&order=%00"])
def test_names_of_tables(url: str) -> None:
    fine(run("audit", f"postgresql://127.0.0.1:1/d?{url}", *AS_OF), 2)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes there")
@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_a_file_name_that_is_no_text(form: str, tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "l.csv")
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.csv"
    os.link(path, odd)
    for args in (odd, tmp_path):
        done = subprocess.run([COMMAND, "audit", args, *AS_OF, "--format", form, "--lang", "en"],
                              capture_output=True, text=True, check=False)
        fine(done, 1 if args == tmp_path else 2)
        assert "not UTF-8" in done.stderr + done.stdout


def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'cd "$0" && rmdir "$0" && "$1" audit /dev/null --lang en', gone, COMMAND],
        capture_output=True, text=True, check=False)
    fine(done, 2)
    assert "the folder this is run in" in done.stderr


def pack(folder: Path, topic: str) -> Path:
    (folder / "pack.yaml").write_text(
        "id: bad-1\nversion: 1.0.0\nvocabulary: party-transfer\ntitle: {zh: 甲, en: a}\n",
        encoding="utf-8")
    (folder / "10-a.yaml").write_text(topic, encoding="utf-8")
    return folder


@pytest.mark.parametrize("topic", [
    "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
    f"rules: {'9' * 5000}\n", "rules: " + "[" * 20_000, "rules: " + "{a: " * 5000,
    "&a {a: *a}", "rules: !!int x",
], ids=["aliases", "digits", "lists", "groups", "loop", "tag"])
def test_packs_that_mean_harm(topic: str, tmp_path: Path) -> None:
    began = time.monotonic()
    done = run("policy", "lint", pack(tmp_path, topic), timeout=60)
    fine(done, 1, 2)
    assert time.monotonic() - began < 30


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("name", ["10-a.yaml", "pack.yaml", "cases.yaml"])
def test_a_pack_with_a_pipe(name: str, tmp_path: Path) -> None:
    pack(tmp_path, "rules: []\n")
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    fine(run("policy", "lint", tmp_path, timeout=30))


def test_a_day_is_read_all_the_same(tmp_path: Path) -> None:
    """Bounds of days change nothing of those that there are."""
    path = tmp_path / "l.parquet"
    pl.DataFrame({"学号": ["1"], "姓名": ["a"], "离校时间": [date(2007, 6, 30)]}).write_parquet(path)
    done = run("audit", path, *AS_OF, "--absent", "blank", "--format", "json", "--all")
    fine(done, 1)
    assert "2007-06-30" in done.stdout


@pytest.mark.parametrize(("columns", "code"), [(16_000, 0), (300_000, 2)])
@pytest.mark.parametrize("ending", ["csv", "json", "jsonl"])
def test_many_columns(columns: int, code: int, ending: str, tmp_path: Path) -> None:
    """Time grows with the columns, and there is an end to them."""
    path = tmp_path / f"l.{ending}"
    names = ["学号", "姓名", *(f"heading{n}" for n in range(columns))]
    cells = ["1", "a", *["x"] * columns]
    if ending == "csv":
        path.write_text(",".join(names) + "\n" + ",".join(cells) + "\n", encoding="utf-8")
    else:
        one = json.dumps(dict(zip(names, cells, strict=True)))
        path.write_text(f"[{one}]" if ending == "json" else one, encoding="utf-8")
    began = os.times().children_user
    done = run("audit", path, *AS_OF, "--absent", "blank", "--quiet")
    fine(done, code)
    assert os.times().children_user - began < 20
    if code == 2:
        assert "columns" in done.stderr


def test_a_pack_of_too_many_rules(tmp_path: Path) -> None:
    rules = "".join(f'  - {{id: r{n}, clause: "{n}", when: "member.age > {n}"}}\n'
                    for n in range(6_000))
    done = run("policy", "lint", pack(tmp_path, "rules:\n" + rules), timeout=100)
    fine(done, 1, 2)
    assert "6000 rules" in done.stderr


@pytest.mark.parametrize("text", ["二〇" * 20_000, "2007-06-30 " * 5_000, " " * 30_000 + "x"])
def test_a_long_text_in_every_cell(text: str, tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "l.csv", [dict.fromkeys(SOUND, text), record(2)])
    began = os.times().children_user
    fine(run("audit", path, *AS_OF, "--summary"))
    assert os.times().children_user - began < 20


def test_a_pack_file_that_is_too_long(tmp_path: Path) -> None:
    with pack(tmp_path, "rules: []\n").joinpath("10-a.yaml").open("r+b") as file:
        file.truncate(40 << 20)
    done = run("policy", "lint", tmp_path)
    fine(done, 2)
    assert "40 MB" in done.stderr


def test_a_long_table_and_a_long_line(tmp_path: Path) -> None:
    """A table's rows are compared with each other; of a line only what is near the caret is shown."""
    rows = "        - {clause: '1', allow: [retained]}\n" * 51
    done = run("policy", "lint", pack(tmp_path, f"rules:\n  - id: a\n    table:\n      rows:\n{rows}"))
    fine(done, 2)
    assert "51 rows" in done.stderr
    done = run("eval", "member.name in [" + ", ".join(f"'x{n}'" for n in range(9_000)) + "] && zz")
    fine(done, 2)
    assert "^" in done.stderr
    assert len(done.stderr) < 2_000


@pytest.mark.parametrize("value", [2**63, -2**63 - 1, 2**70, 10**400])
def test_numbers_beyond_64_bits(value: int) -> None:
    """No engine is asked what another would answer otherwise."""
    from zhuanjie.engine import ExpressionError, UsageError, evaluate, load_policy
    from zhuanjie.engine.api import with_params

    for engine in ("reference", "python", "durable"):
        with pytest.raises(ExpressionError):
            evaluate("a.b == params.x", {"a": {"b": 2**63 - 1}}, backend=engine,
                     params={"x": value})
    with pytest.raises(UsageError):
        with_params(load_policy("fujian-2007-80"), {"letter_validity_days": value})


@pytest.mark.parametrize("far", ["A1048576", "a1048576", "AW99999999999999999999",
                                 "XFD1", "A" * 30 + "1", "ZZZ1048576"])
def test_a_cell_that_is_far_out(far: str, tmp_path: Path) -> None:
    """What a sheet spans is bounded by what stands in it, before anything lays it out."""
    pytest.importorskip("resource")
    plain, path = tmp_path / "plain.xlsx", tmp_path / "l.xlsx"
    book = xlsxwriter.Workbook(str(plain))
    sheet = book.add_worksheet()
    for at, row in enumerate([list(SOUND), list(record(1).values())]):
        sheet.write_row(at, 0, row)
    book.close()
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(path, "w") as out:
        for name in parts.namelist():
            data = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b'<c r="A2"', f'<c r="{far}"'.encode(), 1)
            out.writestr(name, data)
    done = subprocess.run(
        limited([COMMAND, "audit", str(path), *AS_OF, "--lang", "en"], "RLIMIT_AS", 6 << 30),
        capture_output=True, text=True, check=False, timeout=60)
    fine(done)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_is_no_file_in_a_folder_is_said(kind: str, tmp_path: Path) -> None:
    """Whoever audits a folder is told of what in it was not read."""
    (tmp_path / "a.csv").write_text("学号\n06018\n", encoding="utf-8")
    at = tmp_path / "b.csv"
    os.mkfifo(at) if kind == "pipe" else at.symlink_to(tmp_path / "nothing")
    done = run("audit", tmp_path, "--as-of", "2007-12-31", "--format", "json", timeout=30)
    fine(done, 0)
    assert "b.csv" in done.stdout
