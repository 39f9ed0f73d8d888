"""Shares of a ledger under two policies. In: two audits. Out: groups that come out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.shares import judged_shares, merged
from zhuanjie.engine.auditing.stages.shares import verdicts_on
from zhuanjie.engine.auditing.strategies.base import LedgerStrategy
from zhuanjie.engine.auditing.wording.findings import findings_of
from zhuanjie.engine.core.results import Finding, Outcome


class ChangedShare(NamedTuple):
    """A group whose share comes out otherwise; it is called by the field and its value."""

    group: str
    rule: str
    clause: str
    was: Outcome
    now: Outcome


def changed_shares(old: AuditRun, new: AuditRun,
                   renamed: Mapping[str, str]) -> Sequence[ChangedShare]:
    """The shares that change, by rule and group; `renamed` gives rules their newer ids."""
    before = {(renamed.get(f.key, f.key), _group(f)): f for f in _found(old)}
    after = {(f.key, _group(f)): f for f in _found(new)}
    out = []
    for rule, group in dict.fromkeys([*after, *before]):
        was, now = before.get((rule, group)), after.get((rule, group))
        one = now or was
        assert one is not None
        outcomes = [Outcome.NOT_APPLICABLE if f is None else f.outcome for f in (was, now)]
        if outcomes[0] is not outcomes[1]:
            out.append(ChangedShare(group, rule, one.clause, *outcomes))
    return out


def _found(run: AuditRun) -> list[Finding]:
    plan = run.plan
    if not plan.shares:
        return []
    counts = merged([judged_shares(part.frame, part.plan, run.backend)
                     for part in cast("LedgerStrategy", run.strategy).frames()])
    return list(findings_of(verdicts_on(counts, plan, True), run.words))


def _group(finding: Finding) -> str:
    share = finding.share
    if share is None or share.by is None:
        return ""
    return f"{share.by}: {share.group or ''}".strip()
