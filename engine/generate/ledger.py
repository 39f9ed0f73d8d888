"""The making of a ledger. In: a size, a seed, shares. Out: files: the ledger, its truth, a roster.

The same call gives the same bytes. Records are made one by one and written chunk by chunk.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from zhuanjie.engine.days import to_day
from zhuanjie.engine.errors import UsageError, fail
from zhuanjie.engine.generate.compose import VARIANTS, compose
from zhuanjie.engine.generate.draft import Draft, Value
from zhuanjie.engine.generate.life import live
from zhuanjie.engine.generate.plants import ROSTER, SHARES
from zhuanjie.engine.generate.traits import draw
from zhuanjie.engine.generate.write import Headings, check_output, write_ledger
from zhuanjie.engine.model.fields import KEY, fields
from zhuanjie.engine.results import Outcome
from zhuanjie.engine.source import near
from zhuanjie.engine.text import Lang

DEFAULT_DAY: Final = date(2007, 12, 31)
"""The day a ledger is made for, unless the caller names one."""

FIRST_YEAR, LAST_YEAR = 1910, 2990
CHUNK: Final = 4_000
"""Records that are held at a time."""

_ROSTER_FIELDS: Final = (KEY, "member.name", "member.cohort", "member.school_branch")
_NAMES: Final = 1 << 39
"""Where the source of chance for people who are on the roster alone begins."""


def plantable() -> tuple[str, ...]:
    """What a share can be asked for: `1.6b`, or `1.6b:pending` where it is no violation."""
    return (*VARIANTS, ROSTER)


def generate(*, records: int, seed: int, output: Path, as_of: date | None = None,
             rates: Mapping[str, float] | None = None, planted: Path | None = None,
             clean: bool = False, lang: Lang = "zh", headings: Headings | None = None,
             roster: Path | None = None) -> None:
    """Write a ledger of `records` records to `output`; its ending says what kind of file.

    `rates` says of what share of the records a clause is broken, by the keys of `plantable`; the
    others keep a small share of their own. With `clean` nothing else is planted: no violation and
    nothing undetermined. Duties that are still open on `as_of` are pending in any ledger.
    `planted` lists each violation, undetermined and pending outcome as `record,clause,outcome`;
    `roster` is a list of members, some of whom the ledger lacks (clause 1.5a). `headings` are
    Chinese or field names, by default as `lang` and the kind of file suggest. Raises UsageError
    for a kind of file, a clause, a share or a day that cannot be used.
    """
    day = as_of or DEFAULT_DAY
    check_output(output, records)
    _check(day, rates or {}, roster)
    shares = {**(dict.fromkeys(plantable(), 0.0) if clean else _usual()), **(rates or {})}
    absent = _absent(records, seed, to_day(day), shares.pop(ROSTER)) if roster else []
    shares.pop(ROSTER, None)
    with ExitStack() as files:
        truth = _Table(files, planted, ("record", "clause", "outcome"))
        members = _Table(files, roster, tuple(
            fields()[n].heading if (headings or lang) == "zh" else n for n in _ROSTER_FIELDS))
        drafts = compose(records, seed, to_day(day), shares, (rates or {}).keys())
        write_ledger(output, _chunks(drafts, truth, members), headings, lang)
        for draft in absent:
            members.add(draft.fields.get(n) for n in _ROSTER_FIELDS)
            truth.add((draft.fields[KEY], ROSTER, Outcome.VIOLATION.value))


def _usual() -> dict[str, float]:
    """The share of each outcome unless the caller says otherwise."""
    return {ROSTER: SHARES[Outcome.VIOLATION],
            **{key: SHARES[variants[0].outcome] for key, variants in VARIANTS.items()}}


def _check(day: date, rates: Mapping[str, float], roster: Path | None) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise fail(UsageError, "generate.as-of", hint="generate.as-of.hint", as_of=day.isoformat(),
                   first=FIRST_YEAR, last=LAST_YEAR)
    known = plantable()
    for key, share in rates.items():
        if key not in known:
            close = near(key, list(known))
            raise fail(UsageError, "generate.clause", clause=key, near=close,
                       known=", ".join(known), hint="hint.near" if close else "hint.known")
        if not 0 <= share <= 1:
            raise fail(UsageError, "generate.share", hint="generate.share.hint", clause=key,
                       share=share)
    if rates.get(ROSTER) and roster is None:
        raise fail(UsageError, "generate.no-roster", hint="generate.no-roster.hint", clause=ROSTER)


def _chunks(drafts: Iterator[Draft], truth: _Table, members: _Table,
            ) -> Iterator[list[dict[str, Value]]]:
    """The records to write; their truth and the roster are written as they pass."""
    while chunk := list(islice(drafts, CHUNK)):
        for draft in chunk:
            truth.extend(
                (draft.fields[KEY], clause, outcome.value)
                for clause, outcome in sorted(draft.truth.items())
            )
            members.add(draft.fields.get(n) for n in _ROSTER_FIELDS)
        yield [draft.fields for draft in chunk]


def _absent(records: int, seed: int, as_of: int, share: float) -> list[Draft]:
    """People whom the roster has and the ledger lacks; at least one where any are asked for."""
    out = []
    for extra in range(max(1, round(records * share)) if share else 0):
        chance = Random((seed << 40) + _NAMES + extra)
        draft = Draft(records + extra, as_of, chance, draw(chance.random, {}))
        live(draft)
        out.append(draft)
    return out


class _Table:
    """A .csv file that is written beside the ledger, or nothing where there is no path for it."""

    def __init__(self, files: ExitStack, path: Path | None, headings: tuple[str, ...]) -> None:
        self._out: Any = None
        if path is not None:
            file = files.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._out = csv.writer(file, lineterminator="\n")
            self._out.writerow(headings)

    def add(self, row: Any) -> None:
        """Write one row."""
        if self._out is not None:
            self._out.writerow(list(row))

    def extend(self, rows: Any) -> None:
        """Write some rows."""
        if self._out is not None:
            self._out.writerows(rows)
