"""One record, checked at once. In: a mapping and a plan. Out: its findings, without any frame."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from zhuanjie.engine.auditing.editions import EditionIndex, judged
from zhuanjie.engine.auditing.record_waivers import RecordWaivers
from zhuanjie.engine.auditing.waiver_notices import said_of_waivers, uses
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.base import RecordBackend
from zhuanjie.engine.core.check_result import CheckResult
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, LedgerRef, Outcome, Report, Summary, plain
from zhuanjie.engine.core.waiver import WaiverUse
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import RecordReading
from zhuanjie.engine.ledger.record_reader import CachedRecordReader
from zhuanjie.engine.lowering.plan import Plan, keyed_plan

_NOWHERE = Location()


class SingleCheck:
    """Checks records one by one against one plan; made once, used often."""

    def __init__(self, plan: Plan, backend: RecordBackend, lang: Lang,
                 columns: Mapping[str, str] | None = None) -> None:
        self.plan = plan
        self.backend = backend
        self.words = FindingRenderer(plan, lang)
        self.waivers = RecordWaivers(plan) if plan.waivers else None
        self.read = CachedRecordReader(HeadingMap(plan.policy.vocabulary, columns))

    def __call__(self, record: Mapping[str, Any], all_outcomes: bool = False) -> CheckResult:
        """The findings on `record`, in the pack's order, with what could not be read or is unknown.

        A record beyond the policy's scope has none. Raises BackendError when the engine fails.
        """
        typed, unread, notices = self.read(record)
        findings = self._judge(typed, all_outcomes) or ()
        return CheckResult(findings, unread, [
            *notices, *said_of_waivers(self._uses(findings), self.plan)])

    def _uses(self, findings: Iterable[Finding]) -> tuple[WaiverUse, ...]:
        return uses(self.plan.waivers, Counter(f.waiver.id for f in findings if f.waiver))

    def report(self, reading: RecordReading, all_outcomes: bool = False) -> Report:
        """The findings on a record that was read, as a report, with what is to be said besides."""
        typed, unread, notices = reading
        digest = hashlib.sha256(
            json.dumps(sorted((n, plain(v)) for n, v in typed.items())).encode()).hexdigest()
        judged_record = dict(typed)
        findings = self._judge(judged_record, all_outcomes)
        summary = Summary.of(findings or ())
        editions = {} if findings is None else EditionIndex(self.plan).of_record(judged_record)
        used = self._uses(findings or ())
        return Report(
            policy=self.plan.policy.ref, as_of=self.plan.as_of,
            ledger=LedgerRef(1, int(findings is None), digest), summary=summary, input=unread,
            findings=[dataclasses.replace(f, location=Location(row=1)) for f in findings or ()],
            notices=[*self.plan.policy.notices, *notices,
                     *said_of_waivers(used, self.plan)],
            waivers=used, waiver_problems=self.plan.waivers.problems,
             judged=judged(self.plan, editions),
            keys=(self.plan.policy.vocabulary.key_of(typed),),
            origin=(self.plan.policy, self.words.lang, all_outcomes),
        )

    def _judge(self, typed: dict[str, Any], all_outcomes: bool) -> list[Finding] | None:
        """The findings on typed values, to which those assumed are added; None beyond the scope."""
        for name in self.plan.assumed:
            typed.setdefault(name, self.plan.as_of)
        if not self._in_scope(typed):
            return None
        verdicts = self.backend.judge_record(self.plan, typed, all_outcomes)
        if all_outcomes:
            verdicts = [v for v in verdicts if v.outcome is not Outcome.NOT_APPLICABLE
                        or self.plan.applies_to(v.rule, typed)]
        words = self.words
        if self.plan.key not in typed:  # a record that another key names
            words = words.of(keyed_plan(self.plan, self.plan.policy.vocabulary.key_of(typed)))
        if self.waivers is None:
            return [words.finding(v, typed, _NOWHERE) for v in verdicts]
        said = self.plan.waivers.said
        marked = (self.waivers.marked(v, typed) for v in verdicts)
        return [words.finding(v, typed, _NOWHERE, None if v.waiver is None else said[v.waiver])
                for v in marked]

    def _in_scope(self, typed: Mapping[str, Any]) -> bool:
        scope = self.plan.policy.scope
        if scope is None:
            return True
        held = self.backend.evaluate(scope, typed, self.plan.as_of, self.plan.params)
        return held is not False
