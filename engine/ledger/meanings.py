"""What headings mean by themselves. In: a vocabulary, a heading. Out: its field, how it is known.

A note in brackets belongs to its heading, unless the vocabulary says that it changes nothing: how
to fill in the column, the values it may hold, another name of the same thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from zhuanjie.engine.core.suggest import suggest, suggestions
from zhuanjie.engine.core.traditional import simplified
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.heading_text import (
    HeadingText,
    alternatives,
    heading_text,
    note_pattern,
    plain_heading,
)
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

How = Literal["name", "heading", "synonym", "mapped", "values", "null"]
"""How a column is known: by a field's name, heading or synonym, by the user, by what it holds."""


NOT_KEPT: Final[Mapping[str, str]] = json.loads(
    Path(__file__).with_name("not_kept.json").read_text("utf-8"))
"""By language the heading of a column that names fields of which a record's own tables keep
nothing. It belongs to a form of files: no other wording may take its place."""
_NOT_KEPT: Final = frozenset(map(plain_heading, NOT_KEPT.values()))


class HeadingMeaning(Struct, frozen=True):
    """What a heading means: a field, or None. `known` is one that means something else on purpose.

    `shared` are fields that it means instead where the cells say so.
    """

    field: Field | None = None
    how: How | None = None
    known: bool = False
    shared: tuple[Field, ...] = ()


def names_not_kept(heading: str) -> bool:
    """Whether a heading is that of the column that names what is not kept."""
    return plain_heading(heading) in _NOT_KEPT


@lru_cache(maxsize=64)
def meanings_of(vocabulary: Vocabulary) -> HeadingMeanings:
    """What headings mean in a vocabulary, made once."""
    return HeadingMeanings(vocabulary)


class HeadingMeanings:
    """Headings and groups of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._known: dict[str, HeadingMeaning] = {}

    def of(self, heading: str) -> HeadingMeaning:
        """What a heading means."""
        known = self._known.get(heading)
        if known is None:
            known = self._of(heading)
            if len(self._known) < _KEPT:
                self._known[heading] = known
        return known

    def _of(self, heading: str) -> HeadingMeaning:
        named = self.vocabulary.fields.get(comparable(heading))
        if named is not None:
            return HeadingMeaning(named, "name")
        text = heading_text(heading)
        if not text.base:
            return HeadingMeaning()
        if names_not_kept(heading):
            return HeadingMeaning(known=True)
        shared, silent = self.vocabulary.shared, self.vocabulary.silent_headings
        for plain in self._forms(heading, text):
            field = self.vocabulary.headings.get(plain)
            if field is not None:
                own = plain in (plain_heading(field.heading), plain_heading(field.heading_en))
                return HeadingMeaning(field, "heading" if own else "synonym",
                                      shared=shared.get(plain, ()))
        for plain in self._forms(heading, text):
            field = self._alike.get(self.vocabulary.alike(plain))
            if field is not None and plain not in silent:
                return HeadingMeaning(field, "synonym", shared=shared.get(plain, ()))
        known = self._is_known(text)
        if not known and (rest := self._opened(heading)):
            return self.of(rest)
        return HeadingMeaning(known=known, shared=shared.get(text.plain, ()))

    def _opened(self, heading: str) -> str:
        """What is left of a heading without an opening that changes nothing; else an empty text."""
        text = simplified(comparable(heading))
        words = self.vocabulary.heading_words.openings
        return next((text.removeprefix(word) for word in words if text.startswith(word)), "")

    def _forms(self, heading: str, text: HeadingText) -> Iterator[str]:
        """The ways to say a heading, the most faithful first."""
        yield text.plain
        silent = self.vocabulary.silent_headings
        if not text.notes or text.plain in silent:
            return
        field = self.vocabulary.headings.get(text.base)
        idle = [note for note, listed in zip(text.notes, alternatives(heading), strict=False)
                if self._is_idle(note, listed, field)]
        rest = text.without(idle)
        yield rest.plain
        if len(rest.notes) == 1:
            yield rest.notes[0] + rest.base
            yield rest.base + rest.notes[0]

    def _is_idle(self, note: str, listed: tuple[str, ...], field: Field | None) -> bool:
        """Whether a note says nothing about what its column is."""
        if self._notes.fullmatch(note) or (note.isdecimal() and len(note) >= _SAMPLE_DAY):
            return True
        if field is None:
            return False
        values = {simplified(form) for form in (*field.choices, *field.suffixes)}
        headings = self.vocabulary.headings
        return all(part in values or headings.get(part) is field for part in listed)

    def _is_known(self, text: HeadingText) -> bool:
        """Whether a heading is known to carry no rule: listed so, or not about the record."""
        silent = self.vocabulary.silent_headings
        if text.plain in silent or text.base in silent:
            return True
        said = (text.base, *text.notes)
        if any(other in part for other in self._others for part in said):
            return True
        return any(self._is_own(text.base.removeprefix(body))
                   for body in self._bodies if text.base.startswith(body))

    def _is_own(self, heading: str) -> bool:
        """Whether a heading is about the record's own subject."""
        field = self.vocabulary.headings.get(heading)
        return field is not None and _group(field.name) == _group(self.vocabulary.key)

    def under(self, groups: Sequence[str], leaf: str) -> str:
        """A column's heading by the groups that stand above it, the outermost first.

        What the groups and the heading say together comes before the heading alone, and where the
        groups speak of somebody else the heading alone is nothing.
        """
        groups = [group for group in groups if not _LABEL.search(group)]
        texts = [heading_text(group) for group in groups]
        stems = [self._stem(text.base) for text in texts]
        own = plain_heading(leaf)
        raw = [g for g, text in zip(groups, texts, strict=True) if text.base and text.base != own]
        stems = [s for s, text in zip(stems, texts, strict=True) if text.base != own]
        if not raw:
            return leaf
        for at in range(len(raw)):  # all groups, then the inner ones alone
            for form in ("".join(raw[at:]) + leaf, "".join(stems[at:]) + leaf):
                if self.of(form).field is not None:
                    return form
        if any(_ends(stem, self._others, 4) for stem in stems):
            return "".join(raw) + leaf
        alone = self.of(leaf).field
        if alone is not None and _group(alone.name) == _group(self.vocabulary.key) and any(
                    _ends(stem, self._bodies, 2) for stem in stems):
            return "".join(raw) + leaf
        if alone is None and not self.of(leaf).known:
            for at in range(len(raw)):
                if self.of("".join(stems[at:]) + leaf).known:
                    return "".join(stems[at:]) + leaf
        return leaf

    def is_heading(self, text: str) -> bool:
        """Whether a text is a heading that somebody knows, whatever it means."""
        meaning = self.of(text)
        return meaning.field is not None or meaning.known

    def _stem(self, group: str) -> str:
        """What a group says, without words such as "information"."""
        for ending in self._endings:
            if group != ending and group.endswith(ending):
                return self._stem(group.removesuffix(ending))
        return "" if group in self._endings else group

    def nearest(self, heading: str, taken: Iterable[str] = ()) -> str | None:
        """The known heading that `heading` is a slip of, in its own language; else None."""
        gone = set(taken)
        named = suggest(comparable(heading), [
            field.name for field in self.vocabulary.fields if field.name not in gone])
        if named and "." in heading:
            return named
        free = {plain: field for plain, field in self.vocabulary.headings.items()
                if field.name not in gone}
        text = plain_heading(heading)
        form = self._one(suggestions(text, free), free)
        if not form:
            # Words that people swap are no slip of typing, but as good as none.
            swapped = {self._swapped[plain]: plain for plain in free}
            near = suggestions(self.vocabulary.alike(text), swapped)
            form = self._one([swapped[other] for other in near], free)
        if not form or self._turns(text, form):
            return named or None
        field = free[form]
        if form == plain_heading(field.heading_en):
            return field.heading_en
        return field.name if form == plain_heading(field.name) else field.heading

    @staticmethod
    def _one(forms: Sequence[str], fields: Mapping[str, Field]) -> str:
        """The first of some headings, where all mean one field; else an empty text."""
        return forms[0] if len({fields[form].name for form in forms}) == 1 else ""

    def _turns(self, heading: str, other: str) -> bool:
        """Whether two headings differ in a word that turns the meaning round."""
        turns = (*self.vocabulary.heading_words.turns, *"0123456789")
        return any(heading.count(turn) != other.count(turn) for turn in turns)

    @cached_property
    def _alike(self) -> dict[str, Field]:
        """Fields by their headings with the words that people swap made the same."""
        out: dict[str, Field] = {}
        apart: set[str] = set()
        for plain, field in self.vocabulary.headings.items():
            same = self._swapped[plain]
            if out.setdefault(same, field) is not field:
                apart.add(same)
        return {same: field for same, field in out.items() if same not in apart}

    @cached_property
    def _swapped(self) -> dict[str, str]:
        """All headings, with the words that people swap made the same."""
        return {plain: self.vocabulary.alike(plain) for plain in self.vocabulary.headings}

    @cached_property
    def _notes(self) -> re.Pattern[str]:
        return note_pattern(self.vocabulary.heading_words.notes)

    @cached_property
    def _others(self) -> tuple[str, ...]:
        return tuple(map(plain_heading, self.vocabulary.heading_words.others))

    @cached_property
    def _bodies(self) -> tuple[str, ...]:
        listed = map(plain_heading, self.vocabulary.heading_words.bodies)
        return tuple(sorted(listed, key=len, reverse=True))

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(map(plain_heading, self.vocabulary.heading_words.group_endings))


_LABEL = re.compile(r"[:：]\s*\S")  # what a row above a table says of all of it
_KEPT = 1 << 15
_SAMPLE_DAY = 6  # digits of a date that shows how dates are written


def _ends(stem: str, words: Iterable[str], before: int) -> bool:
    """Whether a group is one of some words, with little before it."""
    return any(stem.endswith(word) and len(stem) - len(word) <= before for word in words)


def _group(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
