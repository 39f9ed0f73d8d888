"""Findings as a table. In: records with their verdicts. Out: a frame, a row for each finding.

For ledgers whose findings nobody reads one by one. Words are left out: they follow from the rule
and the record, and `explain` renders them for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.grouping import group_texts
from zhuanjie.engine.auditing.shown import shown_series
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, trim
from zhuanjie.engine.core.finding_columns import SHARES, columns
from zhuanjie.engine.core.results import OUTCOME_CODES, Report
from zhuanjie.engine.core.shares import SHARE_COLUMNS
from zhuanjie.engine.core.unaudited import unaudited
from zhuanjie.engine.lowering.plan import Plan

_DTYPES: dict[str, Any] = {"text": pl.String, "day": pl.Date, "count": pl.Int32, "row": pl.Int64,
                           "texts": pl.List(pl.String)}


def schema(plan: Plan) -> pl.Schema:
    """The columns of a plan's findings: where several packs judge, also which of them."""
    return pl.Schema({c.name: _DTYPES[c.kind]
                      for c in columns(packs=bool(plan.policy.spans), tables=True,
                                       by=plan.beside)})


class FindingFrames:
    """Makes tables of findings of one audit; what serves all batches of a plan is kept."""

    def __init__(self, plan: Plan) -> None:
        self.schema = schema(plan)
        self._rules: dict[Plan, _RuleColumns] = {}

    def of(self, batch: VerdictBatch) -> pl.DataFrame:
        """The findings of some records, in the order of their rows, then of the rules."""
        if not len(batch.verdicts):
            return pl.DataFrame(schema=self.schema)
        if batch.plan not in self._rules:
            self._rules[batch.plan] = _RuleColumns(batch.plan)
        rules, table, key = self._rules[batch.plan], batch.verdicts.table, batch.plan.key
        keys = trim(batch.frame.select(key), [key] if key in batch.untrimmed else [])[key]
        rule, row = table["rule"], table["row"]
        names = batch.plan.policy.vocabulary
        values = {
            "record": shown_series(batch.plan.fields[key], keys).gather(row),
            "name": _shown(batch, names.name).gather(row),
            "group": _shown(batch, names.group).gather(row),
            **{name: _shown(batch, name).gather(row) for name in batch.plan.grouped_by},
            "rule": rules.ids.gather(rule),
            "clause": rules.clause(table),
            "outcome": _OUTCOMES.gather(table["outcome"]),
            "severity": rules.severities.gather(rule),
            "due": table["due"].cast(pl.Date),
            "days_late": table["late"],
            "missing": rules.missing(table),
            "waiver": _waivers(batch),
            "known_since": (table["known"].cast(pl.Date) if "known" in table.columns
                            else pl.Series([None], dtype=pl.Date).new_from_index(0, len(table))),
            "file": pl.repeat(batch.file, len(table), dtype=pl.String, eager=True),
            "sheet": pl.repeat(batch.sheet, len(table), dtype=pl.String, eager=True),
            "row": batch.rows.gather(row),
            "pack": rules.packs.gather(rule),
            **(_figures(batch) if SHARE_COLUMNS[0] in self.schema else {}),
        }
        return pl.DataFrame([values[name].alias(name) for name in self.schema])


def _figures(batch: VerdictBatch) -> dict[str, pl.Series]:
    """The figures of shares, where some rule of the audit is on one."""
    rows = batch.verdicts.table["row"]
    return {name: pl.Series([batch.shares[row].shown(name[6:]) for row in rows]
                            if batch.shares else [None] * len(rows), dtype=_DTYPES[column.kind])
            for name, column in SHARES.items()}


def _waivers(batch: VerdictBatch) -> pl.Series:
    """The ids of the waivers that the verdicts name."""
    table = batch.verdicts.table
    if "waiver" not in table.columns:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(table))
    return pl.Series([w.id for w in batch.waivers], dtype=pl.String).gather(table["waiver"])


def _shown(batch: VerdictBatch, name: str | None) -> pl.Series:
    """The values of a field that is shown with each finding, as text."""
    if name is None or name not in batch.frame.columns:
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(batch.frame))
    frame = batch.frame.select(name)
    return group_texts(trim(frame, [name] if name in batch.untrimmed else []), name, batch.plan)


_OUTCOMES = pl.Series([str(o) for o in OUTCOME_CODES])


class _RuleColumns:
    """What the rules of a plan put into columns."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.ids = pl.Series([r.rule.id for r in plan.rules], dtype=pl.String)
        self.packs = pl.Series([r.edition.pack if r.edition else None for r in plan.rules],
                               dtype=pl.String)
        self.severities = pl.Series([str(r.severity) for r in plan.rules], dtype=pl.String)
        # The clauses of all rules in one list: a rule's own, then those its table's rows carry.
        starts, clauses = [], list[str]()
        for typed, lowered in zip(plan.rules, plan.lowered, strict=True):
            starts.append(len(clauses))
            clauses += [typed.clause, *(clause for clause, _ in lowered.clause)]
        self._starts = pl.Series(starts, dtype=pl.Int32)
        self._clauses = pl.Series(clauses, dtype=pl.String)

    def clause(self, table: pl.DataFrame) -> pl.Series:
        """The clause of each verdict."""
        own = self._starts.gather(table["rule"])
        return self._clauses.gather(own + table["clause"].cast(pl.Int32).fill_null(-1) + 1)

    def missing(self, table: pl.DataFrame) -> pl.Series:
        """Sets of bits as lists of field names; few differ."""
        pairs = table.select("rule", "missing")
        distinct = pairs.unique().with_row_index("number")
        fields = [[f for f, _ in rule.missing] for rule in self._plan.lowered]
        lists = pl.Series("missing", [
            [f for i, f in enumerate(fields[rule]) if bits >> i & 1]
            for _, rule, bits in distinct.iter_rows()
        ], dtype=_DTYPES["texts"])
        numbers = pairs.join(distinct, on=["rule", "missing"], how="left", maintain_order="left")
        return lists.gather(numbers["number"])


def not_audited(report: Report, plan: Plan) -> pl.DataFrame:
    """What was not audited, as rows below the findings."""
    columns = schema(plan)
    blank = dict.fromkeys(columns)
    return pl.DataFrame([{**blank, **part.columns()} for part in unaudited(report)],
                        schema=columns)


def tables(batches: Iterable[VerdictBatch], plan: Plan) -> Iterator[pl.DataFrame]:
    """The findings of an audit, batch by batch."""
    frames = FindingFrames(plan)
    return in_order((batch.run, frames.of(batch)) for batch in batches)


def in_order(frames: Iterable[tuple[int | None, pl.DataFrame]]) -> Iterator[pl.DataFrame]:
    """Tables of findings in the order of the rows; those of the same run are among one another."""
    run: list[pl.DataFrame] = []
    number: int | None = None
    for own, frame in frames:
        if run and own != number:
            yield pl.concat(run).sort("row", maintain_order=True)
            run = []
        number = own
        if own is None:
            yield frame
        else:
            run.append(frame)
    if run:
        yield pl.concat(run).sort("row", maintain_order=True)
