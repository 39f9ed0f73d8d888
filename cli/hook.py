"""`python -m zhuanjie.cli.hook CHECK [OPTION...] FILE...`: a command on the files of a commit.

In: files as pre-commit names them. Out: for `audit`, an audit of them as one ledger; else the
policy command of that name on every pack that one of them belongs to, and on the packs beside it
that build on it; the worst exit code. A file that belongs to no pack is passed over. Options carry
their value after `=`, so that they are told from files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from zhuanjie.cli.main import main
from zhuanjie.engine.api import packs_of


def run(argv: Sequence[str]) -> int:
    """Check the files named, or their packs."""
    check, *words = argv
    options = [w for w in words if w.startswith("-")]
    files = [w for w in words if not w.startswith("-")]
    if check == "audit":
        return main([check, *options, "--", *files]) if files else 0
    codes = [main(["policy", check, str(pack), *options]) for pack in packs_of(files)]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
