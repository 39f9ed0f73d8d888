"""Why cases failed. In: a test report, its policy. Out: explanations of the rules that differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from zhuanjie.engine.auditing.explain import Explanation, explain
from zhuanjie.engine.auditing.record_search import RecordName
from zhuanjie.engine.auditing.run import begin
from zhuanjie.engine.authoring.testing.case_runner import CaseResult, CaseRunner
from zhuanjie.engine.authoring.testing.report import TestReport
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.ledger.ledger import from_records
from zhuanjie.engine.policy.policy import Policy


class ExplainedCase(Struct, frozen=True):
    """A case that failed, what judged it, and how the rules that differ came out."""

    result: CaseResult
    policy: Policy
    day: date
    explanations: tuple[Explanation, ...]


def explain_failed(policy: Policy, report: TestReport, lang: Lang) -> Iterator[ExplainedCase]:
    """Each case that failed once, whichever engines it failed on."""
    runner = CaseRunner(policy, backend("reference"))
    for result in {t.result.task: t.result for t in report.failed}.values():
        task, plan = result.task, runner.plan_of(result.task)
        ledger = from_records([task.record, *task.case.others], vocabulary=policy.vocabulary)
        run = begin(ledger, plan, runner.backend, lang=lang, all_outcomes=True)
        differs = {m.rule for m in result.mismatches}
        found = explain(run, RecordName(row=1), None)
        yield ExplainedCase(result, plan.policy, task.day, tuple(
            e for e in found if e.rule.rule.id in differs))
