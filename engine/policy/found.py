"""Where packs stand. In: the program's own folder, the settings. Out: packs by their ids.

Nothing is loaded here: completion asks on every Tab.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.settings import settings

MANIFEST: Final = "pack.yaml"
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


def _id_of(folder: Path) -> str:
    """The id that a manifest gives; the folder's name where it is not to be seen."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):  # loading the pack will say so
        return folder.name
    found = _ID.search(text)
    return found[1] if found else folder.name
