"""What an import makes of a member. In: a case's rows, the member. Out: a change, or why not.

A cell that cannot be read and a blank one take nothing away. Of cells that contradict each other
none counts; where they disagree in who it is, or two rows of one table do, nothing of the case
does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from zhuanjie.engine.api import Vocabulary
from zhuanjie.report.inert import csv_text
from zhuanjie.web.store.event import Change
from zhuanjie.web.store.members import Member
from zhuanjie.web.transfer.source import SourceRow

Kind = Literal["new", "changed", "unchanged", "contradicted", "elsewhere", "withdrawn"]
Reason = Literal["cells", "rows", "identity", "members"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What does not go together, of `field` or of the whole case.

    `cells` of different tables, `rows` of one table, cells that say who it is (`identity`), or
    `members` of the register that have the same row's keys. `places` are tables and rows, `values`
    what stands there.
    """

    reason: Reason
    field: str | None
    places: Sequence[tuple[int, int]] = ()
    values: Sequence[Any] = ()


@dataclass(slots=True)
class MemberChange:
    """What an import says of a member: `values` before and after, what it would clear, why not.

    `blank` are known values that the import has a blank cell for, `unread` fields whose cell cannot
    be read, `columns` what its tables keep beyond what the member's tables did.
    """

    kind: Kind
    member: str | None
    key: str
    name: str | None
    places: Sequence[tuple[int, int]]
    values: dict[str, Change] = field(default_factory=dict)
    blank: dict[str, Any] = field(default_factory=dict)
    unread: Sequence[str] = ()
    contradictions: list[Contradiction] = field(default_factory=list)
    columns: frozenset[str] = frozenset()
    unit: str = ""
    kept: frozenset[str] = frozenset()
    """All that the import's tables keep of the member."""
    returning: bool = False
    was: Member | None = None
    """The member before."""
    filled: int = 0
    """How many values there are, where they are not kept."""


@dataclass(slots=True)
class MergedCells:
    """The rows of a case put together."""

    cells: dict[str, Any] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    kept: frozenset[str] = frozenset()
    contradictions: list[Contradiction] = field(default_factory=list)

    @property
    def is_doubtful(self) -> bool:
        """Whether it is not known whose rows they are."""
        return any(c.reason != "cells" for c in self.contradictions)


def merge(rows: Sequence[SourceRow], vocabulary: Vocabulary) -> MergedCells:
    """Rows of one case, in order."""
    if len(rows) == 1:
        return MergedCells(dict(rows[0].cells), set(rows[0].unread), rows[0].kept)
    whose = {*vocabulary.keys, vocabulary.name}
    out = MergedCells(kept=frozenset().union(*(row.kept for row in rows)))
    first: dict[str, SourceRow] = {}
    wrong: set[str] = set()
    for row in rows:
        out.unread |= row.unread
        for name, value in row.cells.items():
            if name not in first:
                first[name], out.cells[name] = row, value
                continue
            form, before = vocabulary.fields[name].compared, out.cells[name]
            if name in wrong or form(value) == form(before):
                continue
            wrong.add(name)
            one = first[name]
            reason: Reason = "identity" if name in whose else \
                "rows" if one.table == row.table else "cells"
            out.contradictions.append(Contradiction(
                reason, name, [(one.table, one.row), (row.table, row.row)], [before, value]))
    for name in wrong:
        del out.cells[name]
    return out


def compare(merged: MergedCells, member: Member | None, had: frozenset[str], vocabulary: Vocabulary,
            *, clear: bool) -> MemberChange:
    """What rows say beyond what is known; `had` are the columns of the member's tables."""
    held: Mapping[str, Any] = member.record if member is not None else {}
    values: dict[str, Change] = {}
    for name, value in merged.cells.items():
        before = held.get(name)
        if before is None or not _same(before, value, name, vocabulary):
            values[name] = (before, value)
    said = {c.field for c in merged.contradictions}
    blank = {name: value for name, value in held.items() if name in merged.kept
             and name not in merged.cells and name not in merged.unread and name not in said}
    if clear:
        values |= {name: (before, None) for name, before in blank.items()}
    columns = merged.kept - had
    kind: Kind = "new" if member is None else "changed" if values or columns else (
        "contradicted" if merged.contradictions else "unchanged")
    return MemberChange(
        kind, member.id if member is not None else None, "", None, (), values,
        blank, vocabulary.fields.sort(merged.unread), merged.contradictions,
        columns, kept=merged.kept, was=member)


def _same(before: Any, value: Any, name: str, vocabulary: Vocabulary) -> bool:
    """Whether a cell says what is known: in the form in which it is compared, or as an export has
    written it.
    """
    if before == value and isinstance(before, bool) is isinstance(value, bool):
        return True
    if not isinstance(before, str) or not isinstance(value, str):
        return False
    form = vocabulary.fields[name].compared
    return bool(form(before) == form(value)) or csv_text(before) == value
