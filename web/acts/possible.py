"""What can be done now. In: a member. Out: every act, and for one that cannot be done, why.

An act whose rules stand against it is not possible, unless what it asks to be given could mend
that: then it says what it asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from zhuanjie.engine.api import Diagnostic, Finding, Lang, Outcome, Severity, Text, TypedAct
from zhuanjie.web.acts.perform import ActDesk
from zhuanjie.web.acts.values import input_fields
from zhuanjie.web.judging.casework import look
from zhuanjie.web.store.errors import RegisterError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.members import Member


@dataclass(frozen=True, slots=True)
class PossibleAct:
    """An act, and whether it can be done now.

    `why_not` are reasons of the case's state and of who asks, `against` the findings of rules that
    forbid it; both are empty for one that can be done. `inputs` are the fields it takes, with
    whether it needs each; `asked_about` are findings that what is given may mend.
    """

    id: str
    title: Text
    permission: str
    inputs: dict[str, bool] = field(default_factory=dict)
    reason_needed: bool = False
    files: tuple[int, int] = (0, 0)
    why_not: tuple[Diagnostic, ...] = ()
    against: tuple[Finding, ...] = ()
    asked_about: tuple[Finding, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether it can be done now."""
        return not self.why_not and not self.against


def possible_acts(desk: ActDesk, conn: Connection, member: Member, actor: Actor, *,
                  lang: Lang = "zh", day: date | None = None) -> list[PossibleAct]:
    """Every act of the domain for a member, in the order of the data."""
    day = day or desk.judging.today()
    return [_possible(desk, conn, act, member, actor, lang, day)
            for act in desk.acts.acts.values()]


def _possible(desk: ActDesk, conn: Connection, act: TypedAct, member: Member, actor: Actor,
              lang: Lang, day: date) -> PossibleAct:
    said, inputs = act.act, input_fields(act, desk.acts)
    try:
        desk.require_allowed(conn, act, member, actor)
        why_not = tuple(desk.obstacles(conn, act, member, actor.id, day))
    except RegisterError as error:
        why_not = error.diagnostics
    against: list[Finding] = []
    asked_about: list[Finding] = []
    policy = desk.judging.law.policy(day)
    if not why_not and said.before in policy.moments:
        prepared = desk.fill(conn, act, member, {}, actor.id, day)
        case = look(desk.judging, conn, member, lang, before=said.before, day=day,
                    values=prepared.judged)
        read = {rule.id: rule.fields for rule in policy.rules}
        for found in case.findings:
            if found.severity is not Severity.ERROR or not found.judged:
                continue
            if found.outcome is Outcome.UNDETERMINED and said.undetermined != "refuse":
                asked_about.append(found)
            elif found.outcome in {Outcome.VIOLATION, Outcome.UNDETERMINED}:
                mends = inputs.keys() & read.get(found.key, read.get(found.rule, frozenset()))
                (asked_about if mends else against).append(found)
    files = said.attachments
    return PossibleAct(
        act.id, said.title, said.permission, inputs, said.reason == "required",
        (files.least, files.most) if files else (0, 0), why_not, tuple(against),
        tuple(asked_about))
