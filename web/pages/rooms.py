"""The pages' rooms. In: nothing. Out: their routers, and the paths that take files."""

from __future__ import annotations

import re
from typing import Final

from zhuanjie.web.pages import assets
from zhuanjie.web.pages.account import routes as account
from zhuanjie.web.pages.board import reports
from zhuanjie.web.pages.board import routes as board
from zhuanjie.web.pages.imports import routes as imports
from zhuanjie.web.pages.law import routes as law
from zhuanjie.web.pages.law import trying
from zhuanjie.web.pages.letters import routes as letters
from zhuanjie.web.pages.login import routes as login
from zhuanjie.web.pages.member import acting, proving, waiving
from zhuanjie.web.pages.member import routes as member
from zhuanjie.web.pages.members import bulk
from zhuanjie.web.pages.members import routes as members
from zhuanjie.web.pages.receipts import routes as receipts
from zhuanjie.web.pages.settings import routes as settings
from zhuanjie.web.pages.work import routes as work

ROUTERS: Final = (
    assets.router,
    login.router,
    account.router,
    board.router,
    reports.router,
    work.router,
    members.router,  # before what is of a case, whose id may be any other
    member.router,
    acting.router,
    waiving.router,
    proving.router,
    imports.router,
    letters.router,
    receipts.router,
    law.router,
    settings.router,
)
RESUMES: Final = {**acting.RESUMES, **bulk.RESUMES, **trying.RESUMES, **receipts.RESUMES}
"""By patterns of paths, what makes a form again that was being filled in when a session ended."""
UPLOADS: Final = (
    *acting.UPLOADS,
    r"/imports",
    receipts.UPLOAD,
)
"""Patterns of the paths whose bodies may be as large as a file that is sent."""
COSTLY: Final = frozenset({
    ("POST", "/imports"), ("GET", "/imports/uploads/{id}"), ("POST", "/imports/uploads/{id}/save"),
    ("POST", "/imports/uploads/{id}/marked"), ("POST", "/imports/{id}/undo"),
    ("POST", "/board/days"), ("GET", "/board/report.xlsx"), ("GET", "/board/report.pdf"),
    ("POST", "/law/what-if"), ("POST", "/settings/mail/test"),
    ("POST", "/settings/robots/{name}/test"),
    ("GET", "/letters/pdf"), ("POST", "/letters/print"), ("GET", "/letters/sample"),
    ("GET", "/members/bulk"), ("POST", "/members/bulk/do")})
"""The routes whose answers take seconds of a processor."""
_UPLOAD: Final = re.compile("|".join(UPLOADS) or r"(?!)")


def takes_files(path: str) -> bool:
    """Whether a form at `path` may bring a file."""
    return _UPLOAD.fullmatch(path) is not None
