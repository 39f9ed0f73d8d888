"""Waivers for callers. In: files of waivers, a policy, perhaps ledgers. Out: what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from zhuanjie.engine.api.callers import Day, day_of, policy_of
from zhuanjie.engine.api.ledgers import Given, Sources, stream
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.auditing.waiver_notices import uses
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import PolicyRef
from zhuanjie.engine.core.waiver import WaiverUse
from zhuanjie.engine.core.worker_process import survives_fork
from zhuanjie.engine.policy.parameter_values import ParamValue
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.waiver_model import WaiverEntry
from zhuanjie.engine.waivers.entries import given_waivers
from zhuanjie.engine.waivers.waiver_set import WaiverSet, waivers_for

__all__ = ["SOON", "WaiverReview", "entry_problems", "review_waivers"]

SOON = 14
"""Days before the end of a waiver from which on it is said to be near."""
_LOOSE = 2
"""How many times more records than it covers a condition may be meant for."""


class WaiverReview(Struct, frozen=True):
    """What files of waivers come to as of a day.

    `used` are the sound ones, each with its entry in `entries`; their findings are known where
    `judged`. `lints` are what is wrong, `near` what will be soon.
    """

    policy: PolicyRef
    as_of: Any
    used: tuple[WaiverUse, ...]
    entries: Mapping[str, WaiverEntry]
    lints: tuple[Diagnostic, ...]
    near: tuple[Diagnostic, ...]
    judged: bool


@survives_fork
def review_waivers(paths: Sequence[str | Path], policy: Given = None, *, as_of: Day | None = None,
                   params: Mapping[str, ParamValue] | None = None, soon: int = SOON,
                   ledgers: Sources | None = None, **options: Any) -> WaiverReview:
    """Look through files of waivers; with `ledgers` also at what each covers there.

    `options` are those of `stream`. Raises InputError for a file that is not one of waivers, and
    what `stream` raises.
    """
    day, chosen = day_of(as_of), policy_of(policy)
    plan = plan_for(chosen, day, params, waivers=paths)
    given = plan.waivers
    used = uses(given, {})
    if ledgers is not None:
        with closing(stream(ledgers, chosen, as_of=day, params=params, waivers=paths,
                            **options)) as run:
            for _ in run.batches():
                pass
            used = run.head().waivers
    entries = {w.entry.id: w.entry for w in (*given.waivers, *given.later)}
    wrong, near = [], []
    for use in used:
        found = _wrong(use, entries[use.waiver.id], judged=ledgers is not None)
        wrong += [Diagnostic(d.code, d.args, _place(given, use), d.hint) for d in found]
        if use.state == "in_force" and use.waiver.expires - day <= timedelta(days=soon):
            near.append(Diagnostic("waiver.soon", {
                "id": use.waiver.id, "expires": use.waiver.expires,
                "days": (use.waiver.expires - day).days}, _place(given, use)))
    return WaiverReview(plan.policy.ref, day, used, entries, (*given.problems, *wrong),
                        tuple(near), ledgers is not None)


def entry_problems(entry: Mapping[str, Any], policy: Policy,
                   day: date) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """What is wrong with one waiver that stands in no file, as of a day.

    First why it is no waiver at all, then what the policy does not know of it or does not allow.
    """
    files = given_waivers([entry], str(entry.get("id", "")))
    malformed = tuple(files.problems)
    if malformed:
        return malformed, ()
    return (), waivers_for(files, policy, day).problems


def _place(given: WaiverSet, use: WaiverUse) -> Any:
    return next(w.place for w in (*given.waivers, *given.later) if w.entry.id == use.waiver.id)


def _wrong(use: WaiverUse, entry: WaiverEntry, *, judged: bool) -> list[Diagnostic]:
    """What is wrong with a waiver that is sound in itself."""
    args = {"id": entry.id, "expires": entry.expires, "count": use.findings,
            "at_most": entry.at_most}
    if use.state == "expired":
        return [Diagnostic("waiver.over", args, hint="waiver.over.hint")]
    if use.state == "beyond":
        return [Diagnostic("waiver.beyond", args, hint="waiver.beyond.hint")]
    if judged and use.state == "in_force" and not use.findings:
        return [Diagnostic("waiver.unmatched", args, hint="waiver.unmatched.hint")]
    if judged and entry.at_most is not None and entry.at_most > _LOOSE * use.findings > 0:
        return [Diagnostic("waiver.loose", args, hint="waiver.loose.hint")]
    return []
