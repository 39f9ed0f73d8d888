"""Ledgers that are dropped, seen, mended, saved. In: files, forms. Out: pages, one step after
another, each of which can be left and found again.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from zhuanjie.engine.api import UsageError, fail, say
from zhuanjie.report.view import View
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.api.deps import Jobs, Register
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.imports.headings import (
    MORE,
    MOST,
    TypedHeadings,
    field_choices,
    heading_rows,
    typed_headings,
)
from zhuanjie.web.pages.imports.sections import (
    LOOK_AT,
    UNDERSTOOD,
    groups_of,
    section_page,
    tabs_of,
)
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor
from zhuanjie.web.service.import_desk import SAVED, ImportDesk
from zhuanjie.web.service.importing import own_unit
from zhuanjie.web.service.jobs import ENDED, Job
from zhuanjie.web.service.previews import StoredPreview, stored_preview
from zhuanjie.web.service.saying import job_failure
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.errors import ConflictError
from zhuanjie.web.transfer.kept_columns import keep_columns

router = APIRouter(prefix="/imports/uploads")
UploadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_TAB: Final = Query(pattern=r"^[a-z]{1,20}$")


@router.post("/{id}/columns")
def columns(request: Request, register: Register, jobs: Jobs, visitor: Sent, form: Typed,
            id: UploadId) -> Response:
    """Read the files again with headings that somebody put to fields."""
    visitor.need("import")
    desk, actor = ImportDesk(register, jobs), visitor.actor
    upload = register.uploads.upload(id, actor)
    found, policy = stored_preview(upload), register.policy()
    view = View.of(policy, visitor.lang)
    rows = heading_rows(found.summary.get("tables", ()) if found else (), view)
    said = typed_headings(form, rows, policy, visitor.lang, upload.options.get("columns") or {})
    if said.wrong:
        return _page(request, desk, visitor, upload, UNDERSTOOD, 0, typed=said, status=422)
    if form.has("keep") and said.mapping:
        try:
            keep_columns(register.store, actor, own_unit(register, actor), said.mapping)
        except UsageError as error:
            return _page(request, desk, visitor, upload, UNDERSTOOD, 0, typed=said, status=422,
                         failure=describe_error(error, visitor.lang))
    desk.look_anew(actor, upload, columns=said.mapping)
    return go(request, f"/imports/uploads/{id}",
              "imports.read_again_kept" if form.has("keep") else "imports.read_again")


@router.post("/{id}/options")
def options(request: Request, register: Register, jobs: Jobs, visitor: Sent, form: Typed,
            id: UploadId) -> Response:
    """Read the files again in another way, or as things are now."""
    visitor.need("import")
    desk = ImportDesk(register, jobs)
    upload = register.uploads.upload(id, visitor.actor)
    said: dict[str, str | bool] | None = None
    if form.has("unit"):
        unit = form.one("unit")
        said = {"unit": unit, "clear": form.has("clear"), "again": form.has("again")}
        with register.store.reading(visitor.actor) as conn:
            register.guard.require(conn, visitor.actor, "import", unit or None)
    elif form.has("again"):
        said = {"again": True}
    desk.look_anew(visitor.actor, upload, options=said)
    return go(request, f"/imports/uploads/{id}", "imports.read_again")


@router.post("/{id}/save")
def save(request: Request, register: Register, jobs: Jobs, visitor: Sent, form: Typed,
         id: UploadId) -> Response:
    """Save what was shown, all of it, or where it would be something else by now, nothing."""
    visitor.need("import")
    desk = ImportDesk(register, jobs)
    upload = register.uploads.upload(id, visitor.actor)
    try:
        done = desk.save(visitor.actor, upload, form.one("token"), visitor.lang)
    except ConflictError as error:
        return _page(request, desk, visitor, upload, UNDERSTOOD, 0, status=409,
                     failure=describe_error(error, visitor.lang))
    if isinstance(done, Job):
        return go(request, f"/imports/uploads/{id}")
    if done.id is None:
        return go(request, f"/imports/uploads/{id}", "imports.nothing_saved")
    return go(request, f"/imports/{done.id}", "imports.saved")


@router.post("/{id}/marked")
def mark(request: Request, register: Register, jobs: Jobs, visitor: Sent,
         id: UploadId) -> Response:
    """Have the workbook marked."""
    visitor.need("import")
    upload = register.uploads.upload(id, visitor.actor)
    ImportDesk(register, jobs).mark(visitor.actor, upload, visitor.lang)
    return go(request, f"/imports/uploads/{id}")


@router.get("/{id}/marked")
def marked(request: Request, register: Register, jobs: Jobs, visitor: Seen,
           id: UploadId) -> Response:
    """The marked workbook, called after the one that was sent."""
    upload = register.uploads.upload(id, visitor.actor)
    job = ImportDesk(register, jobs).marked(visitor.actor, upload)
    if job is None or not job.files:
        return go(request, f"/imports/uploads/{id}")
    path = jobs.file(job.id, job.files[0], visitor.actor)
    stem = upload.files[0].stem
    name = say("output.register.import.marked", visitor.lang, name=stem) + path.suffix
    return FileResponse(path, filename=name, media_type="application/octet-stream", headers={
        "cache-control": "no-store", "content-security-policy": "sandbox; default-src 'none'"})


@router.post("/{id}/forget")
def forget(request: Request, register: Register, jobs: Jobs, visitor: Sent,
           id: UploadId) -> Response:
    """Take files that were sent away; what was saved of them stays."""
    upload = register.uploads.upload(id, visitor.actor)
    if ImportDesk(register, jobs).running(visitor.actor, upload) is not None:
        raise fail(ConflictError, "register.import.busy")
    register.uploads.forget(id)
    return go(request, "/imports", "imports.forgotten")


@router.get("/{id}/progress")
def progress(request: Request, register: Register, jobs: Jobs, visitor: Seen,
             id: UploadId) -> Response:
    """How far the work on the files is; once it has ended, their page."""
    upload = register.uploads.upload(id, visitor.actor)
    desk = ImportDesk(register, jobs)
    running = _running(desk, visitor, upload)
    if running is None:
        return go(request, f"/imports/uploads/{id}")
    return render(request, visitor, "imports/_progress.html", job=running, doing=_doing(running),
                  at=f"/imports/uploads/{id}")


@router.get("/{id}")
def show(request: Request, register: Register, jobs: Jobs, visitor: Seen, id: UploadId,
         tab: Annotated[str, _TAB] = "", page: Annotated[int, Query(ge=0, le=10**6)] = 0,
         ) -> Response:
    """What was understood of files, and what saving them would change."""
    visitor.need("import")
    upload = register.uploads.upload(id, visitor.actor)
    return _page(request, ImportDesk(register, jobs), visitor, upload, tab, page)


def _page(request: Request, desk: ImportDesk, visitor: Visitor, upload: Upload, tab: str,
          number: int, *, status: int = 200, typed: TypedHeadings | None = None,
          failure: dict[str, Any] | None = None) -> Response:
    actor, lang = visitor.actor, visitor.lang
    last = desk.last(actor, upload)
    found = stored_preview(upload) if last is not None and last.state == "failed" \
        else desk.look(actor, upload, lang)
    if failure is None and last is not None and last.state == "failed" and last.error is not None:
        failure = {"title": say("register.status.409", lang), "hint": None, "changes": [],
                   "messages": [job_failure(last.error, lang)]}
    upload = desk.register.uploads.upload(upload.id, actor)
    running = _running(desk, visitor, upload)
    marked = desk.marked(actor, upload)
    values: dict[str, Any] = {
        "upload": upload, "job": running, "doing": _doing(running) if running else None,
        "failure": failure, "typed": typed, "saved": upload.notes.get(SAVED), "found": None,
        "files": [file.name for file in upload.files],
        "marked": marked, "marked_result": marked.result if marked is not None else None}
    if isinstance(found, StoredPreview) and not (running and running.kind != "import-marked"):
        values |= _found(desk, visitor, upload, found, tab, number)
    return render(request, visitor, "imports/upload.html", status=status, **values)


def _found(desk: ImportDesk, visitor: Visitor, upload: Upload, found: StoredPreview, tab: str,
           number: int) -> dict[str, Any]:
    register, lang = desk.register, visitor.lang
    policy = register.policy()
    view = View.of(policy, lang)
    shown: dict[str, Any] = {"found": found, "choices": list(field_choices(policy, lang)),
                             "more": range(MORE), "error": found.error}
    if found.error is not None:
        return {**shown, "rows": [], "rest": 0}
    tabs = dict(tabs_of(found))
    rows = heading_rows(found.summary["tables"], view)
    with register.store.reading(visitor.actor) as conn:
        tree = unit_tree(conn)
        reach = register.guard.units(conn, visitor.actor, "import")
    units = [(u.id, u.title) for u in tree.units.values()
             if not u.closed and (reach == "*" or u.id in reach)]
    unit = tree.units.get(found.summary["unit"])
    return {
        **shown, "rows": rows[:MOST], "rest": max(0, len(rows) - MOST), "tabs": tabs,
        "tab": tab if tab in tabs else UNDERSTOOD, "look_at": LOOK_AT & {
            name for name, count in tabs.items() if count},
        "section": section_page(found, tab, number, view) if tab in tabs else None,
        "groups": groups_of(found, view) if tab == "input" else [],
        "others": [view.join(view.say(f"row.{kind}", count=count)
                             for kind, count in table["other_rows"].items())
                   for table in found.summary["tables"]],
        "unknown": sum(row.state == "unknown" for row in rows),
        "units": units, "unit": unit.title if unit is not None else found.summary["unit"]}


def _running(desk: ImportDesk, visitor: Visitor, upload: Upload) -> Job | None:
    """What is being done with files: what reads or saves them, else what marks them."""
    job = desk.running(visitor.actor, upload)
    if job is not None:
        return job
    job = desk.marked(visitor.actor, upload)
    return job if job is not None and job.state not in ENDED else None


def _doing(job: Job) -> str:
    return f"imports.doing_{job.kind.removeprefix('import-')}"

