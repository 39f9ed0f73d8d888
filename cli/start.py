"""How a process of the command begins. In: nothing. Out: what `main` returns.

What is set here has to be set before anything large is imported.
"""

from __future__ import annotations

import gc
from typing import Final

_GARBAGE: Final = 200_000
"""Objects that are made before garbage is looked for: what is imported is none."""


def main() -> int:
    """Run the call that the process was started for; returns its exit code."""
    gc.set_threshold(_GARBAGE)
    from zhuanjie.engine.api import keep_between_batches

    keep_between_batches()
    from zhuanjie.cli.main import main as run

    return run()
