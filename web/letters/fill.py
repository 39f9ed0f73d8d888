"""Papers filled in. In: a paper, a record. Out: its texts with what fills each blank, and what none
fills.

Nothing is made up: a blank that the record has nothing for is an empty line, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from zhuanjie.engine.api import (
    BLANK,
    Lang,
    Paper,
    PaperBlank,
    PaperLine,
    RegisterActs,
    tells_birth,
)
from zhuanjie.web.letters.numerals import age_on, birth_in, capital, capital_digits

_DAY_ZH: Final = "{0.year}年{0.month}月{0.day}日"
_MONTH_ZH: Final = "{0.year}年{0.month}月"


@dataclass(frozen=True, slots=True)
class Taken:
    """What blanks take that no record has."""

    today: date
    count: int = 1
    number: int = 1
    unit: str = ""
    first: str = ""
    last: str = ""
    replaces: str | None = None

    def text(self, what: str, lang: Lang) -> str | None:
        """What is taken, as it is written; None for what is written by hand."""
        if what == "hand":
            return None
        value = getattr(self, what)
        return day_text(value, lang) if isinstance(value, date) else \
            str(value) if value not in {None, ""} else None


@dataclass(slots=True)
class Filler:
    """Fills the blanks of one paper with one record. `lacking` are the fields of those that stay
    empty."""

    paper: Paper
    acts: RegisterActs
    record: Mapping[str, Any]
    taken: Taken
    lacking: list[str] = field(default_factory=list)
    part: int = 0
    """Which part of the paper is filled in."""

    def runs(self, text: str) -> list[dict[str, Any]]:
        """A text as it is set: words, and blanks between them."""
        out: list[dict[str, Any]] = []
        end = 0
        for found in BLANK.finditer(text):
            out += [{"text": text[end:found.start()]}] if found.start() > end else []
            out.append(self.blank(found[1]))
            end = found.end()
        return out + ([{"text": text[end:]}] if end < len(text) else [])

    def lines(self, lines: Iterable[PaperLine], *, every: bool = False) -> list[dict[str, Any]]:
        """Paragraphs as they are set, but for those that nothing is known for, unless `every`."""
        return [{"runs": self.runs(line.text), "align": line.align, "indent": line.indent,
                 "size": line.size or self.paper.sheet.size, "bold": line.bold,
                 "above": line.above, **self._at_times(line)}
                for line in lines
                if every or line.only_with is None or self.text(line.only_with) is not None]

    def _at_times(self, line: PaperLine) -> dict[str, Any]:
        """What tells a line that no form has: on one it takes no room, and stands whole."""
        return {} if line.only_with is None else {
            "part": self.part, "blank": line.only_with, "whole": self.written(line.text)}

    def written(self, text: str) -> str:
        """A text with what fills its blanks."""
        return BLANK.sub(lambda found: self.text(found[1]) or "", text)

    def blank(self, name: str) -> dict[str, Any]:
        """A blank as it is set."""
        said = self.paper.blanks[name]
        out: dict[str, Any] = {
            "part": self.part, "blank": name, "width": said.width, "value": self.text(name) or "",
            "label": called(self.paper, self.acts, name, self.paper.language)}
        if said.form == "choice":
            out |= {"choices": self.choices(said), "value": ""}
        if said.take is not None and said.take != "hand":
            out["loose"] = True
        return out

    def text(self, name: str) -> str | None:
        """What fills a blank; None where nothing does, which is kept in mind."""
        said, lang = self.paper.blanks[name], self.paper.language
        if said.take is not None:
            return self.taken.text(said.take, lang)
        for each in said.field:
            value = self.record.get(each)
            written = None if value is None else self._written(said, each, value)
            if written:
                return written
        if said.said and (missed := said.field[0]) not in self.lacking:
            self.lacking.append(missed)
        return None

    def _written(self, said: PaperBlank, name: str, value: Any) -> str | None:
        lang, known = self.paper.language, self.acts.fields[name]
        match said.form:
            case "capital":
                return capital(int(value)) if lang == "zh" else str(value)
            case "year" | "month" | "day":
                return str(getattr(_day(value), said.form))
            case "capital_year" | "capital_month":
                day = _day(value)
                if lang != "zh":
                    return str(day.year if said.form == "capital_year" else day.month)
                return capital_digits(str(day.year)) if said.form == "capital_year" \
                    else capital(day.month)
            case "age":
                return self._age(said, name, value)
            case "masked":
                return known.shown(str(value))
        return self._plain(name, value).removesuffix(said.end) if said.end \
            else self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:
        lang, known = self.paper.language, self.acts.fields[name]
        if known.type in {"date", "month"}:
            day = _day(value)
            return day_text(day, lang) if known.type == "date" else month_text(day, lang)
        own = str(value).lower() if known.type == "bool" else str(value)
        return (known.values if lang == "zh" else known.values_en).get(own, own)

    def _age(self, said: PaperBlank, name: str, value: Any) -> str | None:
        known = self.acts.fields[name]
        born = birth_in(str(value)) if tells_birth(known) else _day(value)
        on = next((str(self.record[each]) for each in said.on if each in self.record), None)
        if born is None or on is None:
            return None
        age = age_on(born, date.fromisoformat(on), whole=known.type != "month")
        return None if age is None else str(age)

    def choices(self, said: PaperBlank) -> list[dict[str, Any]]:
        """Every value, and whether it holds; where none is known all of them stand."""
        name = next((each for each in said.field if self.record.get(each) is not None),
                    said.field[0])
        value = self.record.get(name)
        own = None if value is None else str(value).lower() if isinstance(value, bool) \
            else str(value)
        known = self.acts.fields[name]
        words = known.values if self.paper.language == "zh" else known.values_en
        return [{"value": each, "text": text, "struck": own is not None and each != own}
                for each, text in words.items()]


def called(paper: Paper, acts: RegisterActs, name: str, lang: Lang) -> str:
    """What a blank is called where its place is shown; nothing where it is filled in by hand."""
    said = paper.blanks[name]
    if said.title is not None:
        return said.title.zh if lang == "zh" else said.title.en
    if not said.field:
        return ""
    known = acts.fields[said.field[0]]
    return known.heading if lang == "zh" else known.heading_en or known.heading


def _day(value: Any) -> date:
    """A day, or the first of a month of which no day is known."""
    text = str(value)
    return date.fromisoformat(text if len(text) > len("2007-06") else f"{text}-01")


def day_text(day: date, lang: Lang) -> str:
    """A day as papers have it."""
    return _DAY_ZH.format(day) if lang == "zh" else day.isoformat()


def month_text(day: date, lang: Lang) -> str:
    """A month as papers have it."""
    return _MONTH_ZH.format(day) if lang == "zh" else f"{day:%Y-%m}"
