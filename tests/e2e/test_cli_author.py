"""`zhuanjie policy test`, `mutate`, `diff` and `coverage`, as a user and a pipeline call them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.author_packs import CASES, MANIFEST, WEIGHED, write
from support.cli_command import run

WRONG = CASES.replace("[null, 2007-07-02, violation, null]", "[null, 2007-07-02, satisfied, null]")
HOLES = "".join(x for x in CASES.splitlines(keepends=True)
                if "- [2007-07-0" not in x and "null, 2007-07-01" not in x)


def test_cases_that_pass(tmp_path: Path) -> None:
    done = run("policy", "test", write(tmp_path), "--backend", "all")
    assert (done.returncode, done.stderr) == (0, "")
    assert "21 cases, all passed" in done.stdout
    data = json.loads(run("policy", "test", tmp_path, "--format", "json").stdout)
    assert data == {"cases": 21, "passed": 21, "failed": []}


@pytest.mark.slow
def test_cases_that_fail_in_every_form(tmp_path: Path) -> None:
    write(tmp_path, cases=WRONG)
    done = run("policy", "test", tmp_path, "--format", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert (data["cases"], data["passed"]) == (21, 20)
    (failed,) = data["failed"]
    assert failed["differs"] == [{"rule": "slip-back", "aspect": "outcome",
                                  "expected": "satisfied", "actual": "violation"}]
    assert failed["line"] == 11
    junit = run("policy", "test", tmp_path, "--format", "junit")
    suites = ElementTree.fromstring(junit.stdout)
    assert (suites.get("tests"), suites.get("failures")) == ("21", "1")
    assert len(suites.findall(".//failure")) == 1
    github = run("policy", "test", tmp_path, "--format", "github")
    assert github.stdout.startswith(f"::error file={tmp_path}/cases/all.yaml,line=11,title=slip")
    assert [d.returncode for d in (junit, github)] == [1, 1]
    assert "slip-back" in run("policy", "test", tmp_path, lang="zh").stdout


@pytest.mark.parametrize(("cases", "more", "said"), [
    (None, (), "no cases"),
    (CASES, ("--filter", "nowhere"), "no case of"),
    (CASES + "  - name: nothing\n", (), "checks nothing"),
])
def test_nothing_to_test_is_never_green(tmp_path: Path, cases: str | None,
                                        more: tuple[str, ...], said: str) -> None:
    done = run("policy", "test", write(tmp_path, cases=cases), *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_update_makes_them_pass(tmp_path: Path) -> None:
    write(tmp_path, cases=WRONG)
    done = run("policy", "test", tmp_path, "--update")
    assert done.returncode == 0
    assert "1 cases rewritten" in done.stderr
    assert (tmp_path / "cases" / "all.yaml").read_text(encoding="utf-8") == CASES


@pytest.mark.slow
def test_faults_that_go_unnoticed_are_shown_with_a_case(tmp_path: Path) -> None:
    whole = write(tmp_path, cases=CASES + WEIGHED)
    assert run("policy", "mutate", whole, "--jobs", "1").returncode == 0
    write(tmp_path, cases=HOLES)
    done = run("policy", "mutate", tmp_path, "--format", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["killed"] + data["equivalent"] + len(data["survivors"]) == data["mutants"]
    for survivor in data["survivors"]:
        assert set(survivor) == {"rule", "fault", "diff", "witness"}
        assert survivor["diff"].count("\n") == 2
    pasted = HOLES + "".join(f"  {line}\n" for s in data["survivors"]
                             for line in s["witness"]["case"].splitlines())
    again = json.loads(run("policy", "mutate", write(tmp_path, cases=pasted),
                           "--format", "json").stdout)
    assert again["survivors"] == []
    write(tmp_path, cases=HOLES)
    for lang in ("zh", "en"):
        assert "expect: {slip-back:" in run("policy", "mutate", tmp_path, lang=lang).stdout


@pytest.mark.slow
def test_two_packs_are_compared_in_three_views(tmp_path: Path) -> None:
    old = write(tmp_path / "old")
    new = write(tmp_path / "new", manifest=MANIFEST.replace("value: 30", "value: 20"))
    ledger = tmp_path / "l.csv"
    ledger.write_text("学号,转出时间,回执收到日期\nr1,2007-06-01,\nr2,2007-06-12,\nr3,2007-06-20,\n", "utf-8")
    args = ("policy", "diff", old, new, "--ledger", ledger, "--as-of", "2007-07-05")
    done = run(*args, "--format", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert [e["name"] for e in data["text"]] == ["grace"]
    assert {c: m["verdict"] for c, m in data["meaning"].items()} == {
        "1": "stricter", "2": "equal", "2a": "equal", "2b": "equal"}
    # All are due ten days sooner; what that comes to differs.
    assert data["impact"]["records_changed"] == 3
    assert {(c["record"], c["aspect"], c["was"], c["is"]) for c in data["impact"]["changes"]} == {
        ("r1", "due", "2007-07-01", "2007-06-21"), ("r1", "days_late", 4, 14),
        ("r2", "outcome", "pending", "violation"), ("r2", "due", "2007-07-12", "2007-07-02"),
        ("r2", "days_late", None, 3), ("r3", "due", "2007-07-20", "2007-07-10")}
    for form in ("table", "markdown"):
        shown = run(*args, "--format", form).stdout
        assert "stricter" in shown
        assert "r2" in shown
    same = run("policy", "diff", old, old)
    assert (same.returncode, "nothing differs" in " ".join(same.stdout.split())) == (0, True)


@pytest.mark.parametrize("spec", ["nowhere", "HEAD~1000:rules/x"])
def test_a_pack_that_is_not_there(tmp_path: Path, spec: str) -> None:
    done = run("policy", "diff", spec, write(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_coverage_in_every_form(tmp_path: Path) -> None:
    write(tmp_path, cases=CASES.replace("slip-back: not_applicable, ", ""))
    done = run("policy", "coverage", tmp_path, "--format", "json", "--fail-under", "100")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert 0.9 < data["score"] < 1
    assert {"score", "rules", "clauses", "uncovered"} <= set(data)
    assert {(u["rule"], u["value"]) for u in data["uncovered"]} == {
        ("slip-back", "not_applicable"), ("slip-back", "false")}
    assert run("policy", "coverage", tmp_path, "--fail-under", "90").returncode == 0
    assert run("policy", "coverage", tmp_path).returncode == 0
    target = tmp_path / "page.html"
    assert run("policy", "coverage", tmp_path, "--format", "html", "-o", target,
               lang="zh").returncode == 0
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("policy", "coverage", tmp_path, "--fail-under", "many").returncode == 2


def test_coverage_of_what_changed(tmp_path: Path) -> None:
    old = write(tmp_path / "old")
    new = write(tmp_path / "new", manifest=MANIFEST.replace("value: 30", "value: 31"),
                cases="as_of: 2007-01-01\nunnamed: any\ncases:\n"
                      "  - {name: none, expect: {where-to: not_applicable}}\n")
    data = json.loads(run("policy", "coverage", new, "--diff", old, "--format", "json").stdout)
    assert set(data["rules"]) == {"slip-back"}
    assert data["score"] == 0
    same = json.loads(run("policy", "coverage", old, "--diff", old, "--format", "json").stdout)
    assert same["coverable"] == 0
