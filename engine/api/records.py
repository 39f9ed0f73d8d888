"""Single records for callers. In: mappings. Out: findings, destinations, values, a live register.

Nothing here needs a frame, so that one record is answered at once.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from zhuanjie.engine.api.callers import Day, check_given, check_options, day_of, policy_of
from zhuanjie.engine.api.policies import load_policy, plan_for, with_params
from zhuanjie.engine.auditing.single import SingleCheck
from zhuanjie.engine.backends.base import UNKNOWN, RecordBackend
from zhuanjie.engine.backends.registry import (
    EMBEDDED,
    NAMES,
    SINGLE,
    backend_of,
    own_engines,
    record_backend_of,
    single_engine,
    stand_in,
    unavailable_engines,
)
from zhuanjie.engine.core.check_result import CheckResult
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError, InputError, UsageError, fail
from zhuanjie.engine.core.messages import Lang, say_diagnostic
from zhuanjie.engine.core.results import Report
from zhuanjie.engine.expr.types import LENGTHS, RECORD_DAYS, Kind
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import read_record
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.parameter_values import ParamValue, plain_value
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import applicable_edition
from zhuanjie.engine.policy.ways import as_number

if TYPE_CHECKING:
    from zhuanjie.engine.auditing.destinations import DestinationAnswer
    from zhuanjie.engine.watch.run import Refusal, Watch

__all__ = ["SINGLE", "UNKNOWN", "backends", "check", "check_one",
           "check_records", "destinations", "evaluate", "own_backends", "single_engine", "stand_in",
           "unavailable_engines", "watch"]


def destinations(record: Mapping[str, Any], policy: Policy | str | Path | None = None, *,
                 as_of: Day | None = None, params: Mapping[str, ParamValue] | None = None,
                 backend: str | None = None, lang: Lang = "en",
                 columns: Mapping[str, str] | None = None,
                 waivers: Sequence[str | Path] = ()) -> list[DestinationAnswer]:
    """Which values its decision table allows a record, which not, and by which clause."""
    # Imported late, as below: a check needs neither this nor what reads expressions or events.
    from zhuanjie.engine.auditing.destinations import destinations as answers

    if not isinstance(record, Mapping):
        raise fail(InputError, "records.record-shape", hint="records.hint.record-shape")
    check_options(params, columns, lang)
    check_given(backend=backend, waivers=waivers)
    day = day_of(as_of)
    chosen = with_params(policy_of(policy) or _standing(day), params, day)
    typed, _, _ = read_record(record, HeadingMap(chosen.vocabulary, columns))
    plan = _plan(applicable_edition(chosen, typed, day), day, _states(waivers))
    return answers(typed, plan, _engine(backend), lang)


def check(record: Mapping[str, Any], policy: Policy | str | Path | None = None, *,
          as_of: Day | None = None, params: Mapping[str, ParamValue] | None = None,
          backend: str | None = None, before: str | None = None, lang: Lang = "en",
          all_outcomes: bool = False, columns: Mapping[str, str] | None = None,
          waivers: Sequence[str | Path] = ()) -> CheckResult:
    """The findings on one record, in the pack's order; made to be called often.

    `record` is nested, dotted or under Chinese headings; a value that cannot be read counts as
    missing and is in the result's `input`, a key that nobody knows in its `notices`. `before` names
    a moment of the policy, as for `stream`. What a policy is compiled to is kept with it: load it
    once and hand it in, or name it. Without one, the packs that come with the program are read once
    for a day. `waivers` are files of approvals, read again when they change.
    """
    if not isinstance(record, Mapping):
        raise fail(InputError, "records.record-shape", hint="records.hint.record-shape")
    check_options(params, columns, lang)
    check_given(backend=backend, before=before, all_outcomes=all_outcomes, waivers=waivers)
    day = day_of(as_of)
    chosen = policy_of(policy) or _standing(day)
    single = _single(chosen, day, tuple((params or {}).items()), before, backend or EMBEDDED, lang,
                     tuple(columns.items()) if columns else None, _states(waivers))
    return single(record, all_outcomes)


def check_one(record: Mapping[str, Any], policy: Policy | str | Path, *, as_of: Day,
              params: Mapping[str, ParamValue] | None = None, backend: str | None = None,
              before: str | None = None, lang: Lang = "en", all_outcomes: bool = False,
              columns: Mapping[str, str] | None = None,
              waivers: Sequence[str | Path] = ()) -> Report:
    """Like `check`, as a report of one record, by the engine for single records.

    Its notices say where another engine stands in for that.
    """
    check_options(params, columns, lang)
    check_given(backend=backend, before=before, all_outcomes=all_outcomes, waivers=waivers)
    as_of = day_of(as_of)
    chosen = with_params(policy_of(policy) or _standing(as_of), params, as_of)
    if chosen.timeline is not None:
        chosen = chosen.timeline.on(as_of)
    reading = read_record(record, HeadingMap(chosen.vocabulary, columns))
    chosen = applicable_edition(chosen, reading[0], as_of)
    single = _single(chosen, as_of, (), before, backend or single_engine(), lang,
                     tuple(columns.items()) if columns else None, _states(waivers))
    report = single.report(reading, all_outcomes)
    report.notices = [*stand_in(backend), *report.notices]
    return report


def check_records(records: Sequence[Mapping[str, Any]], policy: Policy, *, as_of: Day,
                  file: str | None = None, backend: str | None = None, **options: Any) -> Report:
    """The records of a file, each by itself and against one another; options as for `check_one`.

    Raises what `check_one` does, and what `audit` does where there are several records.
    """
    if len(records) == 1:
        report = check_one(records[0], policy, as_of=as_of, backend=backend, **options)
    else:
        # Imported late: one record does not wait for the column engine.
        from zhuanjie.engine.api.ledgers import audit

        report = audit(records, policy, as_of=as_of, backend=backend or single_engine(), **options)
    report.input = [replace(f, file=file) for f in report.input]
    report.findings = [dataclasses.replace(f, location=dataclasses.replace(f.location, file=file))
                       for f in report.findings]
    return report


@lru_cache(maxsize=8)
def _standing(day: date) -> Policy:
    """The packs that stand for choice, kept: a caller's next record is judged by the same ones."""
    return load_policy(as_of=day)


FileState = tuple[str, int, int]
"""A file as it stands: its path, when it was changed, how long it is."""


def _states(paths: Sequence[str | Path]) -> tuple[FileState, ...]:
    """Files as they stand now, so that what was made of them is known to be what they say."""
    found = []
    for path in paths:
        try:
            state = Path(path).stat()
            found.append((str(path), state.st_mtime_ns, state.st_size))
        except OSError:  # which is said when it is read
            found.append((str(path), 0, 0))
    return tuple(found)


@lru_cache(maxsize=32)
def _plan(policy: Policy, day: date, waivers: tuple[FileState, ...] = ()) -> Plan:
    return plan_for(policy, day, waivers=[path for path, *_ in waivers])


@lru_cache(maxsize=32)
def _single(policy: Policy, day: date, params: tuple[tuple[str, ParamValue], ...],
            before: str | None, backend: str, lang: Lang,
            columns: tuple[tuple[str, str], ...] | None,
            waivers: tuple[FileState, ...] = ()) -> SingleCheck:
    plan = plan_for(policy, day, dict(params), before, waivers=[path for path, *_ in waivers])
    return SingleCheck(plan, record_backend_of(backend), lang, dict(columns) if columns else None)


def watch(policy: Policy, output: int, refuse: Refusal, *, as_of: date | None = None,
          backend: str | None = None, journal: Path | None = None, lang: Lang = "en",
          waivers: Sequence[str | Path] = (),
          notice: Callable[[Diagnostic], None] = lambda _said: None) -> Watch:
    """A live register, resumed from its journal: call `follow` with a source of events.

    Where no engine is asked for, the one that judges records of a program does: events may be many.
    A policy chosen by date is the one pack that stands on the day it begins. `output` is the
    descriptor lines go to; `refuse` is told of every malformed event, `notice` of what is wrong
    with a waiver. Raises InputError for a damaged journal, UsageError for one of another policy.
    """
    from zhuanjie.engine.watch.journal import Journal
    from zhuanjie.engine.watch.register import WatchRegister
    from zhuanjie.engine.watch.run import Watch
    from zhuanjie.engine.watch.sink import Sink

    engine = record_backend_of(backend or EMBEDDED)
    if policy.timeline is not None:
        policy = policy.timeline.at(as_of or office_day())
    register = WatchRegister(policy, engine, as_of, lang, waivers, notice)
    running = Watch(register, Journal(journal) if journal else None, Sink(output), refuse,
                    notice)
    running.resume()
    return running


def _engine(asked: str | None) -> RecordBackend:
    """The engine asked for, else the one for single records; a program is told of a stand-in."""
    for said in stand_in(asked):
        warnings.warn(say_diagnostic(said, "en"), RuntimeWarning, stacklevel=3)
    return record_backend_of(asked or single_engine())


def evaluate(expression: str, data: Mapping[str, Any], *, backend: str = "reference",
             as_of: Day | None = None, params: Mapping[str, ParamValue] | None = None) -> Any:
    """One CEL expression on one record of any shape: its value, or `UNKNOWN`.

    `data` maps groups to fields, dotted names to scalars, or plain names to scalars; None is a
    missing value. Dates come out as dates, months as `Month`, differences of dates as timedeltas.
    Raises ExpressionError for what is wrong, UnsupportedError for CEL beyond the subset.
    """
    from zhuanjie.engine.expr.from_cel import read
    from zhuanjie.engine.expr.names import DataSchema
    from zhuanjie.engine.expr.program_values import program_value
    from zhuanjie.engine.expr.type_checker import check as check_types

    if not isinstance(expression, str) or not isinstance(data, Mapping):
        raise fail(ExpressionError, "cel.data-shape")
    record: dict[str, Any] = {}
    for name, scalar in _flat(data):
        if name in record:
            raise fail(ExpressionError, "cel.data-twice", name=name)
        record[name] = scalar
    present = {name: value for name, value in record.items() if value is not None}
    given = {name: plain_value(held) for name, held in (params or {}).items()}
    schema = DataSchema(present, given)
    expr = check_types(read(expression), schema, expression)
    kind = expr.type.kind
    if kind is Kind.LIST or kind in LENGTHS:
        raise fail(ExpressionError, "cel.result", kind=str(kind))
    day = day_of(as_of)
    if not RECORD_DAYS[0] <= to_day(day) <= RECORD_DAYS[1]:
        raise fail(UsageError, "policy.as-of", day=day.isoformat())
    value = backend_of(backend).evaluate(
        expr, present, day, {name: as_number(held) for name, held in given.items()})
    if value is UNKNOWN:
        return UNKNOWN
    return program_value(value, kind)


def _flat(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in data.items():
        group = isinstance(value, Mapping)
        pairs = [(f"{name}.{inner}", v) for inner, v in value.items()] if group else [(name, value)]
        if not all(isinstance(n, str) for n in (name, *(value if group else ()))):
            raise fail(ExpressionError, "cel.data-shape")
        yield from pairs


def backends() -> tuple[str, ...]:
    """The names of the engines."""
    return NAMES


def own_backends() -> tuple[str, ...]:
    """The names of the engines that can judge here with no extra, server or Java."""
    return own_engines()
