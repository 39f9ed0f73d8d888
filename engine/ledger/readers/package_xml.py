"""XML of a workbook's package. In: bytes. Out: trees, and what attributes mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

SPACES = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main",
          "http://purl.oclc.org/ooxml/spreadsheetml/main")
"""The namespaces of a sheet: the usual one, and that of files in the strict form."""


def parse(data: bytes) -> ElementTree.Element:
    """A small part as a tree; raises ValueError for one with a document type, which none has."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(data, True)
    return ElementTree.fromstring(data)


def refuse(*_: object) -> NoReturn:
    """What to do where a document type is declared: entities could grow without end."""
    raise ValueError


def elements(root: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """The elements of a name, whatever their prefix."""
    return (e for e in root.iter() if e.tag.rpartition("}")[2] == tag)


def is_true(value: str | None) -> bool:
    """Whether an attribute says yes."""
    return value in ("1", "true", "on")


def column_number(letters: str) -> int:
    """The position of a column, from 0, by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
