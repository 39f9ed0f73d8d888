"""Cells that hold the same few texts. In: parts of a text. Out: what each text means, by number.

The parser numbers the texts of such columns as it meets them, and each is read once: by an
expression where it is written as most are, else by `read_cell` itself. A column that turns out to
hold more is read as texts from then on. Columns of texts are numbered, too, where a sample shows
that they repeat themselves.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.column_reader import ColumnReader, column_reader
from zhuanjie.engine.ledger.cells.parser import dtype_of, read_column
from zhuanjie.engine.vocabulary.fields import Field

_TEXT, _VALUE = pl.col("text"), pl.col("value")
_SHARE = 8
"""So many columns with different texts may be numbered together."""
_AGAIN = 2
"""So often each text of a column of mere texts should come, on the average, to be numbered."""


class DistinctCells:
    """The texts of some columns of a table, and what they mean as values of their fields."""

    def __init__(self, fields: Mapping[int, Field], sample: pl.DataFrame) -> None:
        alike: dict[Hashable, list[int]] = {}
        for at, field in fields.items():
            if field.type != "string" or _repeats(sample[str(at)]):
                alike.setdefault(_reading(field), []).append(at)
        self._alike = [Alike(columns, fields[columns[0]], column_reader(
            fields[columns[0]], _TEXT, pl.String(), pl.concat(sample[str(at)] for at in columns)))
            for columns in alike.values()]

    @property
    def columns(self) -> dict[int, Alike]:
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
        self._alike = [alike.narrowed(raw) for alike in self._alike]


class Alike:
    """Columns whose cells mean the same where they hold the same text.

    What a number stands for does not change, however many texts come later.
    """

    def __init__(self, columns: Sequence[int], field: Field, reader: ColumnReader) -> None:
        self.columns, self._field, self._reader = columns, field, reader
        self.kind = pl.Categorical(pl.Categories.random())
        self._held = pl.Series([], dtype=self.kind)
        """Polars forgets the numbers of texts once no column has them."""
        self._texts = pl.Series([], dtype=pl.String)
        self._values = pl.Series([], dtype=dtype_of(field))
        self._doubts = pl.Series([], dtype=pl.Boolean)

    def text(self, at: int) -> pl.Expr:
        """The cells of a column as they were written."""
        return pl.lit(self._texts).gather(number(at))

    def value(self, at: int) -> pl.Expr:
        """What the cells of a column are read as."""
        return pl.lit(self._values).gather(number(at))

    def doubt(self, at: int) -> pl.Expr | None:
        """Which cells of a column cannot be read; None where all can."""
        return pl.lit(self._doubts).gather(number(at)) if self._doubts.any() else None

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
        self._texts = pl.concat([self._texts, texts], rechunk=True)
        self._values = pl.concat([self._values, values], rechunk=True)
        self._doubts = pl.concat([self._doubts, doubts], rechunk=True)

    def narrowed(self, raw: pl.DataFrame) -> Alike:
        """These columns without those that hold many texts, of which these are some rows."""
        most = limits().distinct_texts
        if len(self._values) <= most:
            return self
        texts = raw.select(pl.col(str(at)).n_unique() for at in self.columns).row(0)
        return Alike([at for at, held in zip(self.columns, texts, strict=True)
                      if held * _SHARE <= most], self._field, self._reader)


def number(at: int) -> pl.Expr:
    """The numbers of the texts in a column that is numbered."""
    return pl.col(str(at)).to_physical()


def _repeats(sample: pl.Series) -> bool:
    """Whether a column seems to hold the same texts again and again."""
    return sample.n_unique() * _AGAIN <= len(sample)


def _reading(field: Field) -> Hashable:
    """What is the same of fields by which a text means the same."""
    return (field.type, field.blank, tuple(field.choices.items()), field.low, field.high,
            field.units, field.compare, field.check)
