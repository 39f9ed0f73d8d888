"""What is marked where. In: findings as they come. Out: cells with what they weigh, and the words.

Findings are kept aside in a file of the moment; what stays in memory is where each begins, and nine
bytes a cell.
"""

from __future__ import annotations

import marshal
import tempfile
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from msgspec import Struct, field

from zhuanjie.engine.core.results import Finding, Outcome, Severity
from zhuanjie.report.files import unwritable
from zhuanjie.report.workbook.styles import Kind

KINDS: Final[tuple[Kind, ...]] = ("error", "warning", "input", "undetermined", "pending", "waived",
                                  "quiet")
"""What a mark weighs, the worst first."""
_BITS: Final = 14
"""Bits that a column takes."""
Where = tuple[str | None, str | None]
"""A file and a sheet."""


class SaidFinding(NamedTuple):
    """What is said of a finding in a workbook, and nothing else of its record."""

    kind: Kind
    outcome: str
    severity: str
    clause: str
    rule: str
    record: str | None
    name: str | None
    group: str | None
    message: str
    remedy: str
    due: str | None
    days_late: int | None
    waiver: str | None
    id: str
    file: str | None
    sheet: str | None
    row: int | None
    columns: dict[str, int]
    pack: str
    by: dict[str, str | None]

    @classmethod
    def of(cls, finding: Finding) -> SaidFinding:
        """What is said of a finding."""
        at = finding.location
        due = finding.due.isoformat() if finding.due else None
        waiver = finding.waiver.id if finding.waiver else None
        return cls(kind_of(finding), finding.outcome.value, finding.severity.value, finding.clause,
                   finding.rule, finding.record, finding.name, finding.group, finding.message,
                   finding.remedy, due, finding.days_late, waiver, finding.id, at.file, at.sheet,
                   at.row, dict(at.columns), finding.pack, dict(finding.by))


def kind_of(finding: Finding) -> Kind:
    """What the mark of a finding weighs."""
    match finding.outcome:
        case Outcome.VIOLATION:
            return "error" if finding.severity is Severity.ERROR else "warning"
        case Outcome.UNDETERMINED | Outcome.PENDING | Outcome.WAIVED:
            return cast("Kind", finding.outcome.value)
    return "quiet"


class CellMarks:
    """The marked cells of one sheet, each with the worst that is said of it."""

    def __init__(self) -> None:
        self._keys, self._kinds = array("q"), bytearray()
        self._sorted = True
        self._row, self._here = -1, dict[int, int]()

    def add(self, row: int, column: int, kind: Kind) -> None:
        """Mark a cell; the worst of several marks holds. Cheap where rows come in order."""
        weight = KINDS.index(kind)
        if row != self._row:
            self._flush()
            self._row = row
        if weight < self._here.get(column, len(KINDS)):
            self._here[column] = weight

    def _flush(self) -> None:
        for column, weight in sorted(self._here.items()):
            key = self._row << _BITS | column
            self._sorted = self._sorted and (not self._keys or self._keys[-1] < key)
            self._keys.append(key)
            self._kinds.append(weight)
        self._here.clear()

    def _settle(self) -> None:
        self._flush()
        self._row = -1
        if self._sorted:
            return
        worst: dict[int, int] = {}
        for key, weight in zip(self._keys, self._kinds, strict=True):
            worst[key] = min(weight, worst.get(key, weight))
        self._keys = array("q", sorted(worst))
        self._kinds = bytearray(worst[key] for key in self._keys)
        self._sorted = True

    def __len__(self) -> int:
        self._settle()
        return len(self._keys)

    def rows(self) -> Iterator[int]:
        """The rows that have marks, in order."""
        self._settle()
        last = -1
        for key in self._keys:
            if key >> _BITS != last:
                last = key >> _BITS
                yield last

    def row(self, number: int) -> Mapping[int, Kind]:
        """The marked columns of a row."""
        self._settle()
        at, end = (bisect_left(self._keys, n << _BITS) for n in (number, number + 1))
        mask = (1 << _BITS) - 1
        return {key & mask: KINDS[weight] for key, weight in
                zip(self._keys[at:end], self._kinds[at:end], strict=True)}


class _Place(Struct):
    """Where the findings of a sheet begin, in the order in which they came."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))

    def ordered(self) -> Iterable[int]:
        """The findings by their rows, those of one row in their order."""
        rows = self.rows
        if all(rows[at] <= rows[at + 1] for at in range(len(rows) - 1)):
            return self.offsets
        return (self.offsets[at] for at in sorted(range(len(rows)), key=rows.__getitem__))


class FindingStore:
    """The findings of an audit, kept aside."""

    def __init__(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(prefix="zhuanjie-")  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise unwritable(tempfile.gettempdir(), error) from error
        self._places: dict[Where, _Place] = {}
        self.counts: dict[Where, Counter[tuple[str, str, str]]] = {}
        """By place, how many findings there are by clause, outcome and group."""
        self._end = 0

    def close(self) -> None:
        """Let go of what is kept."""
        self._file.close()

    def keep(self, findings: Iterable[Finding]) -> None:
        """Keep all findings."""
        for finding in findings:
            self.add(SaidFinding.of(finding))

    def add(self, entry: SaidFinding) -> None:
        """Keep what is said of a finding."""
        where = entry.file, entry.sheet
        place = self._places.setdefault(where, _Place())
        place.rows.append(entry.row or 0)
        place.offsets.append(self._end)
        self.counts.setdefault(where, Counter())[
            entry.clause, entry.outcome, entry.group or ""] += 1
        data = marshal.dumps(tuple(entry))
        try:
            self._file.write(len(data).to_bytes(4, "little") + data)
        except OSError as error:
            raise unwritable(tempfile.gettempdir(), error) from error
        self._end += 4 + len(data)

    @property
    def places(self) -> list[Where]:
        """The files and sheets that findings stand in."""
        return list(self._places)

    def __len__(self) -> int:
        return sum(len(place.offsets) for place in self._places.values())

    def count(self, file: str | None) -> int:
        """How many findings a file has."""
        return sum(len(p.offsets) for (f, _), p in self._places.items() if f == file)

    def all(self, files: frozenset[str | None] | None = None) -> Iterator[SaidFinding]:
        """The findings in the order in which they came, of some files alone if given."""
        offset = 0
        while offset < self._end:
            entry, offset = self._at(offset)
            if files is None or entry.file in files:
                yield entry

    def of(self, where: Where) -> Iterator[SaidFinding]:
        """The findings of a sheet, by rows."""
        if where in self._places:
            for offset in self._places[where].ordered():
                yield self._at(offset)[0]

    def _at(self, offset: int) -> tuple[SaidFinding, int]:
        self._file.seek(offset)
        size = int.from_bytes(self._file.read(4), "little")
        given: tuple[Any, ...] = marshal.loads(self._file.read(size))
        return SaidFinding(*given), offset + 4 + size
