"""The monthly report as a page and as files. In: requests. Out: HTML, a workbook."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from zhuanjie.web.pages.board.addresses import ROOM, Addresses
from zhuanjie.web.pages.board.report import SIGNED, BoardReport, ReportWriter, write_workbook
from zhuanjie.web.pages.board.routes import BoardView, day_of, look
from zhuanjie.web.pages.frame import environment, render
from zhuanjie.web.pages.visitors import Seen, Visitor, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.board import clause_words, closing, course
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.waivers_on import waivers_on

router = APIRouter(prefix=ROOM)
Text = Annotated[str, Query(max_length=200)]
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report, or what is to be worked out before there can be one."""

    seen: BoardView
    to: Addresses
    report: BoardReport | None


@router.get("/report")
def show(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a page, to be printed or downloaded."""
    made = _write(register_of(request), visitor, unit, day)
    if made.report is None:
        return _missing(request, visitor, made)
    return render(request, visitor, "board/report.html", report=made.report, seen=made.seen,
                  to=made.to, signed=SIGNED)


@router.get("/report.html")
def html(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a file that needs nothing else."""
    made = _write(register_of(request), visitor, unit, day)
    if made.report is None:
        return _missing(request, visitor, made)
    text = environment(visitor.lang).get_template("board/report_file.html").render(
        report=made.report, signed=SIGNED)
    return _file(text.encode(), "text/html; charset=utf-8", made, "html")


@router.get("/report.xlsx")
def workbook(request: Request, visitor: Seen, unit: Text = "", day: Text = "") -> Response:
    """The report as a workbook."""
    made = _write(register_of(request), visitor, unit, day)
    if made.report is None:
        return _missing(request, visitor, made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        write_workbook(made.report, path, visitor.lang)
        content = path.read_bytes()
    return _file(content, _XLSX, made, "xlsx")


def _missing(request: Request, visitor: Visitor, made: WrittenReport) -> Response:
    return render(request, visitor, "board/missing.html", seen=made.seen, to=made.to, against=None)


def _file(content: bytes, kind: str, made: WrittenReport, ending: str) -> Response:
    of = made.seen.of
    assert of is not None
    name = quote(f"{of.title}-{of.at.day.isoformat()}.{ending}")
    return Response(content, media_type=kind, headers={
        "content-disposition": f"attachment; filename=report.{ending}; filename*=UTF-8''{name}",
        "cache-control": "no-store", "content-security-policy": "sandbox; default-src 'none'"})


def _write(register: Register, visitor: Visitor, unit: str, day: str) -> WrittenReport:
    visitor.need("read")
    # Signed first: what the report then says is no older than its checkpoint.
    kept = register.trail.checkpoint(register.store) if register.trail.signer is not None else None
    with register.store.reading(visitor.actor) as conn:
        seen = look(register, conn, visitor, unit, day_of(day))
        to = Addresses(seen.day, register.day())
        if seen.of is None:
            return WrittenReport(seen, to, None)
        of = seen.of
        points = course(conn, of, closing(conn, seen.day))
        waivers = waivers_on(conn, seen.day, of.units, of.at.past.upto if of.at.past else None)
    lang, policy = visitor.lang, register.policy(seen.day)
    facts = [
        (words("board.report_policy", lang), f"{getattr(policy.title, lang)} ({policy.id} "
                                             f"{policy.version})"),
        (words("board.report_version", lang), policy.ref.sha256)]
    if of.at.past is not None:
        facts.append((words("board.report_made", lang), str(of.at.past.upto)))
    elif kept is not None:
        facts.append((words("board.report_made", lang), str(kept.checkpoint.size)))
    steps = {name: each.words for name, each in register.acts.desk.acts.steps.items()}
    writer = ReportWriter(of, lang, steps, clause_words(policy, lang))
    note = kept.note if kept is not None else None
    return WrittenReport(seen, to, writer.report(points, waivers, facts, note))
