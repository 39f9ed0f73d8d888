"""One's jobs: how far they are, what came of them. In: ids. Out: pages that look again themselves.

Whoever starts a job sends the browser to `/jobs/{id}`; the page can be left and found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, Response

from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import Seen, Sent, Visitor
from zhuanjie.web.pages.words import has_words, words
from zhuanjie.web.service.bulk import DO, LOOK
from zhuanjie.web.service.jobs import ENDED, Job, JobRunner
from zhuanjie.web.service.saying import job_failure

router = APIRouter(prefix="/jobs")
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
FileName = Annotated[str, Path(pattern=r"^[a-z]{1,20}\.[a-z]{1,10}$")]
_MOST: Final = 50
_PLACES: Final[Mapping[str, str]] = {
    "import-preview": "/imports/uploads/{upload}", "import-save": "/imports/uploads/{upload}",
    "import-marked": "/imports/uploads/{upload}", "import-undo": "/imports/{import}",
    "board-day": "/board?day={as_of}", "what-if": "/law/what-if/{id}",
    LOOK: "/members/bulk/jobs/{id}", DO: "/members/bulk/jobs/{id}"}
"""By the kind of a job, the page that it was begun on, which shows what came of it."""


@router.get("")
def list_(request: Request, visitor: Seen) -> Response:
    """One's jobs of the last days."""
    jobs = jobs_of(request).jobs(visitor.actor)[:_MOST]
    return render(request, visitor, "work/list.html",
                  jobs=[(job, job_title(job, visitor)) for job in jobs])


@router.get("/{id}")
def show(request: Request, visitor: Seen, id: JobId) -> Response:
    """How far a job is; HTMX asks for the part that changes."""
    job = jobs_of(request).job(id, visitor.actor)
    template = "work/_job.html" if request.headers.get("hx-target") == "job" else "work/job.html"
    return render(request, visitor, template, job=job, title=job_title(job, visitor),
                  failed=job_failure(job.error, visitor.lang),
                  ended=job.state in ENDED, place=_place(job))


@router.post("/{id}/cancel")
def cancel(request: Request, visitor: Sent, id: JobId) -> Response:
    """End a job."""
    jobs_of(request).cancel(id, visitor.actor)
    return go(request, f"/jobs/{id}")


@router.get("/{id}/files/{name}")
def file(request: Request, visitor: Seen, id: JobId, name: FileName) -> Response:
    """A file that came of a job."""
    return FileResponse(jobs_of(request).file(id, name, visitor.actor), filename=name,
                        media_type="application/octet-stream",
                        headers={"cache-control": "no-store",
                                 "content-security-policy": "sandbox; default-src 'none'"})


def jobs_of(request: Request) -> JobRunner:
    """What runs jobs."""
    jobs: JobRunner = request.app.state.jobs
    return jobs


def _place(job: Job) -> str | None:
    """Where a job belongs; None where it has no other page than its own."""
    place = _PLACES.get(job.kind)
    return None if place is None else place.format_map(
        {name: quote(str(value), safe="") for name, value in job.arguments.items()}
        | {"id": job.id})


def job_title(job: Job, visitor: Visitor) -> str:
    """What a job is called: the words `work.kind_<kind>`, or its kind."""
    key = f"work.kind_{job.kind.replace('-', '_')}"
    return words(key, visitor.lang) if has_words(key, visitor.lang) else job.kind
