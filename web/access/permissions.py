"""The table of permissions. In: `permissions.yaml`. Out: roles, permissions, grants, checked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from zhuanjie.engine.api import Text

FILE: Final = "permissions.yaml"
READ: Final = "read"
"""The permission whose reach is what somebody sees."""
SYSTEM_ROLE: Final = "system"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z-]+\.[a-z-]+$")]


class Reach(StrEnum):
    """How far a grant reaches from the unit that somebody acts for."""

    OWN = "own"
    BELOW = "below"
    ALL = "all"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UserRole(_Part):
    """What users and keys are. One that is not `assignable` is the program's own."""

    title: Text
    assignable: bool = True


class Permission(_Part):
    """Something that can be done, the kinds of events that come of it, and who may, how far."""

    title: Text
    kinds: tuple[Kind, ...] = ()
    second_factor: bool = False
    office: bool = False
    grants: Mapping[Name, Reach] = Field(default_factory=dict)


class PermissionTable(_Part):
    """Who may do what, and where."""

    roles: Mapping[Name, UserRole]
    permissions: Mapping[Name, Permission]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        named = {role for p in self.permissions.values() for role in p.grants}
        if unknown := named - self.roles.keys():
            raise ValueError(f"grants to roles that there are not: {sorted(unknown)}")
        if idle := self.roles.keys() - named:
            raise ValueError(f"roles that may do nothing: {sorted(idle)}")
        kinds = [kind for p in self.permissions.values() for kind in p.kinds]
        if twice := {kind for kind in kinds if kinds.count(kind) > 1}:
            raise ValueError(f"kinds that two permissions cover: {sorted(twice)}")
        if READ not in self.permissions:
            raise ValueError(f"no permission is called {READ}")
        for name, permission in self.permissions.items():
            if permission.grants.get(SYSTEM_ROLE) is not Reach.ALL:
                raise ValueError(f"{SYSTEM_ROLE} may not do everywhere: {name}")
        return self

    @property
    def assignable(self) -> tuple[str, ...]:
        """The roles that a user or a key can have."""
        return tuple(name for name, role in self.roles.items() if role.assignable)

    def of_kind(self, kind: str) -> str | None:
        """The permission that covers events of this kind."""
        return next((name for name, p in self.permissions.items() if kind in p.kinds), None)

    def reach(self, role: str, permission: str) -> Reach | None:
        """How far `role` has `permission`; None where not at all."""
        return self.permissions[permission].grants.get(role)

    def called(self, permission: str, role: str | None = None) -> dict[str, Any]:
        """What messages call a permission, and a role that lacks it."""
        said: dict[str, Any] = {"permission": self.permissions[permission].title}
        if role is None:
            return said
        known = self.roles.get(role)  # a role that an older table had is called as it was written
        return {**said, "role": known.title if known is not None else role}


@cache
def permission_table() -> PermissionTable:
    """The table that holds."""
    text = files("zhuanjie.web.access").joinpath(FILE).read_text(encoding="utf-8")
    return PermissionTable.model_validate(yaml.safe_load(text))
