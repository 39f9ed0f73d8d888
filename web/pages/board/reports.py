"""The monthly report as a page and as files. In: requests. Out: HTML, a workbook, a PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.pages.board.addresses import ROOM, Addresses
from zhuanjie.web.pages.board.routes import day_of
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.frame import environment, render
from zhuanjie.web.pages.visitors import Seen, Visitor, register_of
from zhuanjie.web.reports.files import pdf, workbook
from zhuanjie.web.reports.report import SIGNED, BoardReport, WrittenReport, monthly

router = APIRouter(prefix=ROOM)
Text = Annotated[str, Query(max_length=200)]
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/report")
def show(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a page, to be printed or downloaded."""
    made = _write(request, visitor, unit, day)
    return _missing(request, visitor, made) if made.report is None else \
        _page(request, visitor, made)


@router.get("/report.html")
def html(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a file that needs nothing else."""
    def text(report: BoardReport) -> bytes:
        return environment(visitor.lang).get_template("board/report_file.html").render(
            report=report, signed=SIGNED, to=None).encode()

    return _file(request, visitor, unit, day, "html", "text/html; charset=utf-8", text)


@router.get("/report.xlsx")
def sheets(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a workbook."""
    return _file(request, visitor, unit, day, "xlsx", _XLSX,
                 lambda report: workbook(report, visitor.lang))


@router.get("/report.pdf")
def printed(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as sheets to print; where no font has its signs the page says so."""
    press = register_of(request).letters.press
    return _file(request, visitor, unit, day, "pdf", "application/pdf",
                 lambda report: pdf(report, visitor.lang, press))


def _page(request: Request, visitor: Visitor, made: WrittenReport,
          error: ZhuanjieError | None = None) -> Response:
    said = describe_error(error, visitor.lang) if error is not None else None
    return render(request, visitor, "board/report.html", report=made.report, seen=made.seen,
                  to=_addresses(request, made), signed=SIGNED, error=said,
                  status=said["status"] if said else 200)


def _missing(request: Request, visitor: Visitor, made: WrittenReport) -> Response:
    return render(request, visitor, "board/missing.html", seen=made.seen,
                  to=_addresses(request, made), against=None)


def _file(request: Request, visitor: Visitor, unit: str, day: str, ending: str, kind: str,
          make: Callable[[BoardReport], bytes]) -> Response:
    made = _write(request, visitor, unit, day)
    if made.report is None:
        return _missing(request, visitor, made)
    try:
        content = make(made.report)
    except ZhuanjieError as error:
        return _page(request, visitor, made, error)
    of = made.seen.of
    assert of is not None
    name = quote(f"{of.title}-{of.at.day.isoformat()}.{ending}")
    return Response(content, media_type=kind, headers={
        "content-disposition": f"attachment; filename=report.{ending}; filename*=UTF-8''{name}",
        "cache-control": "no-store", "content-security-policy": "sandbox; default-src 'none'"})


def _write(request: Request, visitor: Visitor, unit: str, day: str) -> WrittenReport:
    visitor.need("read")
    return monthly(register_of(request), visitor.actor, unit, day_of(day), visitor.lang)


def _addresses(request: Request, made: WrittenReport) -> Addresses:
    return Addresses(made.seen.day, register_of(request).day())
