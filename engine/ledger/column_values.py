"""What columns hold decides what they are. In: a table. Out: its match, settled.

A heading may mean one of several fields, and two columns may mean the same one. The first cells of
the table decide, where they can; what was decided is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.python_cells import python_cells
from zhuanjie.engine.core.unicode import BLANKS, comparable
from zhuanjie.engine.ledger.cells.parser import read_cell
from zhuanjie.engine.ledger.cells.text import CellError, as_text
from zhuanjie.engine.ledger.headings import GUESSED, HeadingMatch, rank, same_field
from zhuanjie.engine.ledger.meanings import HeadingMeaning, meanings_of
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.heading_text import plain_heading

if TYPE_CHECKING:
    from zhuanjie.engine.ledger.readers.base import LedgerTable

SAMPLE = 200
"""Rows that are looked at."""

_MOST = 0.5
"""The part of its cells that a column's field should be able to read."""

_EXACT = {"name", "heading"}
"""How columns are known that nobody can choose between, should they contradict each other."""

_PHONE = re.compile(r"\+?\d[\d()\-–— ]{5,}\d")


def settle(table: LedgerTable) -> HeadingMatch:
    """The table's match, with what the cells decide; raises InputError where nothing can."""
    match = table.match
    open_ = {at for places in match.rivals.values() for at in places} | {
        at for at, meaning in match.meanings.items() if meaning.shared}
    chosen = {at for at, field in match.fields.items()
              if field.type == "enum" and not table.is_typed}
    if not open_ and (not chosen or table.is_remote):
        return match
    settled = _Settling(table, _sample(table, sorted(open_ | chosen)))
    return settled.match() if open_ else settled.misfits(match)


def _sample(table: LedgerTable, places: Sequence[int]) -> dict[int, list[object]]:
    """The first cells of some columns, row by row."""
    if table.scan() is not None:
        frame = table.collected(table.first_rows(SAMPLE).select(str(at) for at in places))
        return {at: python_cells(cells) if isinstance(cells, pl.Series) else list(cells)
                for at, cells in table.raw({at: frame[str(at)] for at in places}).items()}
    out: dict[int, list[object]] = {at: [] for at in places}
    for chunk in table.chunks(SAMPLE):
        height = len(chunk.rows)
        for at, cells in out.items():
            cells += list(chunk.cells.get(at, [None] * height))
        if len(next(iter(out.values()), [])) >= SAMPLE:
            break
    return out


class _Settling:
    """The columns of one table, with cells of those that are asked about."""

    def __init__(self, table: LedgerTable, cells: Mapping[int, Sequence[object]]) -> None:
        self.table, self.cells = table, cells
        self.notices: list[Diagnostic] = []

    def match(self) -> HeadingMatch:
        """The match with every column settled."""
        before = self.table.match
        meanings = {at: self._meant(at, meaning) for at, meaning in before.meanings.items()}
        columns: dict[str, list[int]] = {}
        for at, meaning in meanings.items():
            if meaning.field is not None:
                columns.setdefault(meaning.field.name, []).append(at)
        fields = {self._winner(places, meanings): meanings[places[0]].field
                  for places in columns.values()}
        found = {at: field for at, field in sorted(fields.items()) if field is not None}
        lost = {at for places in columns.values() for at in places} - found.keys()
        silent = lost | {at for at, meaning in meanings.items() if meaning.known}
        headings = meanings_of(before.vocabulary)
        unknown = [at for at in meanings if at not in found]
        near = {at: headings.nearest(self.table.headings[at], columns)
                for at in [at for at in unknown if at not in silent][:GUESSED]}
        return self.misfits(replace(
            before, fields=found, silent=frozenset(silent), meanings=meanings, rivals={},
            unknown={at: (self.table.headings[at], near.get(at)) for at in unknown}))

    def misfits(self, match: HeadingMatch) -> HeadingMatch:
        """The match, and what is to be said of columns that hold another field's values."""
        there = {field.name for field in match.fields.values()}
        for at, field in match.fields.items():
            if field.type != "enum" or match.meanings[at].how == "values":
                continue
            if self._fit(field, at) >= _MOST:
                continue
            other = next((f for f in match.vocabulary.fields if f.type == "enum"
                          and f.name not in there and self._fit(f, at) == 1), None)
            if other is not None:
                self._say("records.column-values", at, field=field.heading, other=other.heading)
        return replace(match, notices=(*match.notices, *self.notices))

    def _meant(self, at: int, meaning: HeadingMeaning) -> HeadingMeaning:
        """What a column is whose heading may mean several things."""
        if not meaning.shared or meaning.how == "mapped" or not self._filled(at):
            return meaning
        own = meaning.field
        fits = [(self._fit(other, at), -number, other)
                for number, other in enumerate(meaning.shared)]
        fit, _, best = max(fits, key=lambda item: item[:2])
        # A heading that means nothing by itself has to be borne out by every cell.
        if fit < (1 if own is None else _MOST) or (own is not None and self._fit(own, at) >= fit):
            return meaning
        if own is not None:
            self._say("records.column-by-values", at, field=own.heading, other=best.heading)
        return HeadingMeaning(best, "values", shared=meaning.shared)

    def _winner(self, places: Sequence[int], meanings: Mapping[int, HeadingMeaning]) -> int:
        """The column of those that mean one field that is read; what becomes of the others is said.
        """
        if len(places) == 1:
            return places[0]
        field = meanings[places[0]].field
        assert field is not None
        # By what the user says, what fits, what is filled, how near the heading is, what is first.
        order = sorted(places, key=lambda at: (
            meanings[at].how != "mapped", not self._filled(at), self._fit(field, at) < _MOST,
            rank(meanings[at]), at))
        best = order[0]
        for other in order[1:]:
            same = plain_heading(self.table.headings[best]) == plain_heading(
                self.table.headings[other]) or {meanings[at].how for at in (best, other)} <= _EXACT
            if same and meanings[best].how != "mapped" and self._contradicts(best, other):
                raise same_field(field, self.table.headings, [best, other], self.table.place)
        if meanings[best].how != "mapped":
            self._say("records.column-again", best, field=field.heading, others=", ".join(
                f"{self._heading(at)} ({column_letter(at)})" for at in sorted(order[1:])))
        return best

    def _contradicts(self, one: int, other: int) -> bool:
        """Whether two columns hold different things in a row."""
        return any(a != b for a, b in zip(self._texts(one), self._texts(other), strict=True)
                   if a and b)

    def _filled(self, at: int) -> bool:
        return any(self._texts(at))

    def _texts(self, at: int) -> list[str]:
        return ["" if cell is None else comparable(as_text(cell)) for cell in self.cells[at]]

    def _fit(self, field: Field, at: int) -> float:
        """The part of a column's filled cells that hold what the field may hold."""
        cells = [cell for cell in self.cells.get(at, ()) if cell is not None
                 and as_text(cell).strip(BLANKS)]
        if not cells:
            return 0
        return sum(self._is_of(field, cell) for cell in cells) / len(cells)

    def _is_of(self, field: Field, cell: object) -> bool:
        if field.type != "string":
            with suppress(CellError):
                read_cell(field, cell, self.table.day_zero)
                return True
            return False
        text = as_text(cell).strip(BLANKS)
        if field.typical_values:
            plain = comparable(text)
            return any(comparable(typical) == plain for typical in field.typical_values)
        return field.compare != "phone" or _PHONE.fullmatch(text) is not None

    def _heading(self, at: int) -> str:
        return " ".join(self.table.headings[at].split())

    def _say(self, code: str, at: int, **args: object) -> None:
        self.notices.append(Diagnostic(
            code, {"heading": self._heading(at), "column": column_letter(at), **args},
            self.table.place, "records.hint.column"))
