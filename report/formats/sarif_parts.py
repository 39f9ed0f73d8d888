"""The parts of a SARIF run. In: findings and reports. Out: plain data, in SARIF's own names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import say_diagnostic
from zhuanjie.engine.core.results import (
    Finding,
    InputFinding,
    Outcome,
    Report,
    Severity,
    fingerprint,
    plain,
)
from zhuanjie.engine.core.unaudited import Unaudited, unaudited
from zhuanjie.report import json_shape as shape
from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines, uri
from zhuanjie.report.view import View

TOOL: Final = "zhuanjie"
NOT_ASKED: Final = "audit.not-asked"
INPUT_RULE: Final = "input"
UNAUDITED_RULE: Final = "not-audited"
"""The rules that what is no finding of the policy goes under."""
_BASE: Final = "%SRCROOT%"
_TITLE, _TEXT = 255, 1024
"""Characters that GitHub takes of a rule's name and of a description; messages are held to that."""
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def _text(text: str, most: int = _TEXT) -> dict[str, str]:
    return {"text": words.clipped(words.plain(text), most)}


class SarifRules:
    """The rules of a policy as SARIF lists them, and their places in the list."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._all: dict[str, dict[str, Any]] = {}
        for rule in view.policy.rules if view.policy else ():
            self._all[rule.id] = self._rule(
                rule.id, getattr(rule.title, view.lang), rule.clause, rule.severity,
                [c for c in rule.clauses if c != rule.clause], rule.pack)

    def _rule(self, name: str, title: str, clause: str, severity: Severity,
              rows: Sequence[str] = (), pack: str = "") -> dict[str, Any]:
        text = self._view.clauses.get(clause, "")
        remedy = self._view.remedies.get(clause, "")
        told = "\n".join(words.plain(part) for part in (f"{clause} {title}", text, remedy) if part)
        return {
            "id": words.plain(name), "name": words.clipped(words.plain(title), _TITLE),
            "shortDescription": _text(f"{clause} {title}"),
            "fullDescription": _text(text or title), "help": {"text": told},
            "defaultConfiguration": {"level": _LEVELS[severity]},
            "properties": {"clause": clause, **({"rows": list(rows)} if rows else {}),
                           **({"pack": pack} if pack else {}), "tags": [clause],
                           "problem.severity": severity.value},
        }

    def index(self, item: Finding | InputFinding | Unaudited) -> tuple[str, int]:
        """The rule that something goes under, and its place; one nobody knew comes last."""
        name = rule_of(item)
        if name not in self._all:
            if isinstance(item, Finding):
                self._all[name] = self._rule(name, name, item.clause, item.severity)
            else:
                said = self._view.say(f"machine.rule.{name}")
                self._all[name] = {
                    "id": name, "name": said, "shortDescription": _text(said),
                    "fullDescription": _text(said),
                    "help": _text(self._view.say(f"machine.rule.{name}.help")),
                    "defaultConfiguration": {"level": "warning"}}
        return name, list(self._all).index(name)

    def driver(self) -> dict[str, Any]:
        """The program and its rules."""
        from zhuanjie import __version__

        return {"name": TOOL, "version": __version__, "semanticVersion": __version__,
                "language": {"zh": "zh-CN", "en": "en"}[self._view.lang],
                "rules": list(self._all.values())}


def rule_of(item: Finding | InputFinding | Unaudited) -> str:
    """The rule that something goes under."""
    if isinstance(item, Finding):
        return item.key
    return INPUT_RULE if isinstance(item, InputFinding) else UNAUDITED_RULE


class SarifResults:
    """Makes results, each with a fingerprint of its own."""

    def __init__(self, rules: SarifRules, report: Report, lines: Lines, view: View) -> None:
        self._rules, self._lines, self._view = rules, lines, view
        self._named = {part.file for part in report.ledger.skipped if part.named}
        tables = report.ledger.tables
        self._ledger = tables[0].table.file if tables else None
        self._indexes: dict[str, int] = {}
        self._seen: Counter[str] = Counter()

    def of(self, item: Finding | InputFinding | Unaudited) -> dict[str, Any]:
        """A result of anything that was found."""
        name = rule_of(item)
        if name not in self._indexes:
            self._indexes[name] = self._rules.index(item)[1]
        made: dict[str, Any] = {"ruleId": words.plain(name), "ruleIndex": self._indexes[name]}
        if isinstance(item, Finding):
            known, more = item.id, self._finding(item)
        elif isinstance(item, InputFinding):
            known = fingerprint(item.code, f"{item.file}\n{item.sheet}\n{item.column}\n{item.row}",
                                None)
            more = self._result(words.unreadable(item, self._view),
                                _LEVELS[item.severity or Severity.WARNING],
                                self._place(item.file, item.sheet, item.row))
            if self._view.with_values:
                more["properties"] = _fit(shape.input_finding(item, self._view.lang))
        else:
            known = fingerprint(item.code, f"{item.file}\n{item.sheet}\n{item.clause}", None)
            level = "error" if item.file in self._named else "warning"
            more = self._result(words.unaudited(item, self._view), level,
                                self._place(item.file, item.sheet, None))
        self._seen[known] += 1
        return made | more | {"partialFingerprints": {
            f"{TOOL}/v1": known, "primaryLocationLineHash": f"{known}:{self._seen[known]}"}}

    def _result(self, text: str, level: str, place: dict[str, Any]) -> dict[str, Any]:
        return {"level": level, "message": _text(text), "locations": [place] if place else []}

    def _finding(self, finding: Finding) -> dict[str, Any]:
        kind, level = _kind(finding)
        at = finding.location
        made = self._result(words.whole(finding, self._view), level,
                            self._place(at.file, at.sheet, at.row, finding))
        if kind != "fail":
            made = {"kind": kind} | made
        waiver = finding.waiver
        if waiver is not None and waiver.in_force:
            made["suppressions"] = [{"kind": "external", "status": "accepted",
                                     "justification": words.plain(waiver.reason)}]
        if self._view.with_values:
            held = shape.finding(finding)
        else:
            held = {"clause": finding.clause, "outcome": finding.outcome.value,
                    "severity": finding.severity.value, "missing": list(finding.missing),
                    **({"pack": finding.pack} if finding.pack else {}),
                    **({"known_since": plain(finding.known_since)} if finding.known_since else {}),
                    **({"waiver": {"id": waiver.id, "expires": plain(waiver.expires),
                                   "in_force": waiver.in_force}} if waiver else {})}
        return made | {"properties": _fit(held)}

    def _place(self, file: str | None, sheet: str | None, row: int | None,
               finding: Finding | None = None) -> dict[str, Any]:
        """The file, the line where it has lines, and the row, cells and record in it."""
        file = file or self._ledger
        made: dict[str, Any] = {}
        if file is not None:
            address, is_relative = uri(file)
            # GitHub wants a line of everything; a workbook's first stands for the whole of it.
            made["physicalLocation"] = {
                "artifactLocation": {"uri": address, **({"uriBaseId": _BASE} if is_relative
                                                        else {})},
                "region": {"startLine": self._lines.of(file, row) or 1}}
        logical = []
        if row is not None:
            logical.append(("row", str(row), f"{sheet}!{row}" if sheet else str(row)))
        if finding is not None:
            logical += [("cell", cell, f"{sheet}!{cell}" if sheet else cell)
                        for cell in dict.fromkeys(finding.location.cells.values())]
            if self._view.with_values and finding.record is not None:
                logical.append(("record", finding.record, finding.record))
        if logical:
            made["logicalLocations"] = [
                {"name": words.plain(name), "fullyQualifiedName": words.plain(whole), "kind": kind}
                for kind, name, whole in logical]
        return made


def _kind(finding: Finding) -> tuple[str, str]:
    """A result's kind and level; whatever is no failure has the level none."""
    match finding.outcome:
        case Outcome.VIOLATION:
            return "fail", _LEVELS[finding.severity]
        case Outcome.WAIVED:  # for those who do not read `suppressions`
            return "fail", "note"
        case Outcome.UNDETERMINED if finding.judged:
            return "fail", "warning" if finding.severity is Severity.ERROR else "note"
        case Outcome.UNDETERMINED:
            return "open", "none"
        case Outcome.PENDING:
            return "informational", "none"
        case Outcome.SATISFIED:
            return "pass", "none"
    return "notApplicable", "none"


def _fit(held: Any) -> Any:
    """Data whose texts steer nothing that shows them."""
    if isinstance(held, str):
        return words.plain(held)
    if isinstance(held, Mapping):
        return {name: _fit(value) for name, value in held.items()}
    return [_fit(value) for value in held] if isinstance(held, list) else held


def rest(report: Report, view: View, said: Sequence[Diagnostic], written: int,
         left: Mapping[int, int]) -> dict[str, Any]:
    """What stands behind the results: how the run went, what it is known by, what it came to."""
    named = any(part.named for part in report.ledger.skipped)
    notes = [_note(words.unaudited(part, view),
                   "note" if part.code == NOT_ASKED else "warning", part.code)
             for part in unaudited(report)]
    notes += [_note("; ".join(map(str.strip, say_diagnostic(d, view.lang).splitlines())),
                    "warning", d.code) for d in said]
    summary = {k: v for k, v in shape.summary(report, view).items() if k != "by"}
    return {
        "automationDetails": {"id": _automation(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": _text(view.say("machine.srcroot"))}},
        "invocations": [{"executionSuccessful": not named,
                         **({"toolExecutionNotifications": notes} if notes else {})}],
        "properties": {
            "policy": {**shape.policy(report.policy),
                       **({"versions": [shape.judged(part) for part in report.judged]}
                          if report.judged else {})},
            "as_of": report.as_of.isoformat(),
            "ledger": {"records": report.ledger.records,
                       "out_of_scope": report.ledger.out_of_scope, "sha256": report.ledger.sha256,
                       "files": [_fit(shape.table_rows(table)) for table in report.ledger.tables]},
            "summary": summary,
            "results": {"written": written, "left_out": sum(left.values())},
        },
    }


def _note(text: str, level: str, code: str) -> dict[str, Any]:
    return {"level": level, "descriptor": {"id": code}, "message": _text(text)}


def _automation(report: Report) -> str:
    """What tells runs of this audit from others: tool, pack and ledger, then the day."""
    files = list(dict.fromkeys(table.table.file for table in report.ledger.tables))
    ledger = PurePath(files[0]).name if len(files) == 1 else f"{len(files)}-files"
    category = "/".join(quote(part, safe="", errors="replace")
                        for part in (TOOL, report.policy.id, ledger))
    return f"{category}/{report.as_of.isoformat()}"
