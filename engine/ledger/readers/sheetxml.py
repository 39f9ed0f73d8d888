"""What calamine leaves out of an old workbook. In: the file, a position. Out: its SheetExtras."""

from __future__ import annotations

import zlib
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from zhuanjie.engine.ledger.readers.sheet_biff import MAGIC, inspect_biff
from zhuanjie.engine.ledger.readers.sheet_extras import SheetExtras
from zhuanjie.engine.ledger.readers.sheet_ods import CONTENT, inspect_ods

_UNREADABLE = (LookupError, ElementTree.ParseError, expat.ExpatError, ValueError, OSError,
               StopIteration, EOFError, NotImplementedError, RuntimeError, zlib.error)


def inspect(path: Path, position: int) -> SheetExtras:
    """The facts of the sheet at `position`; none of an .xlsb."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) == MAGIC:
            return inspect_biff(path, position)
    try:
        with ZipFile(path) as parts:
            return inspect_ods(parts, position) if CONTENT in parts.namelist() else SheetExtras()
    except BadZipFile:
        return SheetExtras()
    except _UNREADABLE:
        return SheetExtras(unread=True)
