"""XML of a package as a stream. In: blocks of bytes. Out: calls for its elements.

The parser is C and does not recurse; what it is given is bounded all the same: how deep elements
stand in one another, how many there are, how long a single tag is. A document type, which no
workbook has, is refused, and with it every entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.parsers import expat

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.package_xml import refuse
from zhuanjie.engine.ledger.readers.xlsx.package import BeyondError, DamagedError


class XmlElements:
    """A parser whose subclasses take in what they need; names come without their space."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._depth = self._fed = 0
        self._left = limits().xml_elements
        self._deepest = limits().xml_depth
        self._text: list[str] | None = None
        self._room = 0

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def feed(self, block: bytes) -> None:
        """Take in what comes next."""
        self.parser.Parse(block, False)
        self._fed += len(block)
        # An unfinished tag is looked at anew with every block that comes.
        if self._fed - self.parser.CurrentByteIndex > limits().xml_tag_bytes:
            raise BeyondError("xml_tag_bytes")

    def close(self) -> None:
        """Nothing more comes."""
        self.parser.Parse(b"", True)

    def read(self, blocks: Iterable[bytes]) -> None:
        """Take in all of a part."""
        for block in blocks:
            self.feed(block)
        self.close()

    def listen(self) -> None:
        """Keep the text that comes, until `heard`."""
        self._text, self._room = [], limits().cell_characters
        self.parser.CharacterDataHandler = self._hear

    def heard(self) -> str:
        """The text since `listen`."""
        self.parser.CharacterDataHandler = None
        text, self._text = "".join(self._text or ()), None
        return text

    def _hear(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise BeyondError("cell_characters")
        if self._text is not None:
            self._text.append(text)

    def _start(self, name: str, given: dict[str, str]) -> None:
        self._depth += 1
        self._left -= 1
        if self._depth > self._deepest:
            raise BeyondError("xml_depth")
        if self._left < 0:
            raise BeyondError("xml_elements")
        self.start(name.rpartition(" ")[2], given)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.end(name.rpartition(" ")[2])


def number(text: str | None, most: int) -> int:
    """A whole number of an attribute, from 0 to `most`; raises DamagedError for anything else."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise DamagedError(text or "")
    if (value := int(text)) > most:
        raise DamagedError(text)
    return value
