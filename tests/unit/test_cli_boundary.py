"""Whatever goes wrong ends in an exit code and a line, never in a traceback or a leak."""

from __future__ import annotations

import pytest

from zhuanjie.cli.boundary import ExitGuard
from zhuanjie.cli.session import Session
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import BackendError, PolicyError

SECRET = "张三 350500198501011234"


def ended(error: BaseException, lang: str = "en") -> int:
    with ExitGuard(Session(lang)) as boundary:  # type: ignore[arg-type]  # a language
        raise error
    return boundary.code


@pytest.mark.parametrize("error", [KeyError(SECRET), ValueError(SECRET), RecursionError(SECRET),
                                   AssertionError(SECRET), MemoryError(SECRET)])
def test_a_fault_of_the_program_says_where_and_not_what(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ZHUANJIE_DEBUG", raising=False)
    assert ended(error) == 3
    err = capsys.readouterr().err
    assert err.startswith("error: internal error at ")
    assert SECRET not in err
    assert "Traceback" not in err


def test_a_fault_names_the_innermost_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    from zhuanjie.engine.core.dates import from_day

    with ExitGuard(Session("en")) as boundary:
        from_day(10**12)
    assert boundary.code == 3
    assert "engine/core/dates.py:" in capsys.readouterr().err


def test_the_traceback_is_there_when_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZHUANJIE_DEBUG", "1")
    assert ended(KeyError("x")) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_one_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_every_diagnostic_of_an_error_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    both = [Diagnostic("cli.usage.command", {"command": "zhuanjie", "name": n}) for n in "ab"]
    assert ended(PolicyError(*both)) == 2
    err = capsys.readouterr().err
    assert "`a`" in err
    assert "`b`" in err


def test_an_engine_that_failed_is_the_programs_failure() -> None:
    assert ended(BackendError(Diagnostic("cli.interrupted"))) == 3


def test_a_steering_value_is_not_sent_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ended(PolicyError(Diagnostic("cli.usage.command", {"command": "z", "name": "\x1b[2J"})))
    assert "\x1b" not in capsys.readouterr().err


def test_without_an_error_the_code_is_what_was_set() -> None:
    with ExitGuard(Session("en")) as boundary:
        boundary.code = 1
    assert boundary.code == 1
