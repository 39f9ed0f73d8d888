"""The application. In: a register. Out: FastAPI's application, ready to be served."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from zhuanjie import __version__
from zhuanjie.web.service.register import Register

PREFIX: Final = "/api/v1"


def make_app(register: Register) -> FastAPI:
    """The application that answers for `register`."""
    app = FastAPI(title="zhuanjie", version=__version__, openapi_url=f"{PREFIX}/openapi.json",
                  docs_url=None, redoc_url=None)
    app.state.register = register
    return app
