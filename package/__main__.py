"""`python -m zhuanjie`. In: the arguments of a call. Out: what the command `zhuanjie` does."""

from __future__ import annotations

import sys

from zhuanjie.cli.start import main

if __name__ == "__main__":  # worker processes import this file anew
    sys.exit(main())
