"""What a forked process cannot do, done by another. In: a function, arguments. Out: its value.

Polars keeps threads that a fork leaves behind (`forks`). A process that was forked after they had
worked so starts another, which was not forked, and has it do the work: the first call waits for it
to start, the next ones find it running. It ends with the process that started it.

Both are the same program under the same user and speak over two pipes that nobody else has.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final, ParamSpec, TypeVar

from zhuanjie.engine.core.errors import BackendError, UsageError, ZhuanjieError, fail
from zhuanjie.engine.core.forks import threads_are_gone
from zhuanjie.engine.core.limits import limits, using
from zhuanjie.engine.core.settings import chosen_settings, use_settings

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Answer = tuple[str, Any]
_PROGRAM: Final = (
    "import pickle, sys; inward = open(int(sys.argv[1]), 'rb'); sys.path[:] = pickle.load(inward); "
    "from zhuanjie.engine.core.worker_process import serve; serve(inward, int(sys.argv[2]))")
_IDLE: Final = 4
"""Processes that are kept for later calls; each thread that calls at once takes one."""
_STDIN: Final = "-"


class _Worker:
    """A process that waits for calls."""

    def __init__(self) -> None:
        inward, self._calls = os.pipe()
        self._answers, outward = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(inward), str(outward)],
                pass_fds=(inward, outward), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except OSError as error:
            self.forget()
            raise fail(UsageError, "fork.stopped", hint="fork.stopped.hint") from error
        finally:
            os.close(inward)
            os.close(outward)
        self._writer = os.fdopen(self._calls, "wb")
        self._reader = os.fdopen(self._answers, "rb")
        _send(self._writer, sys.path)

    def answers(self, call: bytes) -> Iterator[_Answer]:
        """What comes of a call: any progress, then one value or error."""
        self._writer.write(call)
        self._writer.flush()
        while True:
            kind, value = pickle.load(self._reader)
            yield kind, value
            if kind != "progress":
                return

    def forget(self) -> None:
        """Let go of it, also where it is another process's."""
        for end in (self._calls, self._answers):
            with suppress(OSError):
                os.close(end)

    def stop(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):
            self._writer.close()
        self._reader.close()
        self._process.kill()
        self._process.wait()


class _Workers:
    """Those that have nothing to do, of this process alone."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = Lock()

    def take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Worker()

    def give_back(self, worker: _Worker) -> None:
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append(worker)
                return
        worker.stop()

    def forked(self) -> None:
        """In a child: they are its parent's."""
        for worker in self._idle:
            worker.forget()
        self._idle, self._lock = [], Lock()


_workers = _Workers()


def survives_fork(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Have a function of the API that reads ledgers work in a forked process too."""
    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        if threads_are_gone():
            return in_worker(call, *args, **kwargs)
        return function(*args, **kwargs)

    return call


def in_worker(function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """The value of a function that a module has by its name, worked out in another process.

    Raises what it raises, UsageError where its arguments or its value cannot travel, and
    BackendError where the process died.
    """
    told = kwargs.pop("progress", None)
    if kwargs.get("stdin") is None and any(_reads_stdin(a) for a in args):
        kwargs["stdin"] = sys.stdin.buffer
    try:
        call = pickle.dumps((
            f"{function.__module__}:{function.__qualname__}", [_portable(a) for a in args],
            {name: _portable(a) for name, a in kwargs.items()}, told is not None, limits(),
            chosen_settings(), _folder()))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise fail(UsageError, "fork.stopped", hint="fork.stopped.hint") from error
    worker = _workers.take()
    try:
        for kind, value in worker.answers(call):
            if kind == "progress":
                told(*value)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        worker.stop()
        raise fail(BackendError, "fork.worker-died", hint="fork.stopped.hint") from error
    except BaseException:  # somebody waits no more: what it still says belongs to no call
        worker.stop()
        raise
    _workers.give_back(worker)
    if kind == "unfit":
        raise fail(UsageError, "fork.stopped", hint="fork.stopped.hint")
    if kind == "error":
        raise value
    result: _T = value
    return result


def _folder() -> Path | None:
    with suppress(OSError):
        return Path.cwd()
    return None  # it was deleted


def _reads_stdin(given: Any) -> bool:
    return given == _STDIN if isinstance(given, str) else (
        isinstance(given, list | tuple) and any(isinstance(g, str) and g == _STDIN for g in given))


def _portable(given: Any) -> Any:
    """An argument as it can travel: what is read once is read here."""
    if hasattr(given, "read"):
        content = given.read()
        return io.BytesIO(content.encode() if isinstance(content, str) else content)
    if isinstance(given, Mapping):
        return {name: _portable(value) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(map(_portable, given)) if type(given) in (list, tuple) else given
    if isinstance(given, Iterator):
        return [_portable(item) for item in given]
    return given


def serve(calls: BinaryIO, answers: int) -> None:
    """Answer calls until nobody is there to ask any more."""
    with suppress(BrokenPipeError), os.fdopen(answers, "wb") as out:
        while True:
            try:
                call = pickle.load(calls)
            except (EOFError, pickle.UnpicklingError):  # whoever asked has ended
                return
            except Exception:  # noqa: BLE001  # a class that only the caller's main module has
                _send(out, ("unfit", None))
                continue
            kind, value = _answer(call, out)
            try:
                _send(out, (kind, value))
            except (pickle.PicklingError, AttributeError, TypeError):
                _send(out, ("error", RuntimeError(str(value))) if kind == "error"
                      else ("unfit", None))


def _answer(call: tuple[Any, ...], out: BinaryIO) -> _Answer:
    name, args, kwargs, is_told, numbers, file, folder = call
    module, _, function = name.partition(":")
    if is_told:
        kwargs["progress"] = lambda done, whole: _send(out, ("progress", (done, whole)))
    try:
        if folder is not None:
            os.chdir(folder)
        use_settings(file)
        with using(numbers):
            return "value", getattr(import_module(module), function)(*args, **kwargs)
    except ZhuanjieError as error:
        return "error", type(error)(*error.diagnostics)
    except Exception as error:  # noqa: BLE001  # the caller gets it as if it had happened there
        return "error", error


def _send(out: BinaryIO, what: Any) -> None:
    """Send something whole: what cannot travel is not begun."""
    out.write(pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL))
    out.flush()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.forked)
