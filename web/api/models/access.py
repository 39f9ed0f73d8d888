"""Sessions, users, units, keys, as requests and answers have them. In: nothing. Out: models."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from zhuanjie.web.api.fields import Id, Line
from zhuanjie.web.api.models.base import AnswerModel, Sent

Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class LoginAsked(Sent):
    """Who signs in."""

    user: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["li"])
    password: Secret
    code: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="a one-time code, for who has enrolled for them")


class SessionShown(AnswerModel):
    """Who is signed in. `csrf` belongs into `X-CSRF-Token` of every change."""

    user: str
    name: str | None
    role: str
    unit: str
    provider: str
    second_factor: bool
    must_change: bool = Field(description="whether the password is to be changed before all else")
    ends: datetime
    csrf: str
    permissions: list[str]


class PasswordChange(Sent):
    """A new password of one's own."""

    password: Secret
    new: Secret


class CodeShown(Sent):
    """A one-time code."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class EnrolAsked(Sent):
    """Who has a password here shows it."""

    password: Secret | None = None


class Enrolment(AnswerModel):
    """What an app for one-time codes takes (`otpauth://`), as text and as a picture's content."""

    uri: str


class Enrolled(SessionShown):
    """One-time codes are asked for from now on."""

    recovery_codes: list[str]


class UnitShown(AnswerModel):
    """A unit of the office."""

    id: str
    parent: str | None
    title: str
    closed: bool


class UnitSet(Sent):
    """What is to hold of a unit."""

    title: Line
    parent: Id | None = None
    closed: bool = False


class UserShown(AnswerModel):
    """A user."""

    id: str
    name: str | None
    email: str | None
    role: str
    unit: str
    provider: str
    disabled: bool
    version: int


class UserMade(UserShown):
    """A user that was made, and the password to tell them, which holds once."""

    password: str | None


class UserAdd(Sent):
    """A user to be made."""

    id: Id
    role: Id
    unit: Id
    name: Line | None = None
    email: Line | None = None
    provider: Id = "local"


class UserChange(Sent):
    """What is to be another of a user."""

    role: Id | None = None
    unit: Id | None = None
    name: Line | None = None
    email: Line | None = None


class PasswordMade(AnswerModel):
    """A password to tell a user, which holds once."""

    password: str


class KeyShown(AnswerModel):
    """What is known of a program's key."""

    id: str
    title: str
    role: str
    unit: str
    expires_at: str
    revoked: bool


class KeyMade(KeyShown):
    """A key that was made; `key` is shown this once."""

    key: str


class KeyAsked(Sent):
    """A key to be made."""

    title: Line
    role: Id
    unit: Id
    expires: AwareDatetime
