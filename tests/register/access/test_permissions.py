"""Every role × everything that can be done × own, below, beside and above: who may, who may not.

What is expected is written here by hand, apart from the table that the program reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.office import NAME, OFFICE, guarded

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.permissions import PermissionTable, permission_table
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore

B, C, D, I, A = "branch", "college", "department", "inspector", "administrator"  # noqa: E741
CASES = {
    "read": {B, C, D, I}, "read-bulk": {B, C, D, I}, "judge": {B, C, D, I},
    "export": {C, D, I}, "export-full": {D},
    "set": {B, C, D}, "correct": {C, D}, "move": {C, D}, "withdraw": {C, D},
    "import": {C, D}, "undo-import": {C, D}, "issue": {D}, "print": {D}, "void": {D},
    "series": {D},
    "receive": {C, D}, "contact": {B, C, D}, "apply": {B, C, D}, "approve": {D},
    "accept": {C, D}, "return": {C, D}, "ask-waiver": {C, D}, "approve-waiver": {D},
    "redact": {D}, "units": {A}, "users": {A}, "keys": {A}, "settings": {A, D}, "servers": {A},
    "reminders": {C, D, A}, "calendars": {B, C, D, I},
}
"""Who may do what, in their own unit and below."""
ANYWHERE = {"verify-trail": {D, I, A}}
KINDS = {
    "members.read": "read-bulk", "decision.made": "judge", "member.set": "set",
    "member.corrected": "correct", "member.moved": "move", "member.withdrawn": "withdraw",
    "member.restored": "withdraw", "member.imported": "import", "import.saved": "import",
    "columns.set": "import",
    "import.undone": "undo-import", "member.issued": "issue", "member.reissued": "issue",
    "member.printed": "print",
    "member.voided": "void", "series.set": "series", "member.received": "receive",
    "member.contacted": "contact", "member.applied": "apply", "member.approved": "approve",
    "member.accepted": "accept", "member.returned": "return", "waiver.requested": "ask-waiver",
    "waiver.approved": "approve-waiver", "waiver.refused": "approve-waiver",
    "waiver.revoked": "approve-waiver", "values.redacted": "redact", "unit.set": "units",
    "user.set": "users", "user.disabled": "users", "key.made": "keys", "key.revoked": "keys",
    "settings.set": "settings", "server.tried": "servers", "reminder.added": "reminders", "reminder.removed": "reminders",
    "calendar.made": "calendars", "calendar.revoked": "calendars",
}
WITH_CODE = {"approve", "approve-waiver", "redact"}
PLACES = {"own": "maths", "below": "maths-1", "beside": "physics", "above": "office",
          "below beside": "physics-1"}
"""Where somebody of `maths` may try, in relation to it."""
ROLES = (B, C, D, I, A)


@pytest.fixture(scope="module")
def guarded_store(tmp_path_factory: pytest.TempPathFactory
                  ) -> Iterator[tuple[RegisterStore, AccessGuard]]:
    database = RegisterDatabase(f"sqlite:///{tmp_path_factory.mktemp('db') / 'r.db'}")
    database.create()
    yield guarded(database, {"stamp": "issue"})
    database.close()


def test_the_table_names_what_is_expected_and_nothing_else() -> None:
    table = permission_table()
    assert set(table.permissions) == CASES.keys() | ANYWHERE.keys()
    assert {kind: name for name, p in table.permissions.items() for kind in p.kinds} == KINDS
    assert set(table.assignable) == set(ROLES)
    assert {name for name, p in table.permissions.items() if p.second_factor} == WITH_CODE


def expected(role: str, permission: str, place: str) -> type[Exception] | None:
    """What somebody of `maths` is told."""
    if permission in ANYWHERE:
        return None if role in ANYWHERE[permission] else (
            ForbiddenError if role != A and place in {"own", "below"} else NotFoundError)
    inside = place in {"own", "below"}
    if role in CASES[permission]:
        return None if inside else NotFoundError
    sees = role in CASES["read"] and inside
    return ForbiddenError if sees else NotFoundError


def outcome(store: RegisterStore, actor: Actor, draft: EventDraft) -> type[Exception] | None:
    """What becomes of an event; nothing of it is kept."""
    class Enough(Exception):
        pass

    try:
        with store.change(actor) as work:
            work.record(draft)
            raise Enough
    except Enough:
        return None
    except (ForbiddenError, NotFoundError) as error:
        return type(error)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ROLES)
def test_permissions_by_role_and_place(guarded_store: tuple[RegisterStore, AccessGuard], role: str,
                                       place: str) -> None:
    store, guard = guarded_store
    actor = Actor("u", role, "maths", via="session", second_factor=True)
    with store.reading(SYSTEM) as conn:
        for permission in (*CASES, *ANYWHERE):
            found: type[Exception] | None = None
            try:
                guard.require(conn, actor, permission, PLACES[place])
            except (ForbiddenError, NotFoundError) as error:
                found = type(error)
            assert found is expected(role, permission, place), permission


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ROLES)
def test_kinds_of_events_by_role_and_place(guarded_store: tuple[RegisterStore, AccessGuard],
                                           role: str, place: str) -> None:
    store, _ = guarded_store
    actor = Actor("u", role, "maths", via="session", second_factor=True)
    unit = PLACES[place]
    for kind, permission in KINDS.items():
        if kind.startswith("member."):
            draft = EventDraft(kind, unit)  # the member of that unit
        elif kind == "unit.set":
            draft = EventDraft(kind, unit=f"{unit}-new", data={
                "parent": unit, "title": "N", "closed": False, "was_under": None})
        else:
            draft = EventDraft(kind, unit=unit, data={
                "user": "x", "key": "x", "role": B, "provider": "local", "title": "t",
                "expires_at": ""})
        assert outcome(store, actor, draft) is expected(role, permission, place), kind


def test_a_member_leaves_and_enters_only_units_within_reach(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store
    college, department = Actor("u", C, "maths"), Actor("d", D, "office")
    assert outcome(store, college, EventDraft("member.moved", "maths-1", "maths-2")) is None
    assert outcome(store, college, EventDraft("member.moved", "maths-1", "physics")) is NotFoundError
    assert outcome(store, college, EventDraft("member.moved", "physics", "maths")) is NotFoundError
    assert outcome(store, college, EventDraft("member.set", "physics", "maths")) is NotFoundError
    assert outcome(store, department, EventDraft("member.moved", "maths-1", "physics")) is None
    # Where it went counts for the next event of the same change.
    with pytest.raises(NotFoundError), store.change(college) as work:
        work.record_all([EventDraft("member.moved", "maths-1", "maths-2"),
                         EventDraft("member.moved", "maths-1", "physics-1")])


def test_an_act_needs_its_own_permission_too(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store
    draft = EventDraft("member.set", "maths", data={"act": "stamp"})
    assert outcome(store, Actor("u", C, "maths"), draft) is ForbiddenError
    assert outcome(store, Actor("u", D, "maths"), draft) is None
    with pytest.raises(UsageError, match="no-such"):
        AccessGuard({"stamp": "no-such"})


def test_what_no_permission_covers_is_the_programs_own(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store
    draft = EventDraft("member.unheard-of", "maths")
    for role in ROLES:
        assert outcome(store, Actor("u", role, "office"), draft) is ForbiddenError
    assert outcome(store, SYSTEM, draft) is None
    assert outcome(store, Actor("u", "no-such-role", "office"), draft) is ForbiddenError
    assert outcome(store, Actor("u", "no-such-role", "office"),
                   EventDraft("member.set", "maths")) is NotFoundError


def test_who_approves_has_shown_a_code_and_is_a_person(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store
    for kind, permission in KINDS.items():
        if permission in CASES and D in CASES[permission] and kind.startswith("member."):
            draft = EventDraft(kind, "maths")
            needs = permission in WITH_CODE
            for actor, refused in ((Actor("d", D, "office", "session"), needs),
                                   (Actor("d", D, "office", "key"), needs),
                                   (Actor("d", D, "office", "key", True), needs),
                                   (Actor("d", D, "office", "session", True), False)):
                assert (outcome(store, actor, draft) is ForbiddenError) is refused, (kind, actor)


def test_what_concerns_the_whole_register_is_the_offices(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store
    draft = EventDraft("settings.set")
    assert outcome(store, Actor("a", A, "office"), draft) is None
    assert outcome(store, Actor("a", A, "maths"), draft) is ForbiddenError
    # What has no unit and does not concern the whole register is the actor's own.
    assert outcome(store, Actor("u", C, "maths"), EventDraft("decision.made")) is None


def test_units_are_moved_by_whoever_has_both_ends(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, _ = guarded_store

    def move(unit: str, under: str | None, was: str | None) -> EventDraft:
        return EventDraft("unit.set", unit=unit, data={
            "parent": under, "title": "N", "closed": False, "was_under": was})

    of_maths = Actor("a", A, "maths")
    assert outcome(store, of_maths, move("maths-1", "maths", "maths")) is None
    assert outcome(store, of_maths, move("physics-1", "maths", "physics")) is NotFoundError
    assert outcome(store, of_maths, move("maths-1", "physics", "maths")) is NotFoundError
    assert outcome(store, of_maths, move("maths", "office", "office")) is NotFoundError
    assert outcome(store, Actor("a", A, "office"), move("office", None, None)) is None


def test_units_of_a_change_that_failed_are_forgotten(
        guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    store, guard = guarded_store
    actor = Actor("u", C, "maths")
    draft = EventDraft("unit.set", unit="physics", data={
        "parent": "maths", "title": "N", "closed": False, "was_under": "office"})
    with pytest.raises(ZeroDivisionError), store.change(SYSTEM) as work:
        work.record(draft)
        assert "physics" in guard.scope(work.conn, actor)
        raise ZeroDivisionError
    with store.reading(SYSTEM) as conn:
        assert "physics" not in guard.scope(conn, actor)
    with pytest.raises(ZeroDivisionError), store.change(SYSTEM) as work:
        work.record(EventDraft("unit.set", unit="maths-1", data={
            "parent": "physics", "title": "N", "closed": False, "was_under": "maths"}))
        assert set(guard.scope(work.conn, actor)) == {"maths", "maths-2"}
        raise ZeroDivisionError


def test_what_follows_from_a_change_is_not_the_actors_to_be_allowed(tmp_path: Path) -> None:
    database = RegisterDatabase(f"sqlite:///{tmp_path / 'r.db'}")
    database.create()
    store, _ = guarded(database, hooks=[lambda work: work.record(
        EventDraft("decision.made", unit="physics")) and None])
    with store.change(Actor("u", C, "maths")) as work:
        work.record(EventDraft("member.set", "maths", values={NAME: ("maths", "x")}))
    with store.reading(SYSTEM) as conn:
        assert [e.kind for e in events(conn)][-2:] == ["member.set", "decision.made"]
        assert [e.actor_unit for e in events(conn)][-1] == "maths"
    database.close()


def test_a_table_that_makes_no_sense_is_refused() -> None:
    good = {"roles": {"system": {"title": {"zh": "甲", "en": "a"}}},
            "permissions": {"read": {"title": {"zh": "甲", "en": "a"},
                                     "grants": {"system": "all"}}}}
    assert PermissionTable.model_validate(good).reach("system", "read") == "all"
    title = {"zh": "甲", "en": "a"}
    for wrong in (
            {"read": {"title": title, "grants": {"system": "all", "nobody": "own"}}},
            {"read": {"title": title, "grants": {"system": "below"}}},
            {"read": {"title": title, "grants": {"system": "everywhere"}}},
            {"other": {"title": title, "grants": {"system": "all"}}},
            {"read": {"title": title, "grants": {"system": "all"}, "kinds": ["a.b"]},
             "other": {"title": title, "grants": {"system": "all"}, "kinds": ["a.b"]}}):
        with pytest.raises(ValueError, match="validation error"):
            PermissionTable.model_validate({**good, "permissions": wrong})


def test_every_unit_has_a_place(guarded_store: tuple[RegisterStore, AccessGuard]) -> None:
    assert set(PLACES.values()) <= OFFICE.keys()
