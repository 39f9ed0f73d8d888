"""What is to be said of waivers. In: waivers, how often each was of use. Out: uses, notices.

What covers nothing is said: what is wrong with an entry, what expired, what speaks of no finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.waiver import BaselineUse, StaleFinding, WaiverState, WaiverUse
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.waivers.waiver_set import TypedWaiver, WaiverSet


def uses(given: WaiverSet, counts: Mapping[str, int],
         beyond: Collection[str] = ()) -> tuple[WaiverUse, ...]:
    """How each waiver stands, and of how many findings it speaks, by its id in `counts`."""
    def use(waiver: TypedWaiver, state: WaiverState) -> WaiverUse:
        return WaiverUse(waiver.said, state, counts.get(waiver.entry.id, 0), waiver.place.file,
                         waiver.place.line)

    return (*(use(w, "beyond" if w.entry.id in beyond else
                  "in_force" if w.said.in_force else "expired") for w in given.waivers),
            *(use(w, "later") for w in given.later))


def said_of_waivers(used: Iterable[WaiverUse], plan: Plan, *,
                    whole: bool = False) -> Iterator[Diagnostic]:
    """Notices of what covers nothing; with `whole` also of what speaks of no finding at all."""
    yield from plan.waivers.problems
    if plan.waivers.broken:
        yield Diagnostic("waiver.left-out", {"count": plan.waivers.broken},
                         hint="waiver.left-out.hint")
    asked = {w.entry.id for w in plan.waivers.waivers if any(
        w.covers(rule, clause) for rule in (*plan.rules, *plan.shares, *plan.whole)
        for clause in rule.clauses
        if plan.asked is None or clause in plan.asked)}
    for use in used:
        args = {"id": use.waiver.id, "count": use.findings, "expires": use.waiver.expires,
                "granted_on": use.waiver.granted_on}
        if use.state == "beyond" or (use.state == "expired" and use.findings):
            yield Diagnostic(f"waiver.{use.state}", args, hint=f"waiver.{use.state}.hint")
        elif whole and use.state == "later":
            yield Diagnostic("waiver.later", args)
        elif whole and not use.findings and use.waiver.id in asked:
            code = "waiver.expired-unmatched" if use.state == "expired" else "waiver.unmatched"
            yield Diagnostic(code, args, hint="waiver.unmatched.hint")


def baseline_use(plan: Plan, seen: Collection[str],
                 not_judged: Collection[str] = ()) -> BaselineUse | None:
    """What the baseline came to: an entry is stale where its rule was judged and it is not there.

    `not_judged` are clauses that could not be judged of some records; nothing is known of theirs.
    """
    known = plan.baseline
    if known is None:
        return None
    judged = {rule.rule.id for rule in (*plan.rules, *plan.shares, *plan.whole)
              if set(not_judged).isdisjoint(rule.clauses)}
    return BaselineUse(known.file, known.as_of, len(known.entries), tuple(
        StaleFinding(e.id, e.rule, e.record, e.due, e.first_seen)
        for e in known.entries.values() if e.rule in judged and e.id not in seen))


def said_of_baseline(used: BaselineUse | None, plan: Plan) -> Iterator[Diagnostic]:
    """Notices of a baseline: how old it is, what of it is stale, that it is of other rules."""
    if used is None or plan.baseline is None:
        return
    yield Diagnostic("baseline.used", {
        "known": used.known, "as_of": used.as_of, "days": (plan.as_of - used.as_of).days})
    if used.stale:
        yield Diagnostic("baseline.stale", {"count": len(used.stale)}, hint="baseline.stale.hint")
    if plan.baseline.policy.sha256 != plan.policy.ref.sha256:
        yield Diagnostic("baseline.other-policy", {
            "id": plan.baseline.policy.id, "version": plan.baseline.policy.version},
            hint="baseline.other-policy.hint")
