"""JUnit's XML. In: suites of cases. Out: the document that CI systems read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml


@dataclass(frozen=True, slots=True)
class JunitCase:
    """A case: its name, the file and line it stands in, and in what it failed, if it did."""

    name: str
    file: str
    line: int
    failure: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class JunitSuite:
    """Cases under a name."""

    name: str
    cases: Sequence[JunitCase]


def text(name: str, suites: Sequence[JunitSuite]) -> Iterator[str]:
    """The document: a suite element for each suite, a test case for each case."""
    cases = [case for suite in suites for case in suite.cases]
    root = Xml.Element("testsuites", name=name, tests=str(len(cases)),
                       failures=str(sum(bool(c.failure) for c in cases)))
    for suite in suites:
        part = Xml.SubElement(root, "testsuite", name=suite.name, tests=str(len(suite.cases)),
                              errors="0", skipped="0",
                              failures=str(sum(bool(c.failure) for c in suite.cases)))
        for case in suite.cases:
            _case(part, case)
    Xml.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, case: JunitCase) -> None:
    element = Xml.SubElement(suite, "testcase", classname=case.file, name=case.name,
                             file=case.file, line=str(case.line))
    if case.failure:
        failure = Xml.SubElement(element, "failure", message=case.failure[0])
        failure.text = "\n".join([f"{case.file}:{case.line}", *case.failure])
