"""Imports there were, and how to begin one. In: requests. Out: pages, files, events."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from zhuanjie.engine.api import say, template_fields
from zhuanjie.report.formats import template
from zhuanjie.report.view import View
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.api.deps import Jobs, Register
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import Seen, Sent, Typed
from zhuanjie.web.service.casefile import names_of
from zhuanjie.web.service.import_desk import SAVED, ImportDesk
from zhuanjie.web.service.importing import own_unit
from zhuanjie.web.service.jobs import ENDED, Job
from zhuanjie.web.service.past_import import past_import
from zhuanjie.web.service.saying import job_failure
from zhuanjie.web.transfer.kept_columns import keep_columns, kept_columns
from zhuanjie.web.transfer.layout import counts_line, heading_of, member_name, shown_value
from zhuanjie.web.transfer.projection import imports

router = APIRouter(prefix="/imports")
ImportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_PAGE = 20


@router.get("")
def home(request: Request, register: Register, visitor: Seen,
         before: Annotated[int | None, Query(ge=0, le=2**62)] = None) -> Response:
    """Where a workbook is dropped; what was sent and not saved yet; what was imported."""
    visitor.need("import")
    view = View.of(register.policy(), visitor.lang)
    with register.store.reading(visitor.actor) as conn:
        found = imports(conn, before=before, limit=_PAGE + 1)
        kept = kept_columns(conn, own_unit(register, visitor.actor))
        names, tree = names_of(conn, {past.actor for past in found}), unit_tree(conn)
    return render(
        request, visitor, "imports/home.html", kept=len(kept),
        waiting=[] if before is not None else [
            (upload, [file.name for file in upload.files])
            for upload in register.uploads.uploads(visitor.actor) if SAVED not in upload.notes],
        imports=[(past, names.get(past.actor, past.actor), counts_line(past.counts, view),
                  _title(tree, past.unit)) for past in found[:_PAGE]],
        first="/imports" if before is not None else None,
        next=f"/imports?before={found[_PAGE - 1].seq}" if len(found) > _PAGE else None)


@router.post("")
def send(request: Request, register: Register, visitor: Sent, form: Typed) -> Response:
    """Keep files that were dropped, and go where they are seen."""
    visitor.need("import")
    upload = register.uploads.receive(
        visitor.actor, ((file.filename or "", file.file) for file in form.files("files")), {})
    return go(request, f"/imports/uploads/{upload.id}")


@router.get("/sample.xlsx")
def sample(register: Register, visitor: Seen) -> Response:
    """A blank workbook to fill in."""
    visitor.need("import")
    policy = register.policy()
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = FilePath(file.name)
    try:
        template.write(template_fields(policy), path, View.of(policy, visitor.lang))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    name = say("output.register.import.sample", visitor.lang)
    return FileResponse(path, filename=f"{name}.xlsx", headers={
        "cache-control": "no-store"}, background=BackgroundTask(path.unlink, missing_ok=True),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@router.get("/columns")
def columns(request: Request, register: Register, visitor: Seen) -> Response:
    """The headings that the office keeps."""
    visitor.need("import")
    view, own = View.of(register.policy(), visitor.lang), own_unit(register, visitor.actor)
    with register.store.reading(visitor.actor) as conn:
        kept, tree = kept_columns(conn, own), unit_tree(conn)
    return render(request, visitor, "imports/columns.html", kept=[
        (each.heading, heading_of(each.field, view) if each.field else "",
         _title(tree, each.unit), each.unit == (own or "")) for each in kept])


@router.post("/columns")
def forget_columns(request: Request, register: Register, visitor: Sent, form: Typed) -> Response:
    """Keep a heading no more."""
    visitor.need("import")
    keep_columns(register.store, visitor.actor, own_unit(register, visitor.actor),
                 dict.fromkeys(form.all("heading"), None))
    return go(request, "/imports/columns", "imports.column_forgotten")


@router.get("/{id}")
def show(request: Request, register: Register, jobs: Jobs, visitor: Seen, id: ImportId,
         after: Annotated[int, Query(ge=0, le=2**62)] = 0) -> Response:
    """An import that was saved: what it changed, and how it is taken back."""
    visitor.need("import", "undo-import")
    desk = ImportDesk(register, jobs)
    past, view = desk.past(visitor.actor, id), View.of(register.policy(), visitor.lang)
    with register.store.reading(visitor.actor) as conn:
        seen, tree = past_import(conn, past, after), unit_tree(conn)
        actors = {past.actor, *([seen.undone.actor] if seen.undone is not None else [])}
        names = names_of(conn, actors)
    job = desk.undoing(visitor.actor, past.id)
    return render(
        request, visitor, "imports/past.html", past=past, seen=seen,
        names={each: names.get(each, each) for each in actors}, unit=_title(tree, past.unit),
        counts=counts_line(past.counts, view), may_undo=visitor.may("undo-import"),
        job=job if job is not None and job.state not in ENDED else None,
        failed=job_failure(job.error, visitor.lang)
        if job is not None and past.undone is None else None,
        rows=[_row(each, view) for each in seen.members],
        left=[(id, member_name(member, view) if member is not None else id,
               heading_of(field, view) if field else None) for member, id, field in seen.left],
        first=f"/imports/{id}" if after else None,
        next=f"/imports/{id}?after={seen.next}" if seen.next is not None else None)


@router.post("/{id}/undo")
def take_back(request: Request, register: Register, jobs: Jobs, visitor: Sent, form: Typed,
              id: ImportId) -> Response:
    """Take an import back as a whole; what was changed since stays, and is named."""
    visitor.need("undo-import")
    done = ImportDesk(register, jobs).undo(visitor.actor, id, form.one("reason") or None,
                                           visitor.lang)
    return go(request, f"/imports/{id}", None if isinstance(done, Job) else
              "imports.already_undone" if done.already else "imports.undone")


@router.get("/{id}/progress")
def progress(request: Request, register: Register, jobs: Jobs, visitor: Seen,
             id: ImportId) -> Response:
    """How far taking it back is; once it has ended, the import's page."""
    desk = ImportDesk(register, jobs)
    job = desk.undoing(visitor.actor, desk.past(visitor.actor, id).id)
    if job is None or job.state in ENDED:
        return go(request, f"/imports/{id}")
    return render(request, visitor, "imports/_progress.html", job=job,
                  doing="imports.doing_undo", at=f"/imports/{id}")


def _row(each: Any, view: View) -> dict[str, Any]:
    event, member = each.event, each.member

    def shown(name: str, value: Any) -> str:
        return "" if value is None else shown_value(name, value, view)

    name = view.policy.vocabulary.name if view.policy is not None else None
    return {
        "id": event.member, "is_new": each.is_new, "seen": member is not None,
        "key": member_name(member, view) if member is not None else "",
        "name": (member.record.get(name) or "") if member is not None and name else "",
        "values": [(heading_of(n, view), shown(n, before), shown(n, after))
                   for n, (before, after) in event.fields.items()],
        "erased": len(event.erased)}


def _title(tree: Any, unit: str | None) -> str:
    known = tree.units.get(unit or "")
    return known.title if known is not None else unit or ""
