"""Reports for tests of the page: many findings, hostile ones. In: a number. Out: reports, views."""

from __future__ import annotations

from datetime import date, timedelta

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import Finding, LedgerRef, Outcome, Report, Severity, Summary
from zhuanjie.engine.core.waiver import Waiver
from zhuanjie.report.page.audit import page
from zhuanjie.report.view import View

DAY = date(2007, 12, 31)
HOSTILE = ("<img src=http://192.0.2.1/x onerror=alert(1)>", "</script><script>alert(2)</script>",
           "\u202eevil\u2066", "<!--<script>", "a\u2028b", "]]>&lt;\"'")
_OUTCOMES = (Outcome.VIOLATION, Outcome.PENDING, Outcome.UNDETERMINED)


def many(count: int) -> Report:
    """A report of so many findings, of every clause and outcome in turn."""
    policy = load_policy("fujian-2007-80")
    found = []
    for at in range(count):
        rule, outcome = policy.rules[at % len(policy.rules)], _OUTCOMES[at % 3]
        late = at % 400 + 1
        due = DAY - timedelta(late) if outcome is Outcome.VIOLATION else DAY + timedelta(at % 120)
        found.append(Finding(
            f"2003{at // 3:07}", rule.rule.id, rule.clause, outcome, rule.severity,
            f"第{at}项，应于{due}前完成", due=None if outcome is Outcome.UNDETERMINED else due,
            days_late=late if outcome is Outcome.VIOLATION else None, remedy=rule.rule.remedy.zh,
            missing=("letter.issued_on",) if outcome is Outcome.UNDETERMINED else (),
            location=Location("a.xlsx", "台账", at // 3 + 5), name="张三", group=f"学院{at % 40}"))
    return report_of(found, records=count // 2)


def report_of(found: list[Finding], records: int = 10) -> Report:
    """A report of these findings by the policy of 2007."""
    policy = load_policy("fujian-2007-80")
    return Report(policy.ref, DAY, LedgerRef(records, 0, "ab" * 32), Summary.of(found), [], found)


def hostile() -> Report:
    """A report whose every text would break out of the page if it could."""
    found = [Finding(
        text, "receipt-returned", "1.6b", Outcome.VIOLATION, Severity.ERROR, text, due=DAY,
        days_late=1, remedy=text, location=Location(text, text, at + 2), name=text, group=text,
        by={"member.sex": text}, waiver=Waiver(text, text, text, text, DAY, DAY, text, False))
        for at, text in enumerate(HOSTILE)]
    report = report_of(found)
    report.summary.by = {"member.sex": dict.fromkeys(HOSTILE, report.summary.counts["1.6b"])}
    return report


def html_of(report: Report, lang: str = "zh") -> str:
    """The page of a report."""
    policy = load_policy("fujian-2007-80")
    return "".join(page(report, View.of(policy, lang)))  # type: ignore[arg-type]
