"""Workbooks that would take all the memory. In: a file, or what a sheet spans. Out: a refusal.

calamine unpacks a part whole and lays a sheet out as a full rectangle, so that a few megabytes of
zeros, or one stray cell in the last row and column, end the process where no error can be caught.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits

SQUEEZED = 100
"""A part of so many bytes is not unpacked where it was squeezed so many times over.

A full ledger shrinks about ten times.
"""

MOST_CELLS = 100_000_000
"""Cells a sheet may span: all rows Excel has, by 95 columns."""


FEW_CELLS = 5_000_000
"""Cells a sheet may span in any case; no written cell is shorter than a byte."""


def _unpacked(path: Path) -> int:
    """The bytes of an Office package's parts, or of another file; no bound for another package."""
    try:
        with ZipFile(path) as parts:
            found = [part for part in parts.infolist() if part.filename.startswith("xl/")]
    except (BadZipFile, OSError, ValueError):
        return path.stat().st_size
    return sum(part.file_size for part in found) if found else MOST_CELLS


def refuse_bomb(path: Path, place: Place) -> None:
    """Refuse an archive with a part that is all padding; raises InputError."""
    try:
        with ZipFile(path) as parts:
            found = parts.infolist()
    except (BadZipFile, OSError, ValueError):
        return  # not for this check to say
    for part in found:
        least = max(limits().unpacked_bytes, SQUEEZED * part.compress_size)
        if part.file_size > least:
            raise fail(InputError, "records.bomb", place, "records.hint.damaged",
                       part=part.filename, size=part.file_size >> 20)


def refuse_far(rows: int, columns: int, place: Place, path: Path | None = None) -> None:
    """Refuse a sheet that spans too many cells, or far more than can stand in the file at `path`.

    Raises InputError.
    """
    spans = rows * columns
    if spans > MOST_CELLS or (path is not None and spans > FEW_CELLS and spans > _unpacked(path)):
        raise fail(InputError, "records.far-cell", place, "records.hint.far-cell",
                   rows=rows, columns=columns)
