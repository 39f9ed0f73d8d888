"""Units, users and keys. In: requests. Out: them, as whoever asks may see them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from zhuanjie.web.api.deps import Language, Register, Who
from zhuanjie.web.api.fields import Id
from zhuanjie.web.api.models.access import (
    KeyAsked,
    KeyMade,
    KeyShown,
    PasswordMade,
    UnitSet,
    UnitShown,
    UserAdd,
    UserChange,
    UserMade,
    UserShown,
)

router = APIRouter(tags=["access"])


@router.get("/units")
def units(register: Register, who: Who) -> list[UnitShown]:
    """The units that are seen, or looked after."""
    return [UnitShown.model_validate(unit) for unit in register.access.units(who)]


@router.put("/units/{id}")
def set_unit(register: Register, who: Who, id: Id, asked: UnitSet) -> UnitShown:
    """Make a unit, or change it."""
    return UnitShown.model_validate(register.access.set_unit(who, id, **asked.model_dump()))


@router.get("/users")
def users(register: Register, who: Who) -> list[UserShown]:
    """The users that one looks after."""
    return [UserShown.model_validate(user) for user in register.access.users(who)]


@router.post("/users", status_code=201)
def add_user(register: Register, who: Who, asked: UserAdd) -> UserMade:
    """Make a user, with a password that holds once."""
    made = register.access.add_user(who, asked.id, **asked.model_dump(exclude={"id"}))
    shown = UserShown.model_validate(made.user)
    return UserMade(**shown.model_dump(), password=made.password)


@router.get("/users/{id}")
def user(register: Register, who: Who, id: Id) -> UserShown:
    """A user that one looks after, or is."""
    return UserShown.model_validate(register.access.user(who, id))


@router.patch("/users/{id}")
def set_user(register: Register, who: Who, id: Id, asked: UserChange) -> UserShown:
    """Change a user; one who was disabled is let in again."""
    return UserShown.model_validate(register.access.set_user(who, id, **asked.model_dump()))


@router.delete("/users/{id}", status_code=204)
def disable_user(register: Register, who: Who, id: Id) -> None:
    """Let a user in no more; what they did stays theirs."""
    register.access.disable_user(who, id)


@router.post("/users/{id}/password")
def reset_password(register: Register, who: Who, id: Id) -> PasswordMade:
    """Give a user a new password that holds once."""
    return PasswordMade(password=register.access.reset_password(who, id))


@router.delete("/users/{id}/codes", status_code=204)
def reset_codes(register: Register, who: Who, id: Id) -> None:
    """Forget a user's app for one-time codes."""
    register.access.reset_codes(who, id)


@router.get("/keys")
def keys(register: Register, who: Who) -> list[KeyShown]:
    """The keys of programs that one looks after."""
    return [KeyShown.model_validate(key) for key in register.access.keys(who)]


@router.post("/keys", status_code=201)
def make_key(register: Register, who: Who, asked: KeyAsked) -> KeyMade:
    """Make a key; the key itself is shown this once."""
    known, key = register.access.make_key(who, **asked.model_dump())
    return KeyMade(**KeyShown.model_validate(known).model_dump(), key=key)


@router.delete("/keys/{id}", status_code=204)
def revoke_key(register: Register, who: Who, id: Id) -> None:
    """End a key for good."""
    register.access.revoke_key(who, id)


@router.get("/permissions")
def permissions(register: Register, _who: Who, lang: Language) -> dict[str, Any]:
    """Which role may do what, and how far."""
    table = register.guard.table
    return {
        "roles": {name: getattr(role.title, lang) for name, role in table.roles.items()},
        "permissions": {name: {
            "title": getattr(each.title, lang), "second_factor": each.second_factor,
            "grants": {role: str(reach) for role, reach in each.grants.items()}}
            for name, each in table.permissions.items()}}
