"""One record, checked at once. In: a mapping and a plan. Out: its findings, without any frame."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zhuanjie.engine.auditing.editions import EditionIndex, judged
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.base import RecordBackend
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import (
    Finding,
    InputFinding,
    LedgerRef,
    Location,
    Outcome,
    Report,
    Summary,
    plain,
)
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import read_record
from zhuanjie.engine.ledger.record_reader import CachedRecordReader
from zhuanjie.engine.lowering.plan import Plan

_NOWHERE = Location()


class SingleCheck:
    """Checks records one by one against one plan; made once, used often."""

    def __init__(self, plan: Plan, backend: RecordBackend, lang: Lang,
                 columns: Mapping[str, str] | None = None) -> None:
        self.plan = plan
        self.backend = backend
        self.words = FindingRenderer(plan, lang)
        self._mapping = HeadingMap(plan.policy.vocabulary, columns)
        self.read = CachedRecordReader(self._mapping)

    def __call__(self, record: Mapping[str, Any],
                 every: bool = False) -> tuple[list[Finding], list[InputFinding]]:
        """The findings on `record`, in the pack's order, and the cells that could not be read.

        A record beyond the policy's scope has none. Raises BackendError when the engine fails.
        """
        typed, unread = self.read(record)
        for name in self.plan.assumed:
            typed.setdefault(name, self.plan.as_of)
        if not self._in_scope(typed):
            return [], unread
        verdicts = self.backend.judge_record(self.plan, typed, every)
        if every:
            verdicts = [v for v in verdicts if v.outcome is not Outcome.NOT_APPLICABLE
                        or self.plan.applies_to(v.rule, typed)]
        return [self.words.finding(v, typed, _NOWHERE) for v in verdicts], unread

    def _in_scope(self, typed: Mapping[str, Any]) -> bool:
        scope = self.plan.policy.scope
        if scope is None:
            return True
        held = self.backend.evaluate(scope, typed, self.plan.as_of, self.plan.params)
        return held is not False

    def report(self, record: Mapping[str, Any], every: bool = False) -> Report:
        """The findings on `record` as a report of one record, with what is to be said besides."""
        findings, unread = self(record, every)
        typed, _, notices = read_record(record, self._mapping)
        summary = Summary()
        for finding in findings:
            summary.add(finding.clause, finding.outcome)
        digest = hashlib.sha256(
            json.dumps(sorted((n, plain(v)) for n, v in typed.items())).encode()).hexdigest()
        out = 0 if self._in_scope(typed) else 1
        editions = {} if out else EditionIndex(self.plan).of_record(
            {**dict.fromkeys(self.plan.assumed, self.plan.as_of), **typed})
        return Report(
            policy=self.plan.policy.ref, as_of=self.plan.as_of,
            ledger=LedgerRef(1, out, digest), summary=summary, input=unread,
            findings=[replace(f, location=Location(row=1)) for f in findings],
            notices=[*self.plan.policy.notices, *notices], judged=judged(self.plan, editions),
        )
