"""Imports: what a ledger would change, saved as shown, taken back. In: files. Out: events."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, File, Form, UploadFile

from zhuanjie.engine.api import Lang, columns_wanted
from zhuanjie.report.view import View
from zhuanjie.web.api.deps import Language, Register, Who
from zhuanjie.web.api.fields import Id, Line
from zhuanjie.web.api.models.acts import MaybeReason
from zhuanjie.web.api.models.imports import (
    ImportPreviewShown,
    ImportSave,
    ImportSavedShown,
    ImportUndoneShown,
    KeptColumnsAsked,
    KeptColumnShown,
)
from zhuanjie.web.api.problem import HttpError
from zhuanjie.web.service import register as service
from zhuanjie.web.service.importing import (
    IMPORT,
    own_unit,
    preview_upload,
    save_upload,
    undo_import,
)
from zhuanjie.web.transfer.kept_columns import keep_columns, kept_columns
from zhuanjie.web.transfer.layout import plain_import, plain_preview
from zhuanjie.web.transfer.projection import imports

router = APIRouter(tags=["imports"], prefix="/imports")


@router.get("")
def list_(register: Register, who: Who) -> list[dict[str, Any]]:
    """The imports, the latest first."""
    with register.store.reading(who) as conn:
        return [plain_import(past) for past in imports(conn)]


@router.get("/columns")
def columns(register: Register, who: Who, unit: Line = "") -> list[KeptColumnShown]:
    """What a unit (one's own where none is said) takes headings for, beside the vocabulary."""
    at = own_unit(register, who, unit)
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, IMPORT, at)
        return [KeptColumnShown.model_validate(each) for each in kept_columns(conn, at)]


@router.put("/columns")
def keep(register: Register, who: Who, asked: KeptColumnsAsked) -> list[KeptColumnShown]:
    """Keep what headings are taken for, by the next imports of a unit and of those below it."""
    columns_wanted(register.policy(), None, ((h, f) for h, f in asked.columns.items() if f))
    keep_columns(register.store, who, own_unit(register, who, asked.unit), asked.columns)
    return columns(register, who, asked.unit)


@router.post("", status_code=201)
def send(register: Register, who: Who, lang: Language,
         files: Annotated[list[UploadFile], File(min_length=1, max_length=20)],
         columns: Annotated[str, Form(max_length=20_000, description="a JSON object of headings "
                                                                     "and fields")] = "{}",
         unit: Annotated[Line, Form()] = "", clear: Annotated[bool, Form()] = False,
         again: Annotated[bool, Form()] = False) -> ImportPreviewShown:
    """Send ledgers, and see what they would change. Nothing is saved."""
    register.access.require(who, IMPORT)  # before anything is kept
    options = {"columns": heading_map(columns), "unit": unit, "clear": clear, "again": again}
    upload = register.uploads.receive(
        who, ((file.filename or "", file.file) for file in files), options)
    return _preview(register, who, lang, upload.id)


@router.get("/uploads/{upload}")
def show(register: Register, who: Who, lang: Language, upload: Id) -> ImportPreviewShown:
    """What saving files that were sent would change now."""
    return _preview(register, who, lang, upload)


@router.post("/uploads/{upload}/save")
def save(register: Register, who: Who, upload: Id, asked: ImportSave) -> ImportSavedShown:
    """Save what was shown, all of it or, where it would be something else by now, nothing."""
    done = save_upload(register, who, register.uploads.upload(upload, who), asked.token)
    return ImportSavedShown(id=done.id, counts=dict(done.counts),
                            before=plain_import(done.before) if done.before else None)


@router.post("/{id}/undo")
def take_back(register: Register, who: Who, id: Id, asked: MaybeReason) -> ImportUndoneShown:
    """Take an import back as a whole; what was changed since stays, and is named."""
    done = undo_import(register, who, id, asked.reason)
    return ImportUndoneShown(
        id=done.past.id, restored=done.restored, withdrawn=done.withdrawn, already=done.already,
        kept=[{"member": each.member, "field": each.field} for each in done.kept])


def _preview(register: service.Register, who: Who, lang: Lang, id: str) -> ImportPreviewShown:
    found = preview_upload(register, who, register.uploads.upload(id, who))
    view = View.of(register.policy(), lang)
    return ImportPreviewShown(upload=id, **plain_preview(found, view))


def heading_map(text: str) -> dict[str, str]:
    """The headings of a form's JSON object, and the fields they mean; raises HttpError."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise HttpError(422, "register.http.columns") from None
    if not isinstance(said, dict) or not all(isinstance(v, str) for v in said.values()):
        raise HttpError(422, "register.http.columns")
    return said
