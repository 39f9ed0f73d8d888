"""How a process of the command begins. In: nothing. Out: what `main` returns.

What is set here has to be set before anything large is imported.
"""

from __future__ import annotations

import gc
import os
from typing import Final

_GARBAGE: Final = 200_000
"""Objects that are made before garbage is looked for: what is imported is none."""

_ALLOCATOR: Final = "_RJEM_MALLOC_CONF"
"""What jemalloc, which Polars brings, looks for as it is loaded."""


def main() -> int:
    """Run the call that the process was started for; returns its exit code."""
    gc.set_threshold(_GARBAGE)
    # What one batch of a ledger lets go of is kept for the next, for seconds and core by core: to
    # give it back and ask for it again is a tenth of an audit.
    os.environ.setdefault(_ALLOCATOR, f"dirty_decay_ms:3000,narenas:{os.cpu_count() or 1}")
    from zhuanjie.cli.main import main as run

    return run()
