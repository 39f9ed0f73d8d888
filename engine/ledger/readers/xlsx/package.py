"""The package of a workbook, unpacked within bounds. In: a path. Out: its parts as streams.

What a package says of its parts is not believed: what comes out of one is counted as it comes, and
all that is unpacked of a package together is bounded by what it is long.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.ledger.readers.oversize import SQUEEZED

BLOCK = 1 << 20
_PACKED = (ZIP_STORED, ZIP_DEFLATED)
UNREADABLE = (BadZipFile, expat.ExpatError, zlib.error, struct.error, OSError, EOFError,
              NotImplementedError, RuntimeError, ValueError, LookupError, OverflowError)
"""What the standard library raises for a package that is none, or no longer."""


class DamagedError(ValueError):
    """The package is not built as workbooks are."""


class BeyondError(Exception):
    """More is there than is read; `what` is a name in `Limits`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class PackedBook:
    """The parts of a workbook."""

    def __init__(self, path: Path, place: Place) -> None:
        self._place = place
        self._parts = ZipFile(path)
        found = self._parts.infolist()
        if len(found) > limits().package_parts:
            raise BeyondError("package_parts")
        # Some programs write other separators, and capitals where they please.
        self._found = {_plain(part.filename): part for part in found}
        self._left = max(limits().unpacked_bytes, SQUEEZED * path.stat().st_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._parts.close()

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._found

    def blocks(self, name: str, size: int = BLOCK, most: int | None = None) -> Iterator[bytes]:
        """What a part unpacks to, block by block; `most` bytes of it, if given.

        Raises InputError where it is all padding, LookupError where there is none.
        """
        part = self._found[_plain(name)]
        if part.compress_type not in _PACKED or part.flag_bits & 1:
            raise DamagedError(part.filename)
        if most is not None and part.file_size > most:
            raise BeyondError("part_bytes")
        if part.file_size > max(limits().unpacked_bytes, SQUEEZED * part.compress_size):
            raise self._bomb(part)
        with self._parts.open(part) as file:
            while block := _read(file, size):
                self._left -= len(block)
                if self._left < 0:
                    raise self._bomb(part)
                yield block

    def _bomb(self, part: ZipInfo) -> InputError:
        return fail(InputError, "records.bomb", self._place, "records.hint.damaged",
                    part=part.filename, size=part.file_size >> 20)


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Say of what cannot be read in a package that it is damaged, or more than is read."""
    try:
        yield
    except BeyondError as error:
        raise fail(InputError, f"records.beyond.{error.what}", place, "records.hint.too-much",
                   most=getattr(limits(), error.what)) from None
    except MemoryError:
        raise fail(InputError, "records.no-memory", place, "records.hint.too-much") from None
    except UNREADABLE as error:
        hint = "records.hint.damaged-wps" if (place.file or "").lower().endswith(
            (".et", ".ett")) else "records.hint.damaged"
        raise fail(InputError, "records.damaged", place, hint,
                   detail=cause(str(error)) or type(error).__name__) from None


def _read(file: IO[bytes], size: int) -> bytes:
    """A block that is full, but for the last."""
    out = file.read(size)
    while 0 < len(out) < size and (more := file.read(size - len(out))):
        out += more
    return out


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
