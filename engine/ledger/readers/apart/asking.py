"""Has another process read a file. In: a path, its kind. Out: grids, or one error.

What reads .xls, .xlsb and .ods is not ours and ends the process where it gives up; pages and XML of
2003 are read by parsers that hold all they find. Neither can harm anybody but the process it works
in, which is stopped where it takes more memory or time than a file of that length can need.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from msgspec.structs import asdict

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.ledger.readers.apart.wire import grid_of
from zhuanjie.engine.ledger.readers.laid_out import Grid

_CALL = ("import json, sys; sys.path[:] = json.loads(sys.stdin.buffer.readline()); "
         "from zhuanjie.engine.ledger.readers.apart.worker import main; main()")


def grids_of(path: Path, name: str, kind: Literal["workbook", "page"]) -> Iterator[Grid]:
    """The tables of a file; raises InputError for what cannot be read."""
    size = path.stat().st_size
    seconds = limits().apart_seconds + size // limits().apart_bytes_a_second
    asked = {"path": str(path.resolve()), "name": name, "kind": kind, "seconds": seconds,
             "memory": limits().apart_memory + limits().apart_memory_a_byte * size,
             "limits": asdict(limits())}
    child = subprocess.Popen([sys.executable, "-X", "utf8", "-c", _CALL], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    # Where the system cannot bound its time, and for what waits and does not work.
    guard = threading.Timer(10 * seconds, child.kill)
    guard.daemon = True
    guard.start()
    try:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(f"{json.dumps(sys.path)}\n{json.dumps(asked)}\n".encode())
            child.stdin.close()
        except BrokenPipeError:  # it ended before; why is said below
            pass
        yield from _answers(child.stdout, child, Place(file=name), seconds)
    finally:
        guard.cancel()
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _answers(said: IO[bytes], child: subprocess.Popen[bytes], place: Place,
             seconds: int) -> Iterator[Grid]:
    rows = (line.decode() for line in said)
    for line in rows:
        try:
            answer = json.loads(line)
            if "grid" in answer:
                grid = grid_of(answer["grid"], rows)
        except (ValueError, TypeError, KeyError):  # cut short
            break
        if "grid" in answer:
            yield grid
        elif "error" in answer:
            raise InputError(*map(_diagnostic, answer["error"]))
        elif "memory" in answer:
            raise fail(InputError, "records.no-memory", place, "records.hint.too-much")
        else:
            return
    ended = child.wait()
    too_long = (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0))
    if ended in too_long:
        raise fail(InputError, "records.beyond.seconds", place, "records.hint.too-much",
                   most=seconds)
    raise fail(InputError, "records.gave-up", place, "records.hint.damaged")


def _diagnostic(told: dict[str, dict[str, object]]) -> Diagnostic:
    args = {name: cause(str(value["cause"])) if isinstance(value, dict) else value
            for name, value in told["args"].items()}
    hint = told["hint"]
    return Diagnostic(str(told["code"]), args, Place(**told["place"]),  # type: ignore[arg-type]  # as said
                      None if hint is None else str(hint))
