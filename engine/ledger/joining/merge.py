"""Rows of one record into one. In: the parts of records, table by table. Out: records, conflicts.

A blank cell says nothing against a filled one. Of filled cells that differ, in the way their field
is compared, none is taken: what depends on the field stays open for that record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import polars as pl
from msgspec import Struct

from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.ledger.joining.typed_parts import AT
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

NO, HOME = "#no", "#home"
"""Columns that number rows over all tables: a row's own number, and that of its home."""


class PlacedCell(Struct, frozen=True):
    """A cell of a table: its position among the rows, and its value."""

    table: int
    at: int
    value: object


class Conflict(Struct, frozen=True):
    """Two cells of one record that contradict each other; `record` is its place in the part."""

    record: int
    field: str
    first: PlacedCell
    second: PlacedCell


class RecordMerge(Struct, frozen=True):
    """Records put together, in the order of their homes.

    `doubted` says of some of them, by their places, which fields have conflicts.
    """

    frame: pl.DataFrame
    conflicts: list[Conflict]
    doubted: dict[int, frozenset[str]]


def merge(home: pl.DataFrame, table: int, others: Sequence[tuple[int, pl.DataFrame]],
          fields: FieldTable) -> RecordMerge:
    """The records whose homes are these rows of a table.

    `others` are rows of later tables, each with its `HOME`. Both have `AT` and some fields.
    """
    beside = [(number, home.select(NO).join(rows.rename({HOME: NO}), on=NO, how="left",
                                            maintain_order="left")) for number, rows in others]
    parts = [(table, home), *beside]
    names = fields.sort({n for _, rows in parts for n in rows.columns if n in fields})
    columns: list[pl.Series] = []
    conflicts: list[Conflict] = []
    doubted: defaultdict[int, set[str]] = defaultdict(set)
    for name in names:
        holding = [(number, rows) for number, rows in parts if name in rows.columns]
        value = holding[0][1][name]
        differs = []
        for number, rows in holding[1:]:
            cells = rows[name]
            at = _differing(fields[name], value, cells)
            differs.append((number, rows, at))
            value = value.zip_with(value.is_not_null(), cells)
        for number, rows, at in differs:
            for place in at:
                conflicts.append(Conflict(
                    place, name, _first(holding, name, place),
                    PlacedCell(number, rows[AT][place], rows[name][place])))
                doubted[place].add(name)
        wrong = sorted({place for *_, at in differs for place in at})
        columns.append(value.clone().scatter(wrong, None) if wrong else value)
    frame = pl.DataFrame([home[NO], home[AT], *columns])
    return RecordMerge(frame, conflicts, {at: frozenset(names) for at, names in doubted.items()})


def _differing(field: Field, one: pl.Series, other: pl.Series) -> pl.Series:
    """Where both are filled and not the same."""
    if field.type == "string":
        one, other = (compared_series(cells, field.compare) for cells in (one, other))
    return (one != other).fill_null(value=False).arg_true()


def _first(holding: Sequence[tuple[int, pl.DataFrame]], name: str, place: int) -> PlacedCell:
    """The first filled cell of a field of a record."""
    return next(PlacedCell(number, rows[AT][place], rows[name][place]) for number, rows in holding
                if rows[name][place] is not None)
