"""What an import would change. In: a source, a register's state. Out: members one by one, a token.

The same goes through it twice: before anything is saved, for those who look, and as it is saved. A
token stands for what was shown, so that nothing else is saved than that.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from zhuanjie.engine.api import Vocabulary
from zhuanjie.web.store.members import Member, columns_of, members
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.store.tables import MEMBERS
from zhuanjie.web.transfer.cases import ImportCases, MemberRows, cases_of
from zhuanjie.web.transfer.changes import Contradiction, MemberChange, compare, merge
from zhuanjie.web.transfer.source import ImportSource, SourceRow

UnitOf = Callable[[Mapping[str, Any]], str | None]
"""The unit that a record belongs to by what it says, None where it names none that is known."""
AT_ONCE: Final = 1000
"""Members that are looked at together."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How an import is made: `clear` takes away known values whose cells are blank.

    `unit` is whose members are that name no unit, `scope` the units that whoever imports may touch,
    `again` imports files once more that were imported.
    """

    unit: str = ""
    unit_of: UnitOf | None = None
    scope: Scope = EVERYTHING
    clear: bool = False
    again: bool = False

    def reaches(self, unit: str) -> bool:
        """Whether the unit is among those that may be touched."""
        return self.scope == EVERYTHING or unit in self.scope


@dataclass(slots=True)
class ImportPlan:
    """An import on its way, and what it came to once it was gone through."""

    source: ImportSource
    options: ImportOptions
    cases: ImportCases
    version: int
    """The number of the register's last event."""
    counts: Counter[str] = field(default_factory=Counter)
    units: set[str] = field(default_factory=set)
    """The units of the members that the import speaks of."""
    known: set[str] = field(default_factory=set)
    """The members that it speaks of."""
    strays: Counter[str] = field(default_factory=Counter)
    """What is named as a unit and is none, with how many members."""
    _digest: Any = field(default_factory=hashlib.sha256)

    @property
    def vocabulary(self) -> Vocabulary:
        """What the source speaks of."""
        return self.source.vocabulary

    @property
    def digest(self) -> str:
        """What would change, as a hash, once all members were gone through."""
        return str(self._digest.hexdigest())

    @property
    def token(self) -> str:
        """What was shown, and of which state of the register."""
        return f"{self.version}-{self.digest[:32]}"

    def chunks(self, conn: Connection) -> Iterator[list[MemberChange]]:
        """What becomes of each member, in the order of the rows, some at a time."""
        columns: dict[str, frozenset[str]] = {}
        cases = self.cases.cases
        for at in range(0, len(cases), AT_ONCE):
            some = cases[at:at + AT_ONCE]
            known = members(conn, (id for case in some for id in (*case.members, *case.withdrawn)))
            rows = dict(self.source.rows(sorted(n for case in some for n in case.rows)))
            for member in known.values():
                if member.columns not in columns:
                    columns[member.columns] = columns_of(conn, member.columns)
            changes = [self._change(case, [rows[n] for n in case.rows], known, columns)
                       for case in some]
            for change in changes:
                self._count(change)
            yield changes

    def missing(self, conn: Connection) -> Iterator[Member]:
        """The members of the same units that the import does not speak of."""
        ids = [id for id, unit in conn.execute(
            select(MEMBERS.c.id, MEMBERS.c.unit).where(MEMBERS.c.withdrawn.is_(False))
            .order_by(MEMBERS.c.id)) if unit in self.units and id not in self.known]
        for at in range(0, len(ids), AT_ONCE):
            yield from members(conn, ids[at:at + AT_ONCE]).values()

    def _change(self, case: MemberRows, rows: Sequence[SourceRow], known: Mapping[str, Member],
                columns: Mapping[str, frozenset[str]]) -> MemberChange:
        merged = merge(rows, self.vocabulary)
        found = [known[id] for id in case.members]
        self.known.update(case.members, case.withdrawn)
        member = found[0] if len(found) == 1 else None
        had = columns[member.columns] if member is not None else frozenset()
        change = compare(merged, member, had, self.vocabulary, clear=self.options.clear)
        change.places = [(row.table, row.row) for row in rows]
        # Whom another unit withdrew is another unit's: what became of them is not told.
        if any(not self.options.reaches(m.unit) for m in found or [
                known[id] for id in case.withdrawn]):
            change.key, change.name = self._named(case, merged.cells, None)
            return _without(change, "elsewhere")
        change.key, change.name = self._named(case, merged.cells, member)
        self.units.update(m.unit for m in found)
        if len(found) > 1:
            keys = [self._key_of(m) for m in found]
            change.contradictions.insert(0, Contradiction("members", None, change.places, keys))
        if len(found) > 1 or merged.is_doubtful:
            return _without(change, "contradicted", keep=True)
        if member is None and case.withdrawn:
            return _without(change, "withdrawn")
        self._place(change, member, merged.cells)
        if not self.options.reaches(change.unit):
            return _without(change, "elsewhere")
        if case.returning:
            change.kind, change.returning = "new", True
        self.units.add(change.unit)
        return change

    def _place(self, change: MemberChange, member: Member | None,
               cells: Mapping[str, Any]) -> None:
        """Say which unit the member is of, by what names it."""
        group = self.vocabulary.group
        change.unit = member.unit if member is not None else self.options.unit
        find = self.options.unit_of
        if group is None or find is None or group not in change.values \
                or cells.get(group) is None:
            return
        held = member.record if member is not None else {}
        unit = find({**held, **cells})
        if unit is not None:
            change.unit = unit
        else:
            self.strays[str(cells[group])] += 1

    def _named(self, case: MemberRows, cells: Mapping[str, Any],
               member: Member | None) -> tuple[str, str | None]:
        """The key and the name by which a member is shown."""
        held = {**(member.record if member is not None else {}), **cells}
        name = self.vocabulary.name
        for key in self.vocabulary.keys:
            text = held.get(key) or next(iter(case.keys.get(key, ())), None)
            if text is not None:
                return self.vocabulary.fields[key].shown(str(text)), held.get(name or "")
        return "", held.get(name or "")

    def _key_of(self, member: Member) -> str:
        return next((self.vocabulary.fields[k].shown(str(member.record[k]))
                     for k in self.vocabulary.keys if k in member.record), member.id)

    def _count(self, change: MemberChange) -> None:
        self.counts[change.kind] += 1
        self.counts["contradictions"] += len(change.contradictions)
        self.counts["blank"] += len(change.blank)
        self.counts["unread"] += len(change.unread)
        if change.kind in ("new", "changed"):
            self._digest.update(orjson.dumps([
                change.kind, change.member, change.key, change.unit, change.values,
                sorted(change.kept)], option=orjson.OPT_SORT_KEYS))


def plan_import(conn: Connection, source: ImportSource, options: ImportOptions,
                version: int) -> ImportPlan:
    """What an import would make of the register as `conn` has it, whose last event has the number
    `version`.
    """
    plan = ImportPlan(source, options, cases_of(conn, source), version)
    plan.counts["nameless"] = len(plan.cases.nameless)
    return plan


def _without(change: MemberChange, kind: Any, *, keep: bool = False) -> MemberChange:
    """A change that is not made; of another unit's member nothing is said, unless told so."""
    return replace(change, kind=kind, values={}, blank={}, unread=(), columns=frozenset(),
                   contradictions=change.contradictions if keep else [])
