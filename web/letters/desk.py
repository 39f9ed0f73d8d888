"""Where papers are printed. In: who prints, which paper, for whom. Out: PDF, with what stays blank.

Papers that bear a number are counted: every print is an event, kept before anybody has the PDF.
Other papers are lists of what somebody reads, and are kept as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from zhuanjie.engine.api import (
    Diagnostic,
    InputError,
    Lang,
    RegisterActs,
    TypedPaper,
    condition_holds,
    fail,
)
from zhuanjie.web.access.guard import AccessGuard
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.acts.numbers import STANDING
from zhuanjie.web.acts.tables import NUMBERS
from zhuanjie.web.evidence.reads import read_in_bulk
from zhuanjie.web.letters.copies import Spot, copy_of, measured, spots
from zhuanjie.web.letters.fill import Filler, Taken
from zhuanjie.web.letters.press import Mode, Offset, Press
from zhuanjie.web.letters.prints import Print, copy_number, print_draft, prints
from zhuanjie.web.settings.models import FormPlaces
from zhuanjie.web.settings.reading import form_places
from zhuanjie.web.store.errors import ConflictError, NotFoundError, RefusedError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.members import Member, members
from zhuanjie.web.store.store import RegisterStore

MOST: Final = 100
"""How many records are printed at a time."""
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class PrintLine:
    """A record to be printed: what its paper lacks, how often it was printed, why it cannot be."""

    member: Member
    number: str = ""
    form: str = ""
    replaces: str | None = None
    had: tuple[Print, ...] = ()
    lacking: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    """Signs that no font has."""
    why_not: tuple[Diagnostic, ...] = ()

    @property
    def id(self) -> str:
        """Whose it is."""
        return self.member.id


@dataclass(frozen=True, slots=True)
class Printed:
    """What was printed."""

    pdf: bytes
    lines: tuple[PrintLine, ...]
    copies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _About:
    """What units are called, and where blanks are on the office's form."""

    titles: Mapping[str, str]
    form: FormPlaces | None


@dataclass(frozen=True)
class LetterDesk:
    """Prints papers; safe to share among threads."""

    store: RegisterStore
    acts: RegisterActs
    guard: AccessGuard
    press: Press
    today: Callable[[], date]

    def paper(self, id: str) -> TypedPaper:
        """A paper of the domain; raises NotFoundError."""
        found = self.acts.papers.get(id)
        if found is None:
            raise fail(NotFoundError, "register.letters.none", name=id,
                       known=", ".join(self.acts.papers))
        return found

    def look(self, actor: Actor, paper: str, chosen: Sequence[str]) -> list[PrintLine]:
        """What printing would come to for each of `chosen`, in the order of the sheets."""
        typed = self.paper(paper)
        with self.store.reading(actor) as conn:
            self.guard.require(conn, actor, typed.paper.permission)
            return self._lines(conn, actor, typed, chosen)

    def print(self, actor: Actor, paper: str, chosen: Sequence[str], *, once: str,
              mode: Mode = "whole", offset: Offset = Offset()) -> Printed:  # noqa: B008  # frozen
        """Print a paper for each of `chosen`; the same `once` again is no further print.

        Raises RefusedError where one of them cannot be printed, OutputError without fonts.
        """
        typed = self.paper(paper)
        for _ in range(_TRIES):
            lines, about = self._printable(actor, typed, chosen)
            copies = {line.member.id: copy_number(line.had, once)[0] for line in lines}
            pdf = self._set(typed, lines, copies, mode, offset, about)
            if self._keep(actor, typed, lines, copies, once, mode):
                return Printed(pdf, tuple(lines), copies)
        raise fail(ConflictError, "register.letters.changed")

    def again(self, actor: Actor, paper: str, chosen: Sequence[str], *, once: str,
              mode: Mode = "whole", offset: Offset = Offset()) -> Printed:  # noqa: B008  # frozen
        """The PDF of a print that was made by `once`, as the records are now.

        Raises NotFoundError where there was no such print, or its number is another by now.
        """
        typed = self.paper(paper)
        lines, about = self._printable(actor, typed, chosen)
        made = {line.member.id: copy_number(line.had, once) for line in lines}
        if typed.paper.counted and not all(done for _, done in made.values()):
            raise fail(NotFoundError, "register.letters.no-print")
        copies = {id: copy for id, (copy, _) in made.items()}
        return Printed(self._set(typed, lines, copies, mode, offset, about), tuple(lines), copies)

    def form_paper(self, id: str) -> TypedPaper:
        """A paper of parts, which may be printed over a form; raises NotFoundError."""
        typed = self.paper(id)
        if not typed.paper.parts:
            raise fail(NotFoundError, "register.letters.no-form", title=typed.paper.title)
        return typed

    def sample(self, actor: Actor, paper: str, mode: Mode, offset: Offset,
               form: FormPlaces | None = None) -> bytes:
        """A paper of parts that is nobody's: the empty form, or where its blanks are; by `form`, or
        as places are set."""
        typed = self.form_paper(paper)
        if form is None:
            with self.store.reading(actor) as conn:
                form = form_places(conn, paper)
        copy, _ = copy_of(typed, self.acts, {}, Taken(self.today()), form=form)
        return self.press.parts([copy], _sheet(typed, mode, form), mode, offset)

    def spots(self, paper: str, lang: Lang) -> list[Spot]:
        """What has a place on a paper's form."""
        return list(spots(self.form_paper(paper).paper, self.acts, lang))

    def own_places(self, paper: str) -> FormPlaces:
        """Where the blanks of a paper are on the office's own form."""
        typed = self.form_paper(paper)
        copy, _ = copy_of(typed, self.acts, {}, Taken(self.today()), every=True)
        return measured(typed.paper, self.press.places(copy, _sheet(typed)))

    def _printable(self, actor: Actor, typed: TypedPaper,
                   chosen: Sequence[str]) -> tuple[list[PrintLine], _About]:
        """Those that are chosen, and what else is needed; raises where one cannot be printed."""
        with self.store.reading(actor) as conn:
            self.guard.require(conn, actor, typed.paper.permission)
            lines = self._lines(conn, actor, typed, chosen)
            about = _About({unit.id: unit.title for unit in unit_tree(conn).units.values()},
                           form_places(conn, typed.id))
        against = [said for line in lines for said in line.why_not]
        if against:
            raise RefusedError(*against)
        return lines, about

    def _lines(self, conn: Connection, actor: Actor, typed: TypedPaper,
               chosen: Sequence[str]) -> list[PrintLine]:
        ids = list(dict.fromkeys(chosen))
        if not ids or len(ids) > MOST:
            raise fail(InputError, "register.letters.most" if ids else "register.letters.nobody",
                       most=MOST, given=len(ids))
        found = members(conn, ids)
        for id in ids:
            if id not in found:
                raise fail(NotFoundError, "register.none")
        series = typed.paper.series
        replaced = _replaced(conn, series, ids) if series else {}
        had = prints(conn, ids, typed.id)
        lines = []
        for member in found.values():
            number, form = self._number(series, member)
            line = PrintLine(member, number, form, replaced.get(member.id),
                             tuple(had.get((member.id, form), ())),
                             why_not=self._against(conn, actor, typed, member))
            lines.append(line if line.why_not else self._filled(typed, line))
        units = unit_tree(conn).units if typed.paper.by_unit else {}
        return sorted(lines, key=lambda line: (
            line.member.unit if line.member.unit in units else "", line.form, line.member.id))

    def _number(self, series: str | None, member: Member) -> tuple[str, str]:
        if series is None:
            return "", ""
        name = self.acts.series[series].field
        text = member.record.get(name)
        return ("", "") if text is None else (str(text), str(self.acts.fields[name].compared(text)))

    def _against(self, conn: Connection, actor: Actor, typed: TypedPaper,
                 member: Member) -> tuple[Diagnostic, ...]:
        paper = typed.paper
        who = _called(member, self.acts)
        if member.withdrawn:
            return (Diagnostic("register.letters.withdrawn", {"who": who}),)
        if not self.guard.may(conn, actor, paper.permission, member.unit):
            return (Diagnostic("register.letters.not-yours", {"who": who, "title": paper.title}),)
        return tuple(Diagnostic("register.letters.said", {
            "who": who, "title": paper.title, "words": each.words})
            for each in typed.possible if condition_holds(
                each.holds, member.record, self.acts.vocabulary, self.today()) is not True)

    def _filled(self, typed: TypedPaper, line: PrintLine) -> PrintLine:
        record, taken = line.member.record, Taken(self.today(), replaces=line.replaces)
        said: Any
        if typed.paper.parts:
            said, lacking = copy_of(typed, self.acts, record, taken)
        else:
            filler = Filler(typed.paper, self.acts, record, taken)
            said = [filler.text(column.blank) for column in typed.paper.columns
                    if column.blank is not None]
            lacking = filler.lacking
        return replace(line, lacking=tuple(lacking), boxes=self.press.lacking(_texts(said)))

    def _set(self, typed: TypedPaper, lines: Sequence[PrintLine], copies: Mapping[str, int],
             mode: Mode, offset: Offset, about: _About) -> bytes:
        today, titles = self.today(), about.titles
        if typed.paper.parts:
            return self.press.parts([copy_of(
                typed, self.acts, line.member.record,
                Taken(today, len(lines), at, titles.get(line.member.unit, ""),
                      replaces=line.replaces),
                copies[line.member.id], form=about.form)[0] for at, line in enumerate(lines, 1)],
                _sheet(typed, mode, about.form), mode, offset)
        groups: dict[str, list[PrintLine]] = {}
        for line in lines:
            groups.setdefault(line.member.unit if typed.paper.by_unit else "", []).append(line)
        return self.press.lists([self._list(typed, group, titles.get(unit, unit), today)
                                 for unit, group in groups.items()], _sheet(typed))

    def _list(self, typed: TypedPaper, lines: Sequence[PrintLine], unit: str,
              today: date) -> dict[str, Any]:
        paper = typed.paper

        def taken(at: int) -> Taken:
            return Taken(today, len(lines), at, unit, lines[0].number, lines[-1].number)

        of_all = Filler(paper, self.acts, {}, taken(1))
        rows = []
        for at, line in enumerate(lines, 1):
            filler = Filler(paper, self.acts, line.member.record, taken(at))
            rows.append(["" if column.blank is None else filler.text(column.blank) or ""
                         for column in paper.columns])
        return {"cover": of_all.lines(paper.cover), "head": of_all.lines(paper.head), "rows": rows,
                "columns": [{"title": c.title, "width": c.width} for c in paper.columns],
                "foot": of_all.lines(paper.foot)}

    def _keep(self, actor: Actor, typed: TypedPaper, lines: Sequence[PrintLine],
              copies: Mapping[str, int], once: str, mode: Mode) -> bool:
        """Keep that it is printed; False where what is printed has changed meanwhile."""
        ids = [line.member.id for line in lines]
        with self.store.change(actor) as work:
            now = members(work.conn, ids)
            if not typed.paper.counted:
                read_in_bulk(work, f"print {typed.id}", len(ids), unit=actor.unit)
                return True
            had = prints(work.conn, ids, typed.id)
            drafts = []
            for line in lines:
                member = now.get(line.member.id)
                copy, done = copy_number(had.get((line.member.id, line.form), ()), once)
                if member is None or copy != copies[line.member.id] \
                        or member.record != line.member.record or member.withdrawn:
                    return False
                if not done:
                    drafts.append(print_draft(member, typed.id, line.number, line.form, copy,
                                              mode=mode, once=once))
            work.record_all(drafts)
        return True


def _texts(said: Any) -> Iterator[str]:
    """The texts of what is set."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for each in said.values():
            yield from _texts(each)
    elif isinstance(said, list | tuple):
        for each in said:
            yield from _texts(each)


def _sheet(typed: TypedPaper, mode: Mode = "whole",
           form: FormPlaces | None = None) -> dict[str, Any]:
    paper, sheet = typed.paper, typed.paper.sheet.model_dump()
    if form is not None and mode in {"over", "test"}:
        sheet |= {"width": form.width / 10, "height": form.height / 10}
    lang: Lang = paper.language
    return {"sheet": sheet, "title": getattr(paper.title, lang), "lang": lang}


def _called(member: Member, acts: RegisterActs) -> str:
    """What a member is called in a message."""
    vocabulary = acts.vocabulary
    for name in (vocabulary.name, vocabulary.key_of(member.record)):
        if name is not None and member.record.get(name) is not None:
            return vocabulary.fields[name].shown(str(member.record[name]))
    return member.id[:8]


def _replaced(conn: Connection, series: str, ids: Sequence[str]) -> dict[str, str]:
    """By member whose standing number replaced another, that other."""
    before = NUMBERS.alias()
    rows = conn.execute(select(NUMBERS.c.member, before.c.text).join_from(
        NUMBERS, before, (before.c.series == NUMBERS.c.series)
        & (before.c.form == NUMBERS.c.replaces)).where(
        NUMBERS.c.series == series, NUMBERS.c.state == STANDING, NUMBERS.c.member.in_(list(ids))))
    return {row.member: row.text for row in rows}
