"""A process in which the command is imported already. In: calls. Out: processes that ran them.

Nine tenths of a small call are the start of Python and of the libraries. Here a server imports them
once, uses none of them, and forks for every call: a process of its own, with its own streams,
folder, environment and exit, which runs `main` as the command's script does. What a call cannot
have in a fork (settings of Python, another locale, its own command line) is run as the script.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import Any

LIBRARIES = ("polars", "python_calamine", "orjson", "yaml", "tabulate", "pydantic", "xlsxwriter",
             "cel_expr_python", "zhuanjie.engine.api.ledgers", "zhuanjie.engine.authoring")
FIXED = ("PYTHON", "LD_", "MALLOC", "POLARS", "TMPDIR")
"""What is read from the environment as a process, or a library, starts."""
_HEAD = 8
_SLACK = 30.0
"""Seconds that a call which has said everything has to end."""


class PreparedCommand:
    """Runs calls of the command in forks of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._owner = 0

    def fits(self, args: Sequence[str], env: Mapping[str, str], options: Mapping[str, Any]) -> bool:
        """Whether a call is the same in a fork as in a process of its own."""
        return (hasattr(os, "fork") and "ZHUANJIE_TEST_PROCESSES" not in os.environ
                and not options.keys() - {"cwd", "input"}
                and not any("://" in arg or "\udc80" <= max(arg, default="") <= "\udcff"
                            for arg in args)
                and env.get("LC_ALL") in ("C.UTF-8", "zh_CN.UTF-8")
                and not any(env.get(name) != os.environ.get(name)
                            for name in {*env, *os.environ} if name.startswith(FIXED)))

    def run(self, command: str, args: Sequence[str], env: Mapping[str, str], timeout: float, *,
            cwd: str | Path | None = None, input: str | None = None,
            ) -> subprocess.CompletedProcess[str]:
        """Run one call to its end; raises TimeoutExpired."""
        call = [command, *args]
        said = json.dumps({"argv": call, "env": dict(env), "cwd": str(cwd or Path.cwd())}).encode()
        pipes = {name: os.pipe() for name in ("stdin", "stdout", "stderr", "status")}
        theirs = [pipes["stdin"][0], *(pipes[name][1] for name in ("stdout", "stderr", "status"))]
        with self._lock:
            server = self._started()
            server.sendall(len(said).to_bytes(_HEAD, "big"))
            socket.send_fds(server, [b"."], theirs)
            server.sendall(said)
            assert server.recv(1) == b"."
        for number in theirs:
            os.close(number)
        return _ended(call, pipes, timeout, input)

    def _started(self) -> socket.socket:
        if self._socket is None or self._owner != os.getpid():
            ours, its = socket.socketpair()
            env = {**os.environ, "LC_ALL": "C.UTF-8",
                   "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
            subprocess.Popen(
                [sys.executable, "-c", "import sys; from support.prepared import serve; "
                 "serve(int(sys.argv[1]))", str(its.fileno())],
                pass_fds=[its.fileno()], env=env, cwd="/", stdin=subprocess.DEVNULL)
            its.close()
            self._socket, self._owner = ours, os.getpid()
            atexit.register(ours.close)
        return self._socket


def _ended(call: list[str], pipes: Mapping[str, tuple[int, int]], timeout: float,
           written: str | None) -> subprocess.CompletedProcess[str]:
    """What a call said, once it has ended."""
    said: dict[str, bytes] = {}

    def read(name: str) -> None:
        with open(pipes[name][0], "rb") as pipe:  # noqa: PTH123
            said[name] = pipe.read()

    def write() -> None:
        with suppress(BrokenPipeError), open(pipes["stdin"][1], "wb") as pipe:  # noqa: PTH123
            pipe.write((written or "").encode())

    until = time.monotonic() + timeout
    # Unbuffered: what was read ahead would not be seen by `select`.
    with open(pipes["status"][0], "rb", buffering=0) as status:  # noqa: PTH123
        process = int(_line(status, call, until) or 0)
        assert process, "the process that forks is gone"
        threads = [threading.Thread(target=write),
                   *(threading.Thread(target=read, args=[name]) for name in ("stdout", "stderr"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0, until - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(call, timeout)
        try:
            ended = int(_line(status, call, until + _SLACK))
        except subprocess.TimeoutExpired:
            os.kill(process, signal.SIGKILL)
            raise
        code = os.waitstatus_to_exitcode(ended)
    return subprocess.CompletedProcess(call, code, said["stdout"].decode(), said["stderr"].decode())


def _line(pipe: RawIOBase, call: list[str], until: float) -> bytes:
    """The next line of a pipe, if it comes in time."""
    if not select.select([pipe], [], [], max(0, until - time.monotonic()))[0]:
        raise subprocess.TimeoutExpired(call, _SLACK)
    return pipe.readline()


def serve(number: int) -> None:
    """Fork for every call that comes, until nobody is there to call; a fork returns its code."""
    from zhuanjie.cli.main import COMMANDS, main

    for name in (*LIBRARIES, *COMMANDS.values()):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=number) as callers:
        while head := callers.recv(_HEAD, socket.MSG_WAITALL):
            _, streams, _, _ = socket.recv_fds(callers, 1, 4)
            said = callers.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                callers.detach()
                os.close(number)
                _watched(streams.pop())
                _become(json.loads(said), streams)
                sys.exit(main())
            for stream in streams:
                os.close(stream)
            callers.sendall(b".")


def _watched(status: int) -> None:
    """Go on in a child; the parent says its number, waits for it and says how it ended."""
    ready = os.pipe()
    if child := os.fork():
        os.close(ready[0])
        for stream in range(3):
            os.close(stream)
        os.write(status, b"%d\n" % child)
        os.close(ready[1])
        os.closerange(3, status)
        os.write(status, b"%d\n" % os.waitpid(child, 0)[1])
        os._exit(0)
    os.close(status)
    os.close(ready[1])
    os.read(ready[0], 1)
    os.close(ready[0])


def _become(call: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Take over the streams, the folder and the environment of a call."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()
    os.chdir(call["cwd"])
    sys.argv = call["argv"]
    for name, number, mode, errors in (("stdin", 0, "r", "surrogateescape"),
                                       ("stdout", 1, "w", "surrogateescape"),
                                       ("stderr", 2, "w", "backslashreplace")):
        stream = open(number, mode, encoding="utf-8", errors=errors,  # noqa: SIM115
                      closefd=False, buffering=1 if number == 2 else -1)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
