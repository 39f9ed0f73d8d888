"""Findings in words that tell nothing of a person. In: a report's parts. Out: short texts.

What goes to a service for code is read by more people than the ledger. Unless values are asked
for, a text has the rule, the outcome, the names of fields and the row, and nothing that the record
holds. Every text is on one line and cannot steer what shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Finding, InputFinding, Outcome, Severity
from zhuanjie.engine.core.unaudited import Unaudited
from zhuanjie.report.notices import in_words, ranges
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable

HIDDEN: Final = "…"
"""What stands for a value that is not shown."""
_OPEN: Final = frozenset((
    "allowed", "clause", "columns", "count", "detail", "encoding", "field", "file", "first",
    "first_column", "first_row", "heading", "high", "length", "low", "name", "no", "offset", "part",
    "reason", "rows", "size", "suffix", "supported", "yes"))
"""What messages quote that is not out of a record; whatever else they quote is hidden."""
_UNFIT: Final = re.compile(
    "[^\t -~\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""Controls, marks of direction, halves of characters: what no format of text takes unharmed."""


def plain(text: str) -> str:
    """`text` on one line, without what XML forbids and what would steer a screen."""
    return text if text.isprintable() else " ".join(_UNFIT.sub(
        "\ufffd", printable(" ".join(text.splitlines()))).split("\t"))


def clipped(text: str, most: int) -> str:
    """At most so many characters of `text`."""
    return text if len(text) <= most else text[:most - 1] + HIDDEN


def row(finding: Finding | InputFinding | Unaudited, view: View) -> str:
    """The row that is spoken of, with its sheet; of an input finding all of its rows."""
    if isinstance(finding, Finding):
        sheet, number = finding.location.sheet, finding.location.row
        at = "" if number is None else str(number)
    elif isinstance(finding, InputFinding):
        sheet = finding.sheet
        at = ranges(finding.rows) if finding.rows else str(finding.row or "")
    else:
        sheet, at = finding.sheet, ""
    said = view.say("row", row=at) if at else ""
    return plain(" ".join(part for part in (sheet, said) if part))


def who(finding: Finding, view: View) -> str:
    """Which record: the row alone, or its id and name too where values are shown."""
    at = row(finding, view)
    if not view.with_values:
        return at
    name = plain(" ".join(part for part in (finding.record, finding.name) if part))
    return f"{name} ({at})" if name and at else name or at


def message(finding: Finding, view: View) -> str:
    """What is found; with values, in the finding's own words."""
    if view.with_values or (finding.outcome is Outcome.UNDETERMINED and finding.missing
                            and finding.share is None):
        said = finding.message  # that which names missing fields quotes no value
    else:
        said = view.say("machine.finding", title=title(finding, view),
                        outcome=view.outcome(finding.outcome))
        if finding.share is not None:
            said = say("finding.share-figures", view.lang, message=said, **finding.share.said())
    waiver = finding.waiver
    if waiver is not None:
        code = "machine.waived" if waiver.in_force else "machine.waiver-expired"
        said = view.say(code, message=said, id=waiver.id, expires=waiver.expires)
    if finding.known_since is not None:
        said = view.say("audit.known", message=said, since=finding.known_since)
    return plain(said)


def title(finding: Finding, view: View) -> str:
    """What the rule of a finding is called."""
    return plain(view.titles.get(finding.key, finding.rule))


def remedy(finding: Finding, view: View) -> str:
    """What to do about it, where that quotes no value or values are shown."""
    if finding.outcome in (Outcome.SATISFIED, Outcome.NOT_APPLICABLE, Outcome.WAIVED):
        return ""
    if view.with_values or (finding.outcome is Outcome.UNDETERMINED and finding.missing):
        return plain(finding.remedy)
    return plain(view.remedies.get(finding.clause, ""))


def whole(finding: Finding, view: View) -> str:
    """Record, what is found and what to do, in one text."""
    said = message(finding, view)
    where, what = who(finding, view), remedy(finding, view)
    return (view.label(where, said) if where else said) + (f" → {what}" if what else "")


def unreadable(found: InputFinding, view: View) -> str:
    """Why a cell or row could not be read, with its row and column."""
    if view.with_values:
        said = in_words(found, view.lang)
    else:
        said = say(found.code, view.lang, **{
            "value": HIDDEN, "column": found.column, "field": found.field, **_shown(found.args)})
    at = [part for part in (row(found, view), found.column) if part]
    return plain(view.label(view.join(at), said) if at else said)


def unaudited(part: Unaudited, view: View) -> str:
    """Why a part of the ledger, or a clause, was not audited."""
    args = part.args if view.with_values else _shown(part.args)
    said = say(part.code, view.lang, **args)
    return plain(view.label(part.sheet, said) if part.sheet else said)


def _shown(args: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if name in _OPEN else HIDDEN for name, value in args.items()}


def weight(finding: Finding) -> int:
    """How bad a finding is, 0 the worst; what is not judged at all weighs least."""
    if not finding.judged:
        return 6
    if finding.known_since is not None:
        return 4
    light = finding.severity is not Severity.ERROR
    match finding.outcome:
        case Outcome.VIOLATION:
            return int(light)
        case Outcome.UNDETERMINED:
            return 2 + light
        case Outcome.WAIVED:
            return 4
        case Outcome.PENDING:
            return 5
    return 6
