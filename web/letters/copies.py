"""Copies of papers of parts. In: a paper, a record, where a form's blanks are. Out: what is set.

On the office's own form blanks are where its texts put them. On one that was printed elsewhere they
are where the office measured them (`FormPlaces`), else where the paper's data have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from zhuanjie.engine.api import (
    BLANK,
    Lang,
    Paper,
    PaperPart,
    RegisterActs,
    TypedPaper,
    condition_holds,
)
from zhuanjie.web.letters.fill import Filler, Taken, called
from zhuanjie.web.settings.models import FormPlace, FormPlaces

MARK: Final = "_reprint"
"""What the mark of another print is called among the places of blanks."""
_MARK_SIZE: Final = 8.0
_MARK_UP: Final = 3.0
"""How far above a part's end the mark's line is where nobody has set its place."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Something of a part that has a place on a form: a blank, a choice's value, a line that is
    there at times, the mark of another print. `nth` tells those of one name apart."""

    part: int
    blank: str
    value: str | None
    nth: int
    label: str

    @property
    def id(self) -> str:
        """What forms call it."""
        return f"{self.part}.{self.blank}.{self.value or ''}.{self.nth}"

    @property
    def is_mark(self) -> bool:
        """Whether it is the mark of another print."""
        return self.blank == MARK


@dataclass(frozen=True, slots=True)
class PlacedSpot:
    """Where a spot is: in millimetres from the sheet's edges, its type in points."""

    blank: str
    value: str | None
    x: float
    y: float
    width: float
    size: float


def copy_of(typed: TypedPaper, acts: RegisterActs, record: Mapping[str, Any], taken: Taken,
            copy: int = 1, *, form: FormPlaces | None = None,
            every: bool = False) -> tuple[dict[str, Any], list[str]]:
    """One copy of a paper of parts as it is set, and the fields that it lacks.

    `every` takes in the lines that nothing is known for.
    """
    paper = typed.paper
    filler = Filler(paper, acts, record, taken)
    mark = _mark(filler, copy) if copy > 1 else ""
    parts, top = [], 0.0
    for number, (part, when) in enumerate(zip(paper.parts, typed.when, strict=True), 1):
        if when is not None and condition_holds(
                when, record, acts.vocabulary, taken.today) is False:
            continue
        filler.part = number
        places = _places(paper, part, number, top, form)
        parts.append({
            "name": part.name, "title": part.title, "height": part.height, "part": number,
            "corner": filler.runs(part.corner), "lines": filler.lines(part.lines, every=every),
            "foot": filler.runs(part.foot),
            "places": None if places is None else [
                said for each in places if (said := _put(filler, part, each, mark)) is not None]})
        top += part.height
    return {"parts": parts, "mark": mark}, filler.lacking


def spots(paper: Paper, acts: RegisterActs, lang: Lang) -> Iterator[Spot]:
    """All that has a place on a form, as its texts have it."""
    for number, part in enumerate(paper.parts, 1):
        had: dict[tuple[str, str | None], int] = {}
        for blank, value, label in _named(paper, part, acts, lang):
            nth = had[blank, value] = had.get((blank, value), 0) + 1
            yield Spot(number, blank, value, nth, label)


def measured(paper: Paper, found: Iterable[Mapping[str, Any]]) -> FormPlaces:
    """Where blanks are as they were found, but for those that are filled in by hand."""
    known = {MARK, *(name for name, said in paper.blanks.items() if said.take != "hand")}
    return FormPlaces(
        width=round(paper.sheet.width * 10), height=round(paper.sheet.height * 10), places=tuple(
            FormPlace(part=each["part"], blank=each["blank"], value=each["value"],
                      right=max(0, round(each["x"] * 10)), down=max(0, round(each["y"] * 10)),
                      width=max(1, round(each["width"] * 10)), size=round(each["size"] * 10))
            for each in found if each["blank"] in known))


def _named(paper: Paper, part: PaperPart, acts: RegisterActs,
           lang: Lang) -> Iterator[tuple[str, str | None, str]]:
    """The blanks of a part, each choice's values apart, and what they are called."""
    filler = Filler(paper, acts, {}, Taken(date.min))
    for text, line in ((part.corner, None), *((each.text, each) for each in part.lines),
                       (part.foot, None)):
        if line is not None and line.only_with is not None:
            yield line.only_with, None, BLANK.sub("\u2026", text)
            continue
        for name in BLANK.findall(text):
            said = paper.blanks[name]
            if said.form == "choice":
                for each in filler.choices(said):
                    yield name, each["value"], each["text"]
            elif said.take is None:
                yield name, None, called(paper, acts, name, lang) or name
    if paper.reprint:
        yield MARK, None, BLANK.sub("\u2026", paper.reprint.replace("{copy}", "2"))


def _places(paper: Paper, part: PaperPart, number: int, top: float,
            form: FormPlaces | None) -> list[PlacedSpot] | None:
    """Where the blanks of a part are on a form; None where they are as on the office's own."""
    if form is not None:
        found = [PlacedSpot(p.blank, p.value, p.right / 10, p.down / 10, p.width / 10, p.size / 10)
                 for p in form.places if p.part == number]
    elif part.places:
        found = [PlacedSpot(p.blank, value, x, y + top, width, p.size or paper.sheet.size)
                 for p in part.places
                 for value, (x, y, width) in (
                     p.at.items() if p.at else [(None, (p.x, p.y, p.width))])]
    else:
        return None
    if paper.reprint and all(each.blank != MARK for each in found):
        margin = paper.sheet.margin
        found.append(PlacedSpot(MARK, None, margin, top + part.height - _MARK_UP,
                           paper.sheet.width - 2 * margin, _MARK_SIZE))
    return found


def _put(filler: Filler, part: PaperPart, at: PlacedSpot, mark: str) -> dict[str, Any] | None:
    """What is put down at a place; None where the paper has no such blank."""
    paper = filler.paper
    out: dict[str, Any] = {"x": at.x, "y": at.y, "width": at.width, "size": at.size}
    if at.blank == MARK:
        return out | {"text": mark, "label": _mark(filler, 2), "left": True}
    said = paper.blanks.get(at.blank)
    if said is None:
        return None
    if said.form == "choice":
        known = {each["value"]: each for each in filler.choices(said)}
        one = known.get(at.value or "")
        return None if one is None else out | {"struck": one["struck"], "label": one["text"]}
    line = next((each for each in part.lines if each.only_with == at.blank), None)
    text = filler.text(at.blank)
    if line is not None:
        return out | {"text": "" if text is None else filler.written(line.text),
                      "label": BLANK.sub("\u2026", line.text), "left": True}
    return out | {"text": text or "",
                  "label": called(paper, filler.acts, at.blank, paper.language)}


def _mark(filler: Filler, copy: int) -> str:
    return filler.written(filler.paper.reprint.replace("{copy}", str(copy)))
