"""The list of a workbook's sheets. In: the package. Out: its sheets by name, our two put in.

Hidden names tell which sheets are ours: they stay where a program saves the workbook anew, or the
user calls the sheets something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from zhuanjie.report.workbook.markup import (
    Element,
    Names,
    children,
    edited,
    plain,
    quoted,
    root_of,
)
from zhuanjie.report.workbook.package import Package, Relation, links_of, odd_package

OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OFFICE_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"
SHEET_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
PARTS: Final = {"findings": "worksheets/zhuanjie-findings.xml",
                "summary": "worksheets/zhuanjie-summary.xml"}
"""Where the sheets that are put in stand; no other program would call a part so."""
_NAME: Final = "_zhuanjie."
_LONGEST: Final = 31
"""Characters that the name of a sheet may have."""
_AFTER_NAMES: Final = (
    "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes",
    "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst")


class SheetEntry(Struct, frozen=True):
    """A sheet: what it is called, the part that holds it, what binds that."""

    name: str
    part: str
    relation: Relation
    element: Element
    number: int


class Book:
    """The main part of a workbook."""

    def __init__(self, package: Package) -> None:
        """Raises OutputError where it has no sheets."""
        self.package, self.part = package, package.main
        self._data = package.read(self.part)
        root = root_of(self._data)
        self.names = Names(root)
        self._parts = {self.names.local(e.tag): e for e in children(self._data, root.end)}
        self.office = OFFICE_STRICT if self.names.is_strict else OFFICE
        self.sheets = self._sheets()
        self.ours = self._ours()
        """The sheets of former marks, by what they are."""

    def related(self, kind: str) -> str | None:
        """The part of a kind (`styles`) that the workbook is bound to."""
        return next((r.target for r in self.package.relations(self.part)
                     if r.kind.endswith(f"/{kind}")), None)

    def put_sheets(self, wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Have sheets of these kinds and names; the part that each is to be written in, and its
        name: former ones keep theirs, and where they stand.
        """
        out: dict[str, tuple[str, str]] = {}
        entries = names = ""
        taken = {sheet.name.casefold() for sheet in self.sheets}
        number = max(sheet.number for sheet in self.sheets)
        folder = self.part.rpartition("/")[0]
        for kind, title in wanted.items():
            part = f"{folder}/{PARTS[kind]}".removeprefix("/")
            if (former := self.ours.get(kind)) is not None:
                out[kind] = part, former.name
                self._move(former, part)
                continue
            name, number = _free(title, taken), number + 1
            taken.add(name.casefold())
            link = self.package.relate(self.part, f"{self.office}/worksheet", part)
            entries += self._entry(name, number, link)
            names += (f'<{self.names.prefix}definedName name="{_NAME}{kind}" hidden="1">'
                      f"{quoted(reference(name, '$A$1'))}</{self.names.prefix}definedName>")
            out[kind] = part, name
        for part, _ in out.values():
            self.package.types.remove(part)
            self.package.types.put(part, SHEET_TYPE)
        if entries:
            self.package.changed[self.part] = self._with(entries.encode(), names.encode())
        return out

    def _sheets(self) -> list[SheetEntry]:
        holder = self._parts.get("sheets")
        relations = {r.id: r for r in self.package.relations(self.part)}
        found = []
        for element in () if holder is None else children(self._data, holder.tag.end):
            given = element.tag.attributes
            link = next((v for k, v in given.items() if k.endswith(":id")), "")
            if link in relations:
                found.append(SheetEntry(given.get("name", ""), relations[link].target,
                                        relations[link], element,
                                        int(given.get("sheetId", "0"))))
        if not found:
            raise odd_package(self.package.path)
        return found

    def _ours(self) -> dict[str, SheetEntry]:
        by_name = {sheet.name: sheet for sheet in self.sheets}
        found: dict[str, SheetEntry] = {}
        holder = self._parts.get("definedNames")
        for element in () if holder is None else children(self._data, holder.tag.end):
            kind = element.tag.attributes.get("name", "").removeprefix(_NAME)
            text = plain(self._data[element.tag.end:element.content_end].decode())
            name = text.rpartition("!")[0]
            if name.startswith("'"):
                name = name[1:-1].replace("''", "'")
            if kind in PARTS and name in by_name:
                found[kind] = by_name[name]
        return found

    def _move(self, sheet: SheetEntry, part: str) -> None:
        """Let a former sheet be written in a part of ours."""
        if sheet.part != part:
            self.package.remove(sheet.part)
            links = links_of(self.part)
            data = self.package.read(links)
            element = next(r for r in self.package.relations(self.part)
                           if r.id == sheet.relation.id).element
            # All else of what binds it stays, and so the sheet where it is.
            written = data[element.start:element.end].replace(
                element.tag.attributes["Target"].encode(), f"/{part}".encode(), 1)
            self.package.changed[links] = edited(data, [(element.start, element.end, written)])
        self.package.removed.add(links_of(part))
        self.package.changed.pop(links_of(part), None)

    def _entry(self, name: str, number: int, link: str) -> str:
        prefix, declared = self.names.prefix_of(self.office), ""
        if prefix is None:
            prefix, declared = "z:", f' xmlns:z="{self.office}"'
        return (f'<{self.names.prefix}sheet{declared} name="{quoted(name)}" sheetId="{number}" '
                f'{prefix}id="{link}"/>')

    def _with(self, entries: bytes, names: bytes) -> bytes:
        """The main part with sheets and names put in."""
        sheets, end = self._parts["sheets"], self._parts["sheets"].content_end
        edits = [(end, end, entries)]
        holder = self._parts.get("definedNames")
        if holder is not None and not holder.tag.is_empty:
            edits.append((holder.content_end, holder.content_end, names))
        else:
            p = self.names.prefix.encode()
            text = b"<" + p + b"definedNames>" + names + b"</" + p + b"definedNames>"
            if holder is not None:
                edits.append((holder.start, holder.end, text))
            else:
                later = [e.start for n, e in self._parts.items() if n in _AFTER_NAMES]
                at = min(later, default=max(self._data.rindex(b"</"), sheets.end))
                edits.append((at, at, text))
        return edited(self._data, edits)


def reference(sheet: str, cell: str) -> str:
    """A cell of a sheet, as formulas and links name it."""
    return "'" + sheet.replace("'", "''") + "'!" + cell


def _free(title: str, taken: set[str]) -> str:
    """A name for a sheet that no other has."""
    number, name = 1, title
    while name.casefold() in taken:
        number += 1
        tail = f" ({number})"
        name = title[:_LONGEST - len(tail)] + tail
    return name
