"""Ledgers that Spark reads. In: paths, or the name of a table. Out: a view of raw cells, and cells.

Values in the forms a program writes are read by Spark itself; all other forms go through the one
parser of cells, in Spark's workers. Nothing is collected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import column, joined
from zhuanjie.engine.backends.sql.dialects import SPARK, Tree, call, group, whole
from zhuanjie.engine.backends.sql.records import Cell
from zhuanjie.engine.backends.sql.spark import failing, session
from zhuanjie.engine.backends.sql.spark_rows import FILE, SAID, with_roles
from zhuanjie.engine.backends.sql.statement import ROW
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, UsageError, fail
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell
from zhuanjie.engine.ledger.cells.text import QUOTING, SCIENTIFIC, is_number_like
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.record import no_key_notice, unknown_notices
from zhuanjie.engine.ledger.row_roles import RowRoles
from zhuanjie.engine.vocabulary.fields import Field

TABLE = "spark:"
"""What the name of a table begins with."""
_PLACE = ("zhuanjie#file", "zhuanjie#row")
"""Where a record stands, under names that no ledger has."""
SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
_CSV = {"header": "true", "multiLine": "true", "escape": '"', "encoding": "UTF-8"}
_GAP = "\n"
"""Between the code and the text of a cell that cannot be read: no code holds one."""
_PARTITION = 33
"""Bits below the number of the partition in Spark's own row ids."""

_SHAPES = {
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "int": "^[0-9]{1,9}$",
    # Spark casts a year and a month to the first day.
    "month": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$",
}
"""The forms of texts that Spark reads by itself."""

_READ = T.ArrayType(T.StructType([T.StructField("v", T.StringType()),
                                  T.StructField("e", T.StringType())]))


@dataclass(frozen=True, slots=True)
class SparkSource:
    """A view of raw cells (x0, x1, ...; `file`, `row`), and how they are read."""

    view: str
    cells: Sequence[Cell]
    notices: Sequence[Diagnostic]
    name: str
    parsed: bool
    """Whether the parser is asked, which takes long enough not to be done twice."""
    said: bool
    """Whether there is a column of what is said of rows that are no records."""

    def relation(self, _numbered: bool) -> Tree:
        """The view, as trees have it."""
        return exp.Table(this=exp.to_identifier(self.view, quoted=True))


def open_source(given: Sequence[str], mapping: HeadingMap) -> SparkSource:
    """The ledger in a table, or in files of one kind and the same columns.

    Raises InputError for what cannot be read, UsageError where no session can be started.
    """
    spark = session()
    name = ", ".join(given)
    place = Place(file=name)
    with failing():
        try:
            frame = _frame(spark, given, place)
        except AnalysisException:
            raise fail(InputError, "backend.spark.unreadable", place,
                       "backend.spark.hint.unreadable") from None
        paths = list(_paths(frame.schema, ()))
        paths = [(path, kind) for path, kind in paths if path[0] not in _PLACE]
        headings = [_heading(at, path) for at, (path, _) in enumerate(paths)]
        match = mapping.match(headings, place)
        if not mapping.knows(match):
            raise not_a_ledger(name, None, [headings], mapping)
        known = sorted(match.fields.items())
        text = not given[0].startswith(TABLE) and _kind(given[0], place) == "csv"
        roles = RowRoles(match, headings, "layout" if text else "words")
        told = with_roles(frame.select(F.col(_PLACE[0]).alias(FILE), F.col(_PLACE[1]).alias(ROW), *(
            _column(*path).alias(f"r{at}") for at, path in enumerate(paths))), roles,
            {at: f"r{at}" for at in range(len(paths))}, 2 if text else 1)
        raw = told.select(FILE, ROW, *([SAID] if SAID in told.columns else []), *(
            F.col(f"r{at}").alias(f"x{n}") for n, (at, _) in enumerate(known)))
        plain = [_Read(n, f, headings[at], paths[at][1]) for n, (at, f) in enumerate(known)]
        raw = _with_parser(raw, [r for r in plain if r.hard is not None])
        view = f"zhuanjie_{uuid4().hex}"
        raw.createTempView(view)
    nameless = [no_key_notice(match, place)] if match.key_column is None else []
    notices = [*unknown_notices(match, place), *nameless]
    parsed = "parsed" in raw.columns
    cells = [r.cell(parsed) for r in plain]
    return SparkSource(view, cells, notices, name, parsed, SAID in raw.columns)


class _Read:
    """How one raw cell is read: by Spark where its form is plain, else by the parser."""

    def __init__(self, at: int, field: Field, heading: str, kind: T.DataType) -> None:
        self.at, self.field, self.heading, self.kind = at, field, heading, kind
        self.place = -1
        """Where the parser puts its answer, among the cells it reads."""
        self.x = column(f"x{at}")
        self.hard: Tree | None = None
        """When the parser is to read the cell; None where it never is."""
        self._ready: Tree
        """The value where it is not."""
        self._fault: Tree | None = None
        self._prepare()

    def _prepare(self) -> None:
        kind, text = self.field.type, isinstance(self.kind, T.StringType)
        number = isinstance(self.kind, (T.ByteType, T.ShortType, T.IntegerType, T.LongType))
        day = isinstance(self.kind, (T.DateType, T.TimestampType, T.TimestampNTZType))
        if kind == "string" and (text or number):
            self._trimmed(text)
        elif kind == "bool" and isinstance(self.kind, T.BooleanType):
            self._ready = self.x
        elif kind == "int" and number:
            self._ranged(self.x, exp.cast(self.x.copy(), "BIGINT"))
        elif kind in ("date", "month") and day:
            date_ = exp.cast(self.x, "DATE")
            self._ranged(date_, self._day_of(date_.copy()))
        else:
            plain, value = self._plain() if text else (exp.false(), exp.Null())
            filled = exp.Not(this=exp.Is(this=self.x.copy(), expression=exp.Null()))
            self.hard = exp.And(this=filled, expression=exp.Not(this=exp.paren(
                call("coalesce", plain, exp.false()))))
            self._ready = exp.Case(ifs=[exp.If(this=plain.copy(), true=value)])

    def _trimmed(self, text: bool) -> None:
        """A text; one that is in quotes or that a spreadsheet spoilt is for the parser."""
        x = exp.cast(self.x, "TEXT")
        trimmed = call("btrim", x, SPARK.text(BLANKS))
        marks = self.field.blank
        none: list[Tree] = [exp.EQ(this=call("btrim", x.copy(), SPARK.text(marks.stripped)),
                                   expression=SPARK.text(""))]
        if marks.words:
            none.append(exp.In(this=trimmed.copy(), expressions=[
                SPARK.text(word) for word in marks.ordered]))
        if text:
            first = call("substring", trimmed.copy(), exp.Literal.number(1), exp.Literal.number(1))
            odd: list[Tree] = [exp.In(this=first, expressions=[
                SPARK.text(sign) for sign in f"#{QUOTING}"])]
            if is_number_like(self.field):
                odd.append(SPARK.matches(trimmed.copy(), f"^{SCIENTIFIC}$"))
            filled = exp.Not(this=exp.Is(this=self.x.copy(), expression=exp.Null()))
            self.hard = exp.And(this=filled, expression=exp.paren(joined(exp.Or, odd)))
            none.append(exp.paren(joined(exp.Or, odd).copy()))
        self._ready = exp.Case(ifs=[exp.If(this=joined(exp.Or, none), true=exp.Null())],
                               default=trimmed)

    def _ranged(self, held: Tree, value: Tree) -> None:
        low, high = _bounds(self.field)
        fits = exp.Between(this=held, low=low, high=high)
        self._ready = exp.Case(ifs=[exp.If(this=fits, true=value)])
        code = SPARK.text("records.cell.int-range" if self.field.type == "int"
                          else "records.cell.date-range")
        self._fault = exp.Case(ifs=[exp.If(
            this=exp.Not(this=exp.paren(fits.copy())),
            true=_fault(code, exp.cast(self.x.copy(), "TEXT")))])

    def _plain(self) -> tuple[Tree, Tree]:
        """When a text is in the form a program writes, and its value then."""
        x, low_high = self.x, _bounds(self.field)
        if self.field.type == "enum":
            return exp.In(this=x, expressions=[SPARK.text(v) for v in self.field.values]), x.copy()
        if self.field.type == "bool":
            return (exp.In(this=x, expressions=[SPARK.text("true"), SPARK.text("false")]),
                    exp.EQ(this=x.copy(), expression=SPARK.text("true")))
        shape = _SHAPES.get(self.field.type)
        if shape is None:
            return exp.false(), exp.Null()
        date_ = self.field.type != "int"
        held = exp.TryCast(this=x.copy(), to=exp.DataType.build("DATE" if date_ else "BIGINT"),
                           safe=True)  # else sqlglot writes a cast that fails
        plain = exp.And(this=group(SPARK.matches(x, shape)), expression=group(exp.Between(
            this=held, low=low_high[0], high=low_high[1])))
        return plain, self._day_of(held.copy()) if date_ else held.copy()

    def _day_of(self, date_: Tree) -> Tree:
        """The number of a date, or of the first day of its month for a month."""
        return SPARK.day_of(SPARK.month_start(date_) if self.field.type == "month" else date_)

    def cell(self, parsed: bool) -> Cell:
        """The cell; `parsed` says whether the parser was asked at all."""
        if self.hard is None:
            return Cell(self.field, self.heading, self._ready, self._fault)
        if not parsed:
            return Cell(self.field, self.heading, self._ready, None)
        answer = exp.Bracket(this=column("parsed"), expressions=[
            exp.Literal.number(self.place)])
        kinds = {"date": "BIGINT", "month": "BIGINT", "int": "BIGINT", "bool": "BOOLEAN"}
        value = exp.cast(exp.Dot(this=answer, expression=exp.to_identifier("v")),
                         kinds.get(self.field.type, "TEXT"))
        code = exp.Dot(this=answer.copy(), expression=exp.to_identifier("e"))
        return Cell(self.field, self.heading, call("coalesce", self._ready, value), exp.Case(ifs=[
            exp.If(this=exp.Not(this=exp.Is(this=exp.paren(code), expression=exp.Null())),
                   true=_fault(code.copy(), exp.cast(self.x.copy(), "TEXT")))]))


def _fault(code: Tree, text: Tree) -> Tree:
    return call("concat", code, SPARK.text(_GAP), text)


def _bounds(field: Field) -> tuple[Tree, Tree]:
    if field.type in ("date", "month"):
        low, high = (exp.cast(SPARK.text(from_day(day).isoformat()), "DATE")
                     for day in RECORD_DAYS)
        return low, high
    return whole(field.low), whole(field.high)


def _with_parser(raw: DataFrame, reads: Sequence[_Read]) -> DataFrame:
    """`raw` with a column `parsed` of what the parser says, if any cell needs it."""
    hard = [r for r in reads if r.hard is not None]
    tests = [F.expr(SPARK.sql(r.hard.copy())) for r in hard if r.hard is not None]
    if not hard:
        return raw
    some = tests[0]
    for test in tests[1:]:
        some = some | test
    if raw.filter(some).isEmpty():
        return raw
    names = [r.field for r in hard]
    for place, read in enumerate(hard):
        read.place = place
    asked = F.struct(*(F.when(test, F.col(f"x{r.at}")).alias(f"h{r.at}")
                       for r, test in zip(hard, tests, strict=True)))
    parser = F.udf(lambda cells: _parse(names, cells), _READ)
    return raw.withColumn("parsed", parser(asked))


def _parse(fields: Sequence[Field], cells: Sequence[Any]) -> list[tuple[str | None, str | None]]:
    """The cells of a row by the one parser: each a value as text, or the code of a fault."""
    out: list[tuple[str | None, str | None]] = []
    for field, raw in zip(fields, cells, strict=True):
        value: Any = None
        code = None
        if raw is not None:
            try:
                value = read_cell(field, raw)
            except CellError as error:
                code = error.code
        if isinstance(value, date) and not isinstance(value, datetime):
            value = to_day(value)
        if isinstance(value, bool):
            value = str(value).lower()
        out.append((None if value is None else str(value), code))
    return out


def _column(path: Sequence[str], kind: T.DataType) -> Any:
    """The column at a path; lists and maps as JSON, which no field takes."""
    found = F.col(".".join("`" + name.replace("`", "``") + "`" for name in path))
    return F.to_json(found) if isinstance(kind, (T.ArrayType, T.MapType)) else found


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
        return _placed(frame, F.lit(given[0]), F.lit(None).cast("long"))
    kinds = {_kind(path, place) for path in given}
    if len(kinds) > 1:
        raise fail(UsageError, "backend.spark.kinds", place)
    file = F.expr("url_decode(replace(_metadata.file_path, '+', '%2B'))")
    file = F.regexp_replace(file, "^file:(//)?", "")
    paths = [str(Path(p).resolve()) if "://" not in p else p for p in given]
    if kinds == {"parquet"}:
        frame = spark.read.option("mergeSchema", "true").parquet(*paths)
        return _placed(frame, file, F.col("_metadata.row_index") + 1)
    # A file is one partition, so that Spark's own row ids count its rows: a record may go over
    # several lines, and nobody can begin to read in the middle.
    spark.conf.set("spark.sql.files.openCostInBytes", 1 << 40)
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


