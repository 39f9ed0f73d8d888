"""A workbook marked. In: a package, what is said of its cells. Out: the package with the marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from msgspec import Struct, field

from zhuanjie.report.workbook import note_shapes, notes
from zhuanjie.report.workbook.book import Book, SheetEntry
from zhuanjie.report.workbook.marks import CellMarks
from zhuanjie.report.workbook.note_shapes import Shapes
from zhuanjie.report.workbook.notes import CommentPart, Notes
from zhuanjie.report.workbook.package import UNREADABLE, Package, odd_package
from zhuanjie.report.workbook.sheet_patch import patched
from zhuanjie.report.workbook.sheet_survey import SheetSurvey, survey
from zhuanjie.report.workbook.styles import StyleBook, least_styles

_STYLES_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_TEMPLATES: Final = {".xltx": "sheet", ".xltm": "sheet.macroEnabled"}
_MAIN_TYPES: Final = {
    "sheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "sheet.macroEnabled": "application/vnd.ms-excel.sheet.macroEnabled.main+xml"}

Anchor = Callable[[int, int], tuple[int, int] | None]
"""The cell that shows what stands in one that is merged with others; None for a cell alone."""
SheetWriter = Callable[[IO[bytes], StyleBook, str], None]
"""Writes a sheet of ours, with formats, in a namespace."""


class SheetMarks(Struct, frozen=True):
    """What is to be said of the cells of one sheet: rows from 1, columns from 0.

    `notes` may be asked for several times; what is said of a cell that others cover goes to the one
    that shows them.
    """

    marks: Callable[[Anchor], CellMarks]
    notes: Callable[[Anchor], Notes]


class _Sheet(Struct):
    """A sheet of the package and what becomes of it."""

    entry: SheetEntry
    survey: SheetSurvey
    marks: CellMarks
    notes: Callable[[Anchor], Notes]
    comments: CommentPart | None = None
    shapes: Shapes | None = None
    drawing: str | None = None
    skip: set[tuple[int, int]] = field(default_factory=set)

    def cells(self) -> Iterator[tuple[int, int]]:
        """The cells that get a box."""
        return ((row, column) for row in self.marks.rows() for column in self.marks.row(row)
                if (row, column) not in self.skip)


def mark(source: Path, target: Path, wanted: Mapping[str, SheetMarks],
         sheets: Mapping[str, tuple[str, SheetWriter]]) -> None:
    """Write a workbook with cells marked, by the names of its sheets, and two sheets put in.

    `sheets` has their names and writers by what they are. Former marks are taken off. Raises
    OutputError for a workbook that cannot be marked.
    """
    package = Package(source)
    try:
        _Marking(package, wanted, sheets).write(target)
    except UNREADABLE as error:
        raise odd_package(source) from error
    finally:
        package.close()


class _Marking:
    """One workbook."""

    def __init__(self, package: Package, wanted: Mapping[str, SheetMarks],
                 sheets: Mapping[str, tuple[str, SheetWriter]]) -> None:
        self.package, self._wanted, self._own = package, wanted, sheets
        self.book = Book(package)
        self._styles_part, self.styles = self._read_styles()

    def write(self, target: Path) -> None:
        """Write the marked workbook."""
        package = self.package
        ours = {sheet.part for sheet in self.book.ours.values()}
        sheets = [self._look(entry) for entry in self.book.sheets
                  if entry.part not in ours and entry.relation.kind.endswith("/worksheet")]
        self._say([sheet for sheet in sheets if sheet is not None])
        placed = self.book.put_sheets({kind: name for kind, (name, _) in self._own.items()})
        for kind, (part, _) in placed.items():
            package.changed[part] = self._writer(self._own[kind][1])
        # Formats are known when all cells are written.
        package.changed[self._styles_part] = lambda file: _done(file, self.styles.data())
        package.last.append(self._styles_part)
        ending = package.ending
        if ending in _TEMPLATES:
            package.types.remove(package.main)
            package.types.put(package.main, _MAIN_TYPES[_TEMPLATES[ending]])
        package.write(target)

    def _read_styles(self) -> tuple[str, StyleBook]:
        part = self.book.related("styles")
        if part is not None and self.package.has(part):
            return part, StyleBook(self.package.read(part))
        part = f"{self.book.part.rpartition('/')[0]}/styles.xml".removeprefix("/")
        self.package.relate(self.book.part, f"{self.book.office}/styles", part)
        self.package.types.put(part, _STYLES_TYPE)
        return part, StyleBook(least_styles(strict=self.book.names.is_strict))

    def _look(self, entry: SheetEntry) -> _Sheet | None:
        """A sheet, where it has or had marks."""
        wanted = self._wanted.get(entry.name)
        if wanted is None and not self.styles.former:
            return None
        package = self.package
        found = survey(package.blocks(entry.part))
        marks = wanted.marks(found.anchor) if wanted else CellMarks()
        sheet = _Sheet(entry, found, marks, wanted.notes if wanted else lambda _anchor: ())
        comments = self._related(entry, "comments")
        if comments is not None:
            sheet.comments = CommentPart(package.read(comments.target))
            sheet.skip = {*sheet.comments.threaded, *sheet.comments.others}
        return sheet

    def _related(self, entry: SheetEntry, kind: str) -> _Related | None:
        return next((_Related(r.id, r.target) for r in self.package.relations(entry.part)
                     if r.kind.endswith(f"/{kind}") and self.package.has(r.target)), None)

    def _say(self, sheets: list[_Sheet]) -> None:
        """Have the sheets, their comments and their shapes written."""
        drawn = {}
        for sheet in sheets:
            part = self._drawing_part(sheet)
            former = sheet.comments.former if sheet.comments else set()
            if part is not None:
                sheet.shapes = Shapes(self.package.read(part), former)
                drawn[part] = sheet.shapes.data
        first = note_shapes.free_block(
            drawn.get(name) or self.package.read(name) for name in self.package.names(".vml"))
        for number, sheet in enumerate(sheets, start=1):
            self._comment(sheet, number)
            first = self._draw(sheet, number, first)
            self._patch(sheet)

    def _drawing_part(self, sheet: _Sheet) -> str | None:
        """The part with the shapes of a sheet."""
        wanted = sheet.survey.drawing
        return next((r.target for r in self.package.relations(sheet.entry.part)
                     if wanted and r.id == wanted and self.package.has(r.target)), None)

    def _comment(self, sheet: _Sheet, number: int) -> None:
        """Put comments in, or take the part away where it was ours and has nothing more to say."""
        package, entry = self.package, sheet.entry
        former = self._related(entry, "comments")
        if former is not None and sheet.comments is not None and sheet.comments.is_former:
            relation = next(r for r in package.relations(entry.part) if r.id == former.id)
            package.unrelate(entry.part, relation)
            package.remove(former.target)
            sheet.comments, former = None, None
        if not len(sheet.marks) and (sheet.comments is None or not sheet.comments.has_former):
            return
        if former is None:
            part = self._beside(f"zhuanjie-comments{number}.xml")
            sheet.comments = CommentPart(notes.least_comments(sheet.survey.names.space))
            package.relate(entry.part, f"{self.book.office}/comments", part)
            package.removed.discard(part)
        else:
            part = former.target
        assert sheet.comments is not None
        package.types.put(part, notes.TYPE)
        package.changed[part] = sheet.comments.writer(
            lambda: sheet.notes(sheet.survey.anchor))

    def _draw(self, sheet: _Sheet, number: int, first: int) -> int:
        """Put the boxes of comments in; the next free block of numbers."""
        package, entry = self.package, sheet.entry
        part, count = self._drawing_part(sheet), sum(1 for _ in sheet.cells())
        shapes = sheet.shapes
        if part is not None and shapes is not None and shapes.is_empty:
            # Nothing but former marks: as if it had never been.
            relation = next(r for r in package.relations(entry.part) if r.target == part)
            package.unrelate(entry.part, relation)
            package.remove(part)
            shapes, part, sheet.drawing = None, None, ""
        if part is None and not count:
            return first
        if part is None:
            part = self._beside(f"drawings/zhuanjie-shapes{number}.vml")
            link = package.relate(entry.part, f"{self.book.office}/vmlDrawing", part)
            package.removed.discard(part)
            package.types.usual("vml", note_shapes.TYPE)
            sheet.drawing = self._link(sheet, link)
            shapes = Shapes(None, ())
        assert shapes is not None
        drawn = shapes
        package.changed[part] = lambda file: drawn.write(file, sheet.cells(), first, count)
        return first + note_shapes.blocks_of(count)

    def _patch(self, sheet: _Sheet) -> None:
        """Have the cells of a sheet written in their new formats."""
        def write(file: IO[bytes]) -> None:
            for block in patched(self.package.blocks(sheet.entry.part), sheet.survey, sheet.marks,
                                 self.styles, sheet.drawing):
                file.write(block)
        if len(sheet.marks) or self.styles.former or sheet.drawing is not None:
            self.package.changed[sheet.entry.part] = write

    def _link(self, sheet: _Sheet, link: str) -> str:
        names = sheet.survey.names
        prefix, declared = names.prefix_of(self.book.office), ""
        if prefix is None:
            prefix, declared = "z:", f' xmlns:z="{self.book.office}"'
        return f'<{names.prefix}legacyDrawing{declared} {prefix}id="{link}"/>'

    def _beside(self, name: str) -> str:
        """A part in the folder of the main one."""
        return f"{self.book.part.rpartition('/')[0]}/{name}".removeprefix("/")

    def _writer(self, write: SheetWriter) -> Callable[[IO[bytes]], None]:
        return lambda file: write(file, self.styles, self.book.names.space)


class _Related(Struct, frozen=True):
    """A part that a sheet is bound to."""

    id: str
    target: str


def _done(file: IO[bytes], data: bytes) -> None:
    file.write(data)


