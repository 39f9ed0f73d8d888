"""What a list is of. In: an address. Out: a query for members, and addresses of other lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, cast, get_args
from urllib.parse import urlencode

from fastapi import Query

from zhuanjie.engine.api import Outcome
from zhuanjie.web.api.fields import Line
from zhuanjie.web.figures.counted import CLEAR, OVERDUE
from zhuanjie.web.reminders.open_items import Group
from zhuanjie.web.reminders.settings import reminder_settings
from zhuanjie.web.service.figure import AskedFigure
from zhuanjie.web.service.listing import MemberQuery, Order

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
_STATES_OF: Final = {state: tab for tab, state in STATES.items()}


@dataclass(frozen=True)
class ListFilter:
    """What a list is of, as its address says it.

    A `unit` has those below it in it, unless it is asked for `alone`. What a figure of the board
    counts is said by the tab, `clause` with `outcome`, `step`, `lacks`, `age` or `dark`; `waits` is
    one of what cases wait for, `waiver` one that covers them, `group` one of a reminder's lines,
    `law` how the SHA-256 of what judged them begins.
    """

    tab: Tab = "all"
    search: str = ""
    unit: tuple[str, ...] = ()
    alone: bool = False
    clause: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    step: str = ""
    lacks: str = ""
    age: str = ""
    dark: str = ""
    waits: str = ""
    waiver: str = ""
    group: Group | None = None
    law: str = ""
    order: Order = "id"
    size: int = SIZES[0]

    @property
    def figure(self) -> AskedFigure:
        """The figure that it is behind, as far as it is behind one."""
        return AskedFigure(STATES.get(self.tab, ""), next(iter(self.outcome), ""),
                           next(iter(self.clause), ""), self.step, self.lacks, self.age, self.dark)

    @property
    def is_figure(self) -> bool:
        """Whether it has just those whom a figure counts."""
        return (self.tab in {"all", *STATES} and not self.search and not self.waiver
                and self.group is None and not self.law
                and len(self.clause) <= 1 and len(self.outcome) <= 1
                and self.figure.sums is not None)

    def query(self, today: date, units: Sequence[str], waits: Sequence[str],
              also: Sequence[str], bases: Sequence[str] | None = None) -> MemberQuery:
        """The members that it is of. `units` are those that it names, with those below them;
        `waits` is all that cases may wait for, `bases` those of the law. Raises UsageError for an
        age that there is not."""
        soon = self.tab == "soon"
        made = MemberQuery(
            units=units, text=self.search, clauses=self.clause,
            outcomes=(str(Outcome.PENDING),) if soon else self.outcome,
            due_from=today.isoformat() if soon else None,
            due_by=(today + timedelta(days=SOON)).isoformat() if soon else None,
            withdrawn=self.tab == "withdrawn", order=self.order, stands=self.figure.stands(today),
            waiting=([self.waits] if self.waits in waits else waits) if self.tab == "waiting"
            else (), waiver=self.waiver or None, also=also, bases=bases)
        return made if self.group is None else replace(made, **_of_group(self.group, today))

    def address(self, cursor: str | None = None, **other: object) -> str:
        """The address of this list, or of one that differs in these."""
        said = replace(self, **other) if other else self  # type: ignore[arg-type]  # its own fields
        found: list[tuple[str, str]] = []
        for name, usual in _USUAL.items():
            value = getattr(said, name)
            if value != usual:
                found += [(name, str(int(each) if isinstance(each, bool) else each)) for each in (
                    value if isinstance(value, tuple) else (value,))]
        if cursor is not None:
            found.append(("cursor", cursor))
        return "/members" + (f"?{urlencode(found)}" if found else "")


def _of_group(group: Group, today: date) -> dict[str, Any]:
    """The outcomes that a reminder counts in one of its groups, and when they are due."""
    before, day = (today - timedelta(1)).isoformat(), today.isoformat()
    near = today + timedelta(reminder_settings().soon_days)
    said: dict[Group, dict[str, Any]] = {
        Group.OVERDUE: {"outcomes": (str(Outcome.VIOLATION),), "due_by": before},
        Group.WRONG: {"outcomes": (str(Outcome.VIOLATION),), "not_before": day},
        Group.SOON: {"outcomes": (str(Outcome.PENDING),), "due_by": near.isoformat()},
        Group.UNKNOWN: {"outcomes": (str(Outcome.UNDETERMINED),)},
        Group.WAITING: {"outcomes": (str(Outcome.PENDING),),
                        "not_before": (near + timedelta(1)).isoformat()},
    }
    return said[group]


_USUAL: Final = {each.name: each.default for each in fields(ListFilter)}


def behind(figure: AskedFigure, unit: str, *, alone: bool = False) -> str:
    """The address of the list behind a figure of today."""
    figure.check()
    made = ListFilter(
        cast("Tab", _STATES_OF.get(figure.state, "all")), "", (unit,), alone,
        (figure.clause,) if figure.clause else (), (figure.outcome,) if figure.outcome else (),
        figure.step, figure.lacks, figure.age, figure.dark)
    return made.address()


def filter_of(tab: Tab = "all", search: Line = "", unit: Several = [],  # noqa: B006  # FastAPI copies it
              alone: bool = False, clause: Several = [], outcome: Several = [],  # noqa: B006  # FastAPI copies it
              step: Line = "", lacks: Line = "", age: Line = "", dark: Line = "",
              waits: Line = "", waiver: Line = "",
              group: Group | Literal[""] = "", law: Line = "", order: Order = "id",
              size: Annotated[int, Query(ge=1, le=SIZES[-1])] = SIZES[0]) -> ListFilter:
    """The filter of an address; what is left blank in a form filters nothing."""
    return ListFilter(tab, search.strip(), _said(unit), alone, _said(clause), _said(outcome), step,
                      lacks, age, dark, waits, waiver, group or None, law, order, size)


def _said(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
