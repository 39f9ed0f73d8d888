"""Which rows are of one member, and of which. In: the keys of rows, a register. Out: cases.

Rows go together where a key of them is the same, as it is compared, and with the members that have
it. A row that goes with several members, or has several values of a key, is not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, select

from zhuanjie.engine.api import Vocabulary
from zhuanjie.web.store.history import events_numbered
from zhuanjie.web.store.members import find
from zhuanjie.web.store.tables import MEMBERS
from zhuanjie.web.transfer.source import ImportSource

UNDOES = "undoes"
"""What an event that takes an import back says of it."""
_AT_ONCE = 400


@dataclass(slots=True)
class MemberRows:
    """Rows of one member, by their numbers, and the members of the register that have their keys.

    `withdrawn` are members that have them and were withdrawn; `returning` says that the one there
    is was withdrawn by taking an import back.
    """

    rows: list[int] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    returning: bool = False


@dataclass(frozen=True, slots=True)
class ImportCases:
    """The cases of an import, by their first rows, and the rows that have no key."""

    cases: Sequence[MemberRows]
    nameless: Sequence[int]


class _Sets:
    """Union-find with path halving."""

    def __init__(self, size: int) -> None:
        self.parents = list(range(size))

    def new(self) -> int:
        self.parents.append(len(self.parents))
        return len(self.parents) - 1

    def root(self, at: int) -> int:
        parents = self.parents
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    def unite(self, one: int, other: int) -> None:
        # The first row of a case stays its root.
        a, b = sorted((self.root(one), self.root(other)))
        self.parents[b] = a


def cases_of(conn: Connection, source: ImportSource) -> ImportCases:
    """The cases of an import, as the register stands."""
    sets, nodes = _Sets(len(source.keys)), dict[tuple[str, str], int]()
    for row, keys in enumerate(source.keys):
        for key in keys.items():
            node = nodes.get(key)
            if node is None:
                node = nodes[key] = sets.new()
            sets.unite(row, node)
    known: dict[str, int] = {}
    gone: dict[str, int] = {}
    for name in source.vocabulary.keys:
        forms = [form for key, form in nodes if key == name]
        for form, ids in find(conn, name, forms).items():
            for id in ids:
                sets.unite(nodes[name, form], known[id] if id in known else _node(known, id, sets))
    for key, id in withdrawn_keys(conn, source.vocabulary):
        if key in nodes:
            sets.unite(nodes[key], gone[id] if id in gone else _node(gone, id, sets))
    return _gather(source, sets, nodes, known, gone, returning(conn, gone))


def _node(held: dict[str, int], id: str, sets: _Sets) -> int:
    held[id] = sets.new()
    return held[id]


def _gather(source: ImportSource, sets: _Sets, nodes: Mapping[tuple[str, str], int],
            known: Mapping[str, int], gone: Mapping[str, int],
            back: frozenset[str]) -> ImportCases:
    cases: dict[int, MemberRows] = {}
    nameless: list[int] = []
    for row, keys in enumerate(source.keys):
        if keys:
            cases.setdefault(sets.root(row), MemberRows()).rows.append(row)
        else:
            nameless.append(row)
    for (key, form), node in nodes.items():
        cases[sets.root(node)].keys.setdefault(key, []).append(form)
    for id, node in known.items():
        cases[sets.root(node)].members.append(id)
    for id, node in gone.items():
        case = cases[sets.root(node)]
        case.withdrawn.append(id)
    for case in cases.values():
        if not case.members and len(case.withdrawn) == 1 and case.withdrawn[0] in back:
            case.members, case.withdrawn, case.returning = case.withdrawn, [], True
    return ImportCases([cases[root] for root in sorted(cases)], nameless)


def withdrawn_keys(conn: Connection,
                   vocabulary: Vocabulary) -> Iterable[tuple[tuple[str, str], str]]:
    """The keys of members that were withdrawn: they are found by them no more."""
    forms: Mapping[str, Callable[[Any], Any]] = {
        name: vocabulary.fields[name].compared for name in vocabulary.keys}
    for id, record in conn.execute(select(MEMBERS.c.id, MEMBERS.c.record).where(
            MEMBERS.c.withdrawn.is_(True))):
        held = orjson.loads(record)
        for name, form in forms.items():
            if name in held:
                yield (name, str(form(held[name]))), id


def returning(conn: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Which of these members were withdrawn by taking back the import that brought them."""
    wanted, found = list(ids), set[str]()
    for at in range(0, len(wanted), _AT_ONCE):
        last = conn.execute(select(MEMBERS.c.version).where(
            MEMBERS.c.id.in_(wanted[at:at + _AT_ONCE]))).scalars().all()
        found |= {e.member for e in events_numbered(conn, last)
                  if e.member and e.kind == "member.withdrawn" and UNDOES in e.data}
    return frozenset(found)
