"""What a policy was made of. In: the folders of its packs. Out: a hash of all that it hangs on.

The packs' own files, which pack each builds on and where that is found now, the vocabularies that
they could mean, the packs that have ids; and the program itself. Where this is the same, making the
policy again would give the same.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from zhuanjie.engine.core.kept_files import name_of
from zhuanjie.engine.core.regular_files import read_regular
from zhuanjie.engine.policy.found import LOCK, MANIFEST, base_folder, known_packs, roots_beside
from zhuanjie.engine.policy.row_files import ENDINGS
from zhuanjie.engine.vocabulary.found import FIELDS, vocabulary_folders
from zhuanjie.engine.vocabulary.found import MANIFEST as VOCABULARY

_ENGINE: Final = Path(__file__).resolve().parents[1]
_MAKERS: Final = (
    "core", "vocabulary", "regex", "expr", "policy", "lowering", "backends", "backends/durable")
"""The folders of what makes a policy ready to judge."""


class PackPlace(Struct, frozen=True):
    """A pack of a chain: its folder, and the id of the one that it builds on."""

    folder: Path
    base: str | None


Chains = Sequence[Sequence[PackPlace]]
"""The chains of the packs that judge, each with its root first."""


def chains_text(chains: Chains) -> str:
    """Chains as text."""
    return json.dumps([[[str(p.folder), p.base] for p in chain] for chain in chains])


def chains_of(text: str) -> Chains:
    """The chains of a text; raises ValueError or TypeError where it holds none."""
    return [[PackPlace(Path(folder), base) for folder, base in chain]
            for chain in json.loads(text)]


def sources_hash(chains: Chains, *, by_default: bool) -> str:
    """The hash of all files that policies of these chains are made of; raises OSError.

    Which packs judge `by_default` is for every manifest to say.
    """
    known = known_packs()
    return name_of(*_sources(chains, known, by_default))


def _sources(chains: Chains, known: dict[str, Path], by_default: bool) -> Iterator[str | bytes]:
    for name, folder in known.items():
        yield name
        yield str(folder)
        if by_default:
            yield read_regular(folder / MANIFEST)
    roots: dict[Path, None] = {}
    for chain in chains:
        for pack in chain:
            yield str(pack.folder)
            yield from _files(sorted(path for ending in (".yaml", *ENDINGS)
                                     for path in pack.folder.glob(f"*{ending}")))
            yield from _files(p for p in [pack.folder / LOCK] if p.is_file())
            yield str(base_folder(pack.folder, pack.base, known)) if pack.base else ""
        roots.update(dict.fromkeys(roots_beside(chain[0].folder)))
    for name, folder in vocabulary_folders(roots).items():
        yield name
        yield from _files([folder / VOCABULARY, folder / FIELDS])


def _files(paths: Iterable[Path]) -> Iterator[str | bytes]:
    for path in paths:
        yield str(path)
        yield read_regular(path)


@cache
def program_hash(*more: str) -> str:
    """What tells this program from any other: its own files, the packages installed, its Python.

    Files are told apart by size and time of change: reading them all would take longer than what
    is saved. `more` are further folders of the engine. Raises OSError where they are no files.
    """
    parts = [sys.version, sys.implementation.cache_tag or ""]
    for name in (*_MAKERS, *more):
        folder = _ENGINE / name
        with os.scandir(folder) as entries:
            found = sorted((e.name, s.st_size, s.st_mtime_ns) for e in entries
                           if e.name.endswith(".py") and (s := e.stat()))
        parts += [str(folder), repr(found)]
    parts += [f"{path} {Path(path).stat().st_mtime_ns}" for path in sys.path
              if path.endswith("-packages") and Path(path).is_dir()]
    return name_of(*parts)
