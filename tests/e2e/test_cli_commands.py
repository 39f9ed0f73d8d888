"""`zhuanjie eval`, `policy`, `completion` and help, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli_command import run

CLAUSE = "1.6b"


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith("zhuanjie ")
    assert "audit" in run("--help").stdout
    assert "核对整本台账" in run("--help", lang="zh").stdout


@pytest.mark.parametrize(("expression", "value"), [
    ("1 + 2 * 3", "7"), ("'党'.size() == 1", "true"), ("member.id", '"06001"'),
    ("member.left_on + days(30)", '"2007-07-30"'), ("as_of - member.left_on", '"P184D"'),
    ("member.x > 3", "true"), ("member.name == '甲'", "unknown"),
    ("false && member.name == '甲'", "false"),
])
def test_an_expression_has_a_value(tmp_path: Path, expression: str, value: str) -> None:
    data = tmp_path / "r.json"
    data.write_text('{"学号": "06001", "离校时间": "2007-06-30", "member": {"x": 4}}', "utf-8")
    done = run("eval", expression, "--data", data, "--as-of", "2007-12-31")
    assert (done.returncode, done.stdout.strip()) == (0, value), done.stderr


def test_an_expression_that_is_wrong_is_shown_with_a_caret() -> None:
    done = run("eval", "1 + + ")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "^" in done.stderr


def test_packs_are_listed() -> None:
    packs = json.loads(run("policy", "list", "--format", "json").stdout)
    assert {"fujian-2007-80", "quanzhou-normal-2007-23"} <= {p["id"] for p in packs}
    assert "quanzhou-normal-2007-23" in run("policy", "list").stdout


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pack_is_shown_whole(lang: str) -> None:
    done = run("policy", "show", "fujian-2007-80", lang=lang)
    assert done.returncode == 0
    for part in ("receipt_return_days", "1.2d", "has(letter.issued_on)", "receipt-returned"):
        assert part in done.stdout


def test_a_clause_is_shown_alone_as_written() -> None:
    data = json.loads(run("policy", "show", "fujian-2007-80", CLAUSE, "--format", "json").stdout)
    assert {r["clause"] for r in data["rules"]} == {CLAUSE}
    rule = data["rules"][0]
    assert rule["deadline"]["done"] == "receipt.returned_on"
    assert rule["deadline"]["due"] == "slip_due_on"
    assert "params.receipt_return_days" in data["definitions"]["slip_due_on"]["is"]
    assert {"letter_valid_until", "letter_runs_from"} < data["definitions"].keys()


def test_a_broken_pack_is_refused_with_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(
        "id: Bad Id\nversion: one\ntitle: {zh: 甲, en: a}\n", encoding="utf-8")
    done = run("policy", "lint", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("error: ") >= 2
    assert "pack.yaml" in done.stderr


def test_shipped_packs_give_lint_nothing_to_say() -> None:
    done = run("policy", "lint", "fujian-2007-80", "--format", "json")
    assert json.loads(done.stdout)["lints"] == []
    assert done.returncode == 0


def test_schemas_are_printed_and_written(tmp_path: Path) -> None:
    assert json.loads(run("policy", "schema", "topic").stdout)["title"] == "Topic"
    folder = tmp_path / "new" / "schemas"
    assert run("policy", "schema", "--output", folder).returncode == 0
    names = {p.name for p in folder.iterdir()}
    assert {"pack.schema.json", "topic.schema.json", "cases.schema.json"} <= names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_command_back(shell: str) -> None:
    done = run("completion", shell)
    assert "_ZHUANJIE_COMPLETE" in done.stdout
    source = run(env={"_ZHUANJIE_COMPLETE": f"{shell}_source"})
    if shell != "bash":  # for bash, click looks at the version of the bash there is
        assert source.stdout.strip() == done.stdout.strip()


@pytest.mark.parametrize(("words", "wanted"), [
    ("zhuanjie au", "audit"), ("zhuanjie policy s", "schema"),
    ("zhuanjie audit --policy fuj", "fujian-2007-80"), ("zhuanjie audit --format j", "jsonl"),
    ("zhuanjie audit --fail", "--fail-on"), ("zhuanjie explain l.csv 06001 1.6", "1.6b"),
    ("zhuanjie policy show fujian-2007-80 2.5", "2.5d"), ("zhuanjie audit --backend p", "polars"),
])
def test_words_are_completed(words: str, wanted: str) -> None:
    done = run(env={"_ZHUANJIE_COMPLETE": "bash_complete", "COMP_WORDS": words,
                    "COMP_CWORD": str(len(words.split()) - 1)})
    assert wanted in [line.split(",", 1)[-1] for line in done.stdout.splitlines()], done.stderr


def few_columns(folder: Path) -> Path:
    path = folder / "l.csv"
    path.write_text("学号,离校时间,备注甲,备注乙\n06001,2007-06-20,x,y\n", "utf-8")
    return path


def test_columns_that_are_not_there_are_counted_and_named_in_full_in_json(tmp_path: Path) -> None:
    done = run("audit", few_columns(tmp_path), "--as-of", "2007-12-31", "-f", "json")
    absent = json.loads(done.stdout)["ledger"]["no_column"]
    assert absent["arrival.accepted_on"][-1] == "2.5c"
    assert "member.left_on" not in absent
    said = next(x for x in done.stderr.splitlines() if "no column" in x)
    assert f"and {len(absent) - 8} more" in said
    clauses = {clause for read in absent.values() for clause in read}
    judged = said.partition("judged here: ")[2].partition(";")[0]
    named = judged.removesuffix(f" and {len(clauses) - 8} more").split()
    assert len(named) == 8 and set(named) < clauses


def test_explaining_a_clause_speaks_of_its_columns_only(tmp_path: Path) -> None:
    done = run("explain", few_columns(tmp_path), "06001", "1.1a", "--as-of", "2007-12-31")
    said = next(x for x in done.stderr.splitlines() if "no column" in x)
    assert "no column for education.briefed_on; not or not wholly judged here: 1.1a;" in said
    done = run("explain", few_columns(tmp_path), "06001", "1.1a", "--as-of", "2007-12-31",
               "--absent", "blank")
    said = next(x for x in done.stderr.splitlines() if "no column" in x)
    assert said.endswith("no column for education.briefed_on; counted as blank in 1.1a")


def test_headings_nobody_knows_are_said_in_one_line(tmp_path: Path) -> None:
    done = run("audit", few_columns(tmp_path), "--as-of", "2007-12-31")
    said = [x for x in done.stderr.splitlines() if "备注" in x]
    assert len(said) == 1
    assert "`备注甲`, `备注乙`" in said[0]


def test_what_is_asked_to_be_quiet_says_no_notices(tmp_path: Path) -> None:
    done = run("audit", few_columns(tmp_path), "--as-of", "2007-12-31", "-q")
    assert done.stdout
    assert done.stderr == ""
