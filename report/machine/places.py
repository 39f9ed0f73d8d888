"""Where things stand in files, as other programs want it. In: files and rows. Out: URIs, lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote

TEXTS: Final = frozenset((".csv", ".tsv", ".txt", ".jsonl", ".ndjson"))
"""Endings of files whose rows are lines."""
_LINES: Final = frozenset((".jsonl", ".ndjson"))
"""Of those, the ones in which a row is a line whatever it holds."""


def relative(file: str) -> str:
    """The path of a file from where the program runs, with `/` between its parts.

    A file elsewhere, and what is no file, keep their own address.
    """
    path = PurePath(file)
    if not path.is_absolute():
        parts: list[str] = []
        for part in path.parts:
            if part == ".." and parts and parts[-1] != "..":
                parts.pop()
            else:
                parts.append(part)
        return "/".join(parts)
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def uri(file: str) -> tuple[str, bool]:
    """The URI of a file, and whether it is relative to where the program runs."""
    if "://" in file:
        return quote(file, safe="/:?#[]@!$&'()*+,;=%~", errors="replace"), False
    path = relative(file)
    if PurePath(path).is_absolute():
        text = quote(path, safe="/:~", errors="replace")  # a drive has a colon
        return f"file://{'' if text.startswith('/') else '/'}{text}", False
    text = quote(path, safe="/~", errors="replace")
    return text, not text.startswith("../")


class Lines:
    """The lines that rows of text files begin in; a quoted cell may take several.

    Files are asked for again and again: what is known of them is kept.
    """

    def __init__(self) -> None:
        self._files: dict[str, _Breaks | None] = {}
        self._paths: dict[str, str] = {}

    def path(self, file: str) -> str:
        """The path of a file from where the program runs."""
        known = self._paths.get(file)
        if known is None:
            known = self._paths[file] = relative(file)
        return known

    def of(self, file: str | None, row: int | None) -> int | None:
        """The line of a row, None where the file has no lines or is not there to count them."""
        if file is None or row is None or row < 1:
            return None
        if file not in self._files:
            self._files[file] = _breaks(file)
        breaks = self._files[file]
        return None if breaks is None else breaks.line(row)


def _breaks(file: str) -> _Breaks | None:
    suffix = PurePath(file).suffix.lower()
    if suffix not in TEXTS:
        return None
    if suffix in _LINES:
        return _Breaks()
    try:
        if not Path(file).is_file():
            return None
        with Path(file).open("rb") as lines:
            return _Breaks.of(lines)
    except (OSError, ValueError):  # a name that no file can have is a ValueError
        return None


class _Breaks:
    """The rows of a file that take more than one line, and how many lines more."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._more: list[int] = []

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> _Breaks | None:
        """Count the lines of a file; None where quotes do not close or it is of wide characters."""
        made, row, extra, begun, inside = cls(), 0, 0, 0, False
        for number, line in enumerate(lines):
            if number == 0 and (b"\0" in line or line.startswith((b"\xff\xfe", b"\xfe\xff"))):
                return None
            if not inside:
                row, begun = row + 1, number
            if line.count(b'"') % 2:
                inside = not inside
                if not inside and number > begun:
                    extra += number - begun
                    made._rows.append(row)
                    made._more.append(extra)
        return None if inside else made

    def line(self, row: int) -> int:
        at = bisect_right(self._rows, row - 1)
        return row + (self._more[at - 1] if at else 0)
