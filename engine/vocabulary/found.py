"""Where vocabularies stand. In: folders of packs. Out: vocabularies by their names.

Nothing is loaded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

FOLDER = "_vocabularies"
MANIFEST = "vocabulary.yaml"
FIELDS = "fields.yaml"
SHIPPED = Path(__file__).resolve().parents[2] / "rules"
"""The packs that come with the program, and their vocabularies."""


def vocabulary_folders(roots: Iterable[Path] = ()) -> dict[str, Path]:
    """Vocabularies by name, those below `roots` before those that come with the program."""
    found: dict[str, Path] = {}
    for root in (*roots, SHIPPED):
        for path in sorted((root / FOLDER).glob(f"*/{MANIFEST}")):
            found.setdefault(path.parent.name, path.parent)
    return found
