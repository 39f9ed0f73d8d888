"""Test results in every form. In: a test report. Out: sections, JSON, JUnit, annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import UNNAMED
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import plain
from zhuanjie.report.formats import junit
from zhuanjie.report.formats.github import line
from zhuanjie.report.formats.junit import JunitCase, JunitSuite
from zhuanjie.report.layouts import explain
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import ExplainedCase, Mismatch, Policy, TestReport


def present(report: TestReport, policy: Policy, view: View,
            explained: Sequence[ExplainedCase] = ()) -> Presentation:
    """A test report, for any of the formats of `policy test`; `explained` are why cases failed."""
    why = [(each, explain.present(each.policy, each.day, each.explanations, None, view, whole=True,
                                  verbose=True)) for each in explained]

    def data() -> dict[str, Any]:
        told = _plain(report)
        if why:
            told["explained"] = [
                {"case": each.result.name, **(shown.data() if shown.data else {})}
                for each, shown in why]
        return told

    return Presentation(
        lambda: [*_sections(report, policy, view), *(s for each, shown in why for s in (
            Section(title=f"{each.result.file}:{each.result.line} {each.result.name}", level=1),
            *shown.sections()))],
        data,
        texts={"junit": lambda: junit.text(policy.id, _suites(report, policy, view)),
               "github": lambda: _annotations(report, view)})


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


def _suites(report: TestReport, policy: Policy, view: View) -> list[JunitSuite]:
    """A suite for each engine, a case for each case."""
    return [
        JunitSuite(f"{policy.id} ({name})", [
            JunitCase(t.result.name, t.result.file, t.result.line,
                      [sentence(m, view) for m in t.result.mismatches])
            for t in report.tried if t.backend == name])
        for name in dict.fromkeys(t.backend for t in report.tried)
    ]


def _annotations(report: TestReport, view: View) -> Iterator[str]:
    """Annotations of GitHub's workflow commands, one for each case that failed."""
    for tried in report.failed:
        result = tried.result
        text = "\n".join(sentence(m, view) for m in result.mismatches)
        title = f"{result.name} ({tried.backend})"
        yield line("error", result.file, title, text, result.line)
    code = "author.test.github"
    yield say(code, view.lang, cases=report.cases, passed=report.passed) + "\n"


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else plain(value)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, (tuple, list)) else str(plain(value))
