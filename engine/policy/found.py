"""Where packs stand. In: the program's own folder, the settings. Out: packs by their ids.

Nothing is loaded here: completion asks on every Tab.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.settings import settings
from zhuanjie.engine.core.suggest import suggest

MANIFEST: Final = "pack.yaml"
LOCK: Final = "pack.lock"
RULES: Final = Path(__file__).resolve().parents[2] / "rules"
"""The packs that come with the program."""
_ID = re.compile(r"^id:[ \t]*[\"']?([a-z0-9-]+)[\"']?[ \t\r]*(?:#.*)?$", re.MULTILINE)


def pack_folders(root: Path = RULES) -> dict[str, Path]:
    """The packs below `root`, by folder name."""
    return {p.parent.name: p.parent for p in sorted(root.glob(f"*/{MANIFEST}"))}


def known_packs() -> dict[str, Path]:
    """Every pack that has an id: those that come with the program, then those of the settings.

    Raises UsageError, with both places, where two packs have one id.
    """
    found = pack_folders()
    twice: list[Diagnostic] = []
    for root in settings().packs:
        for folder in pack_folders(root.folder).values():
            name = _id_of(folder)
            first = found.setdefault(name, folder)
            if first.resolve() != folder.resolve():
                twice.append(Diagnostic("settings.pack-twice", {"id": name, "first": str(first)},
                                        Place(str(folder / MANIFEST))))
    if twice:
        raise UsageError(*twice)
    return found


def find_folder(name: str) -> Path:
    """The folder of a pack given by id or by path; raises UsageError if there is none."""
    known = known_packs()
    if name in known:
        return known[name]
    path = Path(name)
    if path.is_dir():
        return path
    if path.name == MANIFEST and path.is_file():
        return path.parent
    close = suggest(name, list(known))
    raise fail(UsageError, "policy.not-found", hint="hint.near" if close else "hint.known",
               name=name, near=close, known=", ".join(known))


def base_folder(folder: Path, name: str, known: Mapping[str, Path]) -> Path | None:
    """Where the pack `name` is that the one in `folder` builds on: beside it, else by its id."""
    beside = folder.resolve().parent / name
    return beside if (beside / MANIFEST).is_file() else known.get(name)


def roots_beside(folder: Path) -> tuple[Path, ...]:
    """Where a pack in `folder` looks for vocabularies: in itself, beside itself, in the settings'

    folders of packs.
    """
    here = folder.resolve()
    return here, here.parent, *(root.folder for root in settings().packs)


def _id_of(folder: Path) -> str:
    """The id that a manifest gives; the folder's name where it is not to be seen."""
    try:
        text = read_regular_text(folder / MANIFEST)
    except (OSError, UnicodeDecodeError):  # loading the pack will say so
        return folder.name
    found = _ID.search(text)
    return found[1] if found else folder.name
