"""An audit that another process makes for a forked one. In: a call of `audit`. Out: a run of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, NoReturn

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.results import Finding, Report

__all__ = ["ForkedRun"]


class ForkedRun:
    """What a caller does with a run: iterate it for findings, take its `head()`, `close()` it.

    Its findings come all at once, when the first is asked for.
    """

    def __init__(self, audited: Callable[[], Report]) -> None:
        self._audited = audited

    @cached_property
    def _report(self) -> Report:
        return self._audited()

    def __iter__(self) -> Iterator[Finding]:
        yield from self._report.findings

    def head(self) -> Report:
        """The report without its findings."""
        return replace(self._report, findings=[])

    def close(self) -> None:
        """Nothing is open here."""

    def __getattr__(self, name: str) -> Any:
        return _refuse()


def _refuse() -> NoReturn:
    raise fail(UsageError, "fork.stopped", hint="fork.stopped.hint")
