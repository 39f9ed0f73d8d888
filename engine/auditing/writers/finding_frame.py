"""Findings as a table. In: records with their verdicts. Out: a frame, a row for each finding.

For ledgers whose findings nobody reads one by one. Words are left out: they follow from the rule
and the record, and `explain` renders them for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from zhuanjie.engine.auditing.editions import GOVERNED, EditionCounts
from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.strategies.stream import VerdictBatch, trim
from zhuanjie.engine.backends.verdicts import CODES
from zhuanjie.engine.core.results import Finding, Outcome, Severity
from zhuanjie.engine.lowering.plan import Plan

SCHEMA = pl.Schema({
    "record": pl.String(), "rule": pl.String(), "clause": pl.String(), "outcome": pl.String(),
    "severity": pl.String(), "due": pl.Date(), "days_late": pl.Int32(),
    "missing": pl.List(pl.String()), "file": pl.String(), "sheet": pl.String(), "row": pl.Int64(),
})
"""The columns of a table of findings, named as in the JSON report."""


def schema(plan: Plan) -> pl.Schema:
    """The columns of a plan's findings: where several packs judge, also which of them."""
    return pl.Schema({**SCHEMA, "pack": pl.String()}) if plan.policy.spans else SCHEMA


class Findings:
    """Makes tables of findings of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self.schema = plan, schema(plan)
        self._rules = pl.Series([r.rule.id for r in plan.rules], dtype=pl.String)
        self._packs = pl.Series([r.edition.pack if r.edition else None for r in plan.rules],
                                dtype=pl.String)
        self._severities = pl.Series([str(r.severity) for r in plan.rules], dtype=pl.String)
        self._outcomes = pl.Series([str(o) for o in CODES])
        # The clauses of all rules in one list: a rule's own, then those its table's rows carry.
        starts, clauses = [], list[str]()
        for typed, lowered in zip(plan.rules, plan.lowered, strict=True):
            starts.append(len(clauses))
            clauses += [typed.clause, *(clause for clause, _ in lowered.clause)]
        self._starts = pl.Series(starts, dtype=pl.Int32)
        self._clauses = pl.Series(clauses, dtype=pl.String)

    def of(self, judged: VerdictBatch) -> pl.DataFrame:
        """The findings of some records, in the order of their rows, then of the rules."""
        table = self._governed(judged)
        if not len(table):
            return pl.DataFrame(schema=self.schema)
        key = self._plan.key
        keys = trim(judged.frame.select(key), [key] if key in judged.untrimmed else [])[key]
        rule, row = table["rule"], table["row"]
        clause = self._starts.gather(rule) + table["clause"].cast(pl.Int32).fill_null(-1) + 1
        columns = [
            keys.gather(row).alias("record"),
            self._rules.gather(rule).alias("rule"),
            self._clauses.gather(clause).alias("clause"),
            self._outcomes.gather(table["outcome"]).alias("outcome"),
            self._severities.gather(rule).alias("severity"),
            table["due"].cast(pl.Date).alias("due"),
            table["late"].alias("days_late"),
            self._missing(table),
            pl.repeat(judged.file, len(table), dtype=pl.String, eager=True).alias("file"),
            pl.repeat(judged.sheet, len(table), dtype=pl.String, eager=True).alias("sheet"),
            judged.rows.gather(row).alias("row"),
        ]
        if "pack" in self.schema:
            columns.append(self._packs.gather(rule).alias("pack"))
        return pl.DataFrame(columns)

    def _governed(self, judged: VerdictBatch) -> pl.DataFrame:
        """The verdicts without those of editions that do not judge their record."""
        table, elsewhere = judged.verdicts, CODES.index(Outcome.NOT_APPLICABLE)
        governed = EditionCounts(self._plan).governed()
        if not governed or not (table["outcome"] == elsewhere).any():
            return table
        judging = judged.frame.select(governed)
        for rule in range(len(self._plan.rules)):
            if (name := GOVERNED.format(rule=rule)) in judging.columns:
                other = (pl.col("rule") == rule) & (pl.col("outcome") == elsewhere)
                table = table.filter(~other | pl.lit(judging[name]).gather(pl.col("row")))
        return table

    def _missing(self, table: pl.DataFrame) -> pl.Series:
        """Sets of bits as lists of field names; few differ."""
        pairs = table.select("rule", "missing")
        distinct = pairs.unique().with_row_index("number")
        fields = [[f for f, _ in rule.missing] for rule in self._plan.lowered]
        lists = pl.Series("missing", [
            [f for i, f in enumerate(fields[rule]) if bits >> i & 1]
            for _, rule, bits in distinct.iter_rows()
        ], dtype=SCHEMA["missing"])
        numbers = pairs.join(distinct, on=["rule", "missing"], how="left", maintain_order="left")
        return lists.gather(numbers["number"])


def findings_of(judged: VerdictBatch, made: dict[Plan, Findings]) -> pl.DataFrame:
    """The findings of some records; `made` keeps what serves all records of a plan."""
    if judged.plan not in made:
        made[judged.plan] = Findings(judged.plan)
    return made[judged.plan].of(judged)


def of_findings(findings: Iterable[Finding], plan: Plan) -> pl.DataFrame:
    """Findings that were put into words already, as a table."""
    columns = schema(plan)
    rows = [
        (f.record, f.rule, f.clause, str(f.outcome), str(f.severity), f.due, f.days_late,
         list(f.missing), f.location.file, f.location.sheet, f.location.row, f.pack or None)
        [:len(columns)] for f in findings
    ]
    return pl.DataFrame(rows, schema=columns, orient="row")


def tables(run: AuditRun) -> Iterator[pl.DataFrame]:
    """The findings of an audit, batch by batch; its summary is counted on the way."""
    made: dict[Plan, Findings] = {}
    for judged in run.judged():
        table = findings_of(judged, made)
        take(tally(table), run)
        yield table
    # The run counts those that it puts into words itself.
    yield of_findings(run.absences(), run.plan)


Counts = list[tuple[str, str, str, int]]
"""How many findings there are by clause, outcome and severity."""


def tally(table: pl.DataFrame) -> Counts:
    """The counts of a table of findings."""
    return sorted(table.group_by("clause", "outcome", "severity").len().rows())


def take(counts: Counts, run: AuditRun) -> None:
    """Add counts to what a run has found."""
    for clause, outcome, severity, times in counts:
        run.summary.add(clause, Outcome(outcome), times)
        run.kinds.add((Outcome(outcome), Severity(severity)))
