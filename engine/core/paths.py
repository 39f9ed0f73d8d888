"""Paths as they are said. In: a path. Out: its shortest form from here."""

from __future__ import annotations

from pathlib import Path


def short_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
