"""What is judged without being kept, and whether somebody may go. In: requests. Out: outcomes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from zhuanjie.engine.api import fail
from zhuanjie.report import json_shape
from zhuanjie.web.api.deps import Key, Language, Register, Who
from zhuanjie.web.api.fields import Line
from zhuanjie.web.api.models.base import FindingShown
from zhuanjie.web.api.models.judging import CheckAsked, ClearanceShown, RecordChecked
from zhuanjie.web.api.routes.members import findings_shown, judged, policy_used
from zhuanjie.web.judging.casework import clearance
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.service.checking import check_given, leaving_moment
from zhuanjie.web.store.errors import RefusedError

router = APIRouter(tags=["judging"])


@router.post("/check")
def check(register: Register, who: Who, lang: Language, asked: CheckAsked) -> RecordChecked:
    """Judge records as they are given: nothing of them is kept, but that they were judged."""
    found = check_given(register, who, asked.records, day=asked.as_of, before=asked.before,
                        lang=lang, every=asked.all)
    report = found.report
    return RecordChecked(
        policy=policy_used(report.policy), as_of=report.as_of, decision=found.decision,
        findings=[FindingShown(**json_shape.finding(each)) for each in report.findings],
        input=[json_shape.input_finding(each, lang) for each in report.input],
        outcomes=found.outcomes)


@router.get("/members/{key}/clearance")
def may_go(register: Register, who: Who, lang: Language, key: Key, moment: Annotated[
        Line | None, Query(description="the moment of the policy that is asked about; the one "
                                       "before leaving where it is left out")] = None,
           ) -> ClearanceShown:
    """Whether a member may pass a moment, such as leaving: yes, no, or not known for now."""
    chosen = moment or leaving_moment(register)
    if chosen is None:
        raise fail(RefusedError, "register.no-moment")
    with register.store.change(who) as work:
        member = member_of(work.conn, key, register.vocabulary)
        found = clearance(register.judging, work, member, chosen, lang)
    return ClearanceShown(member=member.id, answer=found.answer.value, moment=chosen,
                          findings=findings_shown(found.case), **judged(found.case, found.decision))
