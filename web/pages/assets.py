"""Styles, scripts and pictures. In: files of the package. Out: them, kept by browsers for good.

Their addresses have the hash of what they hold, so that a new version is another address.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from zhuanjie.engine.api import fail
from zhuanjie.web.store.errors import NotFoundError

_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
                 "svg": "image/svg+xml", "LICENSE": "text/plain; charset=utf-8"}
_FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}

router = APIRouter()


@cache
def asset_files() -> dict[str, tuple[bytes, str]]:
    """Every file by its path, with its type."""
    found: dict[str, tuple[bytes, str]] = {}

    def gather(folder: Traversable, prefix: str) -> None:
        for each in folder.iterdir():
            if each.is_dir():
                gather(each, f"{prefix}{each.name}/")
            elif (kind := _TYPES.get(each.name.rpartition(".")[2])) is not None:
                found[prefix + each.name] = each.read_bytes(), kind

    gather(files("zhuanjie.web.pages").joinpath("static"), "")
    return found


@cache
def asset(name: str) -> str:
    """The address of a file."""
    content, _ = asset_files()[name]
    return f"/static/{sha256(content).hexdigest()[:16]}/{name}"


@router.get("/static/{version}/{name:path}")
async def show(version: str, name: str) -> Response:
    """A file. One of another version is not kept: it may be older than the page that asks."""
    if name not in asset_files():
        raise fail(NotFoundError, "register.none")
    content, kind = asset_files()[name]
    current = asset(name) == f"/static/{version}/{name}"
    return Response(content, media_type=kind, headers=_FOR_GOOD if current else {})
