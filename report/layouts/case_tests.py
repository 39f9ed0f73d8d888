"""Test results in every form. In: a test report. Out: sections, JSON, JUnit, annotations."""

from __future__ import annotations

from typing import Any, TextIO
from xml.etree import ElementTree as Xml

from zhuanjie.engine.authoring.testing.case_runner import UNNAMED, Mismatch
from zhuanjie.engine.authoring.testing.report import CaseRun, TestReport
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import plain
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.report import write_answer
from zhuanjie.report.formats.github import line
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def write_tests(report: TestReport, policy: Policy, form: str, out: TextIO, view: View) -> None:
    """Write a test report in any of the forms of `policy test`."""
    if form == "junit":
        _junit(report, policy, out, view)
    elif form == "github":
        _github(report, out, view)
    else:
        write_answer(_plain(report), _sections(report, policy, view), form, out, view)


def _plain(report: TestReport) -> dict[str, Any]:
    return {
        "cases": report.cases, "passed": report.passed,
        "failed": [
            {"file": t.result.file, "line": t.result.line, "case": t.result.name,
             "backend": t.backend,
             "differs": [{"rule": m.rule, "aspect": m.aspect, "expected": _value(m.expected),
                          "actual": _value(m.actual)} for m in t.result.mismatches]}
            for t in report.failed
        ],
    }


def _sections(report: TestReport, policy: Policy, view: View) -> list[Section]:
    code = "author.test.failed" if report.failed else "author.test.passed"
    rows = [
        (f"{t.result.file}:{t.result.line}", t.result.name, t.backend, sentence(m, view))
        for t in report.failed for m in t.result.mismatches
    ]
    headers = [say(f"author.column.{c}", view.lang) for c in ("place", "case", "engine", "differs")]
    return [Section(
        title=say(code, view.lang, id=policy.id, cases=report.cases,
                  failed=report.cases - report.passed),
        tone="bad" if report.failed else "good", headers=headers, rows=rows)]


def sentence(mismatch: Mismatch, view: View) -> str:
    """What differs, in a sentence."""
    code = "author.unnamed" if mismatch.aspect == UNNAMED else "author.differs"
    return say(code, view.lang, rule=mismatch.rule, aspect=mismatch.aspect,
               expected=_shown(mismatch.expected), actual=_shown(mismatch.actual))


def _junit(report: TestReport, policy: Policy, out: TextIO, view: View) -> None:
    """JUnit's XML: a suite for each engine, a test case for each case."""
    root = Xml.Element("testsuites", name=policy.id, tests=str(len(report.tried)),
                       failures=str(len(report.failed)))
    for name in dict.fromkeys(t.backend for t in report.tried):
        tried = [t for t in report.tried if t.backend == name]
        suite = Xml.SubElement(root, "testsuite", name=f"{policy.id} ({name})",
                               tests=str(len(tried)), errors="0", skipped="0",
                               failures=str(sum(not t.passed for t in tried)))
        for each in tried:
            _testcase(suite, each, view)
    Xml.indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(Xml.tostring(root, encoding="unicode") + "\n")


def _testcase(suite: Xml.Element, tried: CaseRun, view: View) -> None:
    result = tried.result
    case = Xml.SubElement(suite, "testcase", classname=result.file, name=result.name,
                          file=result.file, line=str(result.line))
    if not tried.passed:
        lines = [sentence(m, view) for m in result.mismatches]
        failure = Xml.SubElement(case, "failure", message=lines[0])
        failure.text = "\n".join([f"{result.file}:{result.line}", *lines])


def _github(report: TestReport, out: TextIO, view: View) -> None:
    """Annotations of GitHub's workflow commands, one for each case that failed."""
    for tried in report.failed:
        result = tried.result
        text = "\n".join(sentence(m, view) for m in result.mismatches)
        title = f"{result.name} ({tried.backend})"
        out.write(line("error", result.file, title, text, result.line))
    code = "author.test.github"
    out.write(say(code, view.lang, cases=report.cases, passed=report.passed) + "\n")


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else plain(value)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, (tuple, list)) else str(plain(value))
