"""An act while it is typed. In: what is given so far. Out: what cannot be read, what would come.

Whatever is missing or wrong yet holds nothing up: the record is judged as far as it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.engine.api import Diagnostic, Finding, InputError, Lang, Outcome, TypedAct
from zhuanjie.web.acts.mending import MendingWays, ways_of
from zhuanjie.web.acts.perform import AskedAct, PreparedAct, forbidding
from zhuanjie.web.acts.values import read_inputs, unknown_act
from zhuanjie.web.judging.casework import look
from zhuanjie.web.judging.mending import Turned, mend, turned
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.members import Member

_Findings = tuple[Finding, ...]
_Weighed = tuple[_Findings, _Findings, _Findings, MendingWays | None]
_UNJUDGED: Final[_Weighed] = ((), (), (), None)


@dataclass(frozen=True, slots=True)
class ActDraft:
    """What an act would come to as it is typed.

    `unread` are values that cannot be read, by field; `lacking` what the act needs besides.
    `obstacles` are reasons of the case as it is, `invalid` of the case as it would be. `forbidding`
    are the rules against it, `asked` those of which whoever acts takes note, clause by clause;
    `known` is what does not stand against it. `turned` is what becomes of the findings of the case.
    """

    act: TypedAct
    member: Member
    changes: Mapping[str, tuple[Any, Any]]
    turned: Turned
    unread: Mapping[str, Diagnostic] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    obstacles: tuple[Diagnostic, ...] = ()
    invalid: tuple[Diagnostic, ...] = ()
    forbidding: tuple[Finding, ...] = ()
    asked: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    number: str | None = None
    ended: str | None = None
    fix: MendingWays | None = None

    @property
    def come(self) -> list[Finding]:
        """What would be newly wrong, but for what stands against the act itself."""
        said = {f.key for f in (*self.forbidding, *self.asked)}
        return [f for f in self.turned.come if f.key not in said]

    @property
    def is_ready(self) -> bool:
        """Whether nothing that is known now stands against the act."""
        return not (self.unread or self.lacking or self.obstacles or self.invalid
                    or self.forbidding)


def draft_act(register: Register, conn: Connection, actor: Actor, asked: AskedAct,
              lang: Lang) -> ActDraft:
    """An act as far as it is typed; nothing is kept.

    Raises InputError for an act that there is not, NotFoundError, ForbiddenError.
    """
    desk, day = register.acts.desk, register.day()
    act = desk.acts.acts.get(asked.act)
    if act is None:
        raise unknown_act(desk.acts, asked.act)
    member = desk.member(conn, replace(asked, expected_version=None))
    desk.require_allowed(conn, act, member, actor)
    obstacles = desk.obstacles(conn, act, member, actor.id, day)
    inputs, unread = _read(register, act, asked.inputs)
    prepared = desk.fill(conn, act, member, inputs, actor.id, day)
    lacking = tuple(n for n in prepared.values.lacking if n not in unread)
    whole = not (unread or lacking or obstacles)
    judged = _UNJUDGED if obstacles else _judged(
        register, conn, prepared, asked.acknowledged, lang)
    changes = prepared.values.changes(member.record)
    before = look(register.judging, conn, member, lang, day=day)
    after = look(register.judging, conn, member, lang, day=day,
                 values={name: now for name, (_, now) in changes.items()})
    return ActDraft(
        act, member, changes, turned(before.findings, after.findings), unread, lacking,
        tuple(obstacles),
        tuple(desk.invalid(act, prepared.values.record, day)) if whole else (), *judged[:3],
        number=prepared.number.text if prepared.number else None,
        ended=str(prepared.ended["text"]) if prepared.ended and "text" in prepared.ended else None,
        fix=judged[3])


def _read(register: Register, act: TypedAct,
          given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Diagnostic]]:
    """The values that can be read, and what is wrong with the others."""
    inputs, unread = dict[str, Any](), dict[str, Diagnostic]()
    for name, value in given.items():
        try:
            inputs |= read_inputs(act, register.acts.desk.acts, {name: value}, register.day())
        except InputError as error:
            unread[name] = error.diagnostics[0]
    return inputs, unread


def _judged(register: Register, conn: Connection, prepared: PreparedAct,
            acknowledged: frozenset[str], lang: Lang) -> _Weighed:
    """What forbids an act, what is asked about, what else is to be known; what would mend it."""
    said, day, desk = prepared.act.act, register.day(), register.acts.desk
    if said.before is None or said.before not in register.policy(day).moments:
        return _UNJUDGED
    case = look(register.judging, conn, prepared.member, lang, before=said.before, day=day,
                values=prepared.judged)
    broken, unknown = forbidding(prepared.act, case)
    asked = unknown if said.undetermined == "confirm" else []
    if said.undetermined == "refuse":
        broken = [*broken, *unknown]
    stands = {f.key for f in (*broken, *asked)}
    known = [f for f in case.findings if f.key not in stands and f.judged and f.outcome in {
        Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.WAIVED}]
    open_ = [f for f in asked if f.clause not in acknowledged]
    keys = {f.key for f in (*broken, *open_)}
    fix = ways_of(mend(register.judging, conn, case, lang, values=prepared.judged, keep_to=keys),
                  desk.acts, prepared.act) if keys else None
    return tuple(broken), tuple(asked), tuple(known), fix
