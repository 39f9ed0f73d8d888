"""Runs the command again and again in processes of their own, without the time it takes to start.

In: calls, a line of JSON each, on stdin. Out: how each ended, on stdout. To be run with `disk.c`
loaded before the C library, by `support.disk`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

FELL = 99
"""The exit code of a call that raised what no command may raise."""
HANGS = 98
"""The exit code of a call that had to be killed after so many SECONDS."""
SECONDS = 300


def child(ask: dict[str, Any], disk: ctypes.CDLL) -> int:
    """One call of the command; returns its exit code."""
    from zhuanjie.cli.main import main
    from zhuanjie.engine.watch import run, source

    os.chdir(ask["cwd"])
    for fd, path, flags in ((0, ask.get("stdin", os.devnull), os.O_RDONLY),
                            (1, ask["stdout"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
                            (2, ask["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
        made = os.open(path, flags, 0o600)
        os.dup2(made, fd)
        os.close(made)
    if "tmp" in ask:
        os.environ["TMPDIR"] = tempfile.tempdir = ask["tmp"]
    run.TAIL = ask.get("tail", run.TAIL)
    source._CHUNK = ask.get("chunk", source._CHUNK)
    log = ask.get("log")
    disk.disk_arm(ask["below"].encode(), ask.get("kill", -1), ask.get("fail", -1),
                  ask.get("error", 0), ask.get("piece", 0), ask.get("sync_error", 0),
                  os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else -1)
    sys.argv = ["zhuanjie", *ask["args"]]
    if "writer" in ask:
        from support.register_writer import write

        code = write(**ask["writer"])
    else:
        code = main()
    sys.stdout.flush()
    if "count" in ask:
        written = disk.disk_count()
        Path(ask["count"]).write_text(str(written), encoding="utf-8")
    return code


def ended(process: int) -> int:
    """How a child ended, which is killed where it does not: nobody else would."""
    until = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > until:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return HANGS << 8
        time.sleep(0.002)


def serve() -> None:
    """Answer calls until stdin ends."""
    import polars  # noqa: F401  (only brought in: a process that has used it cannot fork)

    from support import register_writer  # noqa: F401
    from zhuanjie.cli.commands import audit, watch  # noqa: F401
    from zhuanjie.engine import api

    api.load_policy("fujian-2007-80")
    disk = ctypes.CDLL(sys.argv[1])
    disk.disk_count.restype = ctypes.c_longlong
    disk.disk_arm.argtypes = [ctypes.c_char_p, *[ctypes.c_longlong] * 2, ctypes.c_int,
                              ctypes.c_longlong, ctypes.c_int, ctypes.c_int]
    for line in sys.stdin:
        ask = json.loads(line)
        process = os.fork()
        if not process:
            code = FELL
            try:
                code = child(ask, disk)
            except BaseException:  # noqa: BLE001  (it is said, and the process ends)
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        status = ended(process)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
