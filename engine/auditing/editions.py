"""Which pack judged what. In: a plan, the records judged. Out: for each pack, its clauses' counts.

Where several packs judge, every record is judged by exactly one edition of each rule. Counting
tells besides which editions a batch of records can do without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.results import Judged
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.specialize import specialize
from zhuanjie.engine.policy.policy import Edition

if TYPE_CHECKING:
    import polars as pl


GOVERNED = "#governed-{rule}"
"""Name of the column that says whether an edition judges a record."""

WORTH = 5000
"""How many records make it worth while to lower rules anew without their conditions of time."""


@dataclass(slots=True)
class EditionCounts:
    """Counts the records that each edition of a rule judged."""

    plan: Plan
    _counts: Counter[int] = field(default_factory=Counter)
    _editions: dict[int, Edition] = field(init=False)

    def __post_init__(self) -> None:
        rules = self.plan.rules if self.plan.policy.spans else ()
        self._editions = {i: r.edition for i, r in enumerate(rules) if r.edition is not None}

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one record."""
        as_of = self.plan.as_of
        self._counts.update(i for i, e in self._editions.items() if e.applies_to(record, as_of))

    def add_all(self, frame: pl.DataFrame) -> Plan:
        """Count the records of a batch; returns the plan, narrowed to what judges them."""
        governed = self.governed()
        counted = frame.select(e.sum() for e in governed).row(0) if governed else ()
        return self.take(counted, len(frame))

    @property
    def guards(self) -> list[Expr]:
        """The same conditions as those of `governed`, for engines elsewhere; see `take`."""
        return [e.guard for e in self._editions.values() if e.dates]

    def governed(self) -> list[pl.Expr]:
        """Which records each edition judges, for those to whom that matters; see `take`."""
        import polars as pl

        dated = {i: e for i, e in self._editions.items() if e.dates}
        as_of = pl.lit(self.plan.as_of)
        held = {e.dates: pl.min_horizontal(pl.coalesce(*e.dates, as_of), as_of)
                for e in dated.values()}
        return [held[e.dates].is_between(e.start or date.min, e.end or date.max)
                .alias(GOVERNED.format(rule=i)) for i, e in dated.items()]

    def take(self, counted: Sequence[int], records: int, blanks: int = 0) -> Plan:
        """Count records, of which `counted` says how many each of `governed` judges.

        Of `blanks` more of them all dates are blank. Returns the plan, narrowed to what judges.
        """
        dated = [i for i, e in self._editions.items() if e.dates]
        here = {**dict.fromkeys(self._editions, records), **dict(zip(dated, counted, strict=True))}
        for i in self._blank() & set(dated) if blanks else ():
            here[i] += blanks
        self._counts.update(here)
        if not here or records < WORTH:
            return self.plan
        return specialize(self.plan, tuple(
            {0: False, records: True}.get(here[i]) if i in here else None
            for i in range(len(self.plan.rules))))

    @property
    def reads(self) -> set[str]:
        """The dates that say which edition judges a record."""
        return {name for e in self._editions.values() for name in e.dates}

    def take_back(self, blanks: int) -> None:
        """Some of those counted were blank rows, which are no records."""
        self._counts.subtract(dict.fromkeys(self._blank(), blanks))

    def _blank(self) -> set[int]:
        """The editions that judge a record without dates."""
        return {i for i, e in self._editions.items() if e.applies_to({}, self.plan.as_of)}

    def judged(self) -> tuple[Judged, ...]:
        """What each pack judged, in the order of the packs; nothing where one judged everything."""
        rules = self.plan.rules
        out = []
        for span in self.plan.policy.spans:
            by_rule: Counter[tuple[str, str]] = Counter()
            for i, edition in self._editions.items():
                if edition.pack == span.ref.id:
                    by_rule[rules[i].clause, rules[i].rule.id] += self._counts[i]
            clauses: dict[str, int] = {}
            for (clause, _), records in by_rule.items():
                if records:
                    clauses[clause] = max(records, clauses.get(clause, 0))
            out.append(Judged(span.ref, span.start, span.end, clauses))
        return tuple(out)
