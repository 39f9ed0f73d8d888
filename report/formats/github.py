"""A report as GitHub's workflow commands. In: findings as they come. Out: a line an annotation.

The form is GitHub's own: `::error file=…,title=…::message`, with its escapes. GitHub shows ten
annotations of each level that a step writes: those that weigh most are written, and the first of
them says what else there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import Finding, Outcome, Report, Severity
from zhuanjie.engine.core.unaudited import unaudited
from zhuanjie.report.inert import commandless
from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines
from zhuanjie.report.machine.worst import Worst
from zhuanjie.report.view import View

SHOWN: Final = 10
"""Annotations of a level that GitHub shows of a step."""
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_NOT_ASKED: Final = "audit.not-asked"


class GithubKeeper:
    """The annotations that GitHub shows, and how many more there are."""

    def __init__(self, view: View) -> None:
        self._view, self._lines = view, Lines()
        # What the whole comes to is a notice too.
        self._worst: dict[str, Worst[str]] = {
            "error": Worst(SHOWN), "warning": Worst(SHOWN), "notice": Worst(SHOWN - 1)}

    def keep(self, findings: Iterable[Finding]) -> None:
        """Take findings in, in their order."""
        view = self._view
        for finding in findings:
            worst, weight = self._worst[_level(finding)], words.weight(finding)
            if worst.would_keep(weight):
                at = finding.location
                said = line(_level(finding), at.file and self._lines.path(at.file),
                            f"{finding.clause} {words.title(finding, view)}",
                            words.whole(finding, view), self._lines.of(at.file, at.row))
            else:
                said = ""
            worst.add(weight, said)

    def render(self, report: Report, out: TextIO, view: View) -> list[Diagnostic]:
        """Write what was kept; returns what is to be said of annotations left out."""
        for found in report.input:
            level = _LEVELS[found.severity or Severity.WARNING]
            self._worst[level].add(2, line(
                level, found.file and self._lines.path(found.file), found.column or "",
                words.unreadable(found, view), self._lines.of(found.file, found.row)))
        named = {part.file for part in report.ledger.skipped if part.named}
        clauses: dict[str, list[str]] = {}
        for part in unaudited(report):
            if part.clause is not None:  # in one line, or they would leave room for nothing else
                clauses.setdefault(part.code, []).append(part.clause)
                continue
            level = "error" if part.file in named else "warning"
            # Nothing weighs more than what nobody looked at.
            self._worst[level].add(-1, line(level, part.file and self._lines.path(part.file),
                                            part.sheet or "", words.unaudited(part, view)))
        for code, some in clauses.items():
            level = "notice" if code == _NOT_ASKED else "warning"
            self._worst[level].add(-1, line(level, None, "zhuanjie", view.say(
                f"machine.{code.rpartition('.')[2]}", clauses=view.join(some))))
        left = {level: count for level, worst in self._worst.items()
                if (count := worst.seen.total() - len(worst))}
        out.write(line("notice", None, "zhuanjie", self._total(report, left)))
        for worst in self._worst.values():
            out.writelines(said for _, said in worst)
        if not left:
            return []
        return [Diagnostic("output.machine.github-left-out", {
            "count": sum(left.values()), "shown": SHOWN}, hint="output.machine.whole.hint")]

    def _total(self, report: Report, left: dict[str, int]) -> str:
        """What the audit comes to, and what stands in no annotation."""
        view = self._view
        said = [view.say("audit.pack", id=report.policy.id, version=report.policy.version,
                         as_of=report.as_of),
                view.say("audit.ledger", records=report.ledger.records,
                         out_of_scope=report.ledger.out_of_scope),
                *(view.say("audit.total.outcome", outcome=view.outcome(o), count=count)
                  for o in view.outcomes if (count := report.summary.total(o)))]
        if left:
            said.append(view.say("machine.github-left-out", count=sum(left.values()), shown=SHOWN))
        return view.parts(said)


@contextmanager
def spooled(view: View) -> Iterator[GithubKeeper]:
    """Where annotations are kept."""
    yield GithubKeeper(view)


def render(report: Report, out: TextIO, view: View) -> list[Diagnostic]:
    """Write a report that is whole."""
    keeper = GithubKeeper(view)
    keeper.keep(report.findings)
    return keeper.render(report, out, view)


def _level(finding: Finding) -> str:
    if finding.known_since is not None:  # which fails nothing
        return "notice"
    if finding.outcome is Outcome.VIOLATION:
        return _LEVELS[finding.severity]
    unknown = finding.outcome is Outcome.UNDETERMINED and finding.judged
    return "warning" if unknown else "notice"


def line(level: str, file: str | None, title: str, text: str, number: int | None = None) -> str:
    """One annotation, at line `number` of the file where that is known."""
    pairs = {"file": file, "line": number, "title": title}
    said = ",".join(f"{k}={_property(str(v))}" for k, v in pairs.items() if v)
    return f"::{level} {said}::{_data(text)}\n"


def _data(text: str) -> str:
    """The text of a command, in which none of another kind stands; all on one line."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return commandless(words.plain(escaped))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
