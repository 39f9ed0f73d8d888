"""Which pack judged what. In: a plan, the records judged. Out: for each pack, its clauses' counts.

Where several packs judge, every record is judged by exactly one edition of each rule. Counting
tells besides which editions a batch of records can do without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.checking.policy import Edition
from zhuanjie.engine.lower.plan import Plan
from zhuanjie.engine.lower.reach import narrowed
from zhuanjie.engine.results import Judged

if TYPE_CHECKING:
    import polars as pl


WORTH = 5000
"""How many records make it worth while to lower rules anew without their conditions of time."""


@dataclass(slots=True)
class Tally:
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
        self._counts.update(i for i, e in self._editions.items() if e.governs(record, as_of))

    def add_all(self, frame: pl.DataFrame) -> Plan:
        """Count the records of a batch; returns the plan, narrowed to what judges them."""
        if not (editions := self._editions):
            return self.plan
        import polars as pl

        as_of = pl.lit(self.plan.as_of)
        held = {e.dates: pl.min_horizontal(pl.coalesce(*e.dates, as_of), as_of)
                for e in editions.values() if e.dates}
        sums = [
            held[e.dates].is_between(e.start or date.min, e.end or date.max).sum().alias(str(i))
            for i, e in editions.items() if e.dates
        ]
        always = {i: len(frame) for i, e in editions.items() if not e.dates}
        counted = frame.select(sums).row(0, named=True) if sums else {}
        here = {**always, **{int(i): n for i, n in counted.items()}}
        self._counts.update(here)
        if len(frame) < WORTH:
            return self.plan
        return narrowed(self.plan, tuple(
            {0: False, len(frame): True}.get(here[i]) if i in here else None
            for i in range(len(self.plan.rules))))

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
