"""What an audit did not look at. In: a report. Out: each such thing, for formats of findings alone.

A format that has a line for every finding and no place for totals says it in lines of their own,
whose outcome is `not_audited`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.results import Report

NOT_AUDITED: Final = "not_audited"
"""What stands in the column of the outcome."""


class Unaudited(Struct, frozen=True):
    """A clause, or a part of the ledger, that was not audited; `code` and `args` say why."""

    code: str
    args: Mapping[str, Any] = field(default_factory=dict)
    clause: str | None = None
    file: str | None = None
    sheet: str | None = None

    def message(self, lang: Lang) -> str:
        """Why it was not audited."""
        return say(self.code, lang, **self.args)

    def columns(self) -> dict[str, str | None]:
        """What it has in the columns of findings, but for the message."""
        return {"clause": self.clause, "outcome": NOT_AUDITED, "file": self.file,
                "sheet": self.sheet}


def unaudited(report: Report) -> Iterator[Unaudited]:
    """All that was not audited, in the order in which it is said."""
    for part in report.ledger.skipped:
        yield Unaudited(part.reason.code, part.reason.args, file=part.file, sheet=part.sheet)
    for clause in report.summary.not_asked:
        yield Unaudited("audit.not-asked", {"clause": clause}, clause=clause)
    for clause, times in report.summary.not_judged.items():
        yield Unaudited("audit.not-judged", {"clause": clause, "count": times}, clause=clause)
