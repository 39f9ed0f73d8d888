"""`zhuanjie policy new`, `docs` and `fmt`, as a user and a pipeline call them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.author_packs import CASES, MANIFEST, write
from support.cli_command import run


@pytest.mark.slow
def test_a_new_pack_passes_what_a_pipeline_asks(tmp_path: Path) -> None:
    done = run("policy", "new", "mine-2024-1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    lints = json.loads(run("policy", "lint", "mine-2024-1", "-f", "json", cwd=tmp_path).stdout)
    assert {lint["id"] for lint in lints["lints"]} == {"left-over"}
    for command in (("test", "--backend", "all"), ("coverage", "--fail-under", "100"),
                    ("verify",), ("mutate", "--jobs", "1")):
        name, *more = command
        checked = run("policy", name, "mine-2024-1", *more, cwd=tmp_path)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "used")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    done = run("policy", "new", "mine", "--output", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not empty" in done.stderr
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert run("policy", "new", "mine", "-o", folder / "pack.yaml").returncode == 2
    other = run("policy", "new", "Mine", "-o", tmp_path / "new", lang="zh")
    assert other.returncode == 2
    assert not (tmp_path / "new").exists()
    assert "规则包的标识" in other.stderr


def test_a_new_pack_on_a_base(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = run("policy", "new", "mine", "-o", folder, "--builds-on", "fujian-2007-80")
    assert made.returncode == 0
    assert run("policy", "coverage", folder, "--fail-under", "100").returncode == 0
    wrong = run("policy", "new", "mine", "-o", tmp_path / "b", "--builds-on", "fujian-2007-81")
    assert wrong.returncode == 2
    assert "fujian-2007-80" in wrong.stderr


def test_a_pack_as_a_document(tmp_path: Path) -> None:
    write(tmp_path)
    done = run("policy", "docs", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    text = done.stdout.replace("\\", "")
    assert text.startswith("# tried\n")
    for said in ("## What the document leaves open", "| grace", "| 30 days", "### 1 one",
                 "Applies where letter.issued_on is on record.",
                 "Due: 30 day(s) (grace) after letter.issued_on. Done on: receipt.returned_on.",
                 "when: has(letter.issued_on)", "| 2a", "residence_township, parents_township",
                 "A row of the table under clause 2.", "| no letter", "21 cases try 100.0 %"):
        assert said in text, said
    chinese = run("policy", "docs", tmp_path, lang="zh").stdout
    assert "期限：转出时间后30天（grace）。完成日期：回执收到日期。" in chinese.replace("\\", "")
    page = tmp_path / "page.html"
    assert run("policy", "docs", tmp_path, "--format", "html", "-o", page).returncode == 0
    written = page.read_text(encoding="utf-8")
    assert written.startswith("<!doctype html>")
    assert not re.search("https?:", written.replace("https://no", ""))
    assert "residence_township, parents_township" in written


@pytest.mark.parametrize(("cases", "said"), [
    (None, "no cases of its own"),
    (CASES.replace("  - name: no letter", "  - name: <b>no|letter"), "no\\|letter"),
])
def test_a_document_of_what_is_odd(tmp_path: Path, cases: str | None, said: str) -> None:
    done = run("policy", "docs", write(tmp_path, cases=cases))
    assert done.returncode == 0
    assert said in done.stdout
    page = run("policy", "docs", tmp_path, "--format", "html").stdout
    assert "<b>" not in page


def test_a_document_of_a_pack_that_only_narrows_another(tmp_path: Path) -> None:
    base = write(tmp_path / "tried")
    over = MANIFEST.replace("id: tried", "id: over\nbuilds_on: tried").split("parameters:")[0]
    (tmp_path / "over").mkdir()
    (tmp_path / "over" / "pack.yaml").write_text(over, encoding="utf-8")
    done = run("policy", "docs", tmp_path / "over")
    assert done.returncode == 0
    assert "Taken over from tried." in done.stdout
    assert run("policy", "docs", base / "nowhere").returncode == 2


def test_files_are_laid_out_without_a_change_of_meaning(tmp_path: Path) -> None:
    cases = CASES.replace("  - name: no letter", "\n\n\n  - name: no letter  ").replace(
        "  # the boundary", "  # the boundary   ")
    write(tmp_path, cases=cases, manifest=MANIFEST.replace("\n", "\r\n"))

    def sha() -> str:
        return json.loads(run("policy", "show", tmp_path, "-f", "json").stdout)["policy"]["sha256"]

    before, meant = (tmp_path / "cases" / "all.yaml").read_bytes(), sha()
    checked = run("policy", "fmt", tmp_path, "--check")
    assert (checked.returncode, checked.stdout) == (1, "")
    assert "all.yaml" in checked.stderr
    assert "10-rules.yaml" not in checked.stderr
    assert (tmp_path / "cases" / "all.yaml").read_bytes() == before
    assert run("policy", "fmt", tmp_path).returncode == 0
    after = (tmp_path / "cases" / "all.yaml").read_text(encoding="utf-8")
    assert "\n\n\n" not in after
    assert "  # the boundary\n" in after
    assert sha() == meant
    assert b"\r" not in (tmp_path / "pack.yaml").read_bytes()
    assert run("policy", "fmt", tmp_path, "--check", lang="zh").returncode == 0
    assert run("policy", "test", tmp_path).returncode == 0


def test_what_cannot_be_laid_out_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, rules="topic: [\n")
    done = run("policy", "fmt", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "10-rules.yaml" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("policy", "fmt", tmp_path / "nowhere").returncode == 2


def test_a_change_is_tried_on_a_ledger_with_few_columns(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old"), write(tmp_path / "new", manifest=MANIFEST.replace(
        "value: 30", "value: 45"))
    ledger = tmp_path / "l.csv"
    ledger.write_text("学号,转出时间\n1,2007-06-01\n", encoding="utf-8")
    done = run("policy", "diff", old, new, "--ledger", ledger, "--as-of", "2007-07-10", lang="zh")
    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if "没有这些列" in line]
    assert "回执收到日期" in said
    assert re.search(r"核对：1(?!\d)", said)
