"""A setting changed. In: a change, what is to hold. Out: an event, and it holds.

A secret goes to where its server says it is. So whoever names another server has to know the secret
too: otherwise who may only replace it could have it sent to a server of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.settings.models import OfficeSetting
from zhuanjie.web.settings.names import setting_of
from zhuanjie.web.settings.projection import KIND, VALUE
from zhuanjie.web.settings.reading import value_of
from zhuanjie.web.settings.secrets import SecretFolder
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import ConflictError
from zhuanjie.web.store.event import Event, EventDraft


def put_setting(work: UnitOfWork, folder: SecretFolder, name: str, said: Mapping[str, Any], *,
                secrets: Mapping[str, str | None] | None = None, version: int | None = None,
                reason: str | None = None) -> Event | None:
    """Have `said` hold under `name`; None where it holds already.

    `secrets` are those to replace, or with None to take away; others stay. `version` is the event
    that the caller saw it set by, 0 where it was not set. Raises UsageError for what cannot be,
    NotFoundError for a name that there is not, ConflictError where somebody was first.
    """
    kind = setting_of(name)
    given = dict(secrets or {})
    if unknown := (said.keys() & set(kind.secrets)) | (given.keys() - set(kind.secrets)):
        raise fail(UsageError, "register.settings.value", part=min(unknown))
    had, since = value_of(work.conn, name, kind)
    _require_version(name, version, since)
    new = kind.read(said)
    kept = _kept(kind, had, new, given)
    # Before anything of it is written down: it must be allowed, and have sense as a whole.
    marks = {part: "0" * 32 for part, text in given.items() if text is not None}
    _with(kind, new, kept | marks).check()
    written = {part: folder.keep(text) for part, text in given.items() if text is not None}
    made = _with(kind, new, kept | written)
    return None if made == had else _record(work, name, kind, had, made, reason)


def clear_setting(work: UnitOfWork, name: str, *, version: int | None = None,
                  reason: str | None = None) -> Event | None:
    """Have nothing hold under `name`; None where nothing does."""
    kind = setting_of(name)
    had, since = value_of(work.conn, name, kind)
    _require_version(name, version, since)
    return None if had is None else _record(work, name, kind, had, None, reason)


def _require_version(name: str, version: int | None, since: int) -> None:
    if version is not None and version != since:
        raise fail(ConflictError, "register.settings.changed", name=name)


def _kept(kind: type[OfficeSetting], had: OfficeSetting | None, new: OfficeSetting,
          given: Mapping[str, str | None]) -> dict[str, str]:
    """The secrets that stay; raises UsageError where they would be told to somebody else."""
    kept = {part: name for part in kind.secrets if part not in given
            and had is not None and (name := getattr(had, part)) is not None}
    elsewhere = any(part in given if part in kind.secrets
                    else getattr(had, part, None) != getattr(new, part) for part in kind.where)
    if kept and elsewhere:
        raise fail(UsageError, "register.settings.secret-again", part=min(kept))
    return kept


def _with(kind: type[OfficeSetting], new: OfficeSetting, secrets: dict[str, str]) -> OfficeSetting:
    return kind.read(new.model_dump(mode="json") | secrets)


def _record(work: UnitOfWork, name: str, kind: type[OfficeSetting], had: OfficeSetting | None,
            made: OfficeSetting | None, reason: str | None) -> Event:
    data = {"name": name} | ({"act": kind.act} if kind.act is not None else {})
    before, after = (None if each is None else each.model_dump(mode="json")
                     for each in (had, made))
    return work.record(EventDraft(KIND, values={VALUE: (before, after)}, data=data, reason=reason))
