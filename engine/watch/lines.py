"""The lines of a register. In: what a rule came out as, and how it stood. Out: JSON for a line.

All of a line but the record hangs on a few values, and records are much alike: what was written
once is written again where all of these are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.watch.cases import RuleStatus, due_of
from zhuanjie.engine.watch.codec import dumps

_ABSENT = str(Outcome.NOT_APPLICABLE)
_KEPT = 1 << 14


class LineWriter:
    """Writes the lines of one day."""

    def __init__(self, plan: Plan, lang: Lang) -> None:
        self._plan, self._words = plan, FindingRenderer(plan, lang)
        self._since = plan.as_of.isoformat()
        self._kept: dict[tuple[Any, ...], bytes] = {}

    def line(self, record: bytes, rule: int, before: RuleStatus | None, verdict: Verdict | None,
             values: Mapping[str, Any]) -> bytes:
        """The line that the rule at a place of the plan came out otherwise than `before`.

        `record` is the id as JSON has it. Without a verdict the rule has nothing to say of it.
        """
        was: tuple[str, str | None] = (_ABSENT, None)
        if before is not None:
            was = before.outcome, before.since
        if verdict is None:
            about: tuple[Any, ...] = (rule, was)
        else:
            about = (rule, was, verdict.outcome, verdict.clause, verdict.due, verdict.late,
                     verdict.missing, verdict.waiver,
                     *map(values.get, self._words.message_reads(verdict)))
        rest = self._kept.get(about)
        if rest is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            rest = self._kept[about] = self._rest(rule, *was, verdict, values)
        return b'{"record":%s,%s' % (record, rest)

    def _rest(self, at: int, was: str, was_since: str | None, verdict: Verdict | None,
              values: Mapping[str, Any]) -> bytes:
        """What stands behind the record's id."""
        rule = self._plan.rules[at]
        said: dict[str, Any] = {
            "rule": rule.id, "clause": rule.clause, "was": was, "is": _ABSENT,
            "since": self._since, "due": None, "was_since": was_since, "missing": [],
            "message": ""}
        if verdict is not None:
            said |= {"is": str(verdict.outcome), "due": due_of(verdict),
                     "missing": verdict.missing, "message": self._words.message(verdict, values)}
            if verdict.clause is not None:
                said["clause"] = verdict.clause
            if verdict.waiver is not None:
                said["waiver"] = self._plan.waivers.said[verdict.waiver].id
        return dumps(said)[1:]
