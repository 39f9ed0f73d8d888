"""What a pack was last checked against. In: a chain of packs, a lock file. Out: what changed since.

A lock names every pack below one, its version and the hash of what it says. Comments and the
layout of files are not part of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.models import Filled, Slug, Strict
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import YamlSource, read_source
from zhuanjie.engine.policy.found import LOCK
from zhuanjie.engine.policy.pack_files import LoadedPack

_HEAD: Final = "# zhuanjie lock: what this pack was last checked against\n"


class LockedBase(Strict):
    """A pack that another builds on, as it was."""

    id: Slug
    version: Filled
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Lock(Strict):
    """A lock file."""

    lock: Literal[1]
    bases: tuple[LockedBase, ...]


def lock_of(chain: Sequence[LoadedPack]) -> tuple[LockedBase, ...]:
    """The packs below the last of a chain, the root first, as they are now."""
    return tuple(LockedBase(id=p.manifest.id, version=p.manifest.version, sha256=p.digest.hex())
                 for p in chain[:-1])


def lock_text(bases: Sequence[LockedBase]) -> str:
    """A lock file."""
    lines = [f"  - id: {b.id}\n    version: {b.version}\n    sha256: {b.sha256}\n" for b in bases]
    return "".join((_HEAD, "lock: 1\n", "bases:\n", *lines))


def read_lock(folder: Path) -> tuple[Lock, YamlSource] | None:
    """The lock of a pack's folder, None where it has none; raises PolicyError for no lock at all.
    """
    path = folder / LOCK
    if not path.exists():
        return None
    problems: list[Diagnostic] = []
    source = read_source(path, PolicyError, short_path(path))
    lock = validate(Lock, source, problems)
    if lock is None:
        raise PolicyError(Diagnostic("pack.lock-form", place=problems[0].place))
    return lock, source


def changed_bases(chain: Sequence[LoadedPack]) -> list[Diagnostic]:
    """What is otherwise below the last pack of a chain than its lock says; nothing without a lock.
    """
    found = read_lock(chain[-1].folder)
    return [] if found is None else list(_differences(chain, *found))


def not_locked(chain: Sequence[LoadedPack]) -> list[Diagnostic]:
    """Whether a pack that builds on others has no lock."""
    top = chain[-1]
    if len(chain) == 1 or (top.folder / LOCK).exists():
        return []
    return [Diagnostic("lint.base-changed-no-lock", {"id": top.manifest.id, "file": LOCK},
                       top.source.place(("builds_on",)), "lock.hint")]


def _differences(chain: Sequence[LoadedPack], lock: Lock,
                 source: YamlSource) -> Iterator[Diagnostic]:
    was = {base.id: (at, base) for at, base in enumerate(lock.bases)}
    for now in lock_of(chain):
        if now.id not in was:
            yield Diagnostic("lint.base-changed-new", {"base": now.id}, Place(source.file),
                             "lock.hint")
            continue
        at, before = was.pop(now.id)
        if now != before:
            same = now.version == before.version
            yield Diagnostic("lint.base-changed" if same else "lint.base-changed-version",
                             {"base": now.id, "was": before.version, "now": now.version},
                             source.place(("bases", at)), "lock.hint")
    for at, gone in was.values():
        yield Diagnostic("lint.base-changed-gone", {"base": gone.id}, source.place(("bases", at)),
                         "lock.hint")
