"""`python -m zhuanjie.cli.hook CHECK [OPTION...] FILE...`: a policy command on packs of files.

In: files as pre-commit names them. Out: the check of every pack that one of them belongs to, and of
the packs beside it that build on it; the worst exit code. A file that belongs to no pack is passed
over. Options carry their value after `=`, so that they are told from files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from zhuanjie.cli.main import main
from zhuanjie.engine.core.errors import PolicyError, ZhuanjieError
from zhuanjie.engine.core.yaml_source import read_source
from zhuanjie.engine.policy.found import MANIFEST, pack_folders


def packs_of(files: Iterable[str]) -> list[Path]:
    """The packs that files belong to, and those beside them that build on them, by path."""
    found: set[Path] = set()
    for file in files:
        found.update([p for p in Path(file).parents if (p / MANIFEST).is_file()][:1])
    waiting = list(found)
    while waiting:
        pack = waiting.pop()
        name = _named(pack).get("id")
        above = [f for f in pack_folders(pack.parent).values()
                 if f not in found and name and _named(f).get("builds_on") == name]
        found.update(above)
        waiting += above
    return sorted(found)


def _named(pack: Path) -> dict[str, object]:
    """The manifest as it stands; what is wrong with it the check itself will say."""
    try:
        data = read_source(pack / MANIFEST, PolicyError).data
    except ZhuanjieError:
        return {}
    return data if isinstance(data, dict) else {}


def run(argv: Sequence[str]) -> int:
    """Check the packs of the files named."""
    check, *words = argv
    options = [w for w in words if w.startswith("-")]
    codes = [main(["policy", check, str(pack), *options])
             for pack in packs_of(w for w in words if not w.startswith("-"))]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
