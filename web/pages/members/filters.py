"""What a list is of. In: an address. Out: a query for members, and addresses of other lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlencode

from fastapi import Query

from zhuanjie.engine.api import Outcome
from zhuanjie.web.api.fields import Line
from zhuanjie.web.figures.counted import CLEAR, OVERDUE
from zhuanjie.web.service.listing import MemberQuery, Order, StandingQuery

Tab = Literal["all", "overdue", "violation", "soon", "pending", "undetermined", "waiting", "done",
              "withdrawn"]
TABS: Final[tuple[Tab, ...]] = get_args(Tab)
SIZES: Final = (50, 100, 200)
SOON: Final = 7
"""Days within which something is soon due."""
STATES: Final[Mapping[str, str]] = {
    "overdue": OVERDUE, "violation": str(Outcome.VIOLATION), "pending": str(Outcome.PENDING),
    "undetermined": str(Outcome.UNDETERMINED), "done": CLEAR}
"""The tabs of those who stand so."""
Several = Annotated[list[Line], Query(max_length=200)]


@dataclass(frozen=True)
class ListFilter:
    """What a list is of, as its address says it."""

    tab: Tab = "all"
    search: str = ""
    unit: tuple[str, ...] = ()
    clause: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    order: Order = "id"
    size: int = SIZES[0]

    def query(self, today: date, also: Sequence[str]) -> MemberQuery:
        """The members that it is of."""
        states = StandingQuery((STATES[self.tab],)) if self.tab in STATES else None
        soon = self.tab == "soon"
        return MemberQuery(
            units=self.unit, text=self.search, clauses=self.clause,
            outcomes=(str(Outcome.PENDING),) if soon else self.outcome,
            due_by=(today + timedelta(days=SOON)).isoformat() if soon else None,
            withdrawn=self.tab == "withdrawn", order=self.order, stands=states,
            waiting=self.tab == "waiting", also=also)

    def address(self, cursor: str | None = None, **other: object) -> str:
        """The address of this list, or of one that differs in these."""
        said = replace(self, **other) if other else self  # type: ignore[arg-type]  # its own fields
        known = ListFilter()
        found: list[tuple[str, str]] = []
        for name in ("tab", "search", "unit", "clause", "outcome", "order", "size"):
            value = getattr(said, name)
            if value != getattr(known, name):
                found += [(name, str(each)) for each in (
                    value if isinstance(value, tuple) else (value,))]
        if cursor is not None:
            found.append(("cursor", cursor))
        return "/members" + (f"?{urlencode(found)}" if found else "")


def filter_of(tab: Tab = "all", search: Line = "", unit: Several = [],  # noqa: B006  # FastAPI copies it
              clause: Several = [], outcome: Several = [], order: Order = "id",  # noqa: B006  # FastAPI copies it
              size: Annotated[int, Query(ge=1, le=SIZES[-1])] = SIZES[0]) -> ListFilter:
    """The filter of an address; what is left blank in a form filters nothing."""
    return ListFilter(tab, search.strip(), _said(unit), _said(clause), _said(outcome), order,
                      size)


def _said(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
