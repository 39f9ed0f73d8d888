"""Forms that are printed on: a printer's offset, where blanks are. In: forms. Out: pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from zhuanjie.engine.api import TypedPaper, UsageError, ZhuanjieError, fail
from zhuanjie.web.letters.copies import Spot
from zhuanjie.web.letters.press import Offset
from zhuanjie.web.pages.forms import FormValues, tenths
from zhuanjie.web.pages.frame import go
from zhuanjie.web.pages.letters.shown import pdf_file
from zhuanjie.web.pages.settings.tabs import ROOT, part, saved
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.settings.models import LONGEST_SHEET, FormOffset, FormPlace, FormPlaces
from zhuanjie.web.settings.names import FORMS, PLACES, name_of

router = APIRouter(prefix=ROOT)
_TENTHS: Final = 10
_SHEET: Final = ("width", "height")
_NUMBERS: Final = {"x": "right", "y": "down", "w": "width", "s": "size"}
"""What is typed of a place, and what it sets."""


@router.get("/forms")
def forms(request: Request, visitor: Seen) -> Response:
    """By how much what is printed on forms is moved."""
    return _forms(request, visitor)


@router.post("/forms")
def set_form(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Set it for one form, in millimetres."""
    def put() -> None:
        said = {way: _tenths(typed.one(way) or "0", way) for way in ("right", "down")}
        register_of(request).settings.put(visitor.actor, name_of(FORMS, typed.one("form")), said,
                                          version=typed.whole("version"))

    return saved(request, visitor, typed, "forms", put, _forms)


@router.get("/forms/{paper}")
def places(request: Request, visitor: Seen, paper: str) -> Response:
    """Where the blanks of a form are."""
    return _places(request, visitor, paper)


@router.post("/forms/{paper}")
def set_places(request: Request, visitor: Sent, typed: Typed, paper: str) -> Response:
    """Set it, or have blanks be where they are on the office's own form."""
    settings, name, version = register_of(request).settings, name_of(PLACES, paper), \
        typed.whole("version")
    try:
        if typed.has("remove"):
            settings.clear(visitor.actor, name, version=version)
        else:
            said = _read(request, visitor, paper, typed)
            settings.put(visitor.actor, name, said.model_dump(mode="json"), version=version)
    except ZhuanjieError as error:
        return _places(request, visitor, paper, error=error, typed=typed)
    return go(request, f"{ROOT}/forms/{paper}", "settings.saved")


@router.post("/forms/{paper}/test")
def test(request: Request, visitor: Sent, typed: Typed, paper: str) -> Response:
    """A test print of what is typed; nothing is set by it."""
    visitor.need("settings")
    register = register_of(request)
    try:
        form = _read(request, visitor, paper, typed)
        moved = register.settings.one(visitor.actor, name_of(FORMS, paper)).value or {}
        pdf = register.letters.sample(
            visitor.actor, paper, "test", Offset(moved.get("right", 0) / _TENTHS,
                                                 moved.get("down", 0) / _TENTHS), form)
    except ZhuanjieError as error:
        return _places(request, visitor, paper, error=error, typed=typed)
    return pdf_file(pdf, f"{paper}-test")


@dataclass(frozen=True, slots=True)
class _Row:
    """A blank of a form, and what stands in its fields."""

    spot: Spot
    typed: Mapping[str, str]


def _forms(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
           typed: FormValues | None = None) -> Response:
    visitor.need("settings")
    register = register_of(request)
    rows = []
    for id, paper in _papers(request).items():
        held = register.settings.one(visitor.actor, name_of(FORMS, id))
        value = held.value or FormOffset().model_dump()
        mine = typed is not None and typed.one("form") == id
        rows.append({"id": id, "title": paper.paper.title, "version": held.version,
                     "placed": register.settings.one(visitor.actor, name_of(PLACES, id)).value,
                     **{way: typed.one(way) if mine and typed is not None else _millimetres(
                         value[way]) for way in ("right", "down")}})
    return part(request, visitor, "forms", error=error, rows=rows)


def _papers(request: Request) -> dict[str, TypedPaper]:
    """The papers that may be printed on forms."""
    papers = register_of(request).letters.acts.papers
    return {id: typed for id, typed in papers.items() if typed.paper.parts}


def _places(request: Request, visitor: Visitor, paper: str, *, error: ZhuanjieError | None = None,
            typed: FormValues | None = None) -> Response:
    visitor.need("settings")
    desk, settings = register_of(request).letters, register_of(request).settings
    of = desk.form_paper(paper)
    held = settings.one(visitor.actor, name_of(PLACES, paper))
    form = desk.own_places(paper) if held.value is None else FormPlaces.read(held.value)
    rows = [_Row(spot, _typed(typed, spot) if typed is not None else shown)
            for spot, shown in _shown(desk.spots(paper, visitor.lang), form)]
    sheet = {side: typed.one(side) if typed is not None else _millimetres(getattr(form, side))
             for side in _SHEET}
    parts = [(of.paper.parts[number - 1], list(found))
             for number, found in groupby(rows, key=lambda row: row.spot.part)]
    return part(request, visitor, "forms", template="places", error=error, paper=paper,
                title=of.paper.title, parts=parts, sheet=sheet, version=held.version,
                placed=held.value is not None)


def _shown(spots: list[Spot], form: FormPlaces) -> Iterator[tuple[Spot, dict[str, str]]]:
    """Each blank with what its fields show: those of one name in the order of their places."""
    had: dict[tuple[int, str, str | None], list[FormPlace]] = {}
    for place in form.places:
        had.setdefault((place.part, place.blank, place.value), []).append(place)
    for spot in spots:
        found = had.get((spot.part, spot.blank, spot.value), [])
        at = found[spot.nth - 1] if spot.nth <= len(found) else None
        yield spot, {key: "" if at is None else _millimetres(getattr(at, name))
                     for key, name in _NUMBERS.items()}


def _read(request: Request, visitor: Visitor, paper: str, typed: FormValues) -> FormPlaces:
    """What is typed; raises UsageError, which says of which blank."""
    desk = register_of(request).letters
    parts = desk.form_paper(paper).paper.parts
    sides = {side: _tenths(typed.one(side), words(f"settings.sheet_{side}", visitor.lang))
             for side in _SHEET}
    found = []
    for spot in desk.spots(paper, visitor.lang):
        said = _typed(typed, spot)
        if not (said["x"] or said["y"]):
            continue  # the form has none
        where = f"{parts[spot.part - 1].name} \u00b7 {spot.label}"
        numbers = {name: tenths(said[key]) for key, name in _NUMBERS.items()
                   if key != "s" or spot.value is None}
        try:
            found.append(FormPlace.model_validate({
                "part": spot.part, "blank": spot.blank, "value": spot.value, **numbers}))
        except ValueError:
            raise fail(UsageError, "register.settings.place", where=where,
                       most=LONGEST_SHEET // _TENTHS) from None
        if FormPlaces.read({**sides, "places": found}).off_sheet() is not None:
            raise fail(UsageError, "register.settings.off-sheet", where=where,
                       width=_millimetres(sides["width"]), height=_millimetres(sides["height"]))
    return FormPlaces.read({**sides, "places": found})


def _typed(typed: FormValues, spot: Spot) -> dict[str, str]:
    return {key: typed.one(f"{key}:{spot.id}") for key in _NUMBERS}


def _millimetres(tenths: int) -> str:
    return f"{Decimal(tenths) / _TENTHS:.1f}"


def _tenths(text: str, name: str) -> int:
    """Millimetres as whole tenths."""
    found = tenths(text)
    if found is None:
        raise fail(UsageError, "register.settings.millimetres", part=name)
    return found
