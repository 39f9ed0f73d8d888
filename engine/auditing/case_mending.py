"""What would mend one case, and what it may choose. In: a judge, a case. Out: fixes, choices.

A field without a column is like a blank one here: whoever mends a case fills it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from zhuanjie.engine.auditing.case_judge import ALONE, CaseJudge, CaseJudgement, Others
from zhuanjie.engine.auditing.destinations import DestinationAnswer, destinations
from zhuanjie.engine.auditing.repair.record_fix import RecordFix, fix_record
from zhuanjie.engine.auditing.repair.search import unique_key
from zhuanjie.engine.auditing.repair.table_rows import TableRow, rows_of
from zhuanjie.engine.auditing.repair.values import CandidateValues
from zhuanjie.engine.backends.registry import EMBEDDED, record_backend_of
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import WRONG_OUTCOMES

_NOWHERE = Location()


def case_fix(judge: CaseJudge, judgement: CaseJudgement, typed: Mapping[str, Any],
             columns: frozenset[str] | None = None, others: Mapping[str, Others] | None = None, *,
             keep_to: Collection[str] | None = None, lang: Lang = "en",
             location: Location = _NOWHERE) -> RecordFix:
    """The smallest changes after which nothing of a judgement is broken or unknown.

    What is waived, and what only absent columns could decide, is left alone; `keep_to` are the
    keys of the rules (`Finding.key`) that are asked about. Others are counted under the case's own
    keys alone: of a changed key nobody knows here who has it, so whoever keeps the others judges
    each fix again.
    """
    known = others or {}
    plan, record = judge.plan, judge.counted(typed, known)
    chosen = [v.rule for v, o in zip(judgement.verdicts, judgement.outcomes, strict=True)
              if o.outcome in WRONG_OUTCOMES and o.judged
              and (keep_to is None or plan.rules[v.rule].id in keep_to)]
    keys: dict[str, Counter[tuple[Any, Any]]] = {
        rule.id: Counter({unique_key(rule, plan.fields, typed): known.get(rule.id, ALONE).all})
        for rule in plan.unique}
    return fix_record(plan, record, chosen, lang=lang, location=location, keys=keys)


def case_choices(judge: CaseJudge, typed: Mapping[str, Any],
                 columns: frozenset[str] | None = None,
                 others: Mapping[str, Others] | None = None, *,
                 lang: Lang = "en") -> list[DestinationAnswer]:
    """For each value that the policy's decision table knows, whether a case may have it and why.

    Nothing where the policy has no such table.
    """
    try:
        return destinations(judge.counted(typed, others or {}), judge.plan_for(columns),
                            record_backend_of(EMBEDDED), lang)
    except UsageError:
        return []


def case_rows(judge: CaseJudge, typed: Mapping[str, Any],
              others: Mapping[str, Others] | None = None, *, lang: Lang = "en") -> list[TableRow]:
    """The rows of the decision table that judges a case, each with what would have to be otherwise
    for it to hold. Nothing where the policy has no such table.
    """
    plan, record = judge.plan, judge.counted(typed, others or {})
    for index, rule in enumerate(plan.rules):
        if rule.subject is not None and plan.applies_to(index, record):
            return rows_of(plan, index, record, CandidateValues(plan), lang)
    return []
