"""Papers by their numbers. In: a series, what is looked for. Out: numbers page by page, with links.

What stands is found by the records' own numbers, whether the register gave them or a ledger brought
them; what was voided or replaced, by the book of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from zhuanjie.engine.api import RegisterActs
from zhuanjie.web.acts.numbers import REPLACED, STANDING, VOIDED
from zhuanjie.web.acts.tables import NUMBERS
from zhuanjie.web.letters.prints import PRINTED
from zhuanjie.web.store.members import Member, members
from zhuanjie.web.store.tables import EVENTS, MEMBER_KEYS

Tab = Literal["waiting", "standing", "ended"]
TABS: Final[tuple[Tab, ...]] = ("waiting", "standing", "ended")
"""To be printed, all that stand, voided and replaced."""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number, whose it is, and what it replaces or is replaced by."""

    text: str
    form: str
    state: str
    member: Member | None
    replaces: str | None = None
    replaced_by: str | None = None

    @property
    def id(self) -> str | None:
        """Whose it is, as far as that is seen."""
        return self.member.id if self.member is not None else None


def number_counts(conn: Connection, series: str, field: str) -> dict[Tab, int]:
    """How many numbers each tab has."""
    return {tab: conn.execute(select(func.count()).select_from(
        _query(series, field, tab).subquery())).scalar_one() for tab in TABS}


def number_rows(conn: Connection, series: str, acts: RegisterActs, tab: Tab, *, text: str = "",
                after: str | None = None,
                limit: int = 50) -> tuple[list[NumberRow], str | None]:
    """The numbers of a tab, by how they are compared, and what the next page begins after."""
    field = acts.series[series].field
    query = _query(series, field, tab)
    form, member = query.selected_columns.form, query.selected_columns.member
    if text.strip():
        query = query.where(_matches(text.strip(), acts, form, member, field))
    if after is not None:
        query = query.where(form > after)
    rows = conn.execute(query.order_by(form).limit(limit + 1)).all()
    page = rows[:limit]
    found = members(conn, [row.member for row in page if row.member])
    known = _known(conn, series, [row.form for row in page])
    return ([_row(row, found, known, field) for row in page],
            page[-1].form if len(rows) > limit else None)


def _query(series: str, field: str, tab: Tab) -> Select[Any]:
    if tab == "standing":
        return select(MEMBER_KEYS.c.form, MEMBER_KEYS.c.member).where(MEMBER_KEYS.c.field == field)
    query = select(NUMBERS.c.form, NUMBERS.c.member).where(NUMBERS.c.series == series)
    if tab == "ended":
        return query.where(NUMBERS.c.state.in_((VOIDED, REPLACED)))
    printed = exists().where(EVENTS.c.member == NUMBERS.c.member, EVENTS.c.seq > NUMBERS.c.given,
                             EVENTS.c.kind == PRINTED)
    return query.where(NUMBERS.c.state == STANDING, ~printed)


def _matches(text: str, acts: RegisterActs, form: ColumnElement[str], member: ColumnElement[str],
             field: str) -> ColumnElement[bool]:
    """Whether a number has `text` in it, or its member's name or key has."""
    vocabulary = acts.vocabulary
    ways = []
    for name in (*vocabulary.keys, *filter(None, (vocabulary.name,))):
        known = vocabulary.fields[name]
        said = str(known.compared(text))
        matches = MEMBER_KEYS.c.form == said if known.mask else \
            MEMBER_KEYS.c.form.contains(said, autoescape=True)
        ways.append(and_(MEMBER_KEYS.c.field == name, matches))
    number = str(acts.fields[field].compared(text))
    return or_(form.contains(number, autoescape=True),
               member.in_(select(MEMBER_KEYS.c.member).where(or_(*ways))))


def _known(conn: Connection, series: str, forms: Sequence[str]) -> dict[str, Any]:
    """The book's entries of some numbers, and of those that they are linked with."""
    found: dict[str, Any] = {}
    wanted = list(forms)
    for _ in range(2):
        rows = conn.execute(select(NUMBERS).where(
            NUMBERS.c.series == series, NUMBERS.c.form.in_(wanted))).all() if wanted else []
        found |= {row.form: row for row in rows}
        wanted = [form for row in rows for form in (row.replaces, row.replaced_by)
                  if form is not None and form not in found]
    return found


def _row(row: Any, found: Mapping[str, Member], known: Mapping[str, Any], field: str) -> NumberRow:
    entry = known.get(row.form)
    member = found.get(row.member) if row.member else None
    text = entry.text if entry is not None else \
        str(member.record.get(field, row.form)) if member is not None else row.form

    def called(form: str | None) -> str | None:
        return None if form is None else known[form].text if form in known else form

    return NumberRow(text, row.form, entry.state if entry is not None else STANDING, member,
                     called(entry.replaces) if entry is not None else None,
                     called(entry.replaced_by) if entry is not None else None)
