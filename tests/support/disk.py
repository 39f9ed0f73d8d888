"""A disk that fails on demand, and what a loss of power can leave on one.

In: calls of the command. Out: how they ended; from a log of what they wrote, states of the disk.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

HERE = Path(__file__).parent
SECTOR = 512
CRASHES = int(os.environ.get("ZHUANJIE_CRASHES", "0"))
"""How many crashes to try of each kind, where it is not left to the tests."""


def crashes(usual: int) -> int:
    """How many crashes to try; ZHUANJIE_CRASHES asks for others."""
    return CRASHES or usual


class Disk:
    """Calls of the command on a disk that fails on demand."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None or sys.platform != "linux":
            pytest.skip("a disk that fails on demand needs Linux and a C compiler")
        library = folder / "disk.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library),
                        str(HERE / "disk.c")], check=True)
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "fork_server.py"), str(library)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parent)})

    def __call__(self, *args: str, below: Path, stdout: Path | None = None, **how: Any) -> Ended:
        """Call the command in the folder `below`; `how` says what the disk does (`disk.c`).

        `kill` and `fail` count bytes written below the folder; `error` is what a failing write
        says, `piece` the most bytes a write takes.
        """
        beside = below.parent / f"{below.name}.said"
        beside.mkdir(exist_ok=True)
        count = beside / "count"
        count.unlink(missing_ok=True)
        ask = {"args": args, "cwd": str(below), "below": str(below), "count": str(count),
               "stdout": str(stdout or beside / "stdout"), "stderr": str(beside / "stderr"), **how}
        if stdout is None:
            (beside / "stdout").unlink(missing_ok=True)
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(ask) + "\n")
        self._server.stdin.flush()
        code = int(self._server.stdout.readline())
        return Ended(code, (beside / "stderr").read_text(encoding="utf-8", errors="replace"),
                     # Empty where it was killed as it wrote this.
                     int((count.read_text() if count.exists() else "") or -1))

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended: its exit code (-9 killed), what it said, how many bytes it wrote."""

    code: int
    said: str
    written: int


Step = tuple[str, int, int, bytes]
"""What was done: write, cut, sync or name; to which inode; where; with what."""


def steps(log: Path) -> Iterator[Step]:
    """The log of a disk, step by step."""
    data = log.read_bytes()
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        kind, inode, *rest = data[at:end].split(b" ", 2)
        at = end + 1
        where, what = 0, b""
        if kind == b"write":
            start, size = map(int, rest[0].split())
            where, what = start, data[at : at + size]
            at += size
        elif kind == b"cut":
            where = int(rest[0])
        elif kind == b"name":
            what = rest[0]
        yield kind.decode(), int(inode), where, what


@dataclass(slots=True)
class _File:
    """What of a file is on the disk, and what was done to it since."""

    held: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def now(self) -> bytes:
        """The file as programs see it."""
        return self.after(self.pending)

    def after(self, done: list[tuple[int, bytes | None]]) -> bytes:
        """The file once some of what is pending has been done."""
        data = bytearray(self.held)
        for where, what in done:
            if what is None:
                data = data[:where]
            else:
                data.extend(bytes(max(0, where + len(what) - len(data))))
                data[where : where + len(what)] = what
        return bytes(data)

    def torn(self, rng: Random) -> bytes:
        """The file after a loss of power: any of its sectors may be there, in any order."""
        how = rng.choice(("all", "none", "first", "any", "any"))
        count = len(self.pending)
        if how in ("all", "none"):
            count = count if how == "all" else 0
        elif how == "first":
            count = rng.randint(0, count)
        done: list[tuple[int, bytes | None]] = []
        for where, what in self.pending[:count]:
            if what is None or how != "any":
                done.append((where, what))
                continue
            edges = sorted({0, len(what), *range(-where % SECTOR, len(what), SECTOR)})
            done += [(where + a, what[a:b]) for a, b in pairwise(edges)
                     if rng.random() < 0.5]
            if rng.random() < 0.7:  # the length came, the data may not have
                done.append((where + len(what) - 1, what[-1:]) if rng.random() < 0.5
                            else (where + len(what), b""))
        return self.after(done)


class PowerCuts:
    """Follows a log, and says what a disk may hold if the power goes at a step of it."""

    def __init__(self, folder: Path, names: dict[int, Path]) -> None:
        self._folder = str(folder)
        self._files: dict[int, _File] = {}
        self._durable = dict(names)
        self._now = dict(names)
        self._folder_inode = folder.stat().st_ino

    def do(self, step: Step) -> None:
        """One step more."""
        kind, inode, where, what = step
        file = self._files.setdefault(inode, _File())
        if kind == "write":
            file.pending.append((where, what))
        elif kind == "cut":
            file.pending.append((where, None))
        elif kind == "name":
            path = Path(what.decode())
            self._now = {i: p for i, p in self._now.items() if p != path} | {inode: path}
        elif inode == self._folder_inode:
            for gone in self._durable.keys() - self._now.keys():
                self._files.pop(gone, None)  # another file may come by its number
            self._durable = dict(self._now)
        else:
            file.held, file.pending = file.now(), []

    def written(self, path: Path) -> bytes:
        """A file as programs see it now."""
        (inode,) = [i for i, p in self._now.items() if p == path]
        return self._files[inode].now() if inode in self._files else b""

    def cut(self, rng: Random) -> dict[Path, bytes]:
        """What the disk may hold once the power has gone."""
        names = rng.choice((self._durable, self._now))
        return {path: self._files.setdefault(inode, _File()).torn(rng)
                for inode, path in names.items()}
