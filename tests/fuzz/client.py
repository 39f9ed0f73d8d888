"""The other side of the fork server. In: inputs. Out: what came of each, its folder included."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from fuzz.inputs import FuzzInput

TESTS = Path(__file__).resolve().parents[1]
SECONDS = float(os.environ.get("ZHUANJIE_FUZZ_LIMIT", "10"))
"""Of a processor, for one input."""
WALL = 90
"""By the clock: far more, since the machine may be busy; what waits for ever is found by it."""
MEMORY = 1 << 30


@dataclass(frozen=True)
class RunResult:
    """How a run ended, and what it left."""

    code: int
    why: str
    peak: int
    cpu: float
    wall: float
    stdout: bytes
    stderr: str
    before: dict[str, bytes]
    after: dict[str, bytes]
    left: tuple[str, ...]
    """Files in the folder for temporary ones."""


def _held(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_file()}


class ForkServer:
    """A server in a process of its own; a context."""

    def __init__(self) -> None:
        self.room = Path(tempfile.mkdtemp(prefix="fuzz-"))
        self.process: subprocess.Popen[str] | None = None
        self.count = 0

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.room, ignore_errors=True)

    def stop(self) -> None:
        """End the process; another is started by the next input."""
        if self.process is not None:
            with suppress(OSError):
                self.process.stdin.close()  # type: ignore[union-attr]
            self.process.wait(timeout=30)
            self.process = None

    def _start(self) -> subprocess.Popen[str]:
        env = {k: v for k, v in os.environ.items()
               if k not in ("COLUMNS", "LANG", "ZHUANJIE_DEBUG", "ZHUANJIE_PACKS", "GITHUB_ACTIONS")}
        home = self.room / "home"
        home.mkdir(exist_ok=True)
        env |= {"PYTHONPATH": str(TESTS), "LC_ALL": "C.UTF-8", "HOME": str(home), "NO_COLOR": "1",
                "XDG_CACHE_HOME": str(home / "cache"), "POLARS_MAX_THREADS": "2"}
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzz.server", str(self.room)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env, cwd=self.room)
        if process.stdout.readline() != "ready\n":  # type: ignore[union-attr]
            raise RuntimeError("the fork server does not start; run `python -m fuzz.server /tmp`")
        return process

    def run(self, given: FuzzInput, seconds: float = SECONDS) -> RunResult:
        """Run one input to its end."""
        if self.process is None:
            self.process = self._start()
        self.count += 1
        folder = self.room / str(self.count)
        for name in ("work", "tmp"):
            (folder / name).mkdir(parents=True)
        given.put(folder / "work")
        (folder / "stdin").write_bytes(given.stdin)
        before = _held(folder / "work")
        job = {"folder": str(folder), "args": given.args, "call": given.call, "seconds": seconds,
               "wall": WALL, "memory": MEMORY}
        self.process.stdin.write(json.dumps(job) + "\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        ended: dict[str, Any] = json.loads(self.process.stdout.readline())  # type: ignore[union-attr]
        result = RunResult(
            **ended, stdout=(folder / "stdout").read_bytes(),
            stderr=(folder / "stderr").read_text(encoding="utf-8", errors="surrogateescape"),
            before=before, after=_held(folder / "work"),
            left=tuple(p.name for p in (folder / "tmp").iterdir()))
        shutil.rmtree(folder, ignore_errors=True)
        return result
