"""The bytes of a text file. In: a path. Out: UTF-8 text, whatever it was written in, or an error.

Tried in this order: a byte-order mark, strict UTF-8, UTF-16 without a mark, GB18030 (which covers
GBK and GB2312). A reader that can say which cells have bytes that are no characters reads the rest.
Files are read in blocks, so their size does not matter.
"""

from __future__ import annotations

import codecs
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from zhuanjie.engine.core import temporary
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail

if TYPE_CHECKING:
    from concurrent.futures import Future

BLOCK = 1 << 20
_MARKED = (  # the longer marks first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_CERTAIN = 8
"""So many characters beyond ASCII read as UTF-8 leave no doubt that a file is UTF-8."""


class Digest(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""


class Survey(Struct, frozen=True):
    """What one pass over a text file tells: its encoding, its line ends, how many lines it has."""

    encoding: str
    lines: int
    old_mac: bool
    """Lines end in a carriage return alone."""
    quoted: bool
    """There are double quotes in it."""
    broken: bool = False
    """It is not UTF-8 throughout."""


def marked_encoding(head: bytes) -> str | None:
    """The encoding a byte-order mark declares."""
    return next((name for mark, name in _MARKED if head.startswith(mark)), None)


def unmarked_wide(head: bytes) -> str | None:
    """UTF-16 of one order of bytes, where the beginning of a file without a mark is that."""
    if b"\0" not in head:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        text = head[:4096 & ~1].decode(name, errors="replace")
        # In the other order of bytes what ends cells and lines is some rare letter.
        if "\0" not in text and "\ufffd" not in text[:-1] and ("\n" in text or "\r" in text):
            return name
    return None


def survey(path: Path, name: str, digest: Digest, *, lenient: bool = False) -> Survey:
    """Read a file once: digest it, find its encoding, count its lines, refuse what is not text.

    `lenient` lets bytes pass that are no characters.
    """
    # Imported late: one record is read without it.
    from concurrent.futures import ThreadPoolExecutor

    encoding: str | None = None
    offset = lines = returns = 0
    quoted, sound, rest = False, True, b""
    with ThreadPoolExecutor(1) as aside:
        digested: Future[None] | None = None
        for block in blocks(path):
            if digested is not None:
                digested.result()
            digested = aside.submit(digest.update, block)
            if offset == 0:
                encoding = marked_encoding(block) or unmarked_wide(block)
            wide_marked = encoding not in (None, "utf-8-sig")
            if not wide_marked and (nul := block.find(0)) >= 0:
                raise fail(InputError, "records.binary", Place(file=name), "records.hint.binary",
                           offset=offset + nul)
            if not wide_marked and sound:
                rest, sound = _undecided(rest + block)
            quoted = quoted or b'"' in block
            lines += block.count(b"\n")
            returns += 0 if lines else block.count(b"\r")
            offset += len(block)
        if digested is not None:
            digested.result()
    broken, wide = (None, 0) if sound and not rest else _first_broken(path)
    if broken is not None:
        # Bytes saved are two a character: the far side of a doubtful start is GB18030's.
        if encoding == "utf-8-sig" or wide >= 2 * _CERTAIN:
            if not lenient:
                raise _undecodable(path, name, broken, "UTF-8")
        else:
            encoding = "gb18030"
    return Survey(encoding or "utf-8", lines or returns, lines == 0 and returns > 0, quoted,
                  broken is not None)


def _undecided(text: bytes) -> tuple[bytes, bool]:
    """The first bytes of a character at the end of a text, and whether all before is UTF-8."""
    import polars as pl  # which a single record does without

    cut = len(text)
    for back in range(1, min(4, len(text) + 1)):
        byte = text[-back]
        if byte & 0xC0 != 0x80:
            length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            cut -= back if length > back else 0
            break
    try:
        pl.Series([text[:cut]]).cast(pl.String)
    except pl.exceptions.PolarsError:
        return b"", False
    return text[cut:], True


def _first_broken(path: Path) -> tuple[int | None, int]:
    """The offset of the first byte that UTF-8 cannot read, and how many bytes the characters
    before it take beyond one each.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = wide = 0
    for block in blocks(path):
        waiting = len(decoder.getstate()[0])
        try:
            wide += len(block) - len(decoder.decode(block))
        except UnicodeDecodeError as error:
            return offset - waiting + error.start, wide + error.start - len(
                error.object[:error.start].decode())
        offset += len(block)
    waiting = len(decoder.getstate()[0])
    return (offset - waiting if waiting else None), wide


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in blocks."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def in_utf8(path: Path, name: str, found: Survey, owner: object) -> Path:
    """The file itself if it is UTF-8 with plain line ends, else a copy that goes with `owner`."""
    if found.encoding in ("utf-8", "utf-8-sig") and not found.old_mac:
        return path
    return owned(_transcode(path, name, found), owner)


def owned(copy: Path, owner: object) -> Path:
    """A temporary file that is deleted when its owner goes."""
    weakref.finalize(owner, copy.unlink, missing_ok=True)
    return copy


def readable(path: Path, name: str, found: Survey, owner: object) -> tuple[Path, bool]:
    """As `in_utf8`, with U+FFFD for what are no characters, and whether there is any of it."""
    if found.encoding in ("utf-8", "utf-8-sig") and not found.old_mac and not found.broken:
        return path, False
    try:
        return owned(_transcode(path, name, found), owner), False
    except InputError:
        return owned(_transcode(path, name, found, "replace"), owner), True


def _transcode(path: Path, name: str, found: Survey, errors: str = "strict") -> Path:
    with temporary.room():
        copy = temporary.new_file(".csv")
        try:
            with (
                path.open(encoding=found.encoding, errors=errors) as file,
                copy.open("w", encoding="utf-8", newline="\n") as out,
            ):
                while text := file.read(BLOCK):
                    out.write(text)
        except BaseException as error:
            copy.unlink(missing_ok=True)
            if not isinstance(error, UnicodeDecodeError):
                raise
            offset = first_bad(path, found.encoding)
            raise _undecodable(path, name, offset, found.encoding) from None
    return copy


def first_bad(path: Path, encoding: str) -> int:
    """The offset of the first byte that `encoding` cannot read."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    for block in blocks(path):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return offset - waiting + error.start
        offset += len(block)
    return offset - len(decoder.getstate()[0])


def decode(data: bytes, name: str) -> str:
    """All of a small file's bytes as text; the same rules as for a large one."""
    encoding = marked_encoding(data)
    for candidate in (encoding,) if encoding else ("utf-8", "gb18030"):
        try:
            return data.decode(candidate)
        except UnicodeDecodeError as error:
            offset = error.start
    place = Place(name, line=data.count(b"\n", 0, offset) + 1)
    raise fail(InputError, "records.undecodable", place, "records.hint.encoding", offset=offset,
               encoding=encoding or "UTF-8, GB18030")


def _undecodable(path: Path, name: str, offset: int, encoding: str) -> Exception:
    """The error for a byte that cannot be read, with its line."""
    with path.open("rb") as file:
        line = 1
        left = offset
        while left > 0 and (block := file.read(min(BLOCK, left))):
            line += block.count(b"\n")
            left -= len(block)
    return fail(InputError, "records.undecodable", Place(file=name, line=line),
                "records.hint.encoding", offset=offset, encoding=encoding)
