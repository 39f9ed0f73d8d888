"""What runs in others' CI: the action, the hooks and the examples, as they stand in their files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.author_packs import CASES, MANIFEST, RULES, WEIGHED, write
from support.cli_command import COMMAND, record, write_ledger

from zhuanjie.engine.api import packs_of

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "in-ci.md").read_text(encoding="utf-8")
EXAMPLES = {name: yaml.safe_load(text) for name, text in re.findall(
    r"`(\.[\w./-]+\.ya?ml)`.*?\n```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)}
WIDER = MANIFEST.replace("value: 30", "value: 45")


def shell(folder: Path, script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A script as a runner runs it: in bash, which stops at the first failure."""
    path = f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=folder, text=True,
                          env={**kept, "PATH": path, "LC_ALL": "C.UTF-8", **env}, timeout=120,
                          capture_output=True, check=False)


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *args],
                          cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose pack has one commit, and a change that is not committed."""
    git(tmp_path, "init", "-q")
    write(tmp_path / "rules" / "tried", cases=CASES + WEIGHED)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def action(folder: Path, named: str = "Check the packs",
           **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a step of the action with these inputs; what it wrote into the job's summary."""
    step = next(s for s in ACTION["runs"]["steps"] if s["name"] == named)
    given = {n: str(i.get("default", "")) for n, i in ACTION["inputs"].items()} | inputs

    def value(expression: re.Match[str]) -> str:
        names = [n.strip() for n in expression[1].split("||")]
        return next((v for n in names if (v := given.get(n.removeprefix("inputs."), ""))), "")

    env = {k: re.sub(r"\$\{\{(.*?)\}\}", value, v) for k, v in step["env"].items()}
    summary = folder / "summary.md"
    done = shell(folder, step["run"], GITHUB_ACTION_PATH=str(ROOT),
                 GITHUB_STEP_SUMMARY=str(summary), GITHUB_OUTPUT=str(folder / "output"), **env)
    return done, summary.read_text(encoding="utf-8") if summary.exists() else ""


def test_the_action_is_well_formed() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert {"name", "description", "inputs", "runs"} <= ACTION.keys()
    for step in ACTION["runs"]["steps"]:
        assert "uses" in step or (step["run"] and step["shell"] == "bash")
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert used == set(ACTION["inputs"])
    listed = set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE))
    assert listed == set(ACTION["inputs"])


@pytest.mark.slow
def test_the_action_is_content_with_a_sound_pack(repository: Path) -> None:
    checks = "fmt lint test coverage verify diff"
    write(repository / "rules" / "tried", rules=RULES.replace("has(letter.issued_on)",
                                                              "(has(letter.issued_on))"))
    done, summary = action(repository, packs="rules/tried", base="HEAD", checks=checks)
    assert (done.returncode, "::error" in done.stdout) == (0, False), done.stdout
    assert done.stdout.count("::group::") == done.stdout.count("::endgroup::") == 6
    assert "nothing differs" in summary


def test_the_action_says_what_a_change_makes_of_a_ledger(repository: Path) -> None:
    write(repository / "rules" / "tried", manifest=WIDER)
    (repository / "a ledger.csv").write_text(
        "学号,转出时间,回执收到日期\n1,2007-06-01,\n2,2007-06-20,\n", encoding="utf-8")
    done, summary = action(repository, packs="rules/tried", base="HEAD", checks="test diff",
                           ledgers="a ledger.csv", **{"as-of": "2007-07-10"})
    assert done.returncode == 1
    assert "::error file=rules/tried/cases/all.yaml,line=" in done.stdout
    assert "| grace" in summary.replace("parameter ", "") and "laxer" in summary
    assert re.search(r"\| 1 +\| 1 +\| outcome +\| violation +\| pending", summary)


def test_the_action_knows_a_new_pack_from_a_missing_base(repository: Path) -> None:
    write(repository / "rules" / "other")
    done, summary = action(repository, packs="rules/tried\nrules/other", base="HEAD",
                           checks="diff")
    assert (done.returncode, done.stderr) == (0, "")
    assert "rules/other is new" in summary
    done, _ = action(repository, packs="rules/tried", base="0" * 40, checks="diff")
    assert done.returncode == 2 and "fetch-depth: 0" in done.stderr
    done, _ = action(repository, packs="rules/tried", checks="diff")
    assert done.returncode == 0 and "nothing to compare with" in done.stdout


@pytest.mark.parametrize(("inputs", "said"), [
    ({"packs": " "}, "no pack is named"),
    ({"packs": "rules/tried", "checks": "spell"}, "there is no check `spell`"),
    ({"packs": "rules/nowhere", "checks": "lint"}, "exit code 2"),
])
def test_the_action_refuses_what_checks_nothing(repository: Path, inputs: dict[str, str],
                                                said: str) -> None:
    done, _ = action(repository, **inputs)
    assert done.returncode == 2 and said in done.stdout


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with two ledgers, one of them with a violation in its second record."""
    (tmp_path / "our ledgers").mkdir()
    write_ledger(tmp_path / "our ledgers" / "一.csv", [record(1), record(2, 回执收到日期="")])
    write_ledger(tmp_path / "two.csv", [record(3)])
    return tmp_path


LAW = {"as-of": "2007-12-31", "policy": "fujian-2007-80"}


def test_the_action_audits_ledgers(office: Path) -> None:
    done, _ = action(office, "Audit the ledgers", ledger="our ledgers\n\ntwo.csv\n", **LAW)
    assert done.returncode == 1 and "exit code 1" in done.stdout, done.stderr
    assert (office / "output").read_text(encoding="utf-8") == "sarif=audit.sarif\n"
    log = json.loads((office / "audit.sarif").read_text(encoding="utf-8"))
    (result,) = [r for r in log["runs"][0]["results"] if r["ruleId"] == "receipt-returned"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "our%20ledgers/%E4%B8%80.csv"
    assert place["region"] == {"startLine": 3}
    assert log["runs"][0]["properties"]["ledger"]["records"] == 3
    assert "06002" not in done.stdout + done.stderr + json.dumps(log)


@pytest.mark.parametrize(("form", "output", "held"), [
    ("junit", "audit.xml", "<testsuites"), ("gitlab", "gl-code-quality-report.json", "[\n"),
    ("github", "", "::error file=our ledgers/一.csv,line=3,"),
])
def test_the_action_writes_other_forms(office: Path, form: str, output: str, held: str) -> None:
    done, _ = action(office, "Audit the ledgers", ledger="our ledgers/*.csv", format=form,
                     **{"fail-on": "never"}, **LAW)
    assert done.returncode == 0, done.stderr
    assert held in ((office / output).read_text(encoding="utf-8") if output else done.stdout)


@pytest.mark.parametrize(("inputs", "said"), [
    ({"ledger": " \n"}, "no ledger is named"),
    ({"ledger": "two.csv", "format": "json"}, "there is no form `json`"),
    ({"ledger": "none.csv"}, "exit code 2"),
])
def test_the_action_refuses_what_audits_nothing(office: Path, inputs: dict[str, str],
                                                said: str) -> None:
    done, _ = action(office, "Audit the ledgers", **inputs)
    assert done.returncode == 2 and said in done.stdout
    assert not (office / "output").exists()


def test_steps_of_the_action_run_where_there_is_something_for_them() -> None:
    conditions = {s["name"]: s.get("if", "") for s in ACTION["runs"]["steps"]}
    assert conditions["Audit the ledgers"] == "inputs.ledger != ''"
    assert "steps.audit.outputs.sarif != ''" in conditions["Show the findings"]
    assert conditions["Check the packs"].startswith("always() && (inputs.packs != ''")


def test_the_hook_audits_the_ledgers_of_a_commit(office: Path) -> None:
    (hook,) = [h for h in HOOKS if h["id"] == "zhuanjie-audit"]
    assert re.search(hook["files"], "a/台账.xlsx") and not re.search(hook["files"], "pack.yaml")
    script = hook["entry"].replace("python", sys.executable, 1)
    options = " ".join(f"--{name}={value}" for name, value in LAW.items())
    found = shell(office, f"{script} {options} --lang=en two.csv 'our ledgers/一.csv'")
    assert found.returncode == 1 and "1.6b" in found.stdout, found.stderr
    assert shell(office, f"{script} {options} two.csv").returncode == 0
    assert shell(office, f"{script} {options}").returncode == 0


def test_the_gitlab_example_audits_ledgers(office: Path) -> None:
    (office / "our ledgers").rename(office / "ledgers")
    script = "\n".join(EXAMPLES[".gitlab-ci.yml"]["ledgers"]["script"])
    done = shell(office, script)
    assert done.returncode == 1, done.stdout + done.stderr
    reports = EXAMPLES[".gitlab-ci.yml"]["ledgers"]["artifacts"]["reports"]
    assert "<failure" in (office / reports["junit"]).read_text(encoding="utf-8")
    assert json.loads((office / reports["codequality"]).read_text(encoding="utf-8"))


@pytest.mark.slow
def test_hooks_are_the_commands_they_name(repository: Path) -> None:
    hooks = [h for h in HOOKS if h["id"] != "zhuanjie-audit"]
    commands = {h["id"].removeprefix("zhuanjie-") for h in hooks}
    assert commands == {"fmt", "lint", "test", "coverage", "verify", "mutate"}
    pack = repository / "rules" / "tried"
    rows = [row for row in CASES.splitlines(keepends=True) if "[null, employer" not in row]
    write(pack, rules=RULES.replace("rules:\n", "rules:\n\n\n"), cases="".join(rows).replace(
        "[2007-07-01, null, pending, null]", "[2007-07-01, null, satisfied, null]"))
    (repository / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    codes = {}
    for hook in hooks:
        assert hook["language"] == "python" and hook["require_serial"]
        script = hook["entry"].replace("python", sys.executable, 1)
        args = " ".join(hook.get("args", []))
        found = shell(repository, f"{script} {args} rules/tried/10-rules.yaml other.yaml")
        codes[hook["id"].removeprefix("zhuanjie-")] = found.returncode
    nothing = shell(repository, f"{sys.executable} -m zhuanjie.cli.hook test other.yaml")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert codes == {"fmt": 0, "lint": 0, "test": 1, "coverage": 1, "verify": 0, "mutate": 2}
    # What is laid out anew pre-commit sees for itself.
    assert "\n\n\n" not in (pack / "10-rules.yaml").read_text(encoding="utf-8")


def test_hooks_look_at_what_builds_on_a_changed_pack(tmp_path: Path) -> None:
    for name, base in (("low", None), ("middle", "low"), ("high", "middle"), ("aside", None)):
        text = MANIFEST.replace("id: tried", f"id: {name}")
        write(tmp_path / name, manifest=text + (f"builds_on: {base}\n" if base else ""))
    files = [str(tmp_path / "low" / "cases" / "all.yaml"), str(tmp_path / "none.yaml")]
    assert [p.name for p in packs_of(files)] == ["high", "low", "middle"]
    assert [p.name for p in packs_of([str(tmp_path / "high" / "pack.yaml")])] == ["high"]


def test_the_examples_name_what_is_there() -> None:
    assert set(EXAMPLES) == {".github/workflows/policies.yml", ".github/workflows/ledgers.yml",
                             ".pre-commit-config.yaml", ".gitlab-ci.yml"}
    for name, job in (("policies", "policies"), ("ledgers", "audit")):
        steps = EXAMPLES[f".github/workflows/{name}.yml"]["jobs"][job]["steps"]
        assert set(steps[-1]["with"]) <= set(ACTION["inputs"])
    hooks = EXAMPLES[".pre-commit-config.yaml"]["repos"][0]["hooks"]
    assert {h["id"] for h in hooks} <= {h["id"] for h in HOOKS}


@pytest.mark.slow
def test_the_gitlab_example_runs(repository: Path) -> None:
    job: dict[str, Any] = EXAMPLES[".gitlab-ci.yml"]["policies"]
    script = "\n".join(line for line in job["script"] if "policy lint" not in line)
    env = {"PACK": "rules/tried", "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(
        repository, "rev-parse", "HEAD")}
    done = shell(repository, script, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "25" in (repository / "junit.xml").read_text(encoding="utf-8")
    assert "nothing differs" in (repository / "diff.md").read_text(encoding="utf-8")
    write(repository / "rules" / "tried", manifest=WIDER)
    assert shell(repository, script, **env).returncode == 1
