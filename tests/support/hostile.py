"""Files that ask for more than they are. In: bytes, a name. Out: what comes of them, in bounds.

They are read in a process that does nothing else: what the system says of the memory of a child
begins with the memory of the one that started it, and a process of tests may be large.
"""

from __future__ import annotations

import functools
import re
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from support.party_transfer import open_ledger
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import Limits, limits, using

SECONDS, MEGABYTES = 10, 1000


def read(data: bytes, name: str, tmp_path: Path) -> int | str:
    """What comes of a file: codes of what is wrong, or the number of records."""
    path = tmp_path / name
    path.write_bytes(data)
    found, seconds, kilobytes = _reader().submit(_measured, path, limits()).result()
    assert seconds < SECONDS
    assert kilobytes < MEGABYTES << 10
    return found


@functools.cache
def _reader() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, get_context("spawn"))


def _measured(path: Path, bounds: Limits) -> tuple[int | str, float, int]:
    """What comes of a file, the seconds of a processor it took, and the kilobytes at its peak."""
    begun, before = _seconds(), _peak()
    with using(bounds):
        try:
            found: int | str = sum(b.frame.height for b in open_ledger([path]).batches())
        except InputError as error:
            found = error.diagnostics[0].code
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return found, _seconds() - begun, max(_peak() - before, children)


def _seconds() -> float:
    return time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _peak() -> int:
    """The most memory this process had, in kilobytes: none that it was born with."""
    said = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(said[1]) if said else 0
