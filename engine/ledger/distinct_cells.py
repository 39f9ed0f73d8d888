"""Cells that hold the same few texts. In: parts of a text. Out: what each text means, by number.

The parser numbers the texts of such columns as it meets them, and each is read once: by an
expression where it is written as most are, else by `read_cell` itself. A column that turns out to
hold more is read as texts from then on.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.column_reader import column_reader
from zhuanjie.engine.ledger.cells.parser import dtype_of, read_column
from zhuanjie.engine.vocabulary.fields import Field

_TEXT, _VALUE = pl.col("text"), pl.col("value")
_SHARE = 8
"""So many columns with different texts may be numbered together."""


class DistinctCells:
    """The texts of some columns of a table, and what they mean as values of their fields."""

    def __init__(self, fields: Mapping[int, Field], sample: pl.DataFrame) -> None:
        alike: dict[Hashable, list[int]] = {}
        for at, field in fields.items():
            alike.setdefault(_reading(field), []).append(at)
        self._alike = [_Alike(columns, fields[columns[0]], pl.concat(
            sample[str(at)] for at in columns)) for columns in alike.values()]

    @property
    def columns(self) -> dict[int, _Alike]:
        """The columns that are numbered, with those that are read alike."""
        return {at: alike for alike in self._alike for at in alike.columns}

    @property
    def kinds(self) -> dict[str, pl.DataType]:
        """How the parser is told to number columns."""
        return {str(at): alike.kind for at, alike in self.columns.items()}

    def learn(self) -> None:
        """Read the texts that were parsed, and none before."""
        for alike in self._alike:
            alike.learn()

    def forget(self, raw: pl.DataFrame) -> None:
        """Number no more columns that hold many texts, of which these are some rows."""
        for alike in self._alike:
            alike.forget(raw)


class _Alike:
    """Columns whose cells mean the same where they hold the same text."""

    def __init__(self, columns: list[int], field: Field, sample: pl.Series) -> None:
        self.columns, self._field = columns, field
        self._reader = column_reader(field, _TEXT, pl.String(), sample)
        self._begin()

    def _begin(self) -> None:
        self.kind = pl.Categorical(pl.Categories.random())
        self._held = pl.Series([], dtype=self.kind)
        """Polars forgets the numbers of texts once no column has them."""
        self._values = pl.Series([], dtype=dtype_of(self._field))
        self._doubts = pl.Series([], dtype=pl.Boolean)

    def value(self, at: int) -> pl.Expr:
        """What the cells of a column are read as."""
        return pl.lit(self._values).gather(_number(at))

    def doubt(self, at: int) -> pl.Expr | None:
        """Which cells of a column cannot be read; None where all can."""
        return pl.lit(self._doubts).gather(_number(at)) if self._doubts.any() else None

    def learn(self) -> None:
        """Read the texts that were parsed, and none before."""
        texts = self.kind.categories.to_series()[len(self._values):]
        if not len(texts):
            return
        doubt, field = self._reader.needs_fallback, self._field
        read = texts.alias("text").to_frame().with_columns(self._reader.value.alias("value"))
        found = read.with_columns(
            (pl.lit(False) if doubt is None else doubt(_VALUE)).fill_null(False).alias("doubt"))
        values, doubts = found["value"], found["doubt"]
        if doubts.any():
            at = doubts.arg_true()
            readable, errors = read_column(field, texts.gather(at))
            values, doubts = values.scatter(at, readable), doubts.scatter(at, False)
            doubts = doubts.scatter(at.gather([i for i, _ in errors]), True)
        if field.check is not None:
            doubts |= values.to_frame("value").select(is_suspect(field, _VALUE)).to_series()
        self._values, self._doubts = self._values.append(values), self._doubts.append(doubts)

    def forget(self, raw: pl.DataFrame) -> None:
        """Number no more columns that hold many texts, of which these are some rows."""
        most = limits().distinct_texts
        if len(self._values) > most:
            texts = raw.select(pl.col(str(at)).n_unique() for at in self.columns).row(0)
            self.columns = [at for at, held in zip(self.columns, texts, strict=True)
                            if held * _SHARE <= most]
            self._begin()


def _number(at: int) -> pl.Expr:
    return pl.col(str(at)).to_physical()


def _reading(field: Field) -> Hashable:
    """What is the same of fields by which a text means the same."""
    return (field.type, field.blank, tuple(field.choices.items()), field.low, field.high,
            field.units, field.compare, field.check)
