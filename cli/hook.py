"""`python -m zhuanjie.cli.hook CHECK [OPTION...] FILE...`: a policy command on packs of files.

In: files as pre-commit names them. Out: the check of every pack that one of them belongs to, and of
the packs beside it that build on it; the worst exit code. A file that belongs to no pack is passed
over. Options carry their value after `=`, so that they are told from files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from zhuanjie.cli.main import main
from zhuanjie.engine.api import packs_of


def run(argv: Sequence[str]) -> int:
    """Check the packs of the files named."""
    check, *words = argv
    options = [w for w in words if w.startswith("-")]
    codes = [main(["policy", check, str(pack), *options])
             for pack in packs_of(w for w in words if not w.startswith("-"))]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
