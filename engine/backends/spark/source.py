"""Ledgers that Spark reads. In: paths, or the name of a table. Out: a frame of raw cells.

The cells of a column go to the workers where it is asked for; of others only those go that may show
that a row is no record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from operator import add, or_
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct
from msgspec import field as preset
from msgspec.structs import replace
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from zhuanjie.engine.backends.spark.files import files_in, find_files
from zhuanjie.engine.backends.spark.session import failing, session
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, UsageError, fail
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.headings import HeadingMap, HeadingMatch
from zhuanjie.engine.ledger.readers.file_parts import FilePart
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.row_roles import FULLEST, TOP, RowRoles, RowRules
from zhuanjie.engine.vocabulary.fields import Field

TABLE = "spark:"
"""What the name of a table begins with."""
FILE, ROW = "file", "row"
"""Where a record stands: its file as Spark writes it, null in a table, and its number there."""
REST = "rest"
"""The cells that nobody asks for, of rows that may be no records."""
SAMPLE = 200
"""Rows that show what columns hold."""
SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
_PLACE = ("zhuanjie#file", "zhuanjie#row")
"""Where a record stands, under names that no ledger has."""
_DOUBT = "zhuanjie#doubt"
_CSV = {"header": "true", "multiLine": "true", "escape": '"', "encoding": "UTF-8"}
_PARTITION = 33
"""Bits below the number of the partition in Spark's own row ids."""
_NUMBERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
_NATIVE: dict[str, tuple[type[T.DataType], ...]] = {
    "string": (T.StringType,), "bool": (T.BooleanType,), "int": _NUMBERS,
    "date": (T.DateType,), "month": (T.DateType,)}
"""As `column_reader.is_native`: hardly a cell of such a column can fail to be read."""
_NESTED = (T.ArrayType, T.MapType, T.BinaryType)
_AS_THEY_ARE = (*_NESTED, T.StringType, T.BooleanType, *_NUMBERS, T.FloatType, T.DoubleType,
                T.DecimalType, T.DateType, T.TimestampType, T.TimestampNTZType, T.NullType)


class SparkSource(Struct, frozen=True):
    """A ledger on Spark: a frame, and where its columns stand in it, by position.

    `first` is the number of the first record's row. With `parts` there is no frame: the workers
    read these by themselves. `homes` are what people call the places of files.
    """

    name: str
    frame: DataFrame | None
    headings: Sequence[str]
    paths: Sequence[tuple[Sequence[str], T.DataType]]
    match: HeadingMatch
    sample: pl.DataFrame
    row_rules: RowRules
    first: int
    homes: Mapping[str, str] = preset(default_factory=dict)
    parts: Sequence[FilePart] = ()

    def cells(self, match: HeadingMatch, names: Collection[str], *, all_read: bool) -> DataFrame:
        """The raw cells of the fields `names`, by position, and where each record stands; of a
        source in parts their numbers.

        With `all_read` also those of columns whose cells are looked at in any case. Of every other
        column only the cells of rows that may be no records are there.
        """
        if self.frame is None:
            return session().range(0, len(self.parts), 1, len(self.parts))
        # As the readers of files have it: of a text all columns show what a row is.
        places = range(len(self.paths)) if self.row_rules == "layout" else sorted(
            {*match.fields, *match.unknown})
        asked = {at for at, field in match.fields.items()
                 if field.name in names or (all_read and self._is_read(field, at))}
        roles = RowRoles(match, self.headings, self.row_rules)
        full = sorted((at for at in roles.signs.others if all_read is False or at in asked),
                      key=lambda at: self.sample[str(at)].null_count())[:FULLEST]
        asked.update(full)
        doubt = self._doubt(roles, full)
        doubted = self.frame.withColumn(_DOUBT, doubt)  # once, and not for every column
        cells = {at: self._cell(at, known=at in match.fields).alias(str(at)) for at in places}
        rest = [cell for at, cell in cells.items() if at not in asked]
        return doubted.select(
            F.col(_PLACE[0]).alias(FILE), F.col(_PLACE[1]).alias(ROW),
            *(cell for at, cell in cells.items() if at in asked),
            # As one column, which costs no more than one where it is null.
            *([F.when(F.col(_DOUBT), F.struct(*rest)).alias(REST)] if rest else []))

    def _is_read(self, field: Field, at: int) -> bool:
        return field.check is not None or not isinstance(
            self.paths[at][1], _NATIVE.get(field.type, ()))

    def _cell(self, at: int, *, known: bool) -> Column:
        """A cell; what holds several values is no text, and only a field's own reader minds."""
        path, kind = self.paths[at]
        found = F.col(".".join("`" + name.replace("`", "``") + "`" for name in path))
        if isinstance(kind, _NESTED) and not known:
            return F.when(found.isNotNull(), F.lit("[]"))
        return found if isinstance(kind, _AS_THEY_ARE) else found.cast("string")

    def _doubt(self, roles: RowRoles, full: Sequence[int]) -> Column:
        """Where a row may be no record: too often rather than too seldom."""
        signs = roles.signs
        if signs.key is None or len(full) <= signs.few:
            return F.lit(True)
        key = self._cell(signs.key, known=True).cast("string")
        filled = reduce(add, (F.when(self._is_blank(at), 0).otherwise(1) for at in full))
        return reduce(or_, (
            F.coalesce(F.col(_PLACE[1]) < self.first + TOP, F.lit(False)),
            ~F.coalesce(key.rlike(signs.key_like), F.lit(False)), filled <= signs.few))

    def _is_blank(self, at: int) -> Column:
        cell = self._cell(at, known=True)
        if not isinstance(self.paths[at][1], T.StringType):
            return cell.isNull()
        return F.coalesce(F.btrim(cell, F.lit(BLANKS)), F.lit("")) == ""


def open_source(given: Sequence[str], mapping: HeadingMap) -> SparkSource:
    """The ledger in a table, or in files of one kind and the same columns.

    Raises InputError for what cannot be read, UsageError where no session can be started.
    """
    name = ", ".join(given)
    place = Place(file=name)
    homes = _homes(given, place)
    spark = session(reads=not homes)
    if homes and (files := find_files(homes)) is not None:
        match = mapping.match(files.headings, place)
        if not mapping.knows(match):
            raise not_a_ledger(name, None, [files.headings], mapping)
        return SparkSource(name, None, files.headings, (), match, files.sample, "words", 1, homes,
                           files.parts)
    with failing():
        try:
            frame = _frame(spark, given, place)
            paths = [(path, kind) for path, kind in _paths(frame.schema, ())
                     if path[0] not in _PLACE]
        except AnalysisException:
            raise fail(InputError, "backend.spark.unreadable", place,
                       "backend.spark.hint.unreadable") from None
        headings = [_heading(at, path) for at, (path, _) in enumerate(paths)]
        match = mapping.match(headings, place)
        if not mapping.knows(match):
            raise not_a_ledger(name, None, [headings], mapping)
        text = not given[0].startswith(TABLE) and _kind(given[0], place) == "csv"
        source = SparkSource(name, frame, headings, paths, match, pl.DataFrame(),
                             "layout" if text else "words", 2 if text else 1, _places(given))
        found = pl.from_arrow(frame.select(*(
            source._cell(at, known=True).alias(str(at)) for at in range(len(paths)))).limit(
            SAMPLE).toArrow())
        assert isinstance(found, pl.DataFrame)
    return replace(source, sample=found)


def _places(given: Sequence[str]) -> dict[str, str]:
    """Where files of this machine lie, with what they were called."""
    return {} if given[0].startswith(TABLE) else {
        str(Path(path).resolve()): path for path in given if "://" not in path}


def _homes(given: Sequence[str], place: Place) -> dict[str, str]:
    """The places of Parquet files that workers may be able to read, if that is all there is."""
    places = _places(given)
    if len(places) < len(set(given)) or {_kind(path, place) for path in given} != {"parquet"}:
        return {}
    try:
        return places if all([*files_in(Path(path))] for path in places) else {}
    except OSError:
        return {}


def _paths(schema: T.StructType, above: tuple[str, ...]) -> Iterator[
        tuple[tuple[str, ...], T.DataType]]:
    """The columns of a schema; groups are taken apart."""
    for field in schema.fields:
        path = (*above, field.name)
        if isinstance(field.dataType, T.StructType):
            yield from _paths(field.dataType, path)
        else:
            yield path, field.dataType


def _frame(spark: SparkSession, given: Sequence[str], place: Place) -> DataFrame:
    """The records, then where each stands."""
    if given[0].startswith(TABLE):
        if len(given) > 1:
            raise fail(UsageError, "backend.spark.one-table", place)
        frame = spark.table(given[0].removeprefix(TABLE))
        return _placed(frame, F.lit(None).cast("string"), F.lit(None))
    kinds = {_kind(path, place) for path in given}
    if len(kinds) > 1:
        raise fail(UsageError, "backend.spark.kinds", place)
    file = F.col("_metadata.file_path")
    paths = [str(Path(p).resolve()) if "://" not in p else p for p in given]
    if kinds == {"parquet"}:
        frame = spark.read.option("mergeSchema", "true").parquet(*paths)
        return _placed(frame, file, F.col("_metadata.row_index") + 1)
    # A file is one partition, so that Spark's own row ids count its rows: a record may go over
    # several lines, and nobody can begin to read in the middle.
    spark.conf.set("spark.sql.files.openCostInBytes", str(1 << 40))
    frame = spark.read.options(**_CSV).csv(paths)
    if any(name == f"_c{at}" for at, name in enumerate(frame.columns)):
        # Spark cannot compare headings of which one is blank.
        if len(frame.inputFiles()) > 1:
            raise fail(InputError, "backend.spark.blank-heading", place)
    else:
        frame = spark.read.options(**_CSV, enforceSchema="false").csv(paths)
    row = F.monotonically_increasing_id().bitwiseAND((1 << _PARTITION) - 1) + 2
    return _placed(frame, file, row)


def _placed(frame: DataFrame, file: Any, row: Any) -> DataFrame:
    return frame.select("*", file.alias(_PLACE[0]), row.cast("long").alias(_PLACE[1]))


def _heading(at: int, path: Sequence[str]) -> str:
    """The heading of a column: not the name that Spark gives one without, nor a mark of UTF-8."""
    name = ".".join(path)
    return "" if name == f"_c{at}" else name.removeprefix("\ufeff")


def _kind(path: str, place: Place) -> str:
    """What kind of file a path means: by its ending, or by what a folder holds."""
    kind = SUFFIXES.get(Path(path).suffix.lower())
    folder = Path(path)
    if kind is None and folder.is_dir():
        held = {SUFFIXES.get(p.suffix.lower()) for p in folder.rglob("*")
                if not p.name.startswith((".", "_"))} - {None}
        kind = next(iter(held)) if len(held) == 1 else None
    if kind is None and "://" in path:
        kind = "parquet"
    if kind is None:
        raise fail(InputError, "backend.spark.kind", place, "backend.spark.hint.kind")
    if "://" not in path and not folder.exists():
        raise fail(InputError, "records.not-found", place, "records.hint.not-found")
    return kind
