"""The making of a ledger. In: a size, a seed, shares. Out: files: the ledger, its truth, a roster.

The same call gives the same bytes. Records are planned one after another, made in chunks, on all
cores, and written in order; a chunk comes out the same whatever is made beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.synthetic.compose import VARIANTS, ChunkPlan, compose
from zhuanjie.synthetic.make import TRUTH, extra, make
from zhuanjie.synthetic.plants import ROSTER, SHARES
from zhuanjie.synthetic.province import KEY, fields
from zhuanjie.synthetic.write import (
    CsvFile,
    Headings,
    check_output,
    ledger_writer,
    table_writer,
    writing,
)

DEFAULT_DAY: Final = date(2007, 12, 31)
"""The day a ledger is made for, unless the caller names one."""

FIRST_YEAR, LAST_YEAR = 1910, 2990
CHUNK: Final = 1 << 16
"""Records that are made together: enough for columns to pay, few enough to hold several times."""

_AHEAD: Final = 2
"""Chunks being made while one is written."""

_ROSTER_FIELDS: Final = (KEY, "member.name", "member.cohort", "member.school_branch")

Progress = Callable[[int, int], None]


def plantable() -> tuple[str, ...]:
    """What a share can be asked for: `1.6b`, or `1.6b:pending` where it is no violation."""
    return (*VARIANTS, ROSTER)


def generate(*, records: int, seed: int, output: Path, as_of: date | None = None,
             rates: Mapping[str, float] | None = None, planted: Path | None = None,
             clean: bool = False, lang: Lang = "zh", headings: Headings | None = None,
             roster: Path | None = None, progress: Progress | None = None) -> None:
    """Write a ledger of `records` records to `output`; its ending says what kind of file.

    `rates` says of what share of the records a clause is broken, by the keys of `plantable`; the
    others keep a small share of their own. With `clean` nothing else is planted: no violation and
    nothing undetermined. Duties that are still open on `as_of` are pending in any ledger.
    `planted` lists each violation, undetermined and pending outcome as `record,clause,outcome`, in
    a .parquet file where it ends so and else a .csv file; `roster` is a list of members, some of
    whom the ledger lacks (clause 1.5a). `headings` are Chinese or field names, by default as `lang`
    and the kind of file suggest. `progress` is told how many records of all are written. Raises
    UsageError for a kind of file, a clause, a share or a day that cannot be used.
    """
    day = as_of or DEFAULT_DAY
    check_output(output, records)
    _check(day, rates or {}, roster)
    shares = {**(dict.fromkeys(plantable(), 0.0) if clean else _usual()), **(rates or {})}
    share = shares.pop(ROSTER)
    plan = compose(records, seed, shares, CHUNK, (rates or {}).keys())
    with ExitStack() as files:
        ledger = files.enter_context(writing(ledger_writer(output, headings, lang)))
        truth = planted and files.enter_context(writing(table_writer(planted, TRUTH)))
        members = roster and files.enter_context(writing(CsvFile(roster, [
            fields()[n].heading if (headings or lang) == "zh" else n for n in _ROSTER_FIELDS])))
        workers = files.enter_context(ThreadPoolExecutor(_AHEAD))
        done = 0
        for made, found in _made(workers, plan, seed, to_day(day)):
            if truth:
                truth.write(found)
            if members:
                members.write(made.select(_ROSTER_FIELDS))
            done += made.height
            ledger.write(made)
            if progress:
                progress(done, records)
        if members:
            absent = _absent(records, seed, to_day(day), share)
            members.write(absent.select(_ROSTER_FIELDS))
            if truth:
                truth.write(absent.select(
                    pl.col(KEY).alias("record"), clause=pl.lit(ROSTER),
                    outcome=pl.lit(Outcome.VIOLATION.value)))


def _made(workers: ThreadPoolExecutor, plan: Iterator[ChunkPlan], seed: int, as_of: int,
          ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The chunks of a plan and their truth, in order; some are being made ahead."""
    ahead: deque[Future[tuple[pl.DataFrame, pl.DataFrame]]] = deque()
    for chunk in plan:
        ahead.append(workers.submit(make, chunk, seed, as_of))
        if len(ahead) > _AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


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
            close = suggest(key, list(known))
            raise fail(UsageError, "generate.clause", clause=key, near=close,
                       known=", ".join(known), hint="hint.near" if close else "hint.known")
        if not 0 <= share <= 1:
            raise fail(UsageError, "generate.share", hint="generate.share.hint", clause=key,
                       share=share)
    if rates.get(ROSTER) and roster is None:
        raise fail(UsageError, "generate.no-roster", hint="generate.no-roster.hint", clause=ROSTER)


def _absent(records: int, seed: int, as_of: int, share: float) -> pl.DataFrame:
    """People whom the roster has and the ledger lacks; at least one where any are asked for."""
    count = max(1, round(records * share)) if share else 0
    return extra(records, count, seed, as_of)
