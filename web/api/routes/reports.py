"""The monthly report, and past days worked out. In: requests. Out: tables, files, jobs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from zhuanjie.engine.api import Lang, fail
from zhuanjie.web.api.deps import Jobs, Language, Register, Who
from zhuanjie.web.api.fields import Id
from zhuanjie.web.api.models.base import AnswerModel, Sent
from zhuanjie.web.api.models.jobs import JobShown
from zhuanjie.web.api.routes.jobs import job_shown
from zhuanjie.web.reports.files import pdf, workbook
from zhuanjie.web.reports.report import BoardReport, monthly, plain
from zhuanjie.web.service import register as service
from zhuanjie.web.service.board import ask_past_day
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor

router = APIRouter(tags=["figures"])
Unit = Annotated[Id | None, Query(description="one's own where it is left out")]
AsOf = Annotated[date | None, Query(
    description="today where it is left out; a past day that was worked out")]
_PDF: Final = "application/pdf"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableShown(AnswerModel):
    """A table of a report."""

    title: str
    headings: list[str]
    rows: list[list[str | int]]


class ReportShown(AnswerModel):
    """A report: of people it has only counts."""

    title: str
    about: str
    facts: list[tuple[str, str]]
    tables: list[TableShown]
    note: str | None = Field(description="the signed checkpoint that it bears, whole")


class DayAsked(Sent):
    """A past day."""

    as_of: date


def _file(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/report")
def show(register: Register, who: Who, lang: Language, unit: Unit = None,
         as_of: AsOf = None) -> ReportShown:
    """The monthly report on a unit, with those below it."""
    return ReportShown.model_validate(plain(_report(register, who, unit, as_of, lang)))


@router.get("/report/pdf", response_class=Response, responses=_file(_PDF))
def as_pdf(register: Register, who: Who, lang: Language, unit: Unit = None,
           as_of: AsOf = None) -> Response:
    """The report as sheets to print; the same figures and checkpoint give the same bytes."""
    made = _report(register, who, unit, as_of, lang)
    return _answer(pdf(made, lang, register.letters.press), _PDF, "pdf")


@router.get("/report/xlsx", response_class=Response, responses=_file(_XLSX))
def as_workbook(register: Register, who: Who, lang: Language, unit: Unit = None,
                as_of: AsOf = None) -> Response:
    """The report as a workbook."""
    return _answer(workbook(_report(register, who, unit, as_of, lang), lang), _XLSX, "xlsx")


@router.post("/figures/days", status_code=202, tags=["jobs"])
def work_out(register: Register, jobs: Jobs, who: Who, lang: Language,
             asked: DayAsked) -> JobShown:
    """Have the figures of a past day worked out, which takes as long as an audit."""
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, "judge")
    return job_shown(ask_past_day(register, jobs, who, asked.as_of, lang), lang)


def _report(register: service.Register, who: Actor, unit: str | None, day: date | None,
            lang: Lang) -> BoardReport:
    """The report; raises NotFoundError for a past day whose figures are not there."""
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, "read")
    made = monthly(register, who, unit or "", day, lang)
    if made.report is None:
        raise fail(NotFoundError, "register.board.not-worked-out",
                   hint="register.board.not-worked-out.hint", day=made.seen.day.isoformat())
    return made.report


def _answer(content: bytes, kind: str, ending: str) -> Response:
    return Response(content, media_type=kind, headers={
        "content-disposition": f"attachment; filename=report.{ending}",
        "cache-control": "no-store"})
