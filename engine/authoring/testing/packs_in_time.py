"""The packs that judge by date, around one that is tested. In: its policy. Out: policies by day.

A case that expects an edition is judged as an audit is that names no pack: by those that stand for
choice, the tested one among them as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.locate import PolicyPeriod, load_chain, manifests, policy_periods
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import PackTimeline

Change = Callable[[Policy], Policy]


class PacksInTime:
    """The packs that stand for choice with `policy` among them; it alone, if it is none of them."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._folder = policy, policy.chain[-1].folder
        self._others: dict[tuple[Path, tuple[tuple[str, int], ...]], Policy] = {}
        self._timelines: dict[tuple[tuple[str, int], ...], PackTimeline] = {}

    @property
    def periods(self) -> list[PolicyPeriod]:
        """Which pack stands for choice when."""
        own = (self._policy.manifest, self._folder)
        if not self._policy.manifest.by_default:
            return policy_periods([own])
        others = [(m, folder) for m, folder in manifests(by_default=True)
                  if m.id != self._policy.id]
        return policy_periods([*others, own])

    @property
    def latest_day(self) -> date:
        """A day on which every pack has come into force."""
        starts = [p.start for p in self.periods if p.start is not None]
        return min(max([*starts, date(2000, 1, 1)]) + timedelta(days=3660), date(2999, 12, 31))

    def on(self, day: date, params: Mapping[str, int]) -> Policy:
        """The policy that judges on a day, with parameter values set."""
        key = tuple(sorted(params.items()))
        if key not in self._timelines:
            self._timelines[key] = PackTimeline(self.periods, self._build(None), dict(params))
        return self._timelines[key].on(day)

    def changed(self, change: Change, day: date, params: Mapping[str, int]) -> Policy:
        """The same, each pack with a change: in what it takes over of the tested one too."""
        return PackTimeline(self.periods, self._build(change), dict(params)).on(day)

    def _build(self, change: Change | None) -> Callable[[Path, Mapping[str, int]], Policy]:
        def build(folder: Path, params: Mapping[str, int]) -> Policy:
            made = self._made(folder, params)
            return made if change is None else change(made)

        return build

    def _made(self, folder: Path, params: Mapping[str, int]) -> Policy:
        own = folder == self._folder
        if own and not params:
            return self._policy
        key = (folder, tuple(sorted(params.items())))
        if key not in self._others:
            self._others[key] = (
                build_policy(self._policy.chain, {**self._policy.overrides, **params}) if own
                else build_policy(load_chain(folder), params))
        return self._others[key]


def clauses_chosen_by_date(policy: Policy, packs: PacksInTime | None = None) -> list[str]:
    """The pack's own clauses of whose rules several packs have editions: a date chooses one."""
    if not policy.manifest.by_default:
        return []
    packs = packs or PacksInTime(policy)
    editions = Counter(r.rule.id for r in packs.on(packs.latest_day, {}).rules)
    chosen = {r.clause for r in policy.rules if editions[r.rule.id] > 1}
    return [name for name in policy.chain[-1].manifest.clauses if name in chosen]
