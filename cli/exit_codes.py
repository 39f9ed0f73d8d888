"""The exit codes. In: findings and the `--fail-on` level. Out: what the process returns.

0 nothing at or above the level, 1 something is, 2 the call, policy or input is unusable,
3 the program itself failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from zhuanjie.engine.api import Finding, InputFinding, Outcome, Report, Severity

OK: Final = 0
FINDINGS: Final = 1
UNUSABLE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell reports it
TERMINATED: Final = 143  # 128 + SIGTERM
PIPE_CLOSED: Final = 141  # 128 + SIGPIPE

LEVELS: Final = {"error": 3, "warning": 2, "undetermined": 1, "never": 4}
"""`--fail-on` by the least weight that fails; nothing weighs as much as `never` asks."""

_SEVERITY: Final = {Severity.ERROR: 3, Severity.WARNING: 2}


class Terminated(KeyboardInterrupt):
    """The system ends the program, which leaves nothing behind, as where the user does."""


def interrupted(error: BaseException) -> int:
    """The code where the user or the system ended the program."""
    return TERMINATED if isinstance(error, Terminated) else INTERRUPTED


def weight(finding: Finding | InputFinding) -> int:
    """How much a finding weighs; a cell that could not be read is bad evidence and weighs 1.

    What could not be judged at all for want of columns weighs nothing, nor does what is known.
    """
    if isinstance(finding, InputFinding):
        return _SEVERITY[finding.severity] if finding.severity else 1
    if not finding.judged or finding.known_since is not None:
        return 0
    return weight_of(finding.outcome, finding.severity)


def weight_of(outcome: Outcome, severity: Severity) -> int:
    """How much a finding weighs: a violation by its severity, missing evidence 1, else 0."""
    if outcome is Outcome.UNDETERMINED:
        return 1
    return _SEVERITY[severity] if outcome is Outcome.VIOLATION else 0


def exit_code(findings: Iterable[Finding | InputFinding], level: str) -> int:
    """1 where a finding weighs as much as `level` asks, else 0."""
    return FINDINGS if any(weight(f) >= LEVELS[level] for f in findings) else OK


def of_audit(weights: Iterable[int], report: Report, level: str, *, strict: bool = False) -> int:
    """The code of an audit, from how much its findings weigh.

    A file that the call names and that was not audited is worse than any finding. `strict` takes
    an audit that left something out for none.
    """
    if strict and unaudited_parts(report):
        return UNUSABLE
    heaviest = max(weights, default=0)
    if any(part.named for part in report.ledger.skipped):
        heaviest = max(LEVELS["error"], heaviest)
    return FINDINGS if heaviest >= LEVELS[level] else OK


def unaudited_parts(report: Report) -> int:
    """How many files, sheets and clauses were not audited: what `--strict` refuses."""
    return len(report.ledger.skipped) + len(report.summary.not_judged)
