"""Pages and interface in one application. In: a register. Out: it, ready to be served."""

from __future__ import annotations

from fastapi import FastAPI

from zhuanjie.web.api.app import make_app
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.pages.errors import page_errors, page_refusal
from zhuanjie.web.pages.frame import make_templates
from zhuanjie.web.pages.once import ShownOnce
from zhuanjie.web.pages.rooms import COSTLY, RESUMES, ROUTERS, takes_files
from zhuanjie.web.service.kept_counts import KeptCounts
from zhuanjie.web.service.register import Register


def make_site(register: Register, settings: HttpSettings | None = None) -> FastAPI:
    """The application that answers people and programs for `register`."""
    app = make_app(register, settings, takes_files=takes_files, costly=COSTLY,
                   refuse=page_refusal, warmers=[make_templates])
    app.state.resumes = RESUMES
    app.state.afterwards = "/"  # where whoever signed in at another server goes on
    app.state.shown_once = ShownOnce()
    app.state.counts = KeptCounts()
    page_errors(app)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    return app
