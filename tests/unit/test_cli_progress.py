"""Progress shows for long work only, and leaves no trace on a terminal."""

from __future__ import annotations

import io
import re
import time

from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, seconds: float, *, quiet: bool = False, delay: float = 0.02) -> str:
    with Progress(Session("en"), stream=stream, quiet=quiet, delay=delay) as progress:
        progress(50, 200)
        time.sleep(seconds)
    return stream.getvalue()


def test_short_work_shows_nothing() -> None:
    assert shown(Terminal(), 0, delay=5) == ""
    assert shown(io.StringIO(), 0, delay=5) == ""


def test_a_terminal_gets_a_bar_that_is_wiped() -> None:
    text = shown(Terminal(), 0.3)
    assert "[######" in text
    assert "50 of 200 records, 25%" in text
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text


def test_a_pipe_gets_plain_lines() -> None:
    text = shown(io.StringIO(), 0.3)
    assert re.match(r"50 of 200 records, 25%, \d+ a second, \d+ s left\n", text)
    assert "\r" not in text
    assert "\x1b" not in text


def test_quiet_is_quiet() -> None:
    assert shown(Terminal(), 0.1, quiet=True) == ""


def test_unknown_totals_and_long_starts_are_said() -> None:
    progress = Progress(Session("zh"), stream=io.StringIO())
    assert progress.line() == "正在读取，0 秒"
    progress(0, 300)  # nothing is judged yet: the seconds move, a bar would stand still
    assert progress.line() == "正在读取，0 秒"
    progress(7, None)
    assert progress.line() == "7 条记录，0 秒"
    progress(9, 3)
    assert "100%" in progress.line()
    assert Progress(Session("en"), stream=io.StringIO(), doing="writing").line() == "writing, 0 s"


def test_a_stream_nobody_reads_stops_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    with Progress(Session("en"), stream=Gone(), delay=0.01):
        time.sleep(0.05)
