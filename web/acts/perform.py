"""An act done. In: a register, who acts, what is asked. Out: an event, or why not, in words.

A member is looked at and the act is kept in one change, so that nobody acts on what somebody else
has just changed. What the rules forbid is not done; that it was judged is kept all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from zhuanjie.engine.api import (
    Diagnostic,
    Finding,
    InputError,
    Lang,
    Outcome,
    RegisterActs,
    Severity,
    Text,
    TypedAct,
    TypedCondition,
    condition_holds,
    fail,
)
from zhuanjie.web.access.users import called
from zhuanjie.web.acts.attachments import Attachment
from zhuanjie.web.acts.conflicts import conflict, require_change, require_own_keys
from zhuanjie.web.acts.numbers import GivenNumber, NumberBook
from zhuanjie.web.acts.projection import FILE, WAITING
from zhuanjie.web.acts.tables import REQUESTS
from zhuanjie.web.acts.values import ActValues, read_inputs, unknown_act, values_after
from zhuanjie.web.judging.casework import CaseView, decide, look
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError, RefusedError
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.guard import Guard
from zhuanjie.web.store.members import Member, column_set, members

Whole = Callable[[], AbstractContextManager[Any]]
_LONGEST_REASON: Final = 2000


@dataclass(frozen=True, slots=True)
class AskedAct:
    """What somebody asks to be done to a member.

    `inputs` are values by field; None empties one. `expected_version` is the member's version that
    was seen. `acknowledged` are the clauses whose missing evidence whoever asks has taken note of.
    """

    act: str
    member: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    expected_version: int | None = None
    attachments: Sequence[Attachment] = ()
    acknowledged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DoneAct:
    """What was done: the event, the member's version since, what fields hold now.

    `findings` are what does not stand against the act and is to be known all the same. `decision`
    is the id of the event that keeps what was judged.
    """

    act: str
    member: str
    event: str
    version: int
    changes: Mapping[str, Any]
    number: str | None = None
    ended: str | None = None
    decision: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class PreparedAct:
    """An act looked at and not done yet. `refusal` is why not, where the rules say so."""

    act: TypedAct
    member: Member
    values: ActValues
    number: GivenNumber | None = None
    ended: Mapping[str, Any] | None = None
    case: CaseView | None = None
    refusal: RefusedError | None = None

    @property
    def judged(self) -> dict[str, Any]:
        """What is judged as it would be: what changes, and what the act asks and did not get.

        That is blank from then on, whether the member's tables have a column for it or not.
        """
        changes = self.values.changes(self.member.record)
        return {name: self.values.record.get(name) for name in (*self.act.act.sets, *changes)}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is said of the record as it would be, at that moment."""
        return () if self.case is None else tuple(
            f for f in self.case.findings
            if f.outcome in {Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.WAIVED})


_WAITING_FOR = select(REQUESTS.c.request, REQUESTS.c.asked_by).where(
    REQUESTS.c.member == bindparam("member"), REQUESTS.c.state == WAITING)


@dataclass(frozen=True)
class ActDesk:
    """Does acts, by what the domain says of them; safe to share among threads.

    `unit_of` finds the unit that a text of the unit field means; None where there is none. The
    `guard` says who may do what before the rules are asked; the store asks its own again.
    """

    acts: RegisterActs
    book: NumberBook
    judging: Judging
    unit_of: Callable[[Connection, str], str | None] = lambda _conn, text: text
    guard: Guard | None = None

    def prepare(self, conn: Connection, actor: Actor, asked: AskedAct, *, lang: Lang = "zh",
                day: date | None = None, whole: Whole = nullcontext) -> PreparedAct:
        """Look at an act as it would be done now; nothing is kept.

        `whole` makes a block that sees every unit's numbers.

        Raises NotFoundError, ConflictError, InputError, and RefusedError for what the state of the
        case or the inputs do not allow. What the rules forbid is in the `refusal`.
        """
        act = self.acts.acts.get(asked.act)
        if act is None:
            raise unknown_act(self.acts, asked.act)
        day = day or self.judging.today()
        member = self.member(conn, asked)
        # Who may not do it is not told what the rules would say.
        self.require_allowed(conn, act, member, actor)
        self.require_possible(conn, act, member, actor.id, day)
        _check_call(act, asked)
        inputs = read_inputs(act, self.acts, asked.inputs, day)
        with whole():
            prepared = self.fill(conn, act, member, inputs, actor.id, day)
            require_own_keys(conn, member, prepared.values.record, self.acts.vocabulary)
        if prepared.values.lacking:
            raise InputError(*(Diagnostic("register.acts.lacking", {
                "field": name, "act": act.act.title}) for name in prepared.values.lacking))
        broken = self.invalid(act, prepared.values.record, day)
        if broken:
            raise RefusedError(*broken)
        if not asked.attachments:
            require_change(conn, member, act, prepared.values)
        if act.act.before is not None:
            with whole():
                self._judge(conn, prepared, asked.acknowledged, lang, day)
        return prepared

    def member(self, conn: Connection, asked: AskedAct) -> Member:
        """The member, as the caller knows it; raises NotFoundError, ConflictError."""
        member = members(conn, [asked.member]).get(asked.member)
        if member is None:
            raise fail(NotFoundError, "register.none")
        if asked.expected_version is not None and asked.expected_version != member.version:
            raise conflict(conn, member, asked.expected_version)
        return member

    def require_allowed(self, conn: Connection, act: TypedAct, member: Member,
                        actor: Actor) -> None:
        """Raise ForbiddenError where `actor` may not do an act to a member."""
        if self.guard is not None:
            draft = EventDraft(f"member.{act.act.event}", member.id, member.unit,
                               data={"act": act.id})
            self.guard.check(conn, actor, [draft], {member.id: member.unit})

    def require_possible(self, conn: Connection, act: TypedAct, member: Member, actor: str,
                         day: date) -> None:
        """Raise RefusedError with every reason for which an act cannot be done to a member now."""
        against = self.obstacles(conn, act, member, actor, day)
        if against:
            raise RefusedError(*against)

    def obstacles(self, conn: Connection, act: TypedAct, member: Member, actor: str,
                  day: date) -> list[Diagnostic]:
        """Why an act cannot be done to a member as it is now, whatever is given."""
        said = act.act
        if member.withdrawn != (said.of == "withdrawn"):
            return [Diagnostic("register.acts.withdrawn" if member.withdrawn
                               else "register.acts.not-withdrawn", {"act": said.title})]
        found = self._broken(act, act.possible, member.record, day)
        waiting = self._waiting(conn, member.id)
        for name in (*said.not_while, *((said.opens,) if said.opens else ())):
            if name in waiting:
                found.append(_said(act, self.acts.requests[name].waiting))
        if said.closes is not None:
            asked_by = waiting.get(said.closes.request)
            if asked_by is None:
                found.append(Diagnostic("register.acts.no-request", {
                    "act": said.title, "request": self.acts.requests[said.closes.request].title}))
            elif said.closes.by_other and asked_by == actor:
                found.append(Diagnostic("register.acts.same-person"))
        if said.ends is not None and self.book.ended(
                conn, said.ends.series, member.id, member.record) is None:
            found.append(Diagnostic("register.acts.no-number", {
                "act": said.title, "series": self.acts.series[said.ends.series].title}))
        return found

    def invalid(self, act: TypedAct, record: Mapping[str, Any], day: date) -> list[Diagnostic]:
        """What must hold of a record as an act would leave it, and does not."""
        return self._broken(act, act.valid, record, day)

    def fill(self, conn: Connection, act: TypedAct, member: Member, inputs: Mapping[str, Any],
             actor: str, day: date) -> PreparedAct:
        """The record as an act would leave it."""
        given: list[GivenNumber] = []

        def number(series: str) -> str:
            given.append(self.book.next(conn, series, member.unit, day))
            return given[-1].text

        values = values_after(act, member.record, inputs, day=day, number=number,
                              actor=lambda: called(conn, actor))
        ends = act.act.ends
        ended = None if ends is None else {
            **(self.book.ended(conn, ends.series, member.id, member.record) or {}),
            "as": ends.kind}
        return PreparedAct(act, member, values, given[0] if given else None, ended)

    def keep(self, work: UnitOfWork, asked: AskedAct, prepared: PreparedAct) -> DoneAct:
        """Write a prepared act's event, in the change that it was prepared in."""
        act, member = prepared.act, prepared.member
        decision = None if prepared.case is None else decide(work, prepared.case).id
        changes = prepared.values.changes(member.record)
        files = {FILE + f.sha256: (None, f.name) for f in asked.attachments}
        columns = column_set(work.conn, act.act.sets) if act.act.sets else None
        event = work.record(EventDraft(
            f"member.{act.act.event}", member.id, self._unit(work.conn, member, changes),
            {**changes, **files}, _data(act, asked, prepared, decision), asked.reason, columns))
        return DoneAct(
            act.id, member.id, event.id, event.seq, {n: after for n, (_, after) in changes.items()},
            prepared.number.text if prepared.number else None,
            str(prepared.ended["text"]) if prepared.ended else None, decision, prepared.findings)

    def _unit(self, conn: Connection, member: Member,
              changes: Mapping[str, tuple[Any, Any]]) -> str:
        name = self.acts.unit_field
        if name is None or name not in changes:
            return member.unit
        text = changes[name][1]
        unit = None if text is None else self.unit_of(conn, str(text))
        if unit is None:
            raise fail(InputError, "register.acts.no-unit", text=str(text or ""))
        return unit

    def _broken(self, act: TypedAct, conditions: Sequence[TypedCondition],
                record: Mapping[str, Any], day: date) -> list[Diagnostic]:
        return [_said(act, c.words) for c in conditions
                if condition_holds(c.holds, record, self.acts.vocabulary, day) is not True]

    def _waiting(self, conn: Connection, member: str) -> dict[str, str]:
        """By request that waits, who asked."""
        rows = conn.execute(_WAITING_FOR, {"member": member})
        return {row.request: row.asked_by for row in rows}

    def _judge(self, conn: Connection, prepared: PreparedAct, acknowledged: frozenset[str],
               lang: Lang, day: date) -> None:
        """Have the record judged as it would be; what forbids the act goes into its refusal."""
        said = prepared.act.act
        if said.before not in self.judging.law.policy(day).moments:
            return  # the policy asks nothing before it
        case = prepared.case = look(
            self.judging, conn, prepared.member, lang, before=said.before, day=day,
            values=prepared.judged)
        broken, open_ = forbidding(prepared.act, case, acknowledged)
        if broken or (open_ and said.undetermined == "refuse"):
            prepared.refusal = _forbidden(
                prepared.act, (*broken, *open_), "register.acts.forbidden")
        elif open_:
            prepared.refusal = _forbidden(prepared.act, open_, "register.acts.confirm")


def forbidding(act: TypedAct, case: CaseView, acknowledged: frozenset[str] = frozenset(),
               ) -> tuple[list[Finding], list[Finding]]:
    """What forbids an act by the rules: what would be broken, and what nobody knows and whoever
    asks has taken no note of.
    """
    weighs = [f for f in case.findings if f.severity is Severity.ERROR]
    broken = [f for f in weighs if f.outcome is Outcome.VIOLATION]
    open_ = [f for f in weighs if f.outcome is Outcome.UNDETERMINED and f.judged
             and f.clause not in acknowledged] if act.act.undetermined != "allow" else []
    return broken, open_


def _said(act: TypedAct, words: Text) -> Diagnostic:
    return Diagnostic("register.acts.said", {"act": act.act.title, "words": words})


def _forbidden(act: TypedAct, findings: Sequence[Finding], code: str) -> RefusedError:
    error = RefusedError(Diagnostic(code, {
        "act": act.act.title, "clauses": ", ".join(dict.fromkeys(f.clause for f in findings))}))
    error.findings = [{
        "id": f.id, "rule": f.rule, "clause": f.clause, "outcome": f.outcome.value,
        "severity": f.severity.value, "message": f.message, "remedy": f.remedy,
        "missing": list(f.missing)} for f in findings]
    return error


def _check_call(act: TypedAct, asked: AskedAct) -> None:
    """Raise InputError where a reason or a file is missing, or too much of it is given."""
    said, count = act.act, len(asked.attachments)
    reason = (asked.reason or "").strip()
    if said.reason == "required" and not reason:
        raise fail(InputError, "register.acts.reason", act=said.title)
    if len(reason) > _LONGEST_REASON:
        raise fail(InputError, "register.acts.reason-long", most=_LONGEST_REASON)
    least, most = (said.attachments.least, said.attachments.most) if said.attachments else (0, 0)
    if not least <= count <= most:
        raise fail(InputError, "register.acts.files", act=said.title, least=least, most=most,
                   given=count)


def _data(act: TypedAct, asked: AskedAct, prepared: PreparedAct,
          decision: str | None) -> dict[str, Any]:
    """What an act's event says of itself: nothing personal."""
    said = act.act
    data: dict[str, Any] = {
        "act": act.id, "number": prepared.number.data if prepared.number else None,
        "ends": dict(prepared.ended) if prepared.ended else None, "opens": said.opens,
        "closes": None if said.closes is None else {
            "request": said.closes.request, "as": said.closes.answer},
        "attachments": [f.data for f in asked.attachments],
        "acknowledged": sorted({f.clause for f in prepared.findings
                                if f.outcome is Outcome.UNDETERMINED} & asked.acknowledged),
        "decision": decision}
    return {name: value for name, value in data.items() if value}


