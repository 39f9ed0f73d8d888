"""Where every failure becomes an exit code. In: whatever a command raises. Out: words and a code.

No traceback reaches the user: a failure of the program itself is one line that names the place
in the program and nothing of the data. `ZHUANJIE_DEBUG=1` shows the traceback.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import TextIO

import click

from zhuanjie.cli import exit_codes
from zhuanjie.cli.session import Session
from zhuanjie.cli.usage import diagnose
from zhuanjie.engine.api import Diagnostic, ZhuanjieError
from zhuanjie.report.files import unwritable

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EAGAIN)
"""Why a stream that is there takes no more."""


class ExitGuard:
    """A context that swallows every failure of its body and turns it into `code`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.code = exit_codes.OK
        self._minded: list[signal.Signals] = []
        self._unraisable = sys.unraisablehook

    def __enter__(self) -> ExitGuard:
        sys.unraisablehook = self._unraised
        with suppress(ValueError):  # not the main thread: who called it minds the signals
            # What ignores signals, as under nohup, goes on doing so.
            self._minded = [s for s in _ENDING if signal.getsignal(s) is signal.SIG_DFL
                            and signal.signal(s, _terminate) is signal.SIG_DFL]
        return self

    def _unraised(self, unraised: sys.UnraisableHookArgs) -> None:
        """An end before its time that comes while something is tidied up is no news besides."""
        if unraised.exc_type is not KeyboardInterrupt:
            self._unraisable(unraised)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> bool:
        for ending in self._minded:
            signal.signal(ending, signal.SIG_DFL)
        sys.unraisablehook = self._unraisable
        if isinstance(error, SystemExit):
            return False
        if error is not None:
            self.code = self._exit_code_for(error)
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            self.code = exit_codes.PIPE_CLOSED
            _silence(sys.stdout)
        except OSError as full:
            self.code = exit_codes.UNUSABLE
            self.session.error(unwritable("stdout", full).diagnostics[0])
            _silence(sys.stdout)
        return True

    def _exit_code_for(self, error: BaseException) -> int:
        """Say what `error` is, and the code it ends with."""
        match error:
            case click.exceptions.Exit():
                return error.exit_code
            case click.exceptions.NoArgsIsHelpError():
                self.session.tell(error.format_message())
                return exit_codes.UNUSABLE
            case click.ClickException():
                self.session.error(diagnose(error))
                return exit_codes.UNUSABLE
            case KeyboardInterrupt() | click.Abort():
                self.session.tell(self.session.say("cli.interrupted"))
                return exit_codes.interrupted(error)
            case OSError(filename=None) if error.errno in _UNWRITABLE:
                # Help and version are written without `files`, changes as they come.
                self.session.error(unwritable("stdout", error).diagnostics[0])
                _silence(sys.stdout)
                return exit_codes.UNUSABLE
            case BrokenPipeError():
                _silence(sys.stdout)
                return exit_codes.PIPE_CLOSED
            case ZhuanjieError():
                for diagnostic in error.diagnostics:
                    self.session.error(diagnostic)
                return error.exit_code
        if os.environ.get("ZHUANJIE_DEBUG"):
            import traceback

            traceback.print_exception(error)
        self.session.error(Diagnostic("cli.internal", {"at": _where(error)},
                                      hint="cli.internal.hint"))
        return exit_codes.FAILED


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise exit_codes.Terminated


def _where(error: BaseException) -> str:
    """The innermost line of ours that `error` passed. Its message may quote data: never said."""
    import traceback

    root = Path(__file__).resolve().parent.parent
    ours = [root / top for top in ("cli", "engine", "report", "synthetic")]
    at = ""
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename).resolve()
        if any(file.is_relative_to(folder) for folder in ours):
            at = f"{file.relative_to(root).as_posix()}:{frame.lineno}, "
    return at + type(error).__name__


def _silence(stream: TextIO) -> None:
    """Point a stream nobody reads at nothing, so that its flush at exit cannot fail again."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
