"""A chunk of a ledger, made. In: its plan, a seed, a day. Out: its records, and what they come to.

The records are made faultless, all columns at once; those to be spoilt are then changed and put
back in their places. What each clause comes to follows from the plan and from what was still to
come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import polars as pl

from zhuanjie.engine.core.results import Outcome
from zhuanjie.synthetic.changes import RecordEdit
from zhuanjie.synthetic.compose import ALL, ChunkPlan
from zhuanjie.synthetic.draft import CONTACT, PENDING, Draft, numbered
from zhuanjie.synthetic.life import live
from zhuanjie.synthetic.province import KEY, fields
from zhuanjie.synthetic.traits import ANYTHING, NEEDS

TRUTH: Final = {"record": pl.String, "clause": pl.String, "outcome": pl.String}
"""The columns of the list of what is planted."""

_KINDS: Final[Mapping[str, pl.DataType]] = {
    "bool": pl.Boolean(), "int": pl.Int64(), "date": pl.Date(),
}
_ROW, _PLANT = "~row", "~plant"


def schema() -> dict[str, pl.DataType]:
    """The columns of a record and their types: those of the field list, choices as texts."""
    return {f.name: _KINDS.get(f.type, pl.String()) for f in fields()}


def make(chunk: ChunkPlan, seed: int, as_of: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records of a chunk, and each violation, undetermined and pending outcome in them."""
    drafted = _live(chunk, seed, as_of)
    rows = pl.Series(chunk.rows, dtype=pl.UInt32)
    plants = pl.DataFrame({
        _ROW: rows.gather(chunk.places), _PLANT: chunk.plants,
    }, schema={_ROW: pl.UInt32, _PLANT: pl.UInt8})
    whole = drafted
    if chunk.rows:
        spoilt = _spoil(drafted[chunk.rows], chunk, as_of)
        places = pl.int_range(chunk.count, dtype=pl.UInt32, eager=True).scatter(
            rows, pl.int_range(chunk.count, chunk.count + len(rows), dtype=pl.UInt32, eager=True))
        whole = pl.concat([drafted.select(spoilt.columns), spoilt], rechunk=True)[places]
    records = whole.select(pl.col(name).cast(kind) for name, kind in schema().items())
    return records, _truth(drafted, records, plants, as_of)


def extra(first: int, count: int, seed: int, as_of: int) -> pl.DataFrame:
    """Faultless records with numbers beyond the ledger's."""
    return make(ChunkPlan(first, count), seed, as_of)[0]


def _live(chunk: ChunkPlan, seed: int, as_of: int) -> pl.DataFrame:
    """Faultless records that have the traits the plan asks for."""
    frame = numbered(chunk.first, chunk.count, seed)
    needs = pl.repeat(ANYTHING, chunk.count, dtype=pl.UInt32, eager=True)
    if chunk.rows:
        needs = needs.scatter(chunk.rows, pl.Series(chunk.needs, dtype=pl.UInt32))
    draft = Draft(frame.with_columns(needs.alias(NEEDS)).lazy(), as_of)
    live(draft)
    made = draft.frame.collect()
    # What nobody does unasked has no column yet.
    return made.with_columns(
        (pl.col(name) if name in made.columns else pl.lit(None)).cast(_stored(kind)).alias(name)
        for name, kind in schema().items())


def _spoil(frame: pl.DataFrame, chunk: ChunkPlan, as_of: int) -> pl.DataFrame:
    """The records to spoil, spoilt."""
    zones: dict[str, tuple[list[int], list[int]]] = {}
    for place, plant in zip(chunk.places, chunk.plants, strict=True):
        places, plants = zones.setdefault(ALL[plant].zone, ([], []))
        places.append(place)
        plants.append(plant)
    none = pl.repeat(len(ALL), frame.height, dtype=pl.UInt8, eager=True)
    lazy = frame.with_columns(
        none.scatter(places, pl.Series(plants, dtype=pl.UInt8)).alias(f"~zone {zone}")
        for zone, (places, plants) in zones.items()
    ).lazy()
    # What is changed in one zone is read in none of the others.
    for zone, (_, plants) in zones.items():
        lazy = lazy.with_columns(**_changes(zone, sorted(set(plants)), as_of))
    return lazy.select(name for name in frame.columns if not name.startswith("~")).collect()


def _stored(kind: pl.DataType) -> pl.DataType:
    """How a field is held until it is written: dates as day numbers."""
    return pl.Int32() if kind == pl.Date() else kind


def _changes(zone: str, plants: list[int], as_of: int) -> dict[str, pl.Expr]:
    """The fields that the plants of one zone change."""
    out: dict[str, pl.Expr] = {}
    for plant in plants:
        edit = RecordEdit(f"plant {plant}", as_of)
        ALL[plant].change(edit)
        for name, value in edit.fields.items():
            out[name] = pl.when(pl.col(f"~zone {zone}") == plant).then(
                value.cast(_stored(schema()[name]))).otherwise(out.get(name, pl.col(name)))
    return out


def _truth(drafted: pl.DataFrame, records: pl.DataFrame, plants: pl.DataFrame,
           as_of: int) -> pl.DataFrame:
    """What the records come to, by record and clause."""
    planted = plants.with_columns(
        (as_of - drafted["member.left_on"].gather(plants[_ROW]) > CONTACT).alias("~due")
    ).join(_outcomes(), on=_PLANT).filter(pl.col("~due") | ~pl.col("once_due"))
    names = planted.select(_ROW, "clause", "outcome")
    # What is planted stands above what would have been.
    found = pl.concat([names, *_pending(drafted)]).unique([_ROW, "clause"], keep="first",
                                                           maintain_order=True)
    found = found.sort(_ROW, "clause")
    return found.select(records[KEY].gather(found[_ROW]).alias("record"), "clause", "outcome")


def _pending(drafted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for name in drafted.columns:
        if name.startswith(PENDING):
            yield pl.DataFrame({_ROW: drafted[name].arg_true()}).with_columns(
                clause=pl.lit(name.removeprefix(PENDING)),
                outcome=pl.lit(Outcome.PENDING.value))


@cache
def _outcomes() -> pl.DataFrame:
    """What each plant comes to."""
    rows = [
        (i, clause, outcome.value, once)
        for i, plant in enumerate(ALL)
        for found, once in (({plant.clause: plant.outcome, **plant.entails}, False),
                            (plant.once_due, True))
        for clause, outcome in found.items()
    ]
    return pl.DataFrame(rows, orient="row", schema={
        _PLANT: pl.UInt8, "clause": pl.String, "outcome": pl.String, "once_due": pl.Boolean})
