"""What an audit comes to. In: verdict batches, as the last stage hands them on. Out: the counts.

Everything that a report says in numbers is counted here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.editions import judged
from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.grouping import group_texts
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, trim
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.input_groups import InputGroups
from zhuanjie.engine.core.results import (
    OUTCOME_CODES,
    InputFinding,
    Judged,
    Outcome,
    Severity,
    Summary,
    TableCounts,
    TableRef,
)
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.ledger.row_roles import COUNTED
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.vocabulary.comparison import Comparison

KindCounts = Counter[tuple[str, str, str]]
"""How many findings there are by clause, outcome and severity."""


_VIOLATION = OUTCOME_CODES.index(Outcome.VIOLATION)


class AuditTotals:
    """The counts of one audit so far."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.records = self.out_of_scope = 0
        self.input = InputGroups()
        self.editions: Counter[int] = Counter()
        self.summary = Summary()
        self.tables: dict[TableRef, TableCounts] = {}
        """What the rows of each table are."""
        self.kinds: set[tuple[Outcome, Severity]] = set()
        """What findings there are that no baseline knows, by what they weigh."""
        self.seen = frozenset[str]()
        """The findings of the baseline that are there, by their ids."""
        self.waived: Counter[str] = Counter()
        """Of how many findings each waiver speaks, by its id."""
        self._people = PeopleCounter(plan.fields[plan.key].compare)
        self._by = {name: defaultdict[str, Counter[Outcome]](Counter) for name in plan.grouped_by}

    def add(self, batch: VerdictBatch) -> None:
        """Count a batch."""
        self._read(batch)
        self.editions.update(batch.editions)
        self._note(counts_of(batch), new=new_of(batch))
        self.seen |= batch.seen
        self._people.add(*people_of(batch))
        for clause, days in late_of(batch).items():
            self.summary.note_late(clause, days)
        for name, counts in self._by.items():
            for (value, outcome), times in groups_of(batch, name).items():
                counts[value][outcome] += times
        self.waived += waived_of(batch)
        for (clause, _), times in batch.not_judged.items():
            self.summary.not_judged[clause] += times

    def add_frame(self, frame: RecordFrame) -> None:
        """Count records that are only read."""
        self._read(frame)

    def count(self, table: TableRef, records: int, others: Mapping[str, int]) -> None:
        """Count rows of a table."""
        counts = self.tables.get(table) or TableCounts(table)
        self.tables[table] = replace(counts, records=counts.records + records, rows={
            str(role): counts.rows.get(role, 0) + others.get(role, 0) for role in COUNTED
            if role in counts.rows or role in others})

    def resume(self, records: int, out_of_scope: int, unread: Iterable[InputFinding],
               findings: Mapping[tuple[str, str, str], int], late: Mapping[str, int],
               people: pl.Series,
               groups: Mapping[str, Mapping[tuple[str, Outcome], int]],
               waived: Mapping[str, int], seen: Iterable[str],
               new: Iterable[tuple[str, str]]) -> None:
        """Count a part of the ledger that was judged before.

        `people` are the ids of the records with a violation, a null for each that has no id,
        `groups` the counts by the fields that are grouped by, `waived` those by waivers, `seen` the
        findings of the baseline, `new` what others weigh.
        """
        self.waived.update(waived)
        self.seen |= frozenset(seen)
        self.records += records
        self.out_of_scope += out_of_scope
        self.input += unread
        self._note(findings, new={(Outcome(o), Severity(s)) for o, s in new})
        for clause, days in late.items():
            self.summary.note_late(clause, days)
        self._people.add(people.drop_nulls(), people.null_count())
        for name, part in groups.items():
            for (value, outcome), times in part.items():
                self._by[name][value][outcome] += times

    def add_parts(self, findings: Mapping[tuple[str, str, str], int], late: Mapping[str, int],
                  groups: Mapping[str, Mapping[tuple[str, str], int]], people: int,
                  waived: Mapping[str, int], seen: Iterable[str],
                  new: Iterable[tuple[str, str]]) -> None:
        """Count verdicts that were counted elsewhere, on so many `people` not counted here.

        `seen` and `new` are as for `resume`.
        """
        self.waived.update(waived)
        self.seen |= frozenset(seen)
        self._note(findings, new={(Outcome(o), Severity(s)) for o, s in new})
        for clause, days in late.items():
            self.summary.note_late(clause, days)
        self._people.add(pl.Series([], dtype=pl.String), people)
        for name, part in groups.items():
            for (value, outcome), times in part.items():
                self._by[name][value][Outcome(outcome)] += times

    def _note(self, counts: Mapping[tuple[str, str, str], int],
              new: Collection[tuple[Outcome, Severity]]) -> None:
        for (clause, outcome, severity), times in counts.items():
            if not times:
                continue
            self.summary.add(clause, Outcome(outcome), times)
            if (kind := (Outcome(outcome), Severity(severity))) in new:
                self.kinds.add(kind)

    def judged(self) -> tuple[Judged, ...]:
        """What each of several packs judged."""
        return judged(self.plan, self.editions)

    def ordered(self) -> Summary:
        """The summary, its clauses in the order of the pack."""
        order = {clause: i for i, clause in enumerate(self.plan.policy.clauses)}
        return Summary(
            dict(sorted(self.summary.counts.items(), key=lambda pair: order[pair[0]])),
            people=self._people.count(),
            by={name: dict(sorted(counts.items(), key=lambda pair: (not pair[0], pair[0])))
                for name, counts in self._by.items()},
            days_late=self.summary.days_late, not_asked=self.plan.not_asked,
            not_judged=Counter({c: n for c in order if (n := self.summary.not_judged[c])}),
        )

    def _read(self, part: VerdictBatch | RecordFrame) -> None:
        self.records += part.records
        if part.file and (part.records or part.others):
            self.count(TableRef(part.file, part.sheet, part.header_row), part.records, part.others)
        self.out_of_scope += part.out_of_scope
        self.input += part.input


class PeopleCounter:
    """Counts distinct ids by 64-bit hashes: eight bytes each, so that a large ledger has room."""

    def __init__(self, how: Comparison) -> None:
        """Ids are the same as `how` compares them."""
        self._how = how
        self._hashes: list[pl.Series] = []
        self._nameless = 0

    def add(self, ids: pl.Series, nameless: int) -> None:
        """Count some ids, each once however often it comes, and records that have none."""
        self._nameless += nameless
        if len(ids):
            self._hashes.append(compared_series(ids.cast(pl.String), self._how).hash().unique())

    def count(self) -> int:
        """How many there are."""
        if len(self._hashes) > 1:
            self._hashes = [pl.concat(self._hashes).unique()]
        return self._nameless + sum(map(len, self._hashes))


def people_of(batch: VerdictBatch) -> tuple[pl.Series, int]:
    """The ids of a batch's records that have a violation, and how many such have no id."""
    if batch.shares or not batch.verdicts.has(Outcome.VIOLATION):
        return pl.Series([], dtype=pl.String), 0
    rows = batch.verdicts.table.lazy().filter(pl.col("outcome") == _VIOLATION).select(
        pl.col("row").filter(pl.col("row").ne_missing(pl.col("row").shift()))).collect()["row"]
    key = batch.plan.key
    ids = trim(batch.frame.select(key)[rows], [key] if key in batch.untrimmed else [])[key]
    return ids.drop_nulls(), ids.null_count()


def late_of(batch: VerdictBatch) -> dict[str, int]:
    """How many days the longest violation of each clause is late."""
    found: dict[str, int] = {}
    for kind in batch.verdicts.kinds():
        if kind.outcome is Outcome.VIOLATION and (kind.late or 0) > 0:
            found[kind.clause] = max(kind.late or 0, found.get(kind.clause, 0))
    return found


def new_of(batch: VerdictBatch) -> set[tuple[Outcome, Severity]]:
    """What the findings of a batch that no baseline knows are, by what they weigh."""
    verdicts = batch.verdicts
    if verdicts.is_table and "known" in verdicts.table.columns:
        verdicts = Verdicts(batch.plan, table=verdicts.table.filter(pl.col("known").is_null()))
    return {(outcome, batch.plan.rules[rule].severity)
            for _, rule, outcome in verdicts.counts()}


def waived_of(batch: VerdictBatch) -> Counter[str]:
    """Of how many findings of a batch each waiver speaks, by its id."""
    if not batch.waivers or "waiver" not in batch.verdicts.table.columns:
        return Counter()
    counts = batch.verdicts.table["waiver"].drop_nulls().value_counts()
    return Counter({batch.waivers[at].id: times for at, times in counts.iter_rows()})


def groups_of(batch: VerdictBatch, name: str) -> Counter[tuple[str, Outcome]]:
    """How often each outcome came out by the value of a field; "" is a blank one."""
    found: Counter[tuple[str, Outcome]] = Counter()
    if len(batch.verdicts):
        table = batch.verdicts.table
        loose = [name] if name in batch.untrimmed and name in batch.frame.columns else []
        values = group_texts(trim(batch.frame, loose), name, batch.plan).fill_null("")
        for value, outcome, times in pl.DataFrame({
                "value": values.gather(table["row"]), "outcome": table["outcome"],
                }).group_by("value", "outcome").len().iter_rows():
            found[value, OUTCOME_CODES[outcome]] += times
    return found


def counts_of(batch: VerdictBatch) -> KindCounts:
    """How many findings a batch has; what could not be judged is none."""
    found: KindCounts = Counter()
    for (clause, rule, outcome), times in batch.verdicts.counts().items():
        found[clause, str(outcome), str(batch.plan.rules[rule].severity)] += times
    if batch.lists_not_judged:
        for (clause, severity), times in batch.not_judged.items():
            listed = (clause, str(Outcome.UNDETERMINED), severity)
            found[listed] = max(0, found[listed] - times)
    return found
