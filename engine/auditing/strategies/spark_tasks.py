"""What Spark's workers do with a ledger. In: Arrow batches of raw cells. Out: batches of results.

A worker holds one piece of its part at a time. Results of every kind come in one table, told apart
by `kind`: a function of workers has one kind of output.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote

import polars as pl
import pyarrow as pa

from zhuanjie.engine.auditing.stages.base import Stage, StageContext
from zhuanjie.engine.auditing.strategies.pieces import (
    KEY_COUNTS,
    AuditTerms,
    PieceJudge,
    person_forms,
)
from zhuanjie.engine.auditing.totals import (
    counts_of,
    groups_of,
    late_of,
    new_of,
    people_of,
    waived_of,
)
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.waiver_cover import WaiverCover
from zhuanjie.engine.auditing.writers.finding_frame import FindingFrames, schema
from zhuanjie.engine.backends.spark.arrow import as_arrow
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.readers.pieces import PieceTable, TableHead
from zhuanjie.engine.ledger.row_roles import TOP
from zhuanjie.engine.lowering.plan import Plan

FINDING, INPUT, AGAIN, PERSON, COUNTS = range(5)
"""Kinds of results: a finding; one on the input; one on an id that may have come before; somebody
with a violation; what a part of the ledger comes to."""
PIECE: Final = 1 << 17
"""Records of a piece, about: a worker holds so many."""
INPUT_COLUMNS = ("record", "field", "column", "value", "code", "file", "row")
KEYS = "kind int, first string, second string, sure long, everyone long"
"""The columns of `KEY_COUNTS`, as Spark has them."""
_DTYPES: dict[str, Any] = {"int": pl.Int32, "string": pl.String, "bigint": pl.Int64}
_BESIDE = {"kind": "int", "rank": "int", "record": "string", "file": "string", "row": "bigint",
           "field": "string", "column": "string", "value": "string", "code": "string",
           "text": "string"}
_BOTH = ("record", "file", "row")
"""What findings have in common with the rest."""
_COLUMN: Final = "f{}"
"""Findings' other columns go by number: a name of theirs may have a dot."""
_SPARK: Mapping[Any, str] = {pl.String: "string", pl.Date: "date", pl.Int32: "int",
                             pl.Int64: "bigint", pl.List: "array<string>"}


def finding_columns(plan: Plan) -> dict[str, tuple[str, str]]:
    """The columns of findings, under what names workers give them, of what type."""
    return {name: (name if name in _BOTH else _COLUMN.format(at), _SPARK[dtype.base_type()])
            for at, (name, dtype) in enumerate(schema(plan).items())}


def result_columns(plan: Plan) -> str:
    """The columns of results, as Spark declares them."""
    own = dict(_BESIDE) | dict(finding_columns(plan).values())
    return ", ".join(f"`{name}` {kind}" for name, kind in own.items())


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a ledger, with the file and the number of each; a row of a table has no number.
    """

    table: PieceTable
    files: pl.Series
    rows: pl.Series


@dataclass(frozen=True)
class PieceReader:
    """Makes pieces of the batches of a part; `first` is the row number of a file's first record."""

    head: TableHead
    first: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Piece]:
        """The pieces, each of whole batches."""
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(map(len, held)) >= PIECE:
                yield self._piece(held)
                held = []
        if sum(map(len, held)):
            yield self._piece(held)

    def _piece(self, batches: list[pa.RecordBatch]) -> Piece:
        frame = pl.from_arrow(pa.Table.from_batches(batches))
        assert isinstance(frame, pl.DataFrame)
        rows = frame["row"]
        # What stands at the top of a table, nobody can say.
        places = (rows - self.first).fill_null(TOP)
        return Piece(PieceTable(self.head, frame.drop("file", "row"), places),
                     self._shown(frame["file"]), rows)

    def _shown(self, files: pl.Series) -> pl.Series:
        names = {name: self.head.file if name is None else shown_file(name)
                 for name in files.unique().to_list()}
        if len(names) == 1:
            return pl.repeat(next(iter(names.values())), len(files), eager=True, dtype=pl.String)
        return files.replace_strict(list(names), list(names.values()), return_dtype=pl.String)


def shown_file(address: str) -> str:
    """A file as findings name it."""
    path = unquote(address)
    for start in ("file://", "file:"):
        if path.startswith(start):
            return path.removeprefix(start)
    return path


@dataclass(frozen=True)
class KeyTask:
    """Counts keys, and finds values that are wanted."""

    reader: PieceReader
    terms: AuditTerms
    wanted: Mapping[str, pl.Series]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The keys of a part."""
        for piece in self.reader(batches):
            found = self.terms.judge(piece.table).key_counts(self.wanted)
            yield from as_arrow(found.select(list(KEY_COUNTS))).to_batches()


@dataclass(frozen=True)
class JudgeTask:
    """Judges records; `shared` are the keys that several records of the ledger have.

    `beyond` are waivers that cover nothing. With `counts_cover` nothing comes of it but of how many
    records each waiver covers a violation.
    """

    reader: PieceReader
    terms: AuditTerms
    shared: pl.DataFrame
    lang: Lang
    stages: tuple[Stage, ...]
    beyond: frozenset[str] = frozenset()
    counts_cover: bool = False

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The results of a part."""
        counts = PartCounts()
        for piece in self.reader(batches):
            judge = self.terms.judge(piece.table, self.shared)
            for frame in self._results(piece, judge, counts):
                yield from as_arrow(self._wide(frame)).to_batches()
        if counts.records or counts.others:
            yield from as_arrow(self._wide(pl.DataFrame({
                "kind": [COUNTS], "text": [counts.to_json()]}))).to_batches()

    def _results(self, piece: Piece, judge: PieceJudge,
                 counts: PartCounts) -> Iterator[pl.DataFrame]:
        context = StageContext(self.terms.plan, judge, self.lang, self.terms.all_outcomes, None,
                               self.terms.absent_is_blank, self.beyond)
        batches: Iterator[VerdictBatch] = judge.batches()
        for stage in self.stages:
            batches = stage(batches, context)
        for batch in batches:
            counts.add(batch)
            if self.counts_cover:
                counts.covered += self._cover.records(batch)
                continue
            if len(batch.verdicts):
                found = self._frames.of(batch)
                yield found.rename({name: own for name, (own, _) in self._columns.items()}
                                   ).with_columns(
                    kind=pl.lit(FINDING), rank=batch.verdicts.table["rule"].cast(pl.Int32),
                    file=piece.files.gather(found["row"] - 1),
                    row=piece.rows.gather(found["row"] - 1))
                people, _ = people_of(batch)
                yield pl.DataFrame({"text": person_forms(batch.plan, people)}).with_columns(
                    kind=pl.lit(PERSON))
            if batch.input:
                yield self._unread(batch.input, piece, judge)

    def _unread(self, found: Any, piece: Piece, judge: PieceJudge) -> pl.DataFrame:
        order, forms = self.terms.plan.fields.order, judge.again.forms

        def line(one: InputFinding) -> tuple[Any, ...]:
            assert one.row is not None
            again = one.code == "records.same-id"
            rank = -1 if again or one.code == "records.no-id" else (
                -2 if one.field is None else order[one.field])
            return (AGAIN if again else INPUT, rank, one.record, piece.files[one.row - 1],
                    piece.rows[one.row - 1], one.field, one.column, one.value, one.code,
                    forms[one.row] if again else None)

        return pl.DataFrame([line(one) for one in found], orient="row",
                            schema={name: _DTYPES[kind] for name, kind in _BESIDE.items()})

    def _wide(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self._schema.items())

    @cached_property
    def _cover(self) -> WaiverCover:
        return WaiverCover(self.terms.plan.waivers)

    @cached_property
    def _frames(self) -> FindingFrames:
        return FindingFrames(self.terms.plan)

    @cached_property
    def _columns(self) -> dict[str, tuple[str, str]]:
        return finding_columns(self.terms.plan)

    @cached_property
    def _schema(self) -> dict[str, Any]:
        own = {self._columns[name][0]: dtype for name, dtype in schema(self.terms.plan).items()}
        return {name: _DTYPES[kind] for name, kind in _BESIDE.items()} | own


class PartCounts:
    """What some parts of a ledger come to, in numbers; they are added up."""

    def __init__(self) -> None:
        self.records = self.out_of_scope = self.nameless = 0
        self.others: Counter[str] = Counter()
        self.editions: Counter[int] = Counter()
        self.kinds: Counter[tuple[str, str, str]] = Counter()
        self.late: Counter[str] = Counter()
        self.not_judged: Counter[tuple[str, str]] = Counter()
        self.groups: dict[str, Counter[tuple[str, Any]]] = {}
        self.waived: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        """Of how many records each waiver covers a violation, where that is asked."""
        self.seen = set[str]()
        """The findings of the baseline that are there, by their ids."""
        self.new = set[tuple[str, str]]()
        """What findings that no baseline knows are, by outcome and severity."""

    def add(self, batch: VerdictBatch) -> None:
        """Count a batch."""
        self.records += batch.records
        self.out_of_scope += batch.out_of_scope
        self.others.update(batch.others)
        self.editions.update(batch.editions)
        self.not_judged.update(batch.not_judged)
        self.kinds.update(counts_of(batch))
        self.late |= Counter(late_of(batch))
        self.nameless += people_of(batch)[1]
        self.waived.update(waived_of(batch))
        self.seen |= batch.seen
        self.new |= {(str(outcome), str(severity)) for outcome, severity in new_of(batch)}
        for name in batch.plan.grouped_by:
            self.groups.setdefault(name, Counter()).update(groups_of(batch, name))

    def to_json(self) -> str:
        """All of it as a text."""
        return json.dumps({
            "records": self.records, "out_of_scope": self.out_of_scope, "nameless": self.nameless,
            "waived": self.waived, "covered": self.covered,
            "seen": sorted(self.seen), "new": sorted(self.new),
            "others": self.others, "editions": [*self.editions.items()], "late": self.late,
            "kinds": [[*kind, times] for kind, times in self.kinds.items()],
            "not_judged": [[*gap, times] for gap, times in self.not_judged.items()],
            "groups": {name: [[value, str(outcome), times] for (value, outcome), times
                              in counts.items()] for name, counts in self.groups.items()}})

    def add_json(self, text: str) -> None:
        """Add what `to_json` made of others."""
        told = json.loads(text)
        self.records += told["records"]
        self.out_of_scope += told["out_of_scope"]
        self.nameless += told["nameless"]
        self.others.update(told["others"])
        self.waived.update(told["waived"])
        self.covered.update(told["covered"])
        self.seen.update(told["seen"])
        self.new.update((outcome, severity) for outcome, severity in told["new"])
        self.editions.update(dict(told["editions"]))
        self.late |= Counter(told["late"])
        self.kinds.update({(a, b, c): times for a, b, c, times in told["kinds"]})
        self.not_judged.update({(a, b): times for a, b, times in told["not_judged"]})
        for name, counts in told["groups"].items():
            self.groups.setdefault(name, Counter()).update(
                {(value, outcome): times for value, outcome, times in counts})

