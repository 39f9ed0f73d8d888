"""What the process returns, by findings and by the level asked for."""

from __future__ import annotations

import pytest
from support.output_reports import finding

from zhuanjie.cli.exit_codes import LEVELS, exit_code
from zhuanjie.engine.core.results import InputFinding, Outcome, Severity

ERROR = finding()
WARNING = finding(severity=Severity.WARNING)
UNDETERMINED = finding(outcome=Outcome.UNDETERMINED)
UNREADABLE = InputFinding("records.cell.date")
HARMLESS = [finding(outcome=o) for o in
            (Outcome.PENDING, Outcome.WAIVED, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)]


@pytest.mark.parametrize(("found", "failing"), [
    (ERROR, {"error", "warning", "undetermined"}),
    (WARNING, {"warning", "undetermined"}),
    (UNDETERMINED, {"undetermined"}),
    (UNREADABLE, {"undetermined"}),
    *((h, set()) for h in HARMLESS),
])
def test_a_level_fails_on_what_weighs_as_much(found: object, failing: set[str]) -> None:
    assert {level for level in LEVELS if exit_code([*HARMLESS, found], level)} == failing


def test_nothing_found_is_nought() -> None:
    assert [exit_code([], level) for level in LEVELS] == [0, 0, 0, 0]
