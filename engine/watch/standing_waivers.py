"""Waivers over a live register. In: files of waivers, plans, verdicts. Out: verdicts under waivers.

Waivers come into force and expire as the clock moves. One that covers at most so many records
covers none while more of them stand in violation: which these are is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.waiver_notices import said_of_waivers
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.waivers.entries import WaiverFiles, read_waivers
from zhuanjie.engine.waivers.waiver_set import waivers_for


class StandingWaivers:
    """The waivers of a register, as of its day."""

    plan: Plan
    """The plan of the day, with the waivers that hold on it."""

    def __init__(self, files: WaiverFiles, policy: Policy,
                 notice: Callable[[Diagnostic], None]) -> None:
        self._files, self._policy, self._notice = files, policy, notice
        self._force: tuple[str, ...] = ()
        self._records: RecordWaivers | None = None
        self._under: dict[str, set[str]] = {}
        self._beyond: frozenset[str] = frozenset()
        self._told: set[str] = set()
        self._seen = files.seen()
        self.changed = False
        """Whether they are others than those that the outcomes so far came of."""

    def look_again(self) -> bool:
        """Read files anew that are not what they were; returns whether they say something else.

        What cannot be read now is said, and what was read before holds.
        """
        seen = self._files.seen()
        if seen == self._seen:
            return False
        self._seen = seen
        before = self.digest
        try:
            self._files = read_waivers(self._files.paths)
        except InputError as error:
            for said in error.diagnostics:
                self._notice(replace(said, hint="watch.waivers-hold"))
            return False
        self._told.clear()
        return self.digest != before

    @property
    def digest(self) -> str:
        """What tells these waivers from others."""
        said = "\n".join(read.entry.model_dump_json() for read in self._files.entries)
        return hashlib.sha256(said.encode()).hexdigest() if said else ""

    @property
    def bounded(self) -> bool:
        """Whether some cover at most so many records."""
        return bool(self.plan.waivers.bounded)

    def under(self) -> dict[str, set[str]]:
        """Which records stand under which bounded waivers, to be given to `restore`."""
        return {name: set(records) for name, records in self._under.items()}

    def restore(self, under: dict[str, set[str]]) -> None:
        """Go back to what `under` has told."""
        bounded = {w.entry.id: w.entry.at_most or 0 for w in self.plan.waivers.bounded}
        self._under = under
        self._beyond = frozenset(name for name, most in bounded.items()
                                 if len(under.get(name, ())) > most)

    def move(self, plan: Plan) -> bool:
        """Take the plan of another day; returns whether other waivers are in force on it."""
        if not self._files.entries and not self._files.problems:
            self.plan, self._records, self._force = plan, None, ()
            self._under, self._beyond = {}, frozenset()
            return False
        given = waivers_for(self._files, self._policy, plan.as_of)
        self.plan = replace(plan, waivers=given)
        self._records = RecordWaivers(self.plan) if given else None
        for said in said_of_waivers((), self.plan):
            self._say(said)
        force = tuple(w.entry.id for w in given.waivers[:given.in_force])
        expired = tuple(w.entry.id for w in given.waivers[given.in_force:])
        for name in [name for name in self._under if name not in force]:
            del self._under[name]
        self._beyond &= frozenset(force)
        before, self._force = self._force, (*force, "", *expired)
        return before != self._force

    def note(self, record: str, values: Mapping[str, Any],
             verdicts: Iterable[Verdict]) -> list[str]:
        """Note which bounded waivers a record stands under.

        Returns the other records for which that makes a difference.
        """
        if self._records is None or not self.bounded:
            return []
        waivers = self.plan.waivers.waivers
        bounded = {w.entry.id: w.entry.at_most or 0 for w in self.plan.waivers.bounded}
        under = {waivers[at].entry.id for v in verdicts
                 for at in self._records.matching(v, values)}
        for name in bounded:
            held = self._under.setdefault(name, set())
            (held.add if name in under else held.discard)(record)
        beyond = frozenset(name for name, most in bounded.items()
                           if len(self._under[name]) > most)
        turned, self._beyond = beyond ^ self._beyond, beyond
        for name in sorted(turned & beyond):
            self._say(Diagnostic("waiver.beyond", {"id": name}, hint="waiver.beyond.hint"))
        return sorted(set[str]().union(*(self._under[name] for name in turned)) - {record})

    def marked(self, verdict: Verdict, values: Mapping[str, Any]) -> Verdict:
        """The verdict, as waived where a waiver in force covers it."""
        if self._records is None:
            return verdict
        return self._records.marked(verdict, values, self._beyond)

    def _say(self, said: Diagnostic) -> None:
        """Say a thing once."""
        key = f"{said.code} {sorted(said.args.items(), key=str)} {said.place}"
        if key not in self._told:
            self._told.add(key)
            self._notice(said)
