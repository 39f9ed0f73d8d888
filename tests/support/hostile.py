"""Files that ask for more than they are. In: bytes, a name. Out: what comes of them, in bounds."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from support.party_transfer import open_ledger
from zhuanjie.engine.core.errors import InputError

SECONDS, MEGABYTES = 10, 1000


def read(data: bytes, name: str, tmp_path: Path) -> int | str:
    """What comes of a file: codes of what is wrong, or the number of records."""
    path = tmp_path / name
    path.write_bytes(data)
    begun = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        found: int | str = sum(b.frame.height for b in open_ledger([path]).batches())
    except InputError as error:
        found = error.diagnostics[0].code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert time.process_time() - begun < SECONDS
    assert after.ru_utime - children.ru_utime < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES << 10
    assert after.ru_maxrss < MEGABYTES << 10
    return found
