"""Trying expressions, for callers. In: a pack, a record. Out: a bench to try them on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zhuanjie.engine.api.policies import load_policy
from zhuanjie.engine.api.reading import read_records
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.policy.policy import Policy

if TYPE_CHECKING:
    from zhuanjie.engine.authoring.trying.bench import TrialBench
    from zhuanjie.engine.authoring.trying.records import TriedRecord

__all__ = ["record_to_try", "trial_bench"]


def trial_bench(pack: str | Path | None, day: date,
                params: Mapping[str, int | date] | None = None) -> TrialBench:
    """A pack (or those in force on the day) with an empty record, to try expressions and rules on.
    """
    from zhuanjie.engine.authoring.trying.bench import TrialBench

    return TrialBench(partial(_load, pack), day, dict(params or {}))


def _load(pack: str | Path | None, day: date, params: Mapping[str, int | date]) -> Policy:
    return load_policy(pack, as_of=day, params=params)


def record_to_try(source: str, policy: Policy) -> TriedRecord:
    """The record of a JSON or YAML file; raises InputError where it holds none, or several."""
    from zhuanjie.engine.authoring.trying.records import TriedRecord

    found = list(read_records(source, policy))
    if len(found) != 1:
        raise fail(InputError, "try.records", hint="try.records.hint", file=source,
                   count=len(found))
    (read,) = found
    return TriedRecord(read.values, frozenset(), Location(source, row=1), read.key, read.input)
