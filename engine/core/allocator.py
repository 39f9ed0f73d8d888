"""Whether freed memory is kept for what comes next. In: the environment. Out: the environment.

Polars brings jemalloc, which looks once, as it is loaded, for how it is to be used; to give memory
back and ask for it again is a tenth of an audit. What somebody else says of it stays.
"""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "_RJEM_MALLOC_CONF"
_BETWEEN_BATCHES: Final = ("dirty_decay_ms:3000", f"narenas:{os.cpu_count() or 1}")
"""What one batch of a ledger lets go of serves the next, for seconds and core by core."""
_BETWEEN_PARTS: Final = ("narenas:2", "dirty_decay_ms:-1", "muzzy_decay_ms:-1")
"""What a worker's part has used the next one uses. Few arenas leave little that lies idle."""
_POLARS: Final = ("dirty_decay_ms:500", "muzzy_decay_ms:1000")
"""What Polars says by itself where it is imported."""


def keep_between_batches() -> None:
    """For a process of the command, before Polars is imported."""
    os.environ.setdefault(VARIABLE, ",".join(_BETWEEN_BATCHES))


def keep_between_parts() -> None:
    """For a worker, before Polars is imported there: what Polars or the command said in the process
    that began it came along, and is no word of anybody's."""
    said = filter(None, os.environ.get(VARIABLE, "").split(","))
    if {*_POLARS, *_BETWEEN_BATCHES}.issuperset(said):
        os.environ[VARIABLE] = ",".join(_BETWEEN_PARTS)
