"""What the check of a record says. In: findings. Out: them, with what was to be said besides."""

from __future__ import annotations

from collections.abc import Iterable

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import Finding, InputFinding


class CheckResult(list["Finding"]):
    """The findings on one record, and what was to be said of it besides.

    `input` are values that could not be read, `notices` what nobody knows (a misspelt key).
    """

    __slots__ = ("input", "notices")

    def __init__(self, findings: Iterable[Finding] = (), input: Iterable[InputFinding] = (),
                 notices: Iterable[Diagnostic] = ()) -> None:
        super().__init__(findings)
        self.input, self.notices = list(input), list(notices)

    def __repr__(self) -> str:
        return (f"CheckResult({len(self)} findings, {len(self.input)} unreadable, "
                f"{len(self.notices)} notices)")
