"""Pieces of a ledger, judged one by one. In: raw cells, what is known across records. Out: batches.

A piece goes through the stream strategy. What no piece can know by itself, which ids and keys stand
in the ledger more than once, is asked of pieces (`key_hashes`, then `key_counts` of those that come
up twice), added up elsewhere, given back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import xor
from typing import Any, cast

import polars as pl
from msgspec import Struct

from zhuanjie.engine.auditing.key_hashes import KeyIndex
from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.auditing.strategies.stream import StreamJudge
from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.compared_columns import compared_field, compared_series
from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.pieces import PieceTable
from zhuanjie.engine.ledger.rows import AT, Rows, standing
from zhuanjie.engine.lowering.plan import Plan

KEY_COUNTS = pl.Schema({"kind": pl.Int32(), "first": pl.String(), "second": pl.String(),
                        "sure": pl.Int64(), "everyone": pl.Int64()})
"""How many records have a key: 0 is the id, from 1 on the plan's `unique` rules, below 0 values
that a roster has. `first` and `second` are the parts of the key, in the forms compared."""
_HASH, _FORM, _WHEN = "#key-{}", "#form-{}-{}", "#when-{}"


class AuditTerms(Struct, frozen=True):
    """How an audit is held, wherever its pieces are judged."""

    plan: Plan
    all_outcomes: bool = False
    absent_is_blank: bool = False

    def judge(self, table: PieceTable, shared: pl.DataFrame | None = None,
              places: Sequence[pl.Series] | None = None) -> PieceJudge:
        """What judges a piece; `shared` are the keys that several records have, which stand at no
        other than these `places` of it, kind by kind, where that is known."""
        ledger = cast("Ledger", _PieceLedger(table))
        return PieceJudge(AuditRequest(
            ledger, self.plan, None, self.all_outcomes, bulk=True,
            absent_is_blank=self.absent_is_blank), shared, places)


class _PieceLedger:
    """A piece as the whole ledger of an audit."""

    is_database = False
    same_keys = 0

    def __init__(self, table: PieceTable) -> None:
        self.tables = [table]
        self.files = (table.file,)
        self.kept = table.kept
        self.size_hint = table.size_hint


class PieceJudge(StreamJudge):
    """Judges one piece."""

    def __init__(self, request: AuditRequest, shared: pl.DataFrame | None,
                 places: Sequence[pl.Series] | None = None) -> None:
        super().__init__(request)
        self._places = places
        self._shared_keys = pl.DataFrame(schema=KEY_COUNTS) if shared is None else shared
        self.seen = self.again = _EveryId()

    def shares(self) -> pl.DataFrame | None:
        """See `Strategy.shares`: no piece knows what the ledger comes to."""
        return None

    def key_hashes(self) -> Iterator[list[tuple[pl.Series, pl.Series]]]:
        """The hashes of keys and the places of their rows, kind by kind, of some records at a time;
        those that do not count are left out."""
        hashes = self._hashes()
        for rows in self._keys(hashes):
            yield [(some[name], some[AT]) for name in (h.meta.output_name() for h in hashes)
                   for some in [rows.frame.select(name, AT).drop_nulls()]]

    def key_counts(self, suspected: Sequence[pl.Series]) -> pl.DataFrame:
        """The keys of the piece whose hashes are suspected, kind by kind, as `KEY_COUNTS`."""
        among = None
        if self._places is not None:
            at = pl.concat(self._places).unique().sort()
            if not len(at):
                return pl.DataFrame(schema=KEY_COUNTS)
            among = standing(at, int(at[-1]) + 1)
            self.tables[0].table.looked = at
        hashes = self._hashes()
        forms = [form.alias(_FORM.format(kind, at)) for kind, key in enumerate(self._forms())
                 for at, form in enumerate(key)]
        size = limits().hashed_rows
        truth = [self.plans[0].truth(counter, size).alias(_WHEN.format(kind))
                 for kind, counter in enumerate(self.counters, 1)]
        found = [pl.DataFrame(schema=KEY_COUNTS)]
        for rows in self._keys([*forms, *truth, *hashes], among):
            for kind, some in enumerate(suspected):
                mine = rows.frame.filter(rows.frame[_HASH.format(kind)].is_in(some.implode()))
                sure = pl.col(_WHEN.format(kind)) if kind else pl.lit(value=True)
                found.append(_counted(mine, kind, sure))
        return pl.concat(found)

    def there(self, wanted: Mapping[str, pl.Series]) -> pl.DataFrame:
        """Those of the values wanted that the piece has, as `KEY_COUNTS`."""
        found = [pl.DataFrame(schema=KEY_COUNTS)]
        values = [compared_field(self.plan.fields[name]).alias(name) for name in wanted]
        for rows in self.tables[0].rows(wanted, values, size=limits().hashed_rows):
            found += [_there(rows.frame[name], -at, some)
                      for at, (name, some) in enumerate(wanted.items(), 1)]
        return pl.concat(found)

    def _keys(self, exprs: Sequence[pl.Expr], among: pl.Expr | None = None) -> Iterator[Rows]:
        """What is asked of the fields that tell records apart."""
        scope = field_names(self.plan.policy.scope)
        names = {*self.keys, *scope}.union(*map(self._reads, self.counters))
        return self.tables[0].rows(names, exprs, also=[self.assumed(names)], among=among,
                                   size=limits().hashed_rows, sliced=True)

    def _forms(self) -> list[list[pl.Expr]]:
        """The parts of each key as they are compared, as texts."""
        return [[pl.coalesce(_form(self.plan, key) for key in self.keys)],
                *([_form(self.plan, name) for name in counter.by] for counter in self.counters)]

    def _hashes(self) -> list[pl.Expr]:
        forms = self._forms()
        counts = [forms[0][0].is_not_null(), *(
            key[0].is_not_null() & self._counts(counter, self.plans[0])
            for key, counter in zip(forms[1:], self.counters, strict=True))]
        return [pl.when(where).then(_hash(key)).alias(_HASH.format(kind))
                for kind, (where, key) in enumerate(zip(counts, forms, strict=True))]

    def _key_index(self, by: Sequence[Sequence[pl.Expr]]) -> KeyIndex:
        if self._places is not None:
            return _PlacedKeys(self._places)
        names = [self.keys[:1], *(counter.by for counter in self.counters)]
        known = [_known(self._shared_keys.filter(kind=kind), len(key))
                 for kind, key in enumerate(by)]
        return _KnownKeys([_hash([_as_text(part, self.plan, name)
                                  for part, name in zip(key, own, strict=True)])
                           for key, own in zip(by, names, strict=True)], known)

    def _shared_counts(self) -> list[pl.DataFrame]:
        out = []
        for kind, counter in enumerate(self.counters, 1):
            mine = self._shared_keys.filter(kind=kind)
            keys = [_back(mine[part], self.plan, name).alias(f"#form-{at}") for at, (part, name)
                    in enumerate(zip(("first", "second"), counter.by, strict=False))]
            out.append(pl.DataFrame([*keys, mine["sure"].alias(counter.sure),
                                     mine["everyone"].alias(counter.everyone)]))
        return out


class _KnownKeys:
    """Finds the records whose keys are known to stand in the ledger more than once.

    By their hashes: of a record that has another key with the same one nothing is said in the end.
    """

    def __init__(self, by: Sequence[pl.Expr], known: Sequence[pl.Series]) -> None:
        self._by, self._known = by, known
        none = pl.Series([], dtype=pl.UInt32)
        self._places = [[none] for _ in by]

    def exprs(self, counts: Sequence[pl.Expr]) -> list[pl.Expr]:
        """See `KeyIndex.exprs`."""
        return [pl.when(where).then(value).alias(_HASH.format(kind)) for kind, (value, some, where)
                in enumerate(zip(self._by, self._known, counts, strict=True)) if len(some)]

    def add(self, frame: pl.DataFrame, at: pl.Series) -> None:
        """See `KeyIndex.add`."""
        for kind, (places, some) in enumerate(zip(self._places, self._known, strict=True)):
            if (name := _HASH.format(kind)) in frame.columns:
                places.append(at.filter(frame[name].is_in(some.implode()).fill_null(value=False)))

    def next_table(self) -> None:
        """See `KeyIndex.next_table`: there is one."""

    def repeated(self) -> list[list[pl.Series]]:
        """See `KeyIndex.repeated`."""
        return [[pl.concat(places)] for places in self._places]


class _PlacedKeys:
    """Knows where the records stand whose keys may stand in the ledger more than once."""

    def __init__(self, places: Sequence[pl.Series]) -> None:
        self._places = places

    def exprs(self, _counts: Sequence[pl.Expr]) -> list[pl.Expr]:
        """See `KeyIndex.exprs`: nothing is left to learn."""
        return []

    def add(self, frame: pl.DataFrame, at: pl.Series) -> None:
        """See `KeyIndex.add`."""

    def next_table(self) -> None:
        """See `KeyIndex.next_table`."""

    def repeated(self) -> list[list[pl.Series]]:
        """See `KeyIndex.repeated`."""
        return [[some] for some in self._places]


class _EveryId(DuplicateIdIndex):
    """Takes every id for one that came before: which one was first, no piece can know."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[int, str] = {}
        """The ids, as they are compared, by row."""

    def check(self, ids: pl.Series, rows: pl.Series, source: tuple[str, str | None],
              kept: frozenset[str] | None = None) -> Iterator[tuple[int, Location]]:
        """See `DuplicateIdIndex.check`."""
        for at, (row, form) in enumerate(zip(rows, ids, strict=True)):
            if form is not None:
                self.forms[row] = form
                yield at, Location("")


def person_forms(plan: Plan, ids: pl.Series) -> pl.Series:
    """Ids as they are compared, each once."""
    return compared_series(ids.cast(pl.String), plan.fields[plan.key].compare).unique()


def _counted(frame: pl.DataFrame, kind: int, sure: pl.Expr) -> pl.DataFrame:
    """How many of some records have each key."""
    second = _FORM.format(kind, 1)
    keys = [pl.col(_FORM.format(kind, 0)).alias("first"), (
        pl.col(second) if second in frame.columns else pl.lit(None, dtype=pl.String)
        ).alias("second")]
    return frame.select(*keys, sure.alias("#when")).group_by("first", "second").agg(
        pl.col("#when").fill_null(value=False).sum().cast(pl.Int64).alias("sure"),
        pl.len().cast(pl.Int64).alias("everyone")).select(
        pl.lit(kind, dtype=pl.Int32).alias("kind"), "first", "second", "sure", "everyone")


def _known(keys: pl.DataFrame, parts: int) -> pl.Series:
    """The hashes of keys whose parts are texts."""
    return keys.select(_hash([pl.col(name) for name in ("first", "second")[:parts]])).to_series()


def _hash(parts: Sequence[pl.Expr]) -> pl.Expr:
    return reduce(xor, (part.hash(seed) for seed, part in enumerate(parts)))


def _there(values: pl.Series, kind: int, wanted: pl.Series) -> pl.DataFrame:
    """Those of the values wanted that there are, each once."""
    some = values.filter(values.is_in(wanted.implode()).fill_null(value=False)).unique()
    none = pl.lit(0, dtype=pl.Int64)
    return some.to_frame("first").select(
        pl.lit(kind, dtype=pl.Int32).alias("kind"), pl.col("first").cast(pl.String),
        pl.lit(None, dtype=pl.String).alias("second"), none.alias("sure"), none.alias("everyone"))


def _form(plan: Plan, name: str) -> pl.Expr:
    return _as_text(compared_field(plan.fields[name]), plan, name)


def _as_text(value: pl.Expr, plan: Plan, name: str) -> pl.Expr:
    """A key's value as text: numbers for days, and for yes and no."""
    kind: Any = DTYPES[plan.fields[name].type]
    return value if kind == pl.String else value.cast(
        pl.Int8 if kind == pl.Boolean else pl.Int32 if kind == pl.Date else kind).cast(pl.String)


def _back(texts: pl.Series, plan: Plan, name: str) -> pl.Series:
    """What `_as_text` made, as it was."""
    kind: Any = DTYPES[plan.fields[name].type]
    if kind == pl.String:
        return texts
    return texts.cast(pl.Int32 if kind == pl.Date else pl.Int64).cast(kind)


__all__ = ["KEY_COUNTS", "AuditTerms", "PieceJudge", "person_forms"]
