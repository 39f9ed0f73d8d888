"""The application. In: a register. Out: FastAPI's application, ready to be served."""

from __future__ import annotations

from asyncio import create_task
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import Depends, FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from zhuanjie import __version__
from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.api.callers import stranger
from zhuanjie.web.api.gate import Gate
from zhuanjie.web.api.limits import COSTLY, RequestLimits, Routes
from zhuanjie.web.api.openapi import describe
from zhuanjie.web.api.problem import handle_errors, refusal
from zhuanjie.web.api.routes import (
    access,
    acts,
    attachments,
    imports,
    jobs,
    judging,
    letters,
    members,
    office,
    reports,
    session,
    settings,
    sign_in,
    trail,
    waivers,
)
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.api.stream import EventFeed
from zhuanjie.web.operations.logs import Observed
from zhuanjie.web.service.cases import warm_up
from zhuanjie.web.service.closing import keep_closing_days
from zhuanjie.web.service.job_kinds import run_job
from zhuanjie.web.service.jobs import JobRunner
from zhuanjie.web.service.register import Register

PREFIX: Final = "/api/v1"
ROUTES: Final = tuple(room.router for room in (
    session, sign_in, members, acts, attachments, waivers, imports, letters, judging, jobs,
    trail, access, office, settings, reports))

FOR_STRANGERS: Final = (session.router, sign_in.router)
"""The routes that nobody need be signed in for."""


def make_app(register: Register, settings: HttpSettings | None = None, *,
             takes_files: Callable[[str], bool] = lambda _path: False, costly: Routes = (),
             refuse: Callable[..., Response] = refusal,
             warmers: Sequence[Callable[[], None]] = ()) -> FastAPI:
    """The application that answers for `register`.

    What is put upon it, such as pages, says which of its paths take files, which of its routes are
    costly, how it refuses, and what it wants made before somebody waits for it.
    """
    http = settings or HttpSettings()

    register.upkeep.close_days = partial(keep_closing_days, register)
    feed, runner = EventFeed(register.store), JobRunner(register.place, run_job)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Whatever asks the database or judges does so in one of these threads.
        current_default_thread_limiter().total_tokens = http.threads
        runner.start()
        register.upkeep.start()
        await feed.start()
        app.state.warming = warming = create_task(_warm_up(register, *warmers))
        try:
            yield
        finally:
            warming.cancel()
            await feed.stop()
            await run_sync(register.upkeep.stop)
            await run_sync(runner.stop)

    app = FastAPI(title="zhuanjie", version=__version__, openapi_url=f"{PREFIX}/openapi.json",
                  docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)
    app.state.register = register
    app.state.http = http
    app.state.limits = RequestLimits(http.limits, {
        *costly, *((method, PREFIX + path) for method, path in COSTLY)})
    app.state.feed, app.state.jobs = feed, runner
    handle_errors(app)
    for routes in ROUTES:
        app.include_router(routes, prefix=PREFIX, dependencies=[
            Depends(stranger)] if routes in FOR_STRANGERS else [])
    describe(app)
    app.router.routes.extend(register.upkeep.routes)
    app.add_middleware(Gate, settings=http, refuse=refuse,
                       takes_files=lambda path: path in UPLOADS or takes_files(path))
    app.add_middleware(Observed, metrics=register.upkeep.metrics)
    return app


async def _warm_up(register: Register, *warmers: Callable[[], None]) -> None:
    # Requests are answered meanwhile, or where it cannot be done; they find out for themselves.
    for warmer in warmers:
        await run_sync(warmer)
    with suppress(ZhuanjieError, SQLAlchemyError):
        await run_sync(warm_up, register)


UPLOADS: Final = frozenset({f"{PREFIX}/imports", f"{PREFIX}/audit", f"{PREFIX}/attachments"})
"""The paths whose bodies are files."""
