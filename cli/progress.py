"""Progress of long work, on stderr. In: counts as they rise. Out: a bar, or a line now and then.

Nothing shows in the first second. A terminal gets one line that is redrawn and wiped at the end;
anything else gets a plain line every few seconds. A thread draws, so that a long step which
reports nothing still shows that it runs, and reporting costs the work two assignments.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Final, TextIO

from zhuanjie.cli.session import Session

DELAY = 1.0
"""Seconds in which nothing shows."""
_BAR: Final = 24


class Progress:
    """A context to hand to work as its `progress` callback."""

    def __init__(self, session: Session, *, quiet: bool = False, stream: TextIO | None = None,
                 doing: str = "reading", delay: float | None = None) -> None:
        """`doing` says what is under way without a count: `reading`, `writing`, `proving`."""
        self._session = session
        self._stream = stream or sys.stderr
        self._terminal = self._stream is not None and self._stream.isatty()
        self._doing = doing
        self._quiet = quiet or self._stream is None
        self._delay = DELAY if delay is None else delay
        self._pause = 0.2 if self._terminal else 5 * self._delay
        self._count: tuple[int, int | None] = (0, None)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._start = time.monotonic()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Note how much is done."""
        self._count = (done, total)

    def __enter__(self) -> Progress:
        if not self._quiet:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stop.set()
        if not self._quiet:
            self._thread.join()

    def _draw(self) -> None:
        pause, drawn = self._delay, False
        while not self._stop.wait(pause):
            line = self.line()
            self._write(f"\r\033[K{line}" if self._terminal else f"{line}\n")
            pause, drawn = self._pause, True
        if drawn and self._terminal:
            self._write("\r\033[K")

    def line(self) -> str:
        """How things stand now."""
        done, total = self._count
        seconds = int(time.monotonic() - self._start)
        if total and done:
            part = min(done / total, 1.0)
            bar = "#" * int(part * _BAR) + "." * (_BAR - int(part * _BAR))
            head = f"[{bar}] " if self._terminal else ""
            rate = done / max(time.monotonic() - self._start, 0.001)
            code = "cli.progress.rules" if self._doing == "proving" else "cli.progress.part"
            return head + self._session.say(
                code, done=done, total=total, percent=int(part * 100),
                rate=int(rate), left=int((total - done) / rate) if rate and done else "?")
        code = "cli.progress.count" if done else f"cli.progress.{self._doing}"
        return self._session.say(code, done=done, seconds=seconds)

    @property
    def count(self) -> tuple[int, int | None]:
        """How much is done, and of how much."""
        return self._count

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads stderr: the work goes on
            self._stop.set()
