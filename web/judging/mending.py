"""What would mend a member, and which choices are open. In: a member. Out: fixes, choices.

A fix that the search finds is judged again among all members of the register: a value that another
member bears is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from zhuanjie.engine.api import (
    DestinationAnswer,
    Finding,
    Fix,
    Lang,
    Location,
    Outcome,
    RecordFix,
    TableRow,
    case_choices,
    case_fix,
    case_rows,
    plain,
)
from zhuanjie.web.judging.casework import CaseView, as_it_would_be, look
from zhuanjie.web.judging.judging import Judging

_WRONG = frozenset({Outcome.VIOLATION, Outcome.UNDETERMINED})


@dataclass(frozen=True, slots=True)
class Turned:
    """What becomes of findings where a record changes: which go, which come, which stay."""

    gone: tuple[Finding, ...]
    come: tuple[Finding, ...]
    left: tuple[Finding, ...]


def mend(judging: Judging, conn: Connection, case: CaseView, lang: Lang, *,
         values: Mapping[str, Any] | None = None,
         keep_to: Collection[str] | None = None) -> RecordFix:
    """The smallest changes that mend a case that was looked at.

    `values` are what it was looked at with; `keep_to` the rules (`Finding.key`) that are asked
    about, or all.
    """
    given = as_it_would_be(judging, conn, case.judge, case.member, values)
    found = case_fix(case.judge, case.judgement, given.typed, given.columns, given.others,
                     keep_to=keep_to, lang=lang, location=Location(entry=case.member.id))
    goals = {f.key for f in _wrong(case.findings) if keep_to is None or f.key in keep_to}
    goals -= {b.finding.key for b in found.beyond}
    kept = [fix for fix in found.alternatives
            if _holds(judging, conn, case, lang, values or {}, fix, goals)]
    return replace(found, alternatives=tuple(kept))


def _holds(judging: Judging, conn: Connection, case: CaseView, lang: Lang,
           values: Mapping[str, Any], fix: Fix, goals: set[str]) -> bool:
    """Whether a fix mends what it is for and breaks nothing, among all members."""
    tried = {**values, **{c.field: plain(c.value) for c in fix.changes}}
    now = look(judging, conn, case.member, lang, values=tried, before=case.before,
               day=case.judge.day)
    had = {f.key for f in _wrong(case.findings)}
    return {f.key for f in _wrong(now.findings)} <= had - goals


def turned(before: Iterable[Finding], now: Iterable[Finding]) -> Turned:
    """Which findings that somebody has to mend go, come and stay."""
    had = {f.key: f for f in _wrong(before)}
    has = {f.key: f for f in _wrong(now)}
    return Turned(tuple(f for key, f in had.items() if key not in has),
                  tuple(f for key, f in has.items() if key not in had),
                  tuple(f for key, f in has.items() if key in had))


def choices(judging: Judging, conn: Connection, case: CaseView, lang: Lang, *,
            values: Mapping[str, Any] | None = None) -> list[DestinationAnswer]:
    """For each value that the policy's decision table knows, whether a member may have it."""
    given = as_it_would_be(judging, conn, case.judge, case.member, values)
    return case_choices(case.judge, given.typed, given.columns, given.others, lang=lang)


def table_rows(judging: Judging, conn: Connection, case: CaseView, lang: Lang) -> list[TableRow]:
    """The rows of that table, each with what would have to be otherwise for it to hold."""
    given = as_it_would_be(judging, conn, case.judge, case.member)
    return case_rows(case.judge, given.typed, given.others, lang=lang)


def _wrong(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.outcome in _WRONG and f.judged]
