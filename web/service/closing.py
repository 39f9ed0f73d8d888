"""Closing days kept by themselves. In: a register. Out: the figures of those that have passed.

A day is worked out in a process of its own, which gives way to others: whoever looks at pages
meanwhile is not held up. One is worked out at a time, the latest first.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from zhuanjie.engine.api import OutputError, fail, settings_file, use_settings
from zhuanjie.web.judging.judging import CLOCK
from zhuanjie.web.service.board import closing, work_out
from zhuanjie.web.service.register import Register, open_register

_SECONDS, _LOOKS = 1500, 0.5


def missing_days(register: Register) -> list[date]:
    """The closing days of the trend that have passed and whose figures are not there, the latest
    first."""
    yesterday = register.day() - timedelta(1)
    with register.database.reading() as conn:
        return [day for day in reversed(closing(conn, yesterday))
                if register.past.known(conn, day) is None]


def keep_closing_days(register: Register,
                      stopping: Callable[[], bool] = lambda: False) -> date | None:
    """Have the latest that is missing worked out, by a process of its own; returns its day.

    The process is ended where `stopping`. Raises OutputError where it failed: it is tried again
    later.
    """
    day = next(iter(missing_days(register)), None)
    if day is None:
        return None
    process = multiprocessing.get_context("spawn").Process(
        target=work_out_day, name=f"figures of {day}", daemon=True,
        args=(register.place.url, register.place.folder, settings_file(), day, register.day()))
    process.start()
    until = time.monotonic() + _SECONDS
    while process.is_alive() and time.monotonic() < until and not stopping():
        process.join(_LOOKS)
    if process.is_alive():
        process.kill()
        process.join()
    if process.exitcode and not stopping():
        raise fail(OutputError, "register.board.failed", day=day.isoformat())
    return day


def work_out_day(url: str, folder: Path, settings: Path | None, day: date, today: date) -> None:
    """Work a day out, as this process."""
    with suppress(OSError):
        os.nice(10)
    use_settings(settings)
    register = open_register(url, folder=folder, day=lambda: today)
    try:
        work_out(register, CLOCK, day)
    finally:
        register.close()
