"""JUnit's XML. In: suites of cases, or a report. Out: the document that CI systems read.

Of a report a clause is a suite and a finding a case. A violation is a failure; what lacks evidence
is an error, since nobody knows how it comes out; what is pending, waived, known already or was not
audited is skipped. Findings are kept aside by clause, since a suite begins with what it comes to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TextIO
from xml.etree import ElementTree as Xml
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.engine.core.unaudited import Unaudited, unaudited
from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines
from zhuanjie.report.machine.segments import Segments, segments
from zhuanjie.report.view import View

State = Literal["failure", "error", "skipped"]
CASES: Final = 80_000
"""Cases up to which GitLab surely reads a file: 250,000 objects, of which a case is up to three."""
BYTES: Final = 30_000_000
_TOOL: Final = "zhuanjie"
_STATES: Final[dict[Outcome, State | None]] = {
    Outcome.VIOLATION: "failure", Outcome.UNDETERMINED: "error", Outcome.PENDING: "skipped",
    Outcome.WAIVED: "skipped", Outcome.NOT_APPLICABLE: "skipped", Outcome.SATISFIED: None,
}


class JunitCase(Struct, frozen=True):
    """A case: its name, the file and line it stands in, and in what it failed, if it did."""

    name: str
    file: str
    line: int
    failure: Sequence[str] = ()


class JunitSuite(Struct, frozen=True):
    """Cases under a name."""

    name: str
    cases: Sequence[JunitCase]


def text(name: str, suites: Sequence[JunitSuite]) -> Iterator[str]:
    """The document: a suite element for each suite, a test case for each case."""
    cases = [case for suite in suites for case in suite.cases]
    root = Xml.Element("testsuites", name=words.plain(name), tests=str(len(cases)),
                       failures=str(sum(bool(c.failure) for c in cases)))
    for suite in suites:
        part = Xml.SubElement(root, "testsuite", name=words.plain(suite.name),
                              tests=str(len(suite.cases)), errors="0", skipped="0",
                              failures=str(sum(bool(c.failure) for c in suite.cases)))
        for case in suite.cases:
            _case(part, case)
    Xml.indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, case: JunitCase) -> None:
    file = words.plain(case.file)
    element = Xml.SubElement(suite, "testcase", classname=file, name=words.plain(case.name),
                             file=file, line=str(case.line))
    if case.failure:
        said = [words.plain(line) for line in case.failure]
        failure = Xml.SubElement(element, "failure", message=said[0])
        failure.text = "\n".join([f"{file}:{case.line}", *said])


class JunitKeeper:
    """Cases of findings kept aside by clause, and how many there are of each kind."""

    def __init__(self, aside: Segments, view: View) -> None:
        self._aside, self._view, self._lines = aside, view, Lines()
        self._counts: dict[str, Counter[str]] = {}

    def keep(self, findings: Iterable[Finding]) -> None:
        """Take findings in, in their order."""
        view = self._view
        for finding in findings:
            known = finding.known_since is not None
            state = _STATES[finding.outcome] if finding.judged and not known else "skipped"
            # A reader takes cases of one name for one: several files may have a row in common.
            file = self._file(finding.location.file)
            who = words.who(finding, view) or finding.id
            self._add(finding.clause, state, finding.key,
                      view.label(f"{file}{who}", words.title(finding, view)),
                      words.message(finding, view), finding.outcome.value,
                      words.remedy(finding, view))

    def render(self, report: Report, out: TextIO, view: View) -> list[Diagnostic]:
        """Write the report, whose findings were kept; returns what is to be said of its size."""
        for found in report.input:
            said = words.unreadable(found, view)
            self._add("", "failure" if found.severity else "error", "input",
                      self._file(found.file) + said, said, found.code)
        named = {part.file for part in report.ledger.skipped if part.named}
        for part in unaudited(report):
            self._unaudited(part, "error" if part.file in named else "skipped")
        total = sum(self._counts.values(), Counter[str]()) + Counter(tests=1)
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n'
                  f'<testsuites name="{_TOOL}"{_numbers(total, "skipped")}>\n')
        out.writelines(_summary(report, view))
        order = dict.fromkeys((*view.clauses, *sorted(c for c in self._counts if c), ""))
        for clause in order:
            if clause not in self._counts:
                continue
            name = f"{clause} {view.headings.get(clause, '')}".strip() if clause else view.say(
                "machine.suite.input")
            out.write(f"  <testsuite name={quoteattr(words.plain(name))}"
                      f"{_numbers(self._counts[clause])}>\n")
            out.writelines(self._aside.of(clause))
            out.write("  </testsuite>\n")
        out.write("</testsuites>\n")
        if total["tests"] <= CASES and self._aside.size <= BYTES:
            return []
        return [Diagnostic("output.machine.junit-large", {"count": total["tests"]},
                           hint="output.machine.junit-large.hint")]

    def _unaudited(self, part: Unaudited, state: State) -> None:
        said = words.unaudited(part, self._view)
        self._add(part.clause or "", state, "not-audited", self._file(part.file) + said, said,
                  part.code)

    def _file(self, file: str | None) -> str:
        return words.plain(self._lines.path(file)) + " " if file else ""

    def _add(self, clause: str, state: State | None, rule: str, name: str, message: str, kind: str,
             remedy: str = "") -> None:
        # The schema of Jenkins knows no other attributes.
        head = f"    <testcase classname={quoteattr(words.plain(rule))} name={quoteattr(name)}"
        counts = self._counts.setdefault(clause, Counter())
        counts["tests"] += 1
        if state is None:
            self._aside.add(clause, head + "/>\n")
            return
        counts[state] += 1
        body = f"<{state} message={quoteattr(message)}"
        if state != "skipped":
            said = "\n".join(part for part in (message, remedy) if part)
            body += f" type={quoteattr(kind)}>{escape(said)}</{state}>"
        else:
            body += "/>"
        self._aside.add(clause, f"{head}>{body}</testcase>\n")


@contextmanager
def spooled(view: View) -> Iterator[JunitKeeper]:
    """Where findings are kept, which is gone afterwards."""
    with segments() as aside:
        yield JunitKeeper(aside, view)


def render(report: Report, out: TextIO, view: View) -> list[Diagnostic]:
    """Write a report that is whole."""
    with spooled(view) as keeper:
        keeper.keep(report.findings)
        return keeper.render(report, out, view)


def _summary(report: Report, view: View) -> Iterator[str]:
    """A suite whose one case says that the audit was made, of what, and by what."""
    ref = report.policy
    facts = {"policy": f"{ref.id} {ref.version}", "policy.sha256": ref.sha256,
             "as_of": report.as_of.isoformat(), "records": report.ledger.records,
             "out_of_scope": report.ledger.out_of_scope}
    counts = view.join(f"{view.outcome(o)} {report.summary.total(o)}" for o in view.outcomes
                       if report.summary.total(o))
    said = view.say("audit.ledger", records=report.ledger.records,
                    out_of_scope=report.ledger.out_of_scope)
    yield f'  <testsuite name="{_TOOL}"{_numbers(Counter(tests=1))}>\n    <properties>\n'
    for name, value in facts.items():
        yield f'      <property name="{name}" value={quoteattr(words.plain(str(value)))}/>\n'
    yield (f"    </properties>\n    <testcase classname=\"{_TOOL}\" name={quoteattr(said)}/>\n"
           f"    <system-out>{escape(counts)}</system-out>\n  </testsuite>\n")


def _numbers(counts: Counter[str], *left_out: str) -> str:
    names = {"tests": "tests", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return "".join(f' {shown}="{counts[kind]}"' for shown, kind in names.items()
                   if shown not in left_out)
