"""What a file is. In: its bytes. Out: its type and where it ends, or why it is not taken.

A name says nothing: the content must be a whole PDF, JPEG or PNG from its first byte to its last.
Nothing is decoded; of a picture its stated size is looked at, of a PDF what it may do when opened.
"""

from __future__ import annotations

import re
import zlib
from typing import Final, NamedTuple

from zhuanjie.engine.api import InputError, fail

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
MOST_PIXELS: Final = 100_000_000
LONGEST_SIDE: Final = 20_000
_BLANKS: Final = b"\x00\t\n\r\x0c "
_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_LONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ACTIVE: Final = ("JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA",
                  "SubmitForm", "ImportData", "GoToR", "GoToE", "Encrypt")
"""Names of what a PDF does by itself, carries inside, or hides from whoever looks."""
_NAMES: Final = re.compile(rb"/(" + "|".join(_ACTIVE).encode() + rb")(?![A-Za-z0-9])")
_ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_UNPACKED: Final = 32 << 20
"""How much of a PDF's packed objects is looked at."""
_DICTIONARY: Final = 1 << 16
"""How far before a stream its dictionary is looked for."""
_OTHERS: Final = (b"PK\x05\x06", b"<script", b"<html", b"<svg")
"""What a file for two programs at once has in it."""


class Content(NamedTuple):
    """A file's type, and where its content ends: what follows a photograph is cut off."""

    type: str
    end: int


def content_of(data: bytes | memoryview) -> Content:
    """What `data` is; raises InputError for what is not taken."""
    held = bytes(data)
    if held.startswith(_PNG_HEAD):
        return Content(PNG, _png(held))
    if held.startswith(b"\xff\xd8\xff"):
        return Content(JPEG, _jpeg(held))
    if re.match(rb"%PDF-[12]\.\d", held):
        return Content(PDF, _pdf(held))
    raise fail(InputError, "register.acts.file-type")


def _png(data: bytes) -> int:
    at, first = len(_PNG_HEAD), True
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at:at + 4]), data[at + 4:at + 8]
        end = at + 12 + size
        if end > len(data) or (first and (kind != b"IHDR" or size != 13)):
            break
        if zlib.crc32(data[at + 4:end - 4]) != int.from_bytes(data[end - 4:end]):
            break
        if first:
            _size(int.from_bytes(data[at + 8:at + 12]), int.from_bytes(data[at + 12:at + 16]))
        at, first = end, False
        if kind == b"IEND":
            if data[at:].strip(_BLANKS):
                raise fail(InputError, "register.acts.file-more")
            return at
    raise fail(InputError, "register.acts.file-broken", type="PNG")


def _jpeg(data: bytes) -> int:
    at, sized = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _LONE:
            at += 2
            continue
        if marker in {0x00, 0xD8}:
            break
        size = int.from_bytes(data[at + 2:at + 4])
        if size < 2 or at + 2 + size > len(data):
            break
        if marker in _SIZES:
            if size < 8:
                break
            _size(int.from_bytes(data[at + 7:at + 9]), int.from_bytes(data[at + 5:at + 7]))
            sized = True
        at += 2 + size
        if marker == 0xDA:
            at = _scan(data, at)
            if data[at:at + 2] == b"\xff\xd9":
                if not sized:
                    break
                _only_picture(data[at + 2:])
                return at + 2
    raise fail(InputError, "register.acts.file-broken", type="JPEG")


def _scan(data: bytes, at: int) -> int:
    """Where the coded picture that begins at `at` is followed by a marker."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] != 0x00 and not 0xD0 <= data[at + 1] <= 0xD7 and data[at + 1] != 0xFF:
            return at
        at += 1 if data[at + 1] == 0xFF else 2


def _only_picture(tail: bytes) -> None:
    """Raise where what follows a photograph is for another program; cameras put notes there."""
    low = tail.lower()
    if b"%pdf-" in low or any(sign.lower() in low for sign in _OTHERS):
        raise fail(InputError, "register.acts.file-more")


def _size(width: int, height: int) -> None:
    if not 0 < width <= LONGEST_SIDE or not 0 < height <= LONGEST_SIDE \
            or width * height > MOST_PIXELS:
        raise fail(InputError, "register.acts.file-large-picture", width=width, height=height,
                   side=LONGEST_SIDE, pixels=MOST_PIXELS // 1_000_000)


def _pdf(data: bytes) -> int:
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data:
        raise fail(InputError, "register.acts.file-broken", type="PDF")
    if data[end + 5:].strip(_BLANKS) or any(sign in data[:1024].lower() for sign in _OTHERS) \
            or b"PK\x05\x06" in data:
        raise fail(InputError, "register.acts.file-more")
    left = _UNPACKED
    _passive(data)
    for found in _STREAM.finditer(data):
        # A stream's dictionary stands before it; names within packed objects count as well.
        begin = max(data.rfind(b"obj", 0, found.start()), found.start() - _DICTIONARY, 0)
        if b"ObjStm" not in _plain(data[begin:found.start()]):
            continue
        unpacked = _unpack(data[found.end():], left)
        if unpacked is None:
            raise fail(InputError, "register.acts.file-broken", type="PDF")
        left -= len(unpacked)
        _passive(unpacked)
    return len(data)


def _unpack(packed: bytes, most: int) -> bytes | None:
    """What zlib makes of a stream; None where it cannot, or would make too much."""
    machine = zlib.decompressobj()
    try:
        made = machine.decompress(packed, most)
    except zlib.error:
        return None
    return made if machine.eof else None


def _plain(text: bytes) -> bytes:
    """PDF names with what was written by its number (`#4a`) as it reads."""
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), text)


def _passive(text: bytes) -> None:
    found = _NAMES.search(_plain(text))
    if found is not None:
        raise fail(InputError, "register.acts.file-active", name=found[1].decode())
