"""The room's routes. In: nothing. Out: one router: what was sent comes before what was saved."""

from __future__ import annotations

from fastapi import APIRouter

from zhuanjie.web.pages.imports import past, uploads

router = APIRouter()
router.include_router(uploads.router)
router.include_router(past.router)
