"""Records to try on. In: a ledger and the name of a record. Out: the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.core.suggest import suggest

if TYPE_CHECKING:
    from zhuanjie.engine.auditing.record_search import RecordName
    from zhuanjie.engine.ledger.batch import Batch
    from zhuanjie.engine.policy.policy import Policy

_SUGGESTIONS = 10_000


class TriedRecord(Struct, frozen=True):
    """A record to try on; without anything, one in which every field is blank.

    `values` has a value, or None, for each field that the record's table has a column for;
    `absent` are the others, where it comes from a table. `key` is its id as it may be shown,
    `input` what could not be read in it.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    location: Location | None = None
    key: str | None = None
    input: Sequence[InputFinding] = ()


def record_of_ledger(source: str, name: RecordName, policy: Policy,
                     columns: Mapping[str, str] | None = None) -> TriedRecord:
    """The record of a ledger that stands in a row, or has an id; the first one that does.

    Raises InputError for a ledger that cannot be read, UsageError where it has no such record.
    """
    from zhuanjie.engine.ledger.ledger import open_ledger

    ids: list[str] = []
    first, last = None, 0
    with closing(open_ledger([source], columns, vocabulary=policy.vocabulary)) as ledger:
        for batch in ledger.batches():
            if not name.is_in(batch.file, batch.sheet):
                continue
            rows = batch.rows.to_list()
            first, last = rows[0] if first is None and rows else first, (rows or [last])[-1]
            for at in _places(batch, rows, name, policy, ids):
                return _record(batch, at, policy)
    if name.id is not None:
        close = suggest(name.id, ids)
        raise fail(UsageError, "audit.no-record", hint="hint.near" if close else None,
                   id=name.id, near=close)
    raise fail(UsageError, "audit.no-row", hint="audit.hint.rows" if first else None,
               row=name.row, first=first, last=last)


def _places(batch: Batch, rows: Sequence[int], name: RecordName, policy: Policy,
            ids: list[str]) -> Iterator[int]:
    """Where in a batch the record stands; ids that could be meant are noted."""
    key = policy.vocabulary.fields[batch.key or policy.vocabulary.key]
    held = batch.frame[key.name].to_list() if key.name in batch.frame.columns else []
    if key.mask is None and len(ids) < _SUGGESTIONS:
        ids += [str(i) for i in held[:_SUGGESTIONS] if i is not None]
    wanted = None if name.id is None else key.compared(name.id)
    for at, row in enumerate(rows):
        if name.row is not None and row != name.row:
            continue
        if name.id is not None and (not held or held[at] is None or not (
                key.compared(str(held[at])) == wanted or key.shown(str(held[at])) == name.id)):
            continue
        yield at


def _record(batch: Batch, at: int, policy: Policy) -> TriedRecord:
    from zhuanjie.engine.core.dates import Month

    fields = policy.vocabulary.fields
    values = batch.frame.row(at, named=True)
    values |= {n: Month.of(v) for n, v in values.items()
               if v is not None and fields[n].type == "month"}
    row = batch.rows[at]
    key = fields[batch.key or policy.vocabulary.key]
    named = values.get(key.name)
    absent = frozenset(f.name for f in fields) - batch.kept if batch.kept is not None \
        else frozenset()
    return TriedRecord(
        values, absent, Location(batch.file, batch.sheet, row),
        None if named is None else key.shown(str(named)),
        [found for found in batch.input if found.row == row])
