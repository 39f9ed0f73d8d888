"""Papers with numbers: chosen, looked over, printed. In: requests. Out: pages, PDF.

A print is kept by a form; its PDF can be opened again as long as the number stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import RegisterActs, UsageError, ZhuanjieError, fail
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.letters.desk import MOST
from zhuanjie.web.letters.numbers import TABS, NumberRow, number_counts, number_rows
from zhuanjie.web.letters.press import FOLDER, Offset
from zhuanjie.web.letters.prints import prints
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues, tenths
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.letters.shown import pdf_file, shown_field, title_of
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.register import Register
from zhuanjie.web.settings.models import FARTHEST
from zhuanjie.web.settings.reading import form_offset

router = APIRouter(prefix="/letters")
PdfMode = Literal["whole", "over"]
SampleMode = Literal["form", "test"]
_PAGE: Final = 50
_LONGEST: Final = 100
Text = Annotated[str, Query(max_length=_LONGEST)]
Members = Annotated[str, Query(max_length=8000)]
Several = Annotated[list[str], Query(max_length=1000)]
Shift = Annotated[float, Query(ge=-FARTHEST / 10, le=FARTHEST / 10)]


@router.get("")
def list_(request: Request, visitor: Seen, tab: Text = "waiting", search: Text = "",
          series: Text = "", after: Text = "") -> Response:
    """Papers by their numbers: to be printed, those that stand, those that were ended."""
    visitor.need("read")
    register = register_of(request)
    acts = register.letters.acts
    known = list(acts.series)
    chosen = series if series in acts.series else next(iter(known), None)
    at = next((each for each in TABS if each == tab), TABS[0])
    values: dict[str, Any] = {"rows": [], "tab_items": [], "first": None, "next": None}
    if chosen is not None:
        with register.store.reading(visitor.actor) as conn:
            counts = number_counts(conn, chosen, acts.series[chosen].field)
            found, last = number_rows(conn, chosen, acts, at, text=search, after=after or None,
                                      limit=_PAGE)
            units = {unit.id: unit.title for unit in unit_tree(conn).units.values()}
            made = _copies(conn, acts, chosen, found)
        register.reads.note(visitor.actor, "list", len(found))
        shows = _shows(acts, chosen)
        here = {"series": chosen if len(known) > 1 else "", "search": search}
        values = {
            "rows": [_row(row, acts, visitor, units, shows, made) for row in found],
            "tab_items": [{"href": _address("", tab=each, **here), "count": counts[each],
                           "words": words(f"letters.tab_{each}", visitor.lang),
                           "current": each == at} for each in TABS],
            "first": _address("", tab=at, **here) if after else None,
            "next": _address("", tab=at, after=last, **here) if last else None}
        values["shows"] = [shown_field(acts, name, visitor.lang) for name in shows]
    papers = _papers(acts, visitor, chosen)
    return render(
        request, visitor, "letters/list.html", tab=at, search=search, chosen=chosen, most=MOST,
        series_options=[(name, getattr(each.title, visitor.lang))
                        for name, each in acts.series.items()],
        papers=papers, paper_options=[(name, getattr(title, visitor.lang))
                                      for name, title in papers],
        paper_forms=[(name, title, bool(acts.papers[name].paper.counted))
                     for name, title in papers], **{"shows": [], **values})


@router.get("/print")
def look(request: Request, visitor: Seen, paper: Text, member: Several = [],  # noqa: B006  # FastAPI copies it
         members: Members = "", mode: PdfMode = "whole") -> Response:
    """What printing would come to: what stays blank, which are printed again, which cannot be."""
    register = register_of(request)
    chosen = [*member, *filter(None, members.split(","))]
    with register.store.reading(visitor.actor) as conn:
        kept = form_offset(conn, paper)  # whole tenths of a millimetre
    return _look(request, visitor, register, paper, chosen, mode,
                 Offset(kept.right / 10, kept.down / 10))


@router.post("/print")
def print_(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Keep that papers are printed, and go on to their PDF."""
    register = register_of(request)
    paper, chosen = typed.one("paper"), typed.one("members").split(",")
    mode: PdfMode = "over" if typed.one("mode") == "over" else "whole"
    offset, once = _offset(typed), typed.one("once")[:64]
    try:
        register.letters.print(visitor.actor, paper, chosen, once=once, mode=mode, offset=offset)
    except ZhuanjieError as error:
        return _look(request, visitor, register, paper, chosen, mode, offset, error)
    return go(request, _address("/printed", paper=paper, once=once, mode=mode, right=offset.x,
                                down=offset.y, members=",".join(chosen)), note="letters.kept")


@router.get("/printed")
def printed(request: Request, visitor: Seen, paper: Text, once: Text, members: Members,
            mode: PdfMode = "whole", right: Shift = 0, down: Shift = 0) -> Response:
    """What was printed, and where its PDF is."""
    register = register_of(request)
    typed, chosen = register.letters.paper(paper), members.split(",")
    lines = register.letters.look(visitor.actor, paper, chosen)
    return render(request, visitor, "letters/printed.html", title=typed.paper.title, lines=[
        {"number": line.number, "who": title_of(register.vocabulary, line.member),
         "id": line.id, "copy": next((p.copy for p in line.had if p.once == once), None)}
        for line in lines], pdf=_address("/pdf", paper=paper, once=once, mode=mode, right=right,
                                         down=down, members=members))


@router.get("/pdf")
def pdf(request: Request, visitor: Seen, paper: Text, members: Members, once: Text = "",
        mode: PdfMode = "whole", right: Shift = 0, down: Shift = 0) -> Response:
    """The PDF of a print that was kept; lists that are not counted are read as others are."""
    register = register_of(request)
    made = register.letters.again(visitor.actor, paper, members.split(","), once=once, mode=mode,
                                  offset=Offset(right, down))
    register.reads.note(visitor.actor, "print", len(made.lines))
    return pdf_file(made.pdf, paper)


@router.get("/sample")
def sample(request: Request, visitor: Seen, paper: Text, mode: SampleMode = "test",
           right: Shift = 0, down: Shift = 0) -> Response:
    """A test print, or the empty form; nobody's values are on it."""
    register = register_of(request)
    visitor.need(register.letters.paper(paper).paper.permission)
    return pdf_file(register.letters.sample(visitor.actor, paper, mode, Offset(right, down)),
                    f"{paper}-{mode}")


def _look(request: Request, visitor: Visitor, register: Register, paper: str,
          chosen: Sequence[str], mode: PdfMode, offset: Offset,
          error: ZhuanjieError | None = None) -> Response:
    desk, vocabulary = register.letters, register.vocabulary
    typed = desk.paper(paper)
    lines = desk.look(visitor.actor, paper, chosen)
    ready = [line for line in lines if not line.why_not]
    members = ",".join(line.id for line in ready)
    fields = vocabulary.fields
    return render(
        request, visitor, "letters/print.html", status=422 if error else 200, paper=paper,
        title=typed.paper.title, counted=typed.paper.counted,
        numbered=typed.paper.series is not None, mode=mode, offset=offset,
        farthest=FARTHEST // 10, has_form=bool(typed.paper.parts), once=uuid.uuid4().hex,
        members=members, ready=len(ready), failed=len(lines) - len(ready),
        error=describe_error(error, visitor.lang) if error else None,
        boxes=list(dict.fromkeys(sign for line in ready for sign in line.boxes)), folder=FOLDER,
        again=sum(bool(line.had) for line in ready),
        pdf=_address("/pdf", paper=paper, members=members),
        others=_address("/print", paper=paper, members=members, mode=mode), lines=[{
            "id": line.id, "who": title_of(vocabulary, line.member),
            "number": line.number, "replaces": line.replaces, "had": len(line.had),
            "last": line.had[-1].at if line.had else None, "why_not": line.why_not,
            "boxes": line.boxes,
            "lacking": [fields[name].heading if visitor.lang == "zh" else fields[name].heading_en
                        for name in line.lacking]} for line in lines])


def _copies(conn: Any, acts: RegisterActs, series: str,
            rows: Sequence[NumberRow]) -> dict[tuple[str, str], int]:
    """How often each number was printed, of the papers that are counted."""
    found: dict[tuple[str, str], int] = {}
    ids = [row.id for row in rows if row.id is not None]
    for name, typed in acts.papers.items():
        if typed.paper.counted and typed.paper.series == series:
            for key, made in prints(conn, ids, name).items():
                found[key] = found.get(key, 0) + len(made)
    return found


def _row(row: NumberRow, acts: RegisterActs, visitor: Visitor, units: dict[str, str],
         shows: Sequence[str], made: dict[tuple[str, str], int]) -> dict[str, Any]:
    member = row.member
    current = row.state == "standing"
    return {
        "number": row.text, "state": row.state, "replaces": row.replaces,
        "replaced_by": row.replaced_by, "id": row.id,
        "who": title_of(acts.vocabulary, member) if member else "",
        "unit": units.get(member.unit, member.unit) if member else "",
        "copies": made.get((row.id or "", row.form), 0),
        "values": [shown_field(acts, name, visitor.lang, member.record)[1]
                   if member and current else "" for name in shows]}


def _shows(acts: RegisterActs, series: str) -> list[str]:
    """The fields that are shown beside a number."""
    return list(dict.fromkeys(name for typed in acts.papers.values()
                              if typed.paper.series == series for name in typed.paper.shows))


def _papers(acts: RegisterActs, visitor: Visitor, series: str | None) -> list[tuple[str, Any]]:
    """The papers that may be printed of numbers of a series, or of anybody."""
    return [(name, typed.paper.title) for name, typed in acts.papers.items()
            if typed.paper.series in {series, None} and visitor.may(typed.paper.permission)]


def _offset(typed: FormValues) -> Offset:
    """How far everything is shifted; raises UsageError for what is no such length."""
    found = [tenths(typed.one(name) or "0") for name in ("right", "down")]
    right, down = (FARTHEST + 1 if each is None else each for each in found)
    if max(abs(right), abs(down)) > FARTHEST:
        raise fail(UsageError, "register.letters.offset", most=FARTHEST // 10)
    return Offset(right / 10, down / 10)


def _address(path: str, **values: Any) -> str:
    query = urlencode({name: value for name, value in values.items() if value not in {"", None}})
    return f"/letters{path}?{query}" if query else f"/letters{path}"
