"""XML changed in place. In: the bytes of a part. Out: its tags where they stand, edits, names.

Nothing is parsed into a tree: what is not changed is copied as it was written. Tags are found as
XML defines them (`>` may stand in a value, tags in comments and CDATA are none), names by their
namespace, whatever their prefix.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT: Final = "http://purl.oclc.org/ooxml/spreadsheetml/main"
"""The namespaces of workbooks: the usual one, and that of files in the strict form."""

_TOKEN: Final = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE"
    rb"|<(/?)([^\s/>!?<]++)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(rb"([^\s=/\"']+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE: Final = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot|apos));")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_DECLARED: Final = re.compile(rb"\A\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']")
_CONTROL: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class OddMarkupError(ValueError):
    """XML that cannot be changed safely: not well formed, or with a document type."""


class Tag(Struct, frozen=True):
    """A tag: its place, its name with prefix, its attributes as written."""

    start: int
    end: int
    name: bytes
    written: bytes
    closes: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the element."""
        return not self.closes and self.written.endswith(b"/")

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes by name."""
        return {name.decode(): plain((one or other).decode(errors="replace"))
                for name, one, other in _ATTRIBUTE.findall(self.written)}


def tags(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Tag]:
    """The tags of a text that holds whole tags only."""
    at, end = start, len(data) if end is None else end
    while (at := data.find(b"<", at, end)) >= 0:
        tag = tag_at(data, at, end)
        if tag is None:
            raise OddMarkupError
        if isinstance(tag, Tag):
            yield tag
            at = tag.end
        else:
            at = tag


def tag_at(data: bytes, at: int, end: int | None = None) -> Tag | int | None:
    """The tag that begins at a place, or where a comment or the like ends; None if it does not."""
    found = _TOKEN.match(data, at, len(data) if end is None else end)
    if found is None:
        return None
    if found[2] is None:
        if found[0] == b"<!DOCTYPE":
            raise OddMarkupError
        return found.end()
    return Tag(at, found.end(), found[2], found[3], bool(found[1]))


class Element(Struct, frozen=True):
    """An element: its first tag and where its content and itself end."""

    tag: Tag
    content_end: int
    end: int

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.tag.start


class Names:
    """What the names of a part mean: those of its root's namespace by their local part."""

    def __init__(self, root: Tag, spaces: Sequence[str] = (MAIN, STRICT)) -> None:
        prefix, colon, _ = root.name.rpartition(b":")
        declared = {name.partition(":")[2].encode(): uri for name, uri in root.attributes.items()
                    if name == "xmlns" or name.startswith("xmlns:")}
        self.space = declared.get(prefix, "")
        if self.space not in spaces:
            raise OddMarkupError
        self.prefix = (prefix + colon).decode()
        """What stands before the names of elements that are put in."""
        self.declared = declared
        self._main = {p for p, uri in declared.items() if uri in spaces}

    @property
    def is_strict(self) -> bool:
        """Whether the part is in the strict form."""
        return "purl.oclc.org" in self.space

    def local(self, tag: Tag) -> str:
        """The name of an element without its prefix; empty for one of another namespace."""
        prefix, _, local = tag.name.rpartition(b":")
        if b"xmlns" in tag.written:
            self._declare(tag)
        return local.decode() if prefix in self._main else ""

    def prefix_of(self, space: str) -> str | None:
        """The prefix, with its colon, that the root declares for a namespace."""
        return next((f"{p.decode()}:" for p, uri in self.declared.items() if uri == space and p),
                    None)

    def patterns(self, name: str) -> bytes:
        """A pattern for the name of an element of the namespace."""
        forms = (re.escape(p + b":" if p else b"") for p in sorted(self._main))
        return b"(?:" + b"|".join(forms) + b")" + name.encode()

    def _declare(self, tag: Tag) -> None:
        """Take in what a tag within the part declares; what means two things is refused."""
        for name, uri in tag.attributes.items():
            if name == "xmlns" or name.startswith("xmlns:"):
                prefix = name.partition(":")[2].encode()
                if uri in (MAIN, STRICT):
                    self._main.add(prefix)
                elif prefix in self._main:
                    raise OddMarkupError


def root_of(data: bytes) -> Tag:
    """The first tag of a part."""
    for tag in tags(data):
        return tag
    raise OddMarkupError


def children(data: bytes, start: int, end: int | None = None) -> Iterator[Element]:
    """The elements directly within a text, as far as the tag that closes what is around it."""
    depth, first = 0, None
    for tag in tags(data, start, end):
        if tag.closes:
            if depth == 0:
                return
            depth -= 1
            if depth == 0 and first is not None:
                yield Element(first, tag.start, tag.end)
        elif tag.is_empty:
            if depth == 0:
                yield Element(tag, tag.end, tag.end)
        else:
            if depth == 0:
                first = tag
            depth += 1


def with_attributes(tag: Tag, given: dict[str, str | None]) -> bytes:
    """The text of a tag with attributes set; those given None are taken out."""
    body = tag.written.removesuffix(b"/") if tag.is_empty else tag.written
    left = dict(given)

    def put(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        if name not in left:
            return found[0]
        value = left.pop(name)
        return b"" if value is None else f'{name}="{quoted(value)}"'.encode()

    body = _ATTRIBUTE.sub(put, body).rstrip()
    more = "".join(f' {name}="{quoted(value)}"' for name, value in left.items()
                   if value is not None)
    return b"<" + tag.name + body + more.encode() + (b"/>" if tag.is_empty else b">")


def edited(data: bytes, edits: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A text with parts, from one place to another, replaced."""
    out: list[bytes] = []
    at = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        out += (data[at:start], text)
        at = end
    return b"".join([*out, data[at:]])


def plain(text: str) -> str:
    """A text as it is meant, references put as characters."""
    if "&" not in text:
        return text
    return _REFERENCE.sub(lambda m: chr(int(m[1], 16)) if m[1] else chr(int(m[2])) if m[2]
                          else _NAMED[m[3]], text)


def escaped(text: str) -> str:
    """A text as XML has it; what XML bars is left out."""
    if not text.isprintable():
        text = _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return escape(text)


def quoted(text: str) -> str:
    """A text as the value of an attribute."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;")


def in_utf8(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """A part in UTF-8; nearly all are, and those are handed on as they came."""
    decoder: codecs.IncrementalDecoder | None = None
    for at, block in enumerate(blocks):
        text = block
        if at == 0:
            name = _encoding(block)
            if name:
                try:
                    decoder = codecs.getincrementaldecoder(name)()
                except LookupError:
                    raise OddMarkupError from None
        if decoder is not None:
            text = decoder.decode(block).encode()
            if at == 0:
                text = re.sub(rb"encoding\s*=\s*[\"'][^\"']*[\"']", b'encoding="UTF-8"',
                              text.removeprefix(codecs.BOM_UTF8), count=1)
        yield text


def _encoding(head: bytes) -> str | None:
    """The encoding of a part, None for UTF-8."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith((b"<\0", b"\0<")):
        return "utf-16-le" if head.startswith(b"<") else "utf-16-be"
    found = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8))
    name = found[1].decode("ascii", "replace").lower() if found else "utf-8"
    return None if name in ("utf-8", "utf8") else name
