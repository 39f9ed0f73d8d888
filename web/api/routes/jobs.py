"""Work that takes long: audits, verification. In: requests. Out: jobs, their progress and files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Response, UploadFile
from starlette.responses import FileResponse

from zhuanjie.engine.api import Lang, say
from zhuanjie.web.api.deps import Jobs, Language, Register, Who
from zhuanjie.web.api.fields import Id, MaybeDay
from zhuanjie.web.api.models.jobs import (
    AuditAsked,
    ExportAsked,
    JobShown,
    VerifyAsked,
    WhatIfAsked,
)
from zhuanjie.web.api.models.jobs import Form as FileForm
from zhuanjie.web.api.routes.imports import heading_map
from zhuanjie.web.service import register as service
from zhuanjie.web.service.jobs import Job
from zhuanjie.web.service.what_if import tried_law
from zhuanjie.web.store.event import Actor

router = APIRouter(tags=["jobs"])
FileName = Annotated[str, Path(pattern=r"^[a-z]{1,20}\.[a-z]{1,10}$")]


@router.post("/audits", status_code=202)
def audit_register(register: Register, jobs: Jobs, who: Who, lang: Language,
                   asked: AuditAsked) -> JobShown:
    """Audit the register as it stands, or stood at the end of a day, by the law of that day."""
    _require(register, who, "judge")
    return job_shown(jobs.submit("audit-register", who, {
        **asked.model_dump(mode="json"), **_asked(register, lang)}), lang)


@router.post("/audit", status_code=202)
def audit_file(register: Register, jobs: Jobs, who: Who, lang: Language,
               files: Annotated[list[UploadFile], File(min_length=1, max_length=20)],
               as_of: Annotated[MaybeDay, Form()] = "",
               columns: Annotated[str, Form(max_length=20_000)] = "{}",
               join: Annotated[bool, Form()] = False,
               absent: Annotated[Literal["unknown", "blank"], Form()] = "unknown",
               formats: Annotated[list[FileForm], Form(max_length=7)] = ["json"],  # noqa: B006  # FastAPI copies it
               ) -> JobShown:
    """Audit ledgers that are sent: nothing of them goes into the register."""
    _require(register, who, "judge")
    mapping = heading_map(columns)
    upload = register.uploads.receive(who, ((f.filename or "", f.file) for f in files), {})
    return job_shown(jobs.submit("audit-file", who, {
        "as_of": as_of, "columns": mapping, "join": join, "absent": absent, "formats": formats,
        "files": [str(file.relative_to(upload.folder)) for file in upload.files],
        **_asked(register, lang)}, upload.folder), lang)


@router.post("/exports", status_code=202)
def export(register: Register, jobs: Jobs, who: Who, lang: Language,
           asked: ExportAsked) -> JobShown:
    """Write the records that one may take out to files; that they leave is kept first."""
    _require(register, who, "export-full" if asked.full else "export")
    return job_shown(jobs.submit("export", who, {
        **asked.model_dump(mode="json"), **_asked(register, lang)}), lang)


@router.post("/what-ifs", status_code=202)
def what_if(register: Register, jobs: Jobs, who: Who, lang: Language,
            asked: WhatIfAsked) -> JobShown:
    """Try another pack, or other values of its parameters, on the register; nothing changes."""
    _require(register, who, "judge")
    law = asked.model_dump(mode="json")
    tried_law(register, asked.as_of or register.day(), asked.policy, asked.params)
    return job_shown(jobs.submit("what-if", who, {**law, **_asked(register, lang)}), lang)


@router.post("/trail/verifications", status_code=202, tags=["trail"])
def verify(register: Register, jobs: Jobs, who: Who, lang: Language,
           asked: VerifyAsked) -> JobShown:
    """Verify the whole trail: every event, every value, every checkpoint."""
    _require(register, who, "verify-trail")
    return job_shown(jobs.submit("verify-trail", who, {
        **asked.model_dump(), **_asked(register, lang)}), lang)


@router.get("/jobs")
def list_(jobs: Jobs, who: Who, lang: Language) -> list[JobShown]:
    """One's own jobs, the latest first."""
    return [job_shown(job, lang) for job in jobs.jobs(who)]


@router.get("/jobs/{id}")
def show(jobs: Jobs, who: Who, lang: Language, id: Id) -> JobShown:
    """How far a job is, and what came of it."""
    return job_shown(jobs.job(id, who), lang)


@router.delete("/jobs/{id}")
def cancel(jobs: Jobs, who: Who, lang: Language, id: Id) -> JobShown:
    """End a job; one that has ended stays."""
    return job_shown(jobs.cancel(id, who), lang)


@router.get("/jobs/{id}/files/{name}", response_class=Response, responses={
    200: {"content": {"application/octet-stream": {
        "schema": {"type": "string", "format": "binary"}}}}})
def file(jobs: Jobs, who: Who, id: Id, name: FileName) -> Response:
    """A file that came of a job."""
    return FileResponse(jobs.file(id, name, who), filename=name,
                        media_type="application/octet-stream",
                        headers={"cache-control": "no-store"})


def _asked(register: service.Register, lang: Lang) -> dict[str, Any]:
    return {"lang": lang, "today": register.day().isoformat()}


def _require(register: service.Register, who: Actor, permission: str) -> None:
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, permission)


def job_shown(job: Job, lang: Lang) -> JobShown:
    """A job as answers have it."""
    error: dict[str, Any] | None = None
    if job.error is not None:
        values = job.error.get("values", {})
        error = {**job.error, "detail": say(job.error["code"], lang, **values)}
    return JobShown(id=job.id, kind=job.kind, state=job.state, made_at=job.made_at, done=job.done,
                    whole=job.whole, result=dict(job.result) if job.result else None, error=error,
                    files=list(job.files))
