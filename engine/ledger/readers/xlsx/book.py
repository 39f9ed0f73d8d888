"""What a workbook lists. In: its package. Out: its sheets in order, and where day numbers start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from posixpath import dirname, join, normpath

from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.package_xml import is_true
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO, DAY_ZERO_1904
from zhuanjie.engine.ledger.readers.xlsx.elements import XmlElements
from zhuanjie.engine.ledger.readers.xlsx.package import BeyondError, DamagedError, PackedBook

BOOK = "xl/workbook.xml"
_PACKAGE = "_rels/.rels"


class ListedSheet(Struct, frozen=True):
    """A sheet as the workbook lists it."""

    name: str
    part: str
    is_table: bool
    """Whether it has cells: a chart is a sheet too."""
    is_hidden: bool


class SheetList(Struct, frozen=True):
    """A workbook without its cells."""

    sheets: tuple[ListedSheet, ...]
    day_zero: date
    parts: Mapping[str, str]
    """The workbook's own parts by their kinds, such as `styles`."""


def read_book(package: PackedBook) -> SheetList:
    """The workbook of a package; raises what `reading` turns into errors."""
    at = main_part(package) or BOOK
    links = _links(package, join(dirname(at), "_rels", at.rpartition("/")[2] + ".rels"))
    listed = _Listed()
    listed.read(package.blocks(at, most=limits().part_bytes))
    sheets = []
    for name, link, state in listed.sheets:
        kind, target = links.by_id.get(link, ("", None))
        if target is None:
            raise DamagedError(name)
        sheets.append(ListedSheet(name, target, kind == "worksheet", state != "visible"))
    return SheetList(tuple(sheets), listed.day_zero,
                {kind: target for kind in ("styles", "sharedStrings")
                 if (target := links.first(kind)) is not None})


def main_part(package: PackedBook) -> str | None:
    """The part that holds the workbook, wherever it stands; None where it is not in XML."""
    at = _links(package, _PACKAGE).first("officeDocument") if _PACKAGE in package else None
    if at is None or at not in package:
        at = BOOK
    return at if at in package and at.lower().endswith(".xml") else None


def _links(package: PackedBook, part: str) -> _Links:
    links = _Links(dirname(dirname(part)))
    links.read(package.blocks(part, most=limits().part_bytes))
    return links


class _Links(XmlElements):
    """The relations of a part, by id: their kind, and the part that each leads to.

    What lies outside the package is no part. A relation is followed once and no further, so that
    none leads in a circle.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self.by_id: dict[str, tuple[str, str | None]] = {}

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        if tag != "Relationship":
            return
        if len(self.by_id) >= limits().package_parts:
            raise BeyondError("package_parts")
        target = given.get("Target", "")
        path = normpath(target[1:] if target.startswith("/") else join(self._folder, target))
        if target.startswith("/xl/") or target.startswith("xl/"):
            path = normpath(target.removeprefix("/"))
        outside = given.get("TargetMode") == "External" or path.startswith("..")
        kind = given.get("Type", "").rpartition("/")[2]
        self.by_id.setdefault(given.get("Id", ""), (kind, None if outside else path))

    def first(self, kind: str) -> str | None:
        """The first part of a kind."""
        return next((t for k, t in self.by_id.values() if k == kind and t is not None), None)


class _Listed(XmlElements):
    """The sheets of a workbook: their names, ids and states."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, str]] = []
        self.day_zero = DAY_ZERO
        self._in_sheets = False

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        if tag == "workbookPr" and is_true(given.get("date1904")):
            self.day_zero = DAY_ZERO_1904
        elif tag == "sheets":
            self._in_sheets = True
        elif tag == "sheet" and self._in_sheets:
            if len(self.sheets) >= limits().workbook_sheets:
                raise BeyondError("workbook_sheets")
            link = next((v for k, v in given.items() if k.endswith(" id")), "")
            self.sheets.append((given.get("name", ""), link, given.get("state", "visible")))

    def end(self, tag: str) -> None:
        """See XmlElements."""
        if tag == "sheets":
            self._in_sheets = False
