"""The texts that the cells of a workbook share. In: the part that lists them. Out: a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.parsers import expat

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.package_xml import SPACES
from zhuanjie.engine.ledger.readers.xlsx.book import SheetList
from zhuanjie.engine.ledger.readers.xlsx.elements import XmlElements
from zhuanjie.engine.ledger.readers.xlsx.long_cells import unescaped
from zhuanjie.engine.ledger.readers.xlsx.package import BeyondError, PackedBook
from zhuanjie.engine.ledger.readers.xlsx.quick_text import (
    UnusualError,
    pieces_of,
    plain,
    unquoted,
    within,
)

BLOCK = 1 << 23
PART = 100_000
FEW = 10_000
"""Rich texts of a block that are read one by one."""
_BEGIN, _END = b"<si>", b"</sst>"


def shared_strings(package: PackedBook, book: SheetList) -> pl.Series:
    """The texts by their numbers; none where the workbook shares none."""
    part = book.parts.get("sharedStrings", "xl/sharedStrings.xml")
    if part not in package:
        return pl.Series("text", [], dtype=pl.String)
    try:
        found = list(_quick(package.blocks(part, BLOCK)))
    except UnusualError:
        any_form = _AnyStrings()
        any_form.read(package.blocks(part))
        found = any_form.texts
    return unescaped(pl.concat(found)) if found else pl.Series("text", [], dtype=pl.String)


def _quick(blocks: Iterator[bytes]) -> Iterator[pl.Series]:
    """The texts, taken apart as texts; raises UnusualError for anything but `<si><t>…</t></si>`."""
    frame, rest, begun = _AnyStrings(), b"", False
    left = limits().shared_strings
    for block in blocks:
        text = rest + block
        if not begun:
            head = text.find(_BEGIN)
            if head < 0:
                raise UnusualError
            if b"<!" in text[:head] or b"<sst" not in text[:head]:
                raise UnusualError
            frame.feed(text[:head])
            text, begun = text[head:], True
            if frame.encoding not in ("utf-8", "us-ascii") or frame.is_prefixed:
                raise UnusualError
        cut = text.rfind(_BEGIN)
        if cut < 0 or len(text) - cut > limits().xml_row_bytes:
            raise UnusualError
        if cut:
            part = _texts(text[:cut])
            left -= len(part)
            if left < 0:
                raise BeyondError("shared_strings")
            yield part
        rest = text[cut:]
    end = rest.find(_END)
    if not begun or end < 0:
        raise UnusualError
    yield _texts(rest[:end])
    frame.feed(rest[end:])
    frame.close()


def _texts(block: bytes) -> pl.Series:
    pieces = pieces_of(plain(block, b""), "<si>")
    if pieces[0]:
        raise UnusualError
    inner = pieces.slice(1).str.strip_chars_end(" \n\t")
    cell = pl.lit(inner)
    text = pl.select(pl.coalesce(
        within(cell, "<t>", "</t></si>"),
        within(cell, '<t xml:space="preserve">', "</t></si>"))).to_series()
    odd = text.str.contains("<", literal=True).fill_null(value=True)
    if not odd.any():
        return unquoted(text)
    usual = (~odd).arg_true()
    text = text.scatter(usual, unquoted(text.gather(usual)))
    rich = inner.filter(odd)
    known = rich.unique()
    if len(known) > FEW:
        raise UnusualError
    read = pl.Series([_rich(piece) for piece in known], dtype=pl.String)
    return text.scatter(odd.arg_true(), read.gather(rich.cast(pl.Enum(known)).to_physical()))


def _rich(piece: str) -> str:
    """A text in several styles, or with how it is spoken."""
    reader = _AnyStrings()
    try:
        reader.read([f'<sst xmlns="{SPACES[0]}"><si>{piece}</sst>'.encode()])
    except expat.ExpatError:  # the part may declare what it uses
        raise UnusualError from None
    if len(reader.kept) != 1:
        raise UnusualError
    return reader.kept[0]


class _AnyStrings(XmlElements):
    """The texts, however they are written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[pl.Series] = []
        self.kept: list[str] = []
        self.encoding, self.is_prefixed = "utf-8", True
        self._value: list[str] = []
        self._unheard = 0
        self._left_strings = limits().shared_strings
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartNamespaceDeclHandler = self._space

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "utf-8").lower()

    def _space(self, prefix: str | None, uri: str) -> None:
        if prefix is None and uri in SPACES:
            self.is_prefixed = False

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        if tag == "si":
            self._value = []
        elif tag == "rPh":
            self._unheard += 1
        elif tag == "t" and not self._unheard:
            self.listen()

    def end(self, tag: str) -> None:
        """See XmlElements."""
        if tag == "rPh":
            self._unheard -= 1
        elif tag == "t" and not self._unheard:
            self._value.append(self.heard())
        elif tag == "si":
            self._left_strings -= 1
            if self._left_strings < 0:
                raise BeyondError("shared_strings")
            self.kept.append("".join(self._value))
            if len(self.kept) >= PART:
                self._hand_over()

    @property
    def texts(self) -> list[pl.Series]:
        """All of them."""
        return [*self._parts, pl.Series("text", self.kept, dtype=pl.String)]

    def _hand_over(self) -> None:
        self._parts.append(pl.Series("text", self.kept, dtype=pl.String))
        self.kept = []
