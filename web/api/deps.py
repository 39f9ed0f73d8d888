"""What routes are handed. In: a request. Out: the register, who asks, in which language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from zhuanjie.engine.api import Lang
from zhuanjie.web.api.callers import caller_of
from zhuanjie.web.api.fields import Line
from zhuanjie.web.api.problem import HttpError, language
from zhuanjie.web.service import register as service
from zhuanjie.web.service.jobs import JobRunner
from zhuanjie.web.store.event import Actor


async def _register(request: Request) -> service.Register:
    register: service.Register = request.app.state.register
    return register


async def _jobs(request: Request) -> JobRunner:
    jobs: JobRunner = request.app.state.jobs
    return jobs


async def _language(request: Request) -> Lang:
    return language(request.headers)


async def _version(said: Annotated[str | None, Header(
        alias="If-Match", max_length=100, description="the `ETag` that was seen: the change is "
                                                      "made to no other version")] = None,
                   ) -> int | None:
    """The version that a change is meant for, by `If-Match`."""
    if said is None or said.strip() == "*":
        return None
    text = said.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HttpError(400, "register.http.version")
    return int(text)


Register = Annotated[service.Register, Depends(_register)]
Jobs = Annotated[JobRunner, Depends(_jobs)]
Who = Annotated[Actor, Depends(caller_of)]
"""Who asks, by a session or a key; a request of nobody is refused."""
Language = Annotated[Lang, Depends(_language)]
Version = Annotated[int | None, Depends(_version)]
Key = Annotated[Line, Path(min_length=1, description="the register's id of a member, or a key as "
                                                     "ledgers have it")]
