"""What a workbook says of its cells. In: findings kept aside, a report. Out: marks and comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby

from msgspec import Struct, field

from zhuanjie.engine.core.results import InputFinding, Report
from zhuanjie.report.view import View
from zhuanjie.report.workbook.marking import Anchor, SheetMarks
from zhuanjie.report.workbook.marks import CellMarks, FindingStore, SaidFinding, Where
from zhuanjie.report.workbook.notes import Cell, Notes, joined


class SheetPlace(Struct, frozen=True):
    """A sheet of a ledger in the workbook: its name there, and how many rows lower it stands."""

    where: Where
    name: str
    shift: int = 0


class Sayings(Struct):
    """What is said of the cells of one workbook."""

    store: FindingStore
    report: Report
    view: View
    _cells: dict[Where, dict[Cell, list[str]]] = field(default_factory=dict)

    def of(self, places: Iterable[SheetPlace]) -> dict[str, SheetMarks]:
        """The marks of each sheet, by its name in the workbook."""
        said: dict[str, SheetMarks] = {}
        for place in places:
            said[place.name] = SheetMarks(partial(self._marks, place), partial(self._notes, place))
        return said

    def _marks(self, place: SheetPlace, anchor: Anchor) -> CellMarks:
        marks = CellMarks()
        for entry in self.store.of(place.where):
            for row, column in _cells(entry, place.shift):
                marks.add(*(anchor(row, column) or (row, column)), entry.kind)
        for row, column in self._unreadable(place):
            marks.add(*(anchor(row, column) or (row, column)), "input")
        return marks

    def _notes(self, place: SheetPlace, anchor: Anchor) -> Notes:
        """What is said of each cell, that of merged cells gathered where it is shown."""
        late: dict[Cell, list[str]] = {}
        unreadable = {at: list(texts) for at, texts in self._unreadable(place).items()}
        for _, entries in groupby(self.store.of(place.where), lambda entry: entry.row):
            here: dict[Cell, list[str]] = {}
            for entry in entries:
                text = self.text(entry)
                for at in _cells(entry, place.shift):
                    here.setdefault(at, []).append(text)
            for at, texts in here.items():
                said = [*unreadable.pop(at, ()), *texts]
                if (shown := anchor(*at)) is not None:
                    late.setdefault(shown, []).extend(said)
                else:
                    yield *at, joined(said)
        for at, texts in unreadable.items():
            late.setdefault(anchor(*at) or at, []).extend(texts)
        for at, texts in late.items():
            yield *at, joined(texts)

    def text(self, entry: SaidFinding) -> str:
        """What is said of a finding: the clause, how it came out, what is wrong, what to do."""
        view = self.view
        head = view.say("workbook.note.head", clause=entry.clause, outcome=view.say(
            f"outcome.{entry.outcome}"), severity=view.say(f"severity.{entry.severity}"))
        lines = [head, entry.message]
        if entry.remedy:
            lines.append(view.say("workbook.note.remedy", remedy=entry.remedy))
        if entry.waiver:
            lines.append(view.say("workbook.note.waiver", waiver=entry.waiver))
        return "\n".join(lines)

    def _unreadable(self, place: SheetPlace) -> Mapping[Cell, list[str]]:
        """What is said of cells that could not be read."""
        known = self._cells.get(place.where)
        if known is None:
            known = self._cells[place.where] = {}
            for found in self.report.input:
                if (found.file, found.sheet) == place.where:
                    for at in self._places_of(found, place):
                        known.setdefault(at, []).append(self.view.say(
                            "workbook.note.input", message=found.message(self.view.lang)))
        return known

    def _places_of(self, found: InputFinding, place: SheetPlace) -> Iterator[Cell]:
        if found.field is None:
            return
        for row in found.rows or ([found.row] if found.row is not None else ()):
            tables = [t.table for t in self.report.ledger.tables
                      if (t.table.file, t.table.sheet) == place.where
                      and (t.table.header_row or 0) < row]
            if tables:
                table = max(tables, key=lambda t: t.header_row or 0)
                if (column := table.columns.get(found.field)) is not None:
                    yield row + place.shift, column


def _cells(entry: SaidFinding, shift: int) -> Iterator[Cell]:
    """The cells that a finding read, where it has something to say of them."""
    if entry.row is not None and entry.kind != "quiet":
        row = entry.row + shift
        yield from ((row, column) for column in entry.columns.values())
