"""Forms for CI from the real command: endings, files written anew, what goes with them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from support.cli_command import AS_OF, record, run, write_ledger

WAIVERS = """waivers:
  - id: W-1
    clause: "1.6b"
    record: "06002"
    reason: 军训封闭
    requested_by: zhang
    approved_by: li
    granted_on: 2007-12-01
    expires: 2008-01-31
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "台账.csv", [record(1), record(2, 回执收到日期="")])


@pytest.mark.parametrize(("name", "form"), [
    ("a.sarif", None), ("a.SARIF.json", None), ("a.xml", None), ("a.json", "gitlab"),
    ("a.txt", "github"),
])
@pytest.mark.parametrize("clean", [False, True])
def test_a_file_is_written_and_written_again(ledger: Path, name: str, form: str | None,
                                             clean: bool) -> None:
    if clean:
        write_ledger(ledger, [record(1)])
    out = ledger.parent / name
    call = ("audit", ledger, *AS_OF, "-o", out, *(("-f", form) if form else ()))
    first = run(*call)
    text = out.read_bytes()
    assert first.returncode == (0 if clean else 1), first.stderr
    again = run(*call)
    assert again.returncode == first.returncode and out.read_bytes() == text, again.stderr
    assert b"06002" not in text
    out.write_bytes(b'[{"check_name": "other"}]\n')
    assert run(*call).returncode == 2


def test_sarif_json_is_no_json_report(ledger: Path) -> None:
    done = run("audit", ledger, *AS_OF, "-f", "json", "-o", ledger.parent / "a.sarif.json")
    assert done.returncode == 2 and "sarif" in done.stderr


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
def test_totals_alone_have_no_such_form(ledger: Path, form: str) -> None:
    done = run("audit", ledger, *AS_OF, "--summary", "-f", form)
    assert (done.returncode, done.stdout) == (2, "") and form in done.stderr
    done = run("audit", "spark:a.b", *AS_OF, "-f", form, "-o", ledger.parent / "folder")
    assert (done.returncode, done.stdout) == (2, "") and form in done.stderr


def test_a_waived_finding_is_in_every_form(ledger: Path) -> None:
    waivers = ledger.parent / "w.yaml"
    waivers.write_text(WAIVERS, encoding="utf-8")
    call = ("audit", ledger, *AS_OF, "--waivers", waivers, "--only", "1.6b")
    told = {form: run(*call, "-f", form) for form in ("sarif", "junit", "github", "gitlab")}
    assert {done.returncode for done in told.values()} == {0}
    (result,) = json.loads(told["sarif"].stdout)["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "军训封闭"
    case = next(c for c in Xml.fromstring(told["junit"].stdout).iter("testcase")
                if c.get("classname") == "receipt-returned")
    assert case.find("skipped") is not None
    assert "::notice file=" in told["github"].stdout
    issue = next(i for i in json.loads(told["gitlab"].stdout)
                 if i["check_name"] == "zhuanjie/receipt-returned")
    assert issue["severity"] == "info"
    for done in told.values():
        assert "W-1" in done.stdout and "06002" not in done.stdout


def test_a_record_is_checked_for_ci(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps([record(2, 回执收到日期="", 姓名="::error::王")]), encoding="utf-8")
    for form in ("sarif", "junit", "gitlab"):
        for values in ((), ("--with-values",)):
            done = run("check", path, *AS_OF, "-f", form, *values)
            assert done.returncode == 1, done.stderr
            assert ("06002" in done.stdout) is bool(values)
    lines = run("check", path, *AS_OF, "-f", "github", "--with-values").stdout.splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


def test_a_ledger_from_a_pipe_and_one_with_a_broken_neighbour(ledger: Path) -> None:
    done = run("audit", "-", *AS_OF, "-f", "sarif", input=ledger.read_text(encoding="utf-8"))
    assert json.loads(done.stdout)["runs"][0]["results"]
    broken = ledger.parent / "b.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    done = run("audit", ledger, broken, *AS_OF, "-f", "sarif")
    made = json.loads(done.stdout)["runs"][0]
    assert made["invocations"][0]["executionSuccessful"] is False
    assert made["results"][0]["ruleId"] == "not-audited"
    for form, held in (("github", "::error file="), ("gitlab", "zhuanjie/not-audited"),
                       ("junit", 'classname="not-audited"')):
        assert held in run("audit", ledger, broken, *AS_OF, "-f", form).stdout
