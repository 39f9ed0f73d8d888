"""The package that a workbook is. In: an .xlsx file. Out: its parts, what binds them, a new file.

Parts that nobody changes are copied as they stand in the file, not even unpacked.
"""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from posixpath import dirname, join, normpath, relpath
from typing import IO, Final
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from msgspec import Struct

from zhuanjie.engine.api import OutputError, ZhuanjieError, fail
from zhuanjie.report.workbook.markup import (
    Element,
    OddMarkupError,
    children,
    edited,
    in_utf8,
    quoted,
    root_of,
)

TYPES: Final = "[Content_Types].xml"
BLOCK: Final = 1 << 20
UNREADABLE: Final = (OddMarkupError, BadZipFile, KeyError, ValueError, EOFError, zlib.error,
                     NotImplementedError, RuntimeError, struct.error)
"""What reading a package that is none of Excel's may end in."""
_ENDINGS: Final = {"sheet.main": ".xlsx", "sheet.macroenabled.main": ".xlsm",
                   "template.main": ".xltx", "template.macroenabled.main": ".xltm"}
_KIND: Final = re.compile(r"((?:sheet|template)(?:\.macroenabled)?\.main)\+xml$")
_SIGNED: Final = "_xmlsignatures/"
_MADE: Final = (1980, 1, 1, 0, 0, 0)
"""What the package says of when its new parts were made: the same call gives the same bytes."""
_LARGE: Final = 1 << 30

Content = bytes | Callable[[IO[bytes]], None]
"""What a part is to hold: bytes, or what writes them."""


class Relation(Struct, frozen=True):
    """What binds a part to another; `target` is the other's name, or an address outside."""

    id: str
    kind: str
    target: str
    element: Element


def odd_package(path: Path | str) -> ZhuanjieError:
    """The error for a package that cannot be marked."""
    return fail(OutputError, "report.workbook.odd", hint="report.workbook.odd.hint",
                path=str(path))


class Package:
    """A workbook's package, to be read, and written anew with some parts changed."""

    def __init__(self, path: Path) -> None:
        """Raises OutputError for a file that cannot be marked."""
        self.path = path
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, ValueError):
            raise odd_package(path) from None
        names = self._zip.namelist()
        self._names = {name.lower(): name for name in names}
        if any(info.flag_bits & 1 for info in self._zip.infolist()) or (
                len(self._names) < len(names)) or TYPES.lower() not in self._names:
            raise odd_package(path)
        if any(name.startswith(_SIGNED) for name in self._names):
            raise fail(OutputError, "report.workbook.signed", hint="report.workbook.signed.hint",
                       path=str(path))
        self.changed: dict[str, Content] = {}
        """Parts by name with what they are to hold; new ones among them."""
        self.removed: set[str] = set()
        self.last: list[str] = []
        """Parts that are to be written when all others are."""
        self.types = ContentTypes(self.read(TYPES))
        self.main = next((r.target for r in self.relations("") if
                          r.kind.endswith("/officeDocument")), "xl/workbook.xml")

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def ending(self) -> str | None:
        """The ending that a file with such a workbook has to have; None where it is no workbook."""
        kind = _KIND.search(self.types.of(self.main).lower())
        return _ENDINGS.get(kind[1]) if kind else None

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._names and name not in self.removed

    def blocks(self, name: str) -> Iterator[bytes]:
        """A part in blocks, in UTF-8."""
        with self._zip.open(self._names[name.lower()]) as file:
            yield from in_utf8(iter(lambda: file.read(BLOCK), b""))

    def read(self, name: str) -> bytes:
        """A whole part, as it is to be."""
        content = self.changed.get(name)
        if isinstance(content, bytes):
            return content
        return b"".join(self.blocks(name))

    def names(self, ending: str) -> Iterator[str]:
        """The parts whose names end so."""
        return (name for low, name in self._names.items() if low.endswith(ending))

    def relations(self, part: str) -> list[Relation]:
        """What binds a part (the package itself: an empty name) to others."""
        name = links_of(part)
        if not self.has(name) and name not in self.changed:
            return []
        data = self.read(name)
        found = []
        for element in children(data, root_of(data).end):
            given = element.tag.attributes
            target = given.get("Target", "")
            if given.get("TargetMode") != "External":
                target = _resolved(part, target)
                target = self._names.get(target.lower(), target)
            found.append(Relation(given.get("Id", ""), given.get("Type", ""), target, element))
        return found

    def relate(self, part: str, kind: str, target: str) -> str:
        """Bind a part to another; the id of what binds them."""
        name = links_of(part)
        if self.has(name) or name in self.changed:
            data = self.read(name)
        else:
            data = (b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships '
                    b'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                    b"</Relationships>")
        taken = {r.id for r in self.relations(part)}
        given = next(i for n in range(1, len(taken) + 2) if (i := f"zhuanjie{n}") not in taken)
        self.changed[name] = _put_in(data, (
            f'Relationship Id="{given}" Type="{quoted(kind)}" '
            f'Target="{quoted(relpath("/" + target, "/" + dirname(part)))}"'))
        return given

    def unrelate(self, part: str, relation: Relation) -> None:
        """Take away what binds a part to another; its ids are those of before."""
        name = links_of(part)
        data = self.read(name)
        found = next(r for r in self.relations(part) if r.id == relation.id)
        self.changed[name] = edited(data, [(found.element.start, found.element.end, b"")])

    def remove(self, part: str) -> None:
        """Leave a part out, with what it is bound by and its type."""
        self.removed |= {part, links_of(part)}
        self.changed.pop(part, None)
        self.types.remove(part)

    def write(self, path: Path) -> None:
        """Write the package with what was changed."""
        if self.types.is_changed:
            self.changed[TYPES] = self.types.data
        late = [name for name in self.last if name in self.changed]
        with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=4) as out:
            for info in self._zip.infolist():
                if info.filename in self.removed or info.filename in late:
                    continue
                if info.filename in self.changed:
                    self._put(out, info.filename, info)
                else:
                    self._copy(out, info)
            known = set(out.namelist())
            for name in [*(n for n in self.changed if n not in known and n not in late), *late]:
                self._put(out, name, None)

    def _put(self, out: ZipFile, name: str, was: ZipInfo | None) -> None:
        """Write a changed part."""
        info = ZipInfo(name, was.date_time if was else _MADE)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = was.external_attr if was else 0
        content = self.changed[name]
        if isinstance(content, bytes):
            out.writestr(info, content, ZIP_DEFLATED, 4)
            return
        large = was is not None and was.file_size > _LARGE
        with out.open(info, "w", force_zip64=large) as file:
            content(file)

    def _copy(self, out: ZipFile, info: ZipInfo) -> None:
        """Copy a part as it stands in the file."""
        source, target = self._zip.fp, out.fp
        assert source is not None
        assert target is not None
        source.seek(info.header_offset)
        name, extra = struct.unpack("<26xHH", source.read(30))
        source.seek(name + extra, 1)
        new = copy(info)
        new.flag_bits &= ~8  # the sizes stand before the part and not behind it
        target.seek(out.start_dir)
        new.header_offset = out.start_dir
        target.write(new.FileHeader())
        left = new.compress_size
        while left:
            block = source.read(min(BLOCK, left))
            if not block:
                raise BadZipFile
            target.write(block)
            left -= len(block)
        out.filelist.append(new)
        out.NameToInfo[new.filename] = new
        out.start_dir = target.tell()


class ContentTypes:
    """What kind each part is of."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.is_changed = False

    def of(self, part: str) -> str:
        """The kind of a part."""
        usual = ""
        for element in self._elements():
            given = element.tag.attributes
            if given.get("PartName", "").lower() == f"/{part.lower()}":
                return given.get("ContentType", "")
            if given.get("Extension", "-").lower() == part.rpartition(".")[2].lower():
                usual = given.get("ContentType", "")
        return usual

    def put(self, part: str, kind: str) -> None:
        """Say of what kind a new part is."""
        if self.of(part) != kind:
            self._put(f'Override PartName="/{quoted(part)}" ContentType="{kind}"')

    def usual(self, ending: str, kind: str) -> None:
        """Say of what kind parts with an ending are."""
        if not any(e.tag.attributes.get("Extension", "").lower() == ending
                   for e in self._elements()):
            self._put(f'Default Extension="{ending}" ContentType="{kind}"', first=True)

    def remove(self, part: str) -> None:
        """Say nothing more of a part."""
        for element in self._elements():
            if element.tag.attributes.get("PartName", "").lower() == f"/{part.lower()}":
                self.data = edited(self.data, [(element.start, element.end, b"")])
                self.is_changed = True
                return

    def _put(self, element: str, *, first: bool = False) -> None:
        self.data = _put_in(self.data, element, first=first)
        self.is_changed = True

    def _elements(self) -> Iterator[Element]:
        return children(self.data, root_of(self.data).end)


def links_of(part: str) -> str:
    """The name of the part that says what a part is bound to."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels".removeprefix("/")


def copy_file(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy what is left of a file."""
    shutil.copyfileobj(source, target, BLOCK)


def _put_in(data: bytes, element: str, *, first: bool = False) -> bytes:
    """A small part with an element put in as the last one of its root, or the first."""
    root = root_of(data)
    prefix, colon, _ = root.name.rpartition(b":")
    text = b"<" + prefix + colon + element.encode() + b"/>"
    if root.is_empty:
        opened = data[root.start:root.end - 2] + b">"
        return edited(data, [(root.start, root.end, opened + text + b"</" + root.name + b">")])
    at = root.end if first else data.rindex(b"</")
    return edited(data, [(at, at, text)])


def _resolved(part: str, target: str) -> str:
    """The name of the part that a target means."""
    target = unquote(target.replace("\\", "/"))
    if target.startswith("/"):
        return target[1:]
    return normpath(join(dirname(part), target))
