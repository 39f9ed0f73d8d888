"""The fork server. In: jobs, a line of JSON each, on stdin. Out: how each ended, a line each.

Everything is imported, and the usual packs are read, once; each job runs in a process forked from
that. No ledger is ever audited here: the threads of Polars do not survive a fork. Memory is
watched and not taken from the address space, which Polars reserves by the gigabyte: a limit of
that is only the last defence against one wild allocation.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20
ADDRESS_SPACE = 8 << 30
OUTPUT = 256 * MB
CRASHED = 70
"""The exit code where something passed every boundary of the program."""


def _warm() -> None:
    """Import what a call may need, so that a fork has it."""
    import zhuanjie
    from zhuanjie.cli.main import COMMANDS, main

    for module in COMMANDS.values():
        importlib.import_module(module)
    for found in pkgutil.walk_packages(zhuanjie.__path__, "zhuanjie."):
        if "spark" not in found.name and not found.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(found.name)
    for library in ("polars", "duckdb", "python_calamine", "xlsxwriter", "z3"):
        with suppress(ImportError):
            importlib.import_module(library)
    folder = Path(sys.argv[1])
    (folder / "r.yaml").write_text('学号: "1"\n姓名: 张三\n离校时间: 2007-06-30\n', encoding="utf-8")
    for call in (["check", str(folder / "r.yaml"), "--as-of", "2007-12-31"],
                 ["policy", "lint", "central-2019-regulations"], ["eval", "1 + 1"]):
        main(call)
    gc.collect()
    gc.freeze()


def _child(job: dict[str, Any], folder: Path) -> int:
    """Run one job in this process, which is its own."""
    os.setsid()
    os.chdir(folder / "work")
    os.environ.update(job.get("env", {}), TMPDIR=str(folder / "tmp"), LC_ALL="C.UTF-8")
    import tempfile

    tempfile.tempdir = None
    for number, name, flags in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY),
                                (2, "stderr", os.O_WRONLY | os.O_APPEND)):
        held = os.open(folder / name, flags)
        os.dup2(held, number)
        os.close(held)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        if job.get("call"):
            from fuzz.library import run

            return run(job["call"], job["args"])
        from zhuanjie.cli.main import main

        sys.argv = ["zhuanjie", *job["args"]]
        return main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - this is what is looked for
        traceback.print_exc()
        return CRASHED


def _family(pid: int) -> list[int]:
    """A process and all that it started."""
    found, at = [pid], 0
    while at < len(found):
        with suppress(OSError):
            listed = Path(f"/proc/{found[at]}/task/{found[at]}/children").read_text()
            found += map(int, listed.split())
        at += 1
    return found


def _usage(pid: int) -> tuple[int, float]:
    """Bytes that a process and its own hold, and seconds of a processor they took."""
    memory, seconds = 0, 0.0
    for each in _family(pid):
        with suppress(OSError, ValueError, IndexError):
            memory += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * PAGE
            spent = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, spent[11:15])) / TICK
    return memory, seconds


def _run(job: dict[str, Any]) -> dict[str, Any]:
    folder = Path(job["folder"])
    for name in ("stdout", "stderr"):
        (folder / name).touch()
    began = time.monotonic()
    pid = os.fork()
    if not pid:
        code = CRASHED
        try:
            code = _child(job, folder)
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
        finally:
            os._exit(code & 255)
    why, peak, cpu, wait = "", 0, 0.0, 0.002
    while True:
        ended, status, spent = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        memory, seconds = _usage(pid)
        peak, cpu = max(peak, memory), max(cpu, seconds)
        wall = time.monotonic() - began
        if not why:
            why = ("memory" if memory > job["memory"] else "time" if seconds > job["seconds"]
                   else "hang" if wall > job["wall"] else "")
            if why:
                with suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
        time.sleep(wait)
        wait = min(wait * 1.5, 0.03)
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL)  # what it left running
    return {"code": os.waitstatus_to_exitcode(status), "why": why, "peak": peak,
            "cpu": spent.ru_utime + spent.ru_stime, "wall": time.monotonic() - began}


def main() -> None:
    """Serve until stdin ends."""
    jobs = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(null, number)
    _warm()
    answers.write("ready\n")
    answers.flush()
    for line in jobs:
        answers.write(json.dumps(_run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
