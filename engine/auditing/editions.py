"""Which pack judges what. In: a plan, records. Out: how many each edition and each pack judges.

Where several packs judge, every record is judged by exactly one edition of each rule. Counting
tells besides which editions a batch of records can do without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import Judged
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.specialize import specialize

if TYPE_CHECKING:
    import polars as pl


class EditionIndex:
    """The editions of a plan's rules, and which of them judge a record."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        rules = plan.rules if plan.policy.spans else ()
        self._editions = {i: r.edition for i, r in enumerate(rules) if r.edition is not None}
        self._dated = {i: e for i, e in self._editions.items() if e.dates}
        blank = {i for i, e in self._editions.items() if e.applies_to({}, plan.as_of)}
        self._blank = frozenset(blank)

    @property
    def guards(self) -> list[Expr]:
        """The same conditions as those of `governed`, for engines elsewhere; see `counts`."""
        return [e.guard for e in self._dated.values()]

    @property
    def reads(self) -> set[str]:
        """The dates that say which edition judges a record."""
        return {name for e in self._editions.values() for name in e.dates}

    def governed(self) -> dict[int, pl.Expr]:
        """Which records each edition judges, for those to whom that matters; see `counts`."""
        import polars as pl

        as_of = pl.lit(self.plan.as_of)
        held = {e.dates: pl.min_horizontal(pl.coalesce(*e.dates, as_of), as_of)
                for e in self._dated.values()}
        return {i: held[e.dates].is_between(e.start or date.min, e.end or date.max)
                for i, e in self._dated.items()}

    def of_record(self, record: Mapping[str, Any]) -> Counter[int]:
        """The editions that judge one record."""
        as_of = self.plan.as_of
        return Counter(i for i, e in self._editions.items() if e.applies_to(record, as_of))

    def of_frame(self, frame: pl.DataFrame) -> Counter[int]:
        """How many records of a batch each edition judges."""
        governed = self.governed()
        counted = frame.select(e.sum().alias(str(i)) for i, e in governed.items()).row(
            0) if governed else ()
        return self.counts(counted, len(frame))

    def counts(self, counted: Sequence[int], records: int, blanks: int = 0) -> Counter[int]:
        """How many records each edition judges, of which `counted` says it of each of `governed`.

        Of `blanks` more of them all dates are blank.
        """
        here = Counter(dict.fromkeys(self._editions, records))
        here.update(dict(zip(self._dated, (n - records for n in counted), strict=True)))
        here.update(dict.fromkeys(self._blank & self._dated.keys(), blanks))
        return here

    def of_blanks(self, blanks: int) -> Counter[int]:
        """How many of some blank rows each edition judges, were they records."""
        return Counter(dict.fromkeys(self._blank, blanks))

    def specialize(self, counts: Mapping[int, int], records: int) -> Plan:
        """The plan, narrowed to the editions that judge some of so many records."""
        if not counts or records < limits().specialize_from:
            return self.plan
        return specialize(self.plan, tuple(
            {0: False, records: True}.get(counts[i]) if i in counts else None
            for i in range(len(self.plan.rules))))


def judged(plan: Plan, counts: Mapping[int, int]) -> tuple[Judged, ...]:
    """What each pack judged, in the order of the packs; nothing where one judged everything.

    `counts` says how many records each edition judged, by the places of their rules.
    """
    out = []
    for span in plan.policy.spans:
        by_rule: Counter[tuple[str, str]] = Counter()
        for i, rule in enumerate(plan.rules):
            if rule.edition is not None and rule.edition.pack == span.ref.id:
                by_rule[rule.clause, rule.rule.id] += counts.get(i, 0)
        clauses: dict[str, int] = {}
        for (clause, _), records in by_rule.items():
            if records:
                clauses[clause] = max(records, clauses.get(clause, 0))
        out.append(Judged(span.ref, span.start, span.end, clauses))
    return tuple(out)
