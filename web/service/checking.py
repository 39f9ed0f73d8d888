"""Records that are given, judged. In: records, who asks. Out: a report, and the decision kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhuanjie.engine.api import Lang, Report, check_one
from zhuanjie.web.judging.decisions import decision_draft
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor


@dataclass(frozen=True, slots=True)
class CheckedRecords:
    """What was said of records, and the event that keeps that it was."""

    report: Report
    outcomes: dict[str, int]
    decision: str


def check_given(register: Register, actor: Actor, records: Sequence[Mapping[str, Any]], *,
                day: date | None, before: str | None, lang: Lang, every: bool) -> CheckedRecords:
    """Judge records each by itself, as of today or another day; nothing of them is kept.

    Raises InputError for what is no record, UsageError for a moment or a day that there is not.
    """
    day = day or register.day()
    policy = register.policy(day)
    reports = [check_one(record, policy, as_of=day, before=before, backend="python", lang=lang,
                         all_outcomes=every) for record in records]
    whole = reports[0]
    whole.findings = [found for report in reports for found in report.findings]
    whole.input = [found for report in reports for found in report.input]
    outcomes = Counter(str(found.outcome) for found in whole.findings)
    with register.store.change(actor) as work:
        judge = register.judging.law.judge(work.conn, day, before=before)
        decision = work.record(decision_draft(
            judge, list(records), (f.outcome for f in whole.findings), records=len(records),
            moment=before))
    return CheckedRecords(whole, dict(outcomes), decision.id)


def leaving_moment(register: Register) -> str | None:
    """The moment that is asked about first: that before the first of the domain's acts which the
    policy has one for. None where it has none.
    """
    moments = register.policy().moments
    acts = register.acts.desk.acts.acts.values()
    return next((act.act.before for act in acts
                 if act.act.before is not None and act.act.before in moments), None)
