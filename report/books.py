"""Workbooks in the making. In: a path. Out: a workbook that is written when the body ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zhuanjie.engine.core import temporary


@contextmanager
def new_book(path: Path, **options: Any) -> Iterator[Any]:
    """A workbook to fill; its writer keeps its files of the moment where they are swept."""
    import xlsxwriter

    with temporary.folder() as folder:
        book = xlsxwriter.Workbook(str(path), {"tmpdir": str(folder), **options})
        try:
            yield book
        finally:
            book.close()
