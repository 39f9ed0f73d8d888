"""`zhuanjie compare`, as a user calls it on what `audit` wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from support.cli_command import AS_OF, record, run, write_ledger

POLICY = ("--policy", "fujian-2007-80")
OLD = [record(1, 回执收到日期=""), record(2, 是否落实工作单位=""), record(3, 离校教育时间="2007-07-10"),
       record(4, 介绍信姓名="某"), record(5, 介绍信联系电话="1")]
NEW = [record(1, 回执收到日期=""), record(2, 是否落实工作单位="否"), record(3),
       record(5, 介绍信联系电话="1"), record(6, 介绍信联系电话="2")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare")
    write_ledger(path / "old.csv", OLD)
    write_ledger(path / "new.csv", NEW)
    for form in ("json", "jsonl", "csv", "parquet"):
        run("audit", path / "old.csv", *AS_OF, "-o", path / f"old-report.{form}")
        run("audit", path / "new.csv", *POLICY, "--as-of", "2008-01-31", "-o",
            path / f"new-report.{form}")
    return path


def compared(folder: Path, *more: str | Path, old: str = "json", new: str = "json") -> dict[
        tuple[str, str], str]:
    done = run("compare", folder / f"old-report.{old}", folder / f"new-report.{new}", *more,
               "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return {(f["record"], f["clause"]): f["state"] for f in json.loads(done.stdout)["findings"]}


def test_what_is_new_mended_and_open(folder: Path) -> None:
    found = compared(folder)
    assert found["06001", "1.6b"] == "open"
    assert found["06002", "1.2c"] == "changed"
    assert found["06003", "1.1a"] == found["06004", "1.3a"] == "unreported"
    assert found["06005", "1.3b"] == "open"
    assert found["06006", "1.3b"] == "new"
    with_ledger = compared(folder, "--ledger", folder / "new.csv")
    assert with_ledger["06003", "1.1a"] == "mended"
    assert with_ledger["06004", "1.3a"] == "gone"


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_every_form_of_report_is_read(folder: Path, form: str) -> None:
    assert compared(folder, old=form, new=form) == compared(folder) == compared(folder, old=form)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form", ["table", "markdown", "html", "csv"])
def test_every_form_is_written(folder: Path, form: str, lang: str) -> None:
    done = run("compare", folder / "old-report.json", folder / "new-report.json", "-f", form,
               lang=lang)
    assert done.returncode == 1, done.stderr
    for text in ("06003", "06006", "1.3b", "2007-12-31"):
        assert text in done.stdout
    if form == "csv":
        rows = list(csv.DictReader(done.stdout.splitlines()))
        assert {(r["record"], r["clause"]): r["state"] for r in rows} == compared(folder)
        assert {r["since"] for r in rows if r["state"] == "open"} == {"2007-12-31"}
        assert "--ledger" in done.stderr


def test_only_what_is_new_or_worse_fails(folder: Path) -> None:
    old, new = folder / "old-report.json", folder / "new-report.json"
    assert run("compare", old, old).returncode == 0
    assert run("compare", old, new).returncode == 1
    assert run("compare", old, new, "--fail-on", "never").returncode == 0


def test_a_file_of_ours_is_written_over_and_no_other(folder: Path, tmp_path: Path) -> None:
    call = ("compare", folder / "old-report.json", folder / "new-report.json", "-o")
    for ending in ("json", "csv", "html", "md", "txt"):
        for _ in range(2):
            assert run(*call, tmp_path / f"c.{ending}").returncode == 1
    assert run(*call, folder / "new-report.json").returncode == 2
    (tmp_path / "mine.csv").write_text("a,b\n", "utf-8")
    assert run(*call, tmp_path / "mine.csv").returncode == 2


@pytest.mark.parametrize("files", [
    ["old.csv", "new-report.json"], ["gone.json", "new-report.json"], ["new-report.json"]])
def test_what_is_no_report_is_one_message(folder: Path, files: list[str]) -> None:
    done = run("compare", *(folder / name for name in files))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("error: ") == 1 and "Traceback" not in done.stderr


def test_groups_of_a_field(folder: Path, tmp_path: Path) -> None:
    for name, day in (("old", "2007-12-31"), ("new", "2008-01-31")):
        run("audit", folder / f"{name}.csv", *POLICY, "--as-of", day, "--by", "届别", "-o",
            tmp_path / f"{name}.json")
    done = run("compare", tmp_path / "old.json", tmp_path / "new.json", "--by", "届别", "-f", "json")
    data = json.loads(done.stdout)
    assert data["summary"]["by"]["member.cohort"]["2007"]["new"] == data["summary"]["new"]
    assert {f["by"]["member.cohort"] for f in data["findings"]} == {"2007"}
    wrong = run("compare", folder / "old-report.json", folder / "new-report.json", "--by", "届别")
    assert wrong.returncode == 2 and "--by" in wrong.stderr
