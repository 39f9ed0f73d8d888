"""The application. In: a register. Out: FastAPI's application, ready to be served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from zhuanjie import __version__
from zhuanjie.web.api.gate import Gate
from zhuanjie.web.api.problem import handle_errors
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.service.register import Register

PREFIX: Final = "/api/v1"


def make_app(register: Register, settings: HttpSettings | None = None) -> FastAPI:
    """The application that answers for `register`."""
    http = settings or HttpSettings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Whatever asks the database or judges does so in one of these threads.
        current_default_thread_limiter().total_tokens = http.threads
        yield

    app = FastAPI(title="zhuanjie", version=__version__, openapi_url=f"{PREFIX}/openapi.json",
                  docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)
    app.state.register = register
    app.state.http = http
    handle_errors(app)
    app.add_middleware(Gate, settings=http, takes_files=_takes_files)
    return app


def _takes_files(path: str) -> bool:
    return path in UPLOADS or path.endswith("/attachments")


UPLOADS: Final = frozenset({f"{PREFIX}/imports", f"{PREFIX}/audit"})
"""The paths whose bodies are files."""
