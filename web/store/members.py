"""Members as events left them. In: events. Out: rows of `members` and `member_keys`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.tables import COLUMN_SETS, MEMBER_KEYS, MEMBERS

KeyForms = Mapping[str, Callable[[Any], Any]]
"""By field, the form in which its values are compared: the fields that members are found by."""

ONLY_COLUMNS = "only_columns"
"""What an event says whose columns are all that the member's tables keep: others are gone."""
AT_ONCE = 400
"""How many ids a statement names: SQLite takes 32,766 values, older ones 999."""


@dataclass(slots=True)
class Member:
    """A member as the register has it now. `record` is plain: days are ISO texts."""

    id: str
    unit: str
    record: dict[str, Any] = field(default_factory=dict)
    columns: str = ""
    version: int = 0
    withdrawn: bool = False


def _set_id(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


NO_COLUMNS = frozenset(("", _set_id(orjson.dumps([]))))
"""The sets of columns without any: of whom nothing is known yet, or nothing any more."""


def column_set(conn: Connection, fields: Iterable[str]) -> str:
    """The id of a set of columns, kept by its content."""
    content = orjson.dumps(sorted(set(fields)))
    id = _set_id(content)
    known = conn.execute(select(COLUMN_SETS.c.id).where(COLUMN_SETS.c.id == id)).first()
    if known is None:
        conn.execute(insert(COLUMN_SETS).values(id=id, fields=content))
    return id


def columns_of(conn: Connection, id: str) -> frozenset[str]:
    """The fields of a set of columns; none for the set that has no id."""
    found = conn.execute(select(COLUMN_SETS.c.fields).where(COLUMN_SETS.c.id == id)).scalar()
    return frozenset(orjson.loads(found)) if found is not None else frozenset()


# Made once: to make a statement costs more than to run it, and every act runs this one often.
_BY_IDS = select(MEMBERS).where(AmongTexts(MEMBERS.c.id, "ids"))


def members(conn: Connection, ids: Iterable[str]) -> dict[str, Member]:
    """The members with these ids, by id; those that there are not are left out."""
    out: dict[str, Member] = {}
    wanted = list(dict.fromkeys(ids))
    for at in range(0, len(wanted), AT_ONCE):
        for row in conn.execute(_BY_IDS, {"ids": wanted[at:at + AT_ONCE]}):
            out[row.id] = Member(row.id, row.unit, orjson.loads(row.record), row.columns,
                                 row.version, row.withdrawn)
    return out


def find(conn: Connection, field: str, forms: Iterable[str]) -> dict[str, list[str]]:
    """By form, the ids of members whose `field` has it."""
    out: dict[str, list[str]] = {}
    wanted = list(dict.fromkeys(forms))
    for at in range(0, len(wanted), AT_ONCE):
        rows = conn.execute(select(MEMBER_KEYS.c.form, MEMBER_KEYS.c.member).where(
            MEMBER_KEYS.c.field == field, MEMBER_KEYS.c.form.in_(wanted[at:at + AT_ONCE])))
        for form, member in rows:
            out.setdefault(form, []).append(member)
    return out


class MemberTable:
    """Keeps `members` and `member_keys` as events have it."""

    def __init__(self, forms: KeyForms) -> None:
        self._forms = forms
        self._unions: dict[tuple[str, frozenset[str]], str] = {}

    def apply(self, conn: Connection, events: Sequence[Event]) -> dict[str, Member]:
        """Take in events that name a member; returns those members as they are now."""
        named = [e for e in events if e.member is not None]
        known = members(conn, (e.member for e in named if e.member is not None))
        had = {id: self._keys(m) for id, m in known.items()}
        for event in named:
            assert event.member is not None
            member = known.get(event.member)
            if member is None:
                member = known[event.member] = Member(event.member, event.unit or "")
            self._take(conn, member, event)
        self._write(conn, known, had)
        return known

    def _take(self, conn: Connection, member: Member, event: Event) -> None:
        # What was erased is not known any more, whatever stood there before it.
        lost = event.data["lost"] if event.kind == "values.redacted" else ()
        for name in (*event.erased, *lost):
            member.record.pop(name, None)
        for name, (_, value) in event.fields.items():
            if value is None:
                member.record.pop(name, None)
            else:
                member.record[name] = value
        member.unit = event.unit or member.unit
        member.version = event.seq
        member.columns = self._columns(conn, member.columns, event)
        if event.kind == "member.withdrawn":
            member.withdrawn = True
        elif event.kind == "member.restored":
            member.withdrawn = False

    def _columns(self, conn: Connection, had: str, event: Event) -> str:
        """The columns of a member's tables, and every field that was ever set."""
        if event.data.get(ONLY_COLUMNS) and event.columns is not None:
            return event.columns
        held = frozenset(n for n in event.erased if not n.startswith("#")).union(event.fields)
        if event.columns is None and not held:
            return had
        key = (had, held | {event.columns or ""})
        if key not in self._unions:
            fields = columns_of(conn, had) | held
            if event.columns is not None:
                fields |= columns_of(conn, event.columns)
            self._unions[key] = column_set(conn, fields)
        return self._unions[key]

    def _write(self, conn: Connection, known: Mapping[str, Member],
               had: Mapping[str, Mapping[str, str]]) -> None:
        new = [_row(m) for id, m in known.items() if id not in had]
        if new:
            insert_rows(conn, MEMBERS, new)
        old = [_row(m) | {"the_id": id} for id, m in known.items() if id in had]
        if old:
            conn.execute(update(MEMBERS).where(MEMBERS.c.id == bindparam("the_id")), old)
        gone, come = [], []
        for id, member in known.items():
            before, now = had.get(id, {}), self._keys(member)
            gone += [(f, form, id) for f, form in before.items() if now.get(f) != form]
            come += [{"field": f, "form": form, "member": id}
                     for f, form in now.items() if before.get(f) != form]
        for f, form, id in gone:
            conn.execute(delete(MEMBER_KEYS).where(
                MEMBER_KEYS.c.field == f, MEMBER_KEYS.c.form == form, MEMBER_KEYS.c.member == id))
        if come:
            insert_rows(conn, MEMBER_KEYS, come)

    def _keys(self, member: Member) -> dict[str, str]:
        """By what a member is found: nothing, once withdrawn."""
        if member.withdrawn:
            return {}
        return {name: str(form(member.record[name])) for name, form in self._forms.items()
                if name in member.record}


def _row(member: Member) -> dict[str, Any]:
    return {"id": member.id, "unit": member.unit,
            # Sorted: it is the same by whichever way it came to be.
            "record": orjson.dumps(member.record, option=orjson.OPT_SORT_KEYS),
            "columns": member.columns, "version": member.version,
            "withdrawn": member.withdrawn}
