"""What is sent to Spark's workers. In: a task. Out: a function of Arrow batches, and its faults.

Nothing heavy is imported here: this module is the first of the program that a worker imports, and
what a worker lacks is to be said in one sentence.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as of_package
from typing import Any

from zhuanjie.engine.core.allocator import keep_between_parts
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, UsageError, ZhuanjieError, fail

Task = Callable[[Iterator[Any]], Iterator[Any]]
"""Maps the Arrow batches of one part of a table to others."""

NOT_SHARED = "zhuanjie-folder-not-shared"
"""What a worker says that does not see the folder it is to write to."""
_OTHER, _TOLD = "zhuanjie-version=", "zhuanjie-input="
_INPUT = re.compile(f"{_TOLD}([0-9a-f]+)")
_LACKS = re.compile(r"No module named '([\w]+)|\b(pyarrow|pandas)\b[^\n]{0,80}must be installed",
                    re.IGNORECASE)
_PYTHON = re.compile(r"PYTHON_VERSION_MISMATCH|Cannot run program|Python in worker has different")
_THREADS = "2"
"""Threads of Polars in a worker: Spark has as many workers as cores."""


def _version() -> str:
    """The program's own version, empty where it came without its metadata, as a bare archive."""
    try:
        return of_package("zhuanjie")
    except PackageNotFoundError:
        return ""


class WorkerCall:
    """A task on its way to the workers: it is unpacked there, once in each."""

    def __init__(self, task: Task) -> None:
        """`task` and all it holds are pickled."""
        self._version = _version()
        self._content = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Map the batches of a part."""
        if (here := _version()) and here != self._version:
            raise RuntimeError(f"{_OTHER}{here}")
        # Before Polars is first imported, which is when the task is unpacked.
        os.environ.setdefault("POLARS_MAX_THREADS", _THREADS)
        keep_between_parts()
        try:
            yield from _unpacked(self._content)(batches)
        except InputError as error:
            told = [[d.code, d.args, d.place.file, d.hint] for d in error.diagnostics]
            raise RuntimeError(_TOLD + json.dumps(told, default=str).encode().hex()) from None


@lru_cache(maxsize=2)
def _unpacked(content: bytes) -> Task:
    task: Task = pickle.loads(content)
    return task


def unfit(said: str) -> ZhuanjieError | None:
    """What to say where workers cannot run a task, or read what they are to read, from what Spark
    says; None for other faults."""
    if found := _INPUT.search(said):
        told = json.loads(bytes.fromhex(found[1]))
        return InputError(*(Diagnostic(code, args, Place(file=file), hint)
                            for code, args, file, hint in told))
    if found := _LACKS.search(said):
        return fail(UsageError, "backend.spark.lacks", hint="backend.spark.hint.worker",
                    library=(found[1] or found[2]).lower())
    if (at := said.find(_OTHER)) >= 0:
        there = said[at + len(_OTHER):].split(maxsplit=1)[0]
        return fail(UsageError, "backend.spark.version", hint="backend.spark.hint.worker",
                    there=there, here=_version())
    if NOT_SHARED in said:
        return not_shared()
    if _PYTHON.search(said):
        return fail(UsageError, "backend.spark.python", hint="backend.spark.hint.python")
    return None


def not_shared() -> UsageError:
    """What to say where the workers and this process do not see the same folder."""
    return fail(UsageError, "backend.spark.not-shared", hint="backend.spark.hint.not-shared")
