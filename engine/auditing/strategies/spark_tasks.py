"""What Spark's workers do with a ledger. In: Arrow batches of raw cells. Out: batches of results.

A worker holds one piece of its part at a time, or the records of one that leave a stream.
Results of every kind come in one table, told apart by `kind`: a function of workers has one kind of
output.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import Any, Final

import polars as pl
import pyarrow as pa
from msgspec import Struct

from zhuanjie.engine.auditing.shares import SHARES, merged
from zhuanjie.engine.auditing.stages.base import Stage, StageContext
from zhuanjie.engine.auditing.strategies.pieces import AuditTerms, PieceJudge, person_forms
from zhuanjie.engine.auditing.strategies.spark_keys import CommonKeys
from zhuanjie.engine.auditing.strategies.spark_parts import PartFile, PartWriter
from zhuanjie.engine.auditing.strategies.spark_readers import Piece, PieceReader
from zhuanjie.engine.auditing.strategies.stream_shares import stream_shares
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
from zhuanjie.engine.lowering.plan import Plan

FINDING, INPUT, AGAIN, PERSON, COUNTS = range(5)
"""Kinds of results: a finding; one on the input; one on an id that may have come before; somebody
with a violation; what a part of the ledger comes to."""
INPUT_COLUMNS = ("record", "field", "column", "value", "code", "file", "row")
_DTYPES: dict[str, Any] = {"int": pl.Int32, "string": pl.String, "bigint": pl.Int64}
_BESIDE = {"kind": "int", "rank": "int", "record": "string", "file": "string", "row": "bigint",
           "field": "string", "column": "string", "value": "string", "code": "string",
           "text": "string"}
UNREAD = pl.Schema({name: _DTYPES[_BESIDE[name]] for name in INPUT_COLUMNS})
"""What is written of the input."""
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


class JudgeTask(Struct, frozen=True, dict=True):
    """Judges records; `shared` are the keys that several records of the ledger have.

    With `output` the findings are written there, and not among the results; a person whose id no
    other record has is only counted, unless there is a roster to compare with (`all_people`).
    `beyond` are waivers that cover nothing. With `counts_cover` nothing comes of it but of how many
    records each waiver covers a violation.
    """

    reader: PieceReader
    terms: AuditTerms
    shared: CommonKeys
    lang: Lang
    stages: tuple[Stage, ...]
    beyond: frozenset[str] = frozenset()
    counts_cover: bool = False
    all_people: bool = False
    output: PartWriter | None = None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The results of a part."""
        counts = PartCounts()
        for piece in self.reader(batches):
            judge = self.terms.judge(piece.table, self.shared.counts,
                                     self.shared.places_in(piece.number))
            with nullcontext() if self.output is None else self.output.part(piece.number) as file:
                for frame in self._results(piece, judge, counts, file):
                    yield from as_arrow(self._wide(frame)).to_batches()
            counts.shares = merged([counts.shares, stream_shares(judge)])
            counts.files += [file.name] if file is not None and file.name else []
        if counts.records or counts.others:
            yield from as_arrow(self._wide(pl.DataFrame({
                "kind": [COUNTS], "text": [counts.to_json()]}))).to_batches()

    def _results(self, piece: Piece, judge: PieceJudge, counts: PartCounts,
                 file: PartFile | None) -> Iterator[pl.DataFrame]:
        """The results of a piece, but for findings that go to a file."""
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
                found = found.with_columns(file=piece.files.gather(found["row"] - 1),
                                           row=piece.rows.gather(found["row"] - 1))
                if file is not None:
                    file.write(found)
                else:
                    yield found.rename({
                        name: own for name, (own, _) in self._columns.items()}).with_columns(
                        kind=pl.lit(FINDING), rank=batch.verdicts.table["rule"].cast(pl.Int32))
                people = person_forms(batch.plan, people_of(batch)[0])
                if not self.all_people:
                    several = people.is_in(self._several.implode())
                    counts.people += len(people) - int(several.sum())
                    people = people.filter(several)
                counts.several += len(people)
                if len(people):
                    yield pl.DataFrame({"text": people}).with_columns(kind=pl.lit(PERSON))
            if batch.input:
                unread = self._unread(batch.input, piece, judge)
                again = int((unread["kind"] == AGAIN).sum())
                counts.unread += len(unread) - again
                counts.again += again
                yield unread

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
    def _several(self) -> pl.Series:
        """The ids that several records have."""
        return self.shared.counts.filter(kind=0)["first"]

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
        self.people = 0
        """People with a violation whose ids no other record has."""
        self.several = 0
        """Results on people who may be among those of other parts."""
        self.unread = self.again = 0
        """Results on the input, and on ids that may have come before."""
        self.files: list[str] = []
        """What the findings were written to."""
        self.others: Counter[str] = Counter()
        self.editions: Counter[int] = Counter()
        self.kinds: Counter[tuple[str, str, str]] = Counter()
        self.late: Counter[str] = Counter()
        self.not_judged: Counter[tuple[str, str]] = Counter()
        self.groups: dict[str, Counter[tuple[str, Any]]] = {}
        self.waived: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        """Of how many records each waiver covers a violation, where that is asked."""
        self.shares = pl.DataFrame(schema=SHARES)
        """The counts of the rules on shares."""
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
            "people": self.people, "several": self.several, "unread": self.unread,
            "again": self.again, "files": self.files,
            "waived": self.waived, "covered": self.covered,
            "shares": self.shares.rows(), "seen": sorted(self.seen), "new": sorted(self.new),
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
        self.people += told["people"]
        self.several += told["several"]
        self.unread += told["unread"]
        self.again += told["again"]
        self.files += told["files"]
        self.others.update(told["others"])
        self.waived.update(told["waived"])
        self.covered.update(told["covered"])
        self.seen.update(told["seen"])
        self.shares = merged([self.shares, pl.DataFrame(
            told["shares"], schema=SHARES, orient="row")])
        self.new.update((outcome, severity) for outcome, severity in told["new"])
        self.editions.update(dict(told["editions"]))
        self.late |= Counter(told["late"])
        self.kinds.update({(a, b, c): times for a, b, c, times in told["kinds"]})
        self.not_judged.update({(a, b): times for a, b, times in told["not_judged"]})
        for name, counts in told["groups"].items():
            self.groups.setdefault(name, Counter()).update(
                {(value, outcome): times for value, outcome, times in counts})

