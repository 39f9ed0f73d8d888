"""An audit of many records in one stream. In: tables, a plan, a column engine. Out: verdicts.

The ledger is read twice. The first time only the fields that tell records apart are read, and kept
as 64-bit hashes: which ids and keys stand there more than once is known from these. The second time
every rule is judged in one pass, and only records with something to report leave the stream.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, count
from typing import Any

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.column_gaps import Gap
from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.frames import LedgerFrames, RecordFrame
from zhuanjie.engine.auditing.key_hashes import HashedKeys, KeyIndex
from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.auditing.strategies.fetching import at_hand
from zhuanjie.engine.auditing.strategies.stream_shares import CountsShares
from zhuanjie.engine.auditing.strategies.table_plans import TablePlans
from zhuanjie.engine.auditing.uniqueness import DuplicateCounter
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, counted, trim
from zhuanjie.engine.backends.base import SETTLED
from zhuanjie.engine.backends.registry import BULK, backend_of, column_backend_of
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.assemble import same_id
from zhuanjie.engine.ledger.compared_columns import compared_field
from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex
from zhuanjie.engine.ledger.rows import AT, Rows, TypedTable, standing
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan, keyed_plan
from zhuanjie.engine.lowering.trimming import as_written, compared, fields_to_trim

_OUT, _SHARED, _TWICE = "#out", "#shared", "#twice"
_GOVERNED = "#governed-{}"


class StreamJudge(CountsShares):
    """Judges the records of a ledger in one pass over it, after one that counts."""

    sliced = True

    def __init__(self, request: AuditRequest) -> None:
        self.backend = request.backend or backend_of(BULK)
        engine = column_backend_of(self.backend)
        assert engine is not None
        self.engine = engine
        self.ledger, self.plan, self.limits = request.ledger, request.plan, limits()
        self._request = request
        self.all_outcomes = request.all_outcomes
        self.needs, self.keys = request.plan.needs, request.plan.keyed or (request.plan.key,)
        self.editions = EditionIndex(request.plan)
        self.tables = [TypedTable(at_hand(table, request)) for table in request.ledger.tables]
        self.counters = [DuplicateCounter(r, request.plan, self.backend)
                         for r in request.plan.unique]
        self._reading = request.reading or (lambda _done, _total: None)
        self.plans = [TablePlans(t, request, self.engine) for t in request.ledger.tables]
        self.runs, self.seen = count(1), DuplicateIdIndex()

    @property
    def size(self) -> int | None:
        """See `Strategy.size`."""
        return self.ledger.size_hint

    def frames(self, _record: str | None = None) -> Iterator[RecordFrame]:
        """See `LedgerStrategy.frames`."""
        return iter(LedgerFrames(self.ledger, self.plan, self.backend, self._request.plan_for))

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """The records with something to report, from the slice `start` of the ledger on."""
        editions, gaps = self._first_pass()
        yield counted(self.plan, editions=editions, not_judged=gaps, position=0)
        self._replay_ids(*start)
        size = self.limits.slice_rows
        # Texts that are trimmed after the stream, on what is left of it.
        untrimmed = [] if self.all_outcomes else self._loose(
            self.needs, [as_written(rule.settled) for plans in self.plans
                         for plan in plans.all_plans for rule in plan.lowered])
        for number in range(start[0], len(self.tables)):
            typed, height = self.tables[number], self.heights[number]
            exprs, also, keep = self._query(number)
            read = start[1] * size if number == start[0] else 0
            for rows in chain(
                    typed.rows(self.needs, exprs, keep, also=also, findings=True,
                               untrimmed=untrimmed, size=self.limits.reported_rows, start=read,
                               sliced=True),
                    [None]):
                # What follows the last record that was reported belongs to its table all the same.
                end = rows.read if rows else height
                for first in range(read - read % size, end, size):
                    last = min(first + size, end)
                    if rows is None:
                        part = Rows(pl.DataFrame(), last)
                    elif read >= first and end == last:
                        part = rows
                    else:
                        part = rows.between(max(first, read), last, typed.first)
                    yield from self._judge(typed, part, untrimmed, (number, first // size),
                                           last - max(first, read))
                read = end
        self.ledger.same_keys = self.seen.elsewhere

    def _replay_ids(self, table: int, part: int) -> None:
        """Note the ids that came before a slice, so that those that come again are known."""
        for number, (typed, at) in enumerate(zip(self.tables, self.twice, strict=True)):
            before = at if number < table else at.filter(
                at < part * self.limits.slice_rows if number == table else at < 0)
            keep = standing(before, self.heights[number])
            key = typed.table.match.key
            for rows in typed.rows([key], [pl.col(key)], among=keep,
                                   size=self.limits.reported_rows) if len(before) else ():
                list(self._same_ids(typed, rows.frame))

    def _same_ids(self, typed: TypedTable, frame: pl.DataFrame) -> list[InputFinding]:
        numbers = frame[AT].cast(pl.Int64) + typed.first
        return [found for _, found in same_id(
            typed.table, frame[typed.table.match.key], numbers, self.seen)]

    def values(self, name: str, _wanted: pl.Series) -> Iterator[pl.Series]:
        """The values of a field, of all records, out of scope or not."""
        for typed in self.tables:
            for rows in typed.rows([name], [pl.col(name)], size=self.limits.hashed_rows,
                                   sliced=True):
                yield rows.frame[name]

    def _first_pass(self) -> tuple[Counter[int], Counter[Gap]]:
        """Learn how many rows there are, and which ids and keys stand there more than once.

        Returns how many of the rows each edition judges, and how often each clause is not judged.
        """
        size_hint = self.ledger.size_hint or self.limits.hashed_rows
        for plans in self.plans:
            plans.count_gaps(size_hint)
        gaps_of = [gaps for plans in self.plans for gaps in plans.gaps.values()]
        governed = {_GOVERNED.format(i): expr for i, expr in self.editions.governed().items()}
        counts = bool(governed) or any(gaps.conditions for gaps in gaps_of)
        scope = field_names(self.plan.policy.scope) if counts else frozenset[str]()
        names = self.editions.reads.union(self.keys, scope, *map(self._reads, self.counters),
                                          *(gaps.reads for gaps in gaps_of))
        # What is counted too much by a text with blanks is taken off by `_recount`.
        untrimmed = self._loose(names, [
            *(rule.not_applicable for rule in self.plan.lowered
              if rule.id in {c.rule.id for c in self.counters}),
            *(cond for gaps in gaps_of for cond in gaps.conditions)])

        def hashed(name: str) -> pl.Expr:
            text, field = pl.col(name), self.plan.fields[name]
            if field.compare != "text":  # of which blanks are no part
                return compared_field(field)
            return text.str.strip_chars_end(BLANKS) if name in untrimmed else text

        index = self._key_index([[pl.coalesce(map(hashed, self.keys))], *(
            list(map(hashed, c.by)) for c in self.counters)])
        judged, blanks = [0] * len(governed), 0
        not_judged: Counter[Gap] = Counter()
        self.heights: list[int] = []
        for typed, plans in zip(self.tables, self.plans, strict=True):
            height = dropped = 0
            # Of ids that come again it was said when the cells were read.
            named = pl.lit(value=False) if typed.table.is_typed else pl.any_horizontal(
                pl.col(self.keys).is_not_null())
            counted_ = [named, *(self._counts(c, plans) for c in self.counters)]
            exprs = index.exprs(counted_)
            inside = plans.in_scope(self.limits.hashed_rows)
            exprs += [(e & inside).alias(name) for name, e in governed.items()]
            exprs += plans.gap_exprs(inside)
            for rows in typed.rows(names, exprs, also=[self.assumed(names)],
                                   size=self.limits.hashed_rows, untrimmed=untrimmed):
                height = max(height, rows.read)
                self._reading(sum(self.heights) + height, None)
                dropped += len(rows.dropped)  # of what is read here; there may be more to them
                plans.add_gaps(rows.frame)
                index.add(rows.frame, rows.frame[AT])
                judged = [n + int(rows.frame[name].sum())
                          for n, name in zip(judged, governed, strict=True)]
            self.heights.append(height)
            blanks += dropped
            not_judged += plans.gap_counts(dropped)
            index.next_table()
        size = sum(self.heights)
        editions = self.editions.counts(judged, size, blanks)
        for plans in self.plans:
            plans.specialize(editions, size)
        self.twice, *self.shared = index.repeated()
        self.counts = self._shared_counts()
        return editions, not_judged

    def _key_index(self, by: Sequence[Sequence[pl.Expr]]) -> KeyIndex:
        """What learns where ids and the keys of `counters` stand more than once."""
        return HashedKeys(by)

    def _shared_counts(self) -> list[pl.DataFrame]:
        """The keys that more than one record has, with their counts, for each of `counters`."""
        for counter, places in zip(self.counters, self.shared, strict=True):
            self._recount(counter, places)
        return [counter.shared() for counter in self.counters]

    def _recount(self, counter: DuplicateCounter, places: Sequence[pl.Series]) -> None:
        """Count the records at some places by their keys: two that differ may share a hash."""
        names = self._reads(counter)
        for typed, plans, height, at in zip(self.tables, self.plans, self.heights, places,
                                            strict=True):
            truth = plans.truth(counter, self.limits.hashed_rows)
            exprs = [*map(pl.col, counter.by), truth.alias("#when")]
            for rows in typed.rows(
                    names, exprs, also=[self.assumed(names)], size=self.limits.hashed_rows,
                    among=standing(at, height)) if len(at) else ():
                counter.add_judged(rows.frame)
                self._reading(rows.read, None)

    def _loose(self, names: Iterable[str], conditions: Iterable[Cond]) -> list[str]:
        """The texts that may have blanks behind them while conditions are first asked of them."""
        strict = fields_to_trim(conditions) | field_names(self.plan.policy.scope)
        return [n for n in names if self.plan.fields[n].type == "string" and n not in strict]

    def _reads(self, counter: DuplicateCounter) -> set[str]:
        """The fields that say whether and with whom a record is counted."""
        return {*counter.by, *field_names(counter.rule.when), *field_names(self.plan.policy.scope)}

    def _counts(self, counter: DuplicateCounter, plans: TablePlans) -> pl.Expr:
        """Whether a record takes part in the counting, surely or perhaps."""
        there = pl.col(counter.by[0]).is_not_null() & plans.truth(
            counter, self.limits.hashed_rows).ne_missing(False)
        return there & plans.in_scope(self.limits.hashed_rows)

    def assumed(self, names: Collection[str]) -> list[pl.Expr]:
        """See `StreamParts.assumed`."""
        return [pl.col(n).fill_null(self.plan.as_of) for n in self.plan.assumed if n in names]

    def _query(self, table: int) -> tuple[list[pl.Expr], list[list[pl.Expr]], pl.Expr | None]:
        """What is asked of a table: columns, columns made beforehand, which records."""
        size, plans = sum(self.heights), self.plans[table]
        alone = [pl.lit(value, dtype=pl.Int64).alias(name) for c in self.counters
                 for name, value in ((c.sure, 0), (c.everyone, 1))]
        flags = [
            standing(at, self.heights[table]).alias(name)
            for name, at in ((_TWICE, self.twice[table]),
                             (_SHARED, pl.concat([places[table] for places in self.shared] or
                                                 [self.twice[table].clear()])))
            if len(at)
        ]
        if self.plan.policy.scope is not None:
            flags.append(plans.out_of_scope(size).alias(_OUT))
        settled = [] if self.all_outcomes else plans.settled(size)
        made = _names([*alone, *flags, *settled])
        also = [[*self.assumed(self.needs), *alone], [*flags, *settled]]
        keep = None
        if not self.all_outcomes:
            open_ = ~pl.all_horizontal(_names(settled)) if settled else pl.lit(value=False)
            beat = pl.col(AT) % self.limits.beat_rows == 0
            keep = pl.any_horizontal(open_, beat, *_names(flags))
        return [*map(pl.col, [*self.needs, *made]), *plans.columns], also, keep

    def _judge(self, typed: TypedTable, rows: Rows, untrimmed: Sequence[str], part: tuple[int, int],
               passed: int) -> Iterator[VerdictBatch]:
        """The verdicts on records of a table, group by group."""
        table, plans = typed.table, self.plans[part[0]]
        batch = VerdictBatch(
            self.plan, pl.DataFrame(), pl.Series([], dtype=pl.Int64), Verdicts(self.plan),
            table.file, table.sheet, passed - len(rows.dropped), 0, rows.input,
            # Those counted were rows, of which blank ones are no records.
            self.editions.of_blanks(-len(rows.dropped)), part,
            not_judged=plans.gaps_of_blanks(-len(rows.dropped)), header_row=table.header_row,
            others=Counter(map(str, rows.others.values())))
        if _TWICE in rows.frame.columns:
            frame = self._trimmed(rows.frame, untrimmed, plans.all_plans[0])
            found = self._same_ids(typed, frame.filter(_TWICE))
            batch = replace(batch, input=sorted([*rows.input, *found], key=self._place))
        parts = plans.parts(rows.frame)
        run = next(self.runs) if len(parts) > 1 else None
        for number, frame in parts:
            judged = self._judged(typed, frame, untrimmed, plans, number) if len(frame) else {}
            yield replace(batch, run=run, **judged)
            batch = replace(batch, records=0, input=(), editions={}, not_judged={}, others={})

    def _judged(self, typed: TypedTable, frame: pl.DataFrame, untrimmed: Sequence[str],
                plans: TablePlans, number: int) -> dict[str, Any]:
        """The verdicts on records of one group, and what goes with them."""
        plan, beyond = plans.plans[number], 0
        frame = self._trimmed(frame, untrimmed, plan)
        if _OUT in frame.columns:
            inside = frame.filter(~pl.col(_OUT))
            beyond, frame = len(frame) - len(inside), inside
        if _SHARED in frame.columns and frame[_SHARED].any():
            frame = self._recounted(frame, plan)
        numbers = frame[plans.row_numbers] if plans.row_numbers else (
            frame[AT].cast(pl.Int64) + typed.first)
        if self.all_outcomes or number not in plans.main:
            settled = [SETTLED.format(rule=at) for at in range(len(plan.rules))]
            verdicts = self.engine.judge_table(plan, frame.drop(settled, strict=False),
                                               all_outcomes=self.all_outcomes)
        else:
            verdicts = self.engine.judge_open(plan, frame.with_row_index("#row"))
        return {"plan": keyed_plan(plan, plans.keys[number]), "frame": frame, "rows": numbers,
                "verdicts": Verdicts(plan, table=verdicts), "out_of_scope": beyond,
                "untrimmed": untrimmed}

    def _recounted(self, frame: pl.DataFrame, plan: Plan) -> pl.DataFrame:
        """Records with the true counts of those that may share a key, and what follows."""
        at = frame[_SHARED].arg_true()
        some = frame[at]
        changed = [name for c in self.counters for name in (c.sure, c.everyone)]
        for counter, shared in zip(self.counters, self.counts, strict=True):
            some = counter.attach(some.drop(counter.sure, counter.everyone), shared)
        if not self.all_outcomes:
            settled = self.engine.settled(plan, len(some))
            again = [i for i, rule in enumerate(plan.rules) if rule.counts_keys]
            some = some.with_columns(settled[i] for i in again)
            changed += [SETTLED.format(rule=i) for i in again]
        return frame.with_columns(frame[name].scatter(at, some[name]) for name in changed)

    def _trimmed(self, frame: pl.DataFrame, untrimmed: Sequence[str],
                 plan: Plan) -> pl.DataFrame:
        """Records whose rules were judged on trimmed texts; other texts keep what blanks they have.

        Only where a rule that compares texts is open can blanks have made it so.
        """
        comparing = [SETTLED.format(rule=i) for i, rule in enumerate(plan.lowered)
                     if not compared([rule.settled]).isdisjoint(untrimmed)] if untrimmed else []
        if comparing and len(
                at := frame.select(~pl.all_horizontal(comparing)).to_series().arg_true()):
            texts = frame.select(untrimmed)[at]
            trimmed = trim(texts, untrimmed)
            if not trimmed.equals(texts):
                again = frame.drop(untrimmed)[at].hstack(trimmed)
                again = again.with_columns(self.engine.settled(plan, len(at)))
                frame = frame.with_columns(frame[n].scatter(at, again[n])
                                           for n in [*untrimmed, *comparing])
        return trim(frame, [key for key in self.keys if key in untrimmed])

    def _place(self, found: InputFinding) -> tuple[int, int]:
        """Where an input finding stands among those of a batch: by row, then by column."""
        if found.code in ("records.no-id", "records.same-id"):
            return found.row or 0, -1
        return found.row or 0, -2 if found.field is None else self.plan.fields.order[found.field]


def _names(columns: Sequence[pl.Expr]) -> list[str]:
    return [column.meta.output_name() for column in columns]
