"""What an office sets. In: requests. Out: what holds, without its secrets; events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from zhuanjie.engine.api import Lang, say
from zhuanjie.web.api.deps import Language, Register, Who
from zhuanjie.web.api.fields import Line, Paragraph
from zhuanjie.web.api.models.base import AnswerModel, Sent
from zhuanjie.web.settings.secrets import LONGEST
from zhuanjie.web.settings.trying import SENT

router = APIRouter(prefix="/settings", tags=["settings"])
Kind = Annotated[str, Path(pattern=r"^[a-z-]{1,40}$", examples=["closing-days", "mail"])]
Thing = Annotated[str, Path(pattern=r"^[a-z0-9_.-]{1,64}$", examples=["letter"])]
Seen = Annotated[int | None, Query(ge=0, lt=2**53, description="the `version` that was seen, 0 for "
                                                               "nothing; refused for another")]
Secret = Annotated[str, Field(max_length=LONGEST)]


class SettingAsked(Sent):
    """What is to hold under a name."""

    value: dict[Line, Any] = Field(max_length=100, examples=[{"right": -15, "down": 20}])
    secrets: dict[Line, Secret | None] = Field(
        default_factory=dict, max_length=10,
        description="those to replace, or with null to take away; others stay")
    reason: Paragraph | None = None


class OfficeSettingShown(AnswerModel):
    """What holds under a name; of each secret whether it is there."""

    name: str = Field(examples=["forms/letter"])
    value: dict[str, Any] | None
    secrets: dict[str, bool]
    version: int
    by_file: bool = Field(description="whether the settings file has something of this name, "
                                      "which holds instead")


class TrialAsked(Sent):
    """A mailbox for a test message."""

    to: Line = Field(examples=["office@example.edu.cn"])


class TrialShown(AnswerModel):
    """What came of a test message."""

    sent: bool
    code: str = Field(examples=["register.outbox.login"])
    detail: str


@router.get("")
def settings(register: Register, who: Who) -> list[OfficeSettingShown]:
    """Everything that is set, and that one may set."""
    return [OfficeSettingShown.model_validate(each) for each in register.settings.shown(who)]


@router.get("/{kind}")
def setting(register: Register, who: Who, kind: Kind) -> OfficeSettingShown:
    """What is set of a kind that there is one of: `closing-days`, `mail`."""
    return OfficeSettingShown.model_validate(register.settings.one(who, kind))


@router.put("/{kind}")
def put_setting(register: Register, who: Who, kind: Kind, asked: SettingAsked,
                version: Seen = None) -> OfficeSettingShown:
    """Set it."""
    return _put(register, who, kind, asked, version)


@router.delete("/{kind}")
def clear_setting(register: Register, who: Who, kind: Kind, version: Seen = None
                  ) -> OfficeSettingShown:
    """Have nothing hold."""
    return OfficeSettingShown.model_validate(register.settings.clear(who, kind, version=version))


@router.get("/{kind}/{thing}")
def setting_of(register: Register, who: Who, kind: Kind, thing: Thing) -> OfficeSettingShown:
    """What is set of a thing: `forms/letter`, `robots/office`."""
    return OfficeSettingShown.model_validate(register.settings.one(who, f"{kind}/{thing}"))


@router.put("/{kind}/{thing}")
def put_setting_of(register: Register, who: Who, kind: Kind, thing: Thing, asked: SettingAsked,
                   version: Seen = None) -> OfficeSettingShown:
    """Set it of a thing."""
    return _put(register, who, f"{kind}/{thing}", asked, version)


@router.delete("/{kind}/{thing}")
def clear_setting_of(register: Register, who: Who, kind: Kind, thing: Thing,
                     version: Seen = None) -> OfficeSettingShown:
    """Have nothing hold of a thing."""
    return OfficeSettingShown.model_validate(
        register.settings.clear(who, f"{kind}/{thing}", version=version))


@router.post("/{kind}/test")
def try_setting(register: Register, who: Who, lang: Language, kind: Kind,
                asked: TrialAsked) -> TrialShown:
    """Send a test message by `mail`, as it is set; what came of it is an event."""
    return _try(register, who, lang, kind, asked.to)


@router.post("/{kind}/{thing}/test")
def try_setting_of(register: Register, who: Who, lang: Language, kind: Kind,
                   thing: Thing) -> TrialShown:
    """The same by a robot: `robots/office`."""
    return _try(register, who, lang, f"{kind}/{thing}", "")


def _try(register: Register, who: Who, lang: Lang, name: str, to: str) -> TrialShown:
    outcome = register.settings.try_out(who, name, to=to, lang=lang)
    return TrialShown(sent=outcome == SENT, code=outcome, detail=say(outcome, lang))


def _put(register: Register, who: Who, name: str, asked: SettingAsked,
         version: int | None) -> OfficeSettingShown:
    return OfficeSettingShown.model_validate(register.settings.put(
        who, name, asked.value, secrets=asked.secrets, version=version, reason=asked.reason))
