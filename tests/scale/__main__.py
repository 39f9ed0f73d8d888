"""`python -m scale`. In: a call. Out: an exit code."""

from __future__ import annotations

import sys

from scale.run import main

if __name__ == "__main__":
    sys.exit(main())
