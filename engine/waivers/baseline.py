"""What was known on a day. In: a file of findings by their ids. Out: a baseline, and its file.

A file is JSON lines: a head with the tool, the policy and the day, then a line for each finding
that was known. It holds ids of records as findings show them, and nothing else of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.results import Finding, Outcome, PolicyRef

FORMAT: Final = 1
KNOWN: Final = (Outcome.VIOLATION, Outcome.UNDETERMINED)
"""The outcomes of findings that a baseline holds."""


class BaselineEntry(Struct, frozen=True):
    """A finding that is known, since the day it was first seen."""

    id: str
    rule: str
    record: str | None
    due: date | None
    first_seen: date
    outcome: Outcome = Outcome.VIOLATION

    def covers(self, outcome: Outcome) -> bool:
        """Whether a finding of this id is known as what it is: missing evidence is less than wrong.
        """
        return outcome is not Outcome.VIOLATION or self.outcome is Outcome.VIOLATION


class Growth(Struct, frozen=True):
    """That findings were added to a baseline: when, how many, why."""

    on: date
    added: int
    reason: str


class Baseline(Struct, frozen=True, eq=False, dict=True):
    """The findings that were known on a day, by their ids, under a policy."""

    policy: PolicyRef
    as_of: date
    entries: Mapping[str, BaselineEntry]
    grown: tuple[Growth, ...] = ()
    file: str = field(default="")

    @cached_property
    def rules(self) -> frozenset[str]:
        """The rules that its findings are of."""
        return frozenset(entry.rule for entry in self.entries.values())

    @property
    def since(self) -> date:
        """The day on which the oldest of its findings was first seen."""
        return min((e.first_seen for e in self.entries.values()), default=self.as_of)


def entry_of(finding: Finding, day: date) -> BaselineEntry:
    """A finding as it is known from a day on."""
    return BaselineEntry(finding.id, finding.rule, finding.record, finding.due, day,
                         finding.outcome)


def shrunk(known: Baseline, found: Mapping[str, BaselineEntry], stale: Iterable[str],
           policy: PolicyRef, day: date, reason: str | None) -> Baseline:
    """The baseline as of a later day: without what is `stale`, and with what else was `found`.

    That is added only where a `reason` is given.
    """
    gone = set(stale)
    kept = {key: replace(entry, outcome=found[key].outcome)
            if key in found and not entry.covers(found[key].outcome) and reason else entry
            for key, entry in known.entries.items() if key not in gone}
    new = {key: entry for key, entry in found.items() if key not in known.entries} if reason else {}
    worse = sum(kept[key] is not known.entries[key] for key in kept)
    grown = (*known.grown, Growth(day, len(new) + worse, reason)) if reason and (new or worse) \
        else known.grown
    return Baseline(policy, day, {**kept, **new}, grown, known.file)


def read_baseline(path: str | Path) -> Baseline:
    """Read a baseline; raises InputError for a file that is none, or that is damaged."""
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise fail(InputError, "baseline.none", Place(name), "baseline.none.hint") from None
    except OSError as error:
        raise fail(InputError, "source.unreadable", Place(name),
                   reason=error.strerror or "") from None
    head, *lines = text.splitlines() or [""]
    try:
        said = json.loads(head)
        if said["baseline"] != FORMAT:
            raise fail(InputError, "baseline.format", Place(name), "baseline.format.hint",
                       format=said["baseline"])
        made = Baseline(PolicyRef(**said["policy"]), date.fromisoformat(said["as_of"]), {}, tuple(
            Growth(date.fromisoformat(g["on"]), int(g["added"]), str(g["reason"]))
            for g in said.get("grown", ())), name)
    except (ValueError, KeyError, TypeError):
        raise fail(InputError, "baseline.none", Place(name), "baseline.none.hint") from None
    entries: dict[str, BaselineEntry] = {}
    for number, line in enumerate(lines, 2):
        try:
            entry = _entry(json.loads(line))
        except (ValueError, KeyError, TypeError):
            raise fail(InputError, "baseline.damaged", Place(name, line=number),
                       "baseline.damaged.hint") from None
        entries[entry.id] = entry
    return replace(made, entries=entries)


def _entry(said: Mapping[str, Any]) -> BaselineEntry:
    return BaselineEntry(
        str(said["id"]), str(said["rule"]), said["record"],
        None if said["due"] is None else date.fromisoformat(said["due"]),
        date.fromisoformat(said["first_seen"]), Outcome(said.get("outcome", "violation")))


def baseline_lines(made: Baseline, version: str) -> Iterable[str]:
    """The lines of a baseline's file; `version` is the program's."""
    yield _line({
        "zhuanjie": version, "baseline": FORMAT,
        "policy": {"id": made.policy.id, "version": made.policy.version,
                   "sha256": made.policy.sha256},
        "as_of": made.as_of.isoformat(),
        **({"grown": [{"on": g.on.isoformat(), "added": g.added, "reason": g.reason}
                      for g in made.grown]} if made.grown else {})})
    for entry in made.entries.values():
        yield _line({
            "id": entry.id, "rule": entry.rule, "record": entry.record,
            "due": entry.due.isoformat() if entry.due else None,
            "first_seen": entry.first_seen.isoformat(),
            **({} if entry.outcome is Outcome.VIOLATION else {"outcome": entry.outcome.value})})


def _line(said: Mapping[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False) + "\n"
