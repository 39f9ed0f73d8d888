"""Headings to fields. In: a vocabulary, a mapping of the user, headings. Out: what each column is.

What is not known is reported, with the heading it is a slip of. Where a heading may mean one of
several fields, or two columns mean the same, the cells decide: see `column_values.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct, field

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.documents import load_data
from zhuanjie.engine.ledger.meanings import HeadingMeaning, meanings_of
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.heading_text import plain_heading
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

ENOUGH = 2
"""A row of headings is one that names a key field or at least so many known fields."""

_RANKS = {"mapped": 0, "name": 1, "heading": 2, "synonym": 3, "values": 4}


class HeadingMatch(Struct, frozen=True):
    """What the columns of a table are, by position.

    `fields` are the known ones, `unknown` the others with the known heading that each is a slip of
    (or None); of those in `silent` nothing need be said, since they are known to mean no field.
    Columns without a heading, or set aside by the user, are in neither. `meanings` say of every
    heading how it is known. `rivals` are columns of the same field, the likeliest first: that one
    is in `fields` until the cells are looked at. `notices` say what was decided.
    """

    vocabulary: Vocabulary
    fields: dict[int, Field]
    unknown: dict[int, tuple[str, str | None]]
    silent: frozenset[int] = frozenset()
    meanings: Mapping[int, HeadingMeaning] = field(default_factory=dict)
    rivals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    notices: tuple[Diagnostic, ...] = ()

    @property
    def key(self) -> str:
        """The field that names a record of this table: the first key that it has a column for."""
        return self.vocabulary.key_of({f.name for f in self.fields.values()})

    @property
    def key_column(self) -> int | None:
        """The position of the column that names a record, None where there is none."""
        key = self.key
        return next((at for at, f in self.fields.items() if f.name == key), None)


MOST = 20_000
"""Columns of a table: a spreadsheet has at most 16,384."""
GUESSED = 200
"""Unknown headings for which a known one that is nearly the same is looked for."""


class ColumnMapping(dict[str, str]):
    """A user's mapping of headings to fields, of which some are remembered from other ledgers.

    That a ledger lacks one of these is nothing to speak of.
    """

    def __init__(self, columns: Mapping[str, str], remembered: Iterable[str] = ()) -> None:
        super().__init__(columns)
        self.remembered = frozenset(remembered)


class HeadingMap:
    """What headings mean: as the vocabulary says, but for what the user's own mapping says."""

    def __init__(self, vocabulary: Vocabulary, columns: Mapping[str, str] | None = None) -> None:
        """`columns` maps headings to fields' names or headings; a heading mapped to nothing is set
        aside. Raises InputError for a field that there is not.
        """
        self.vocabulary = vocabulary
        self.meanings = meanings_of(vocabulary)
        self.remembered = columns.remembered if isinstance(columns, ColumnMapping) else frozenset()
        """Headings that are mapped for other ledgers too."""
        self.columns = _checked(vocabulary, columns, Place()) if columns else {}

    @cached_property
    def _own(self) -> dict[str, str]:
        """The user's mapping by headings as they are compared."""
        return {plain_heading(heading): name for heading, name in self.columns.items()}

    def read(self, heading: str) -> HeadingMeaning:
        """What a heading means, by the user's mapping first."""
        if self._own and (wanted := self._own.get(plain_heading(heading))) is not None:
            field = self.vocabulary.fields[wanted] if wanted else None
            return HeadingMeaning(field, "mapped" if field else "null")
        return self.meanings.of(heading)

    def find(self, heading: str) -> Field | None:
        """The field a heading means, by the user's mapping first; None when nobody knows it."""
        return self.read(heading).field

    def under(self, groups: Sequence[str], leaf: str) -> str:
        """The heading of a column below groups; what the user maps is called as it is there."""
        for form in ("".join((*groups, leaf)), leaf):
            if plain_heading(form) in self._own:
                return form
        return self.meanings.under(groups, leaf)

    def is_set_aside(self, heading: str) -> bool:
        """Whether a column has no heading, or the user wants it left alone."""
        return not comparable(heading) or self.read(heading).how == "null"

    def is_silent(self, heading: str) -> bool:
        """Whether a heading is known to mean no field."""
        return self.read(heading).known

    def looks_known(self, names: Iterable[str]) -> bool:
        """Whether the fields named are enough to call a row a row of headings."""
        found = set(names)
        return not found.isdisjoint(self.vocabulary.keys) or len(found) >= ENOUGH

    def knows(self, match: HeadingMatch) -> bool:
        """Whether headings that were matched are those of a ledger at all."""
        return self.looks_known(field.name for field in match.fields.values())

    def match(self, headings: Sequence[str], place: Place | None = None, *,
              single: bool = False) -> HeadingMatch:
        """Match each heading to a field.

        A `single` record has no cells beside it that could decide: it raises InputError when two of
        its headings are the same field.
        """
        if len(headings) > MOST:
            raise too_many(len(headings), place)
        read = {at: self.read(heading) for at, heading in enumerate(headings)
                if not self.is_set_aside(heading)}
        columns: dict[str, list[int]] = {}
        for at, meaning in read.items():
            if meaning.field is not None:
                columns.setdefault(meaning.field.name, []).append(at)
        rivals: dict[str, tuple[int, ...]] = {}
        for name, places in columns.items():
            if len(places) > 1:
                if single:
                    raise same_field(self.vocabulary.fields[name], headings, places, place)
                rivals[name] = tuple(sorted(places, key=lambda at: rank(read[at])))
        lost = {at for places in rivals.values() for at in places[1:]}
        found = {at: meaning.field for at, meaning in read.items()
                 if meaning.field is not None and at not in lost}
        silent = frozenset(lost | {at for at, meaning in read.items() if meaning.known})
        unknown = [at for at in read if at not in found]
        sought = [at for at in unknown if at not in silent][:GUESSED]
        near = {at: self.meanings.nearest(headings[at], columns) for at in sought}
        return HeadingMatch(self.vocabulary, found, {
            at: (headings[at], near.get(at)) for at in unknown}, silent, read, rivals)


def too_many(count: int, place: Place | None) -> Exception:
    """The error for a table with more columns than any has."""
    return fail(InputError, "records.too-many-columns", place, "records.hint.too-many-columns",
                count=count, most=MOST)


def rank(meaning: HeadingMeaning) -> int:
    """How near a heading is to what it means: of two columns of one field the lesser is read."""
    return _RANKS.get(meaning.how or "", len(_RANKS))


def same_field(known: Field, headings: Sequence[str], places: Sequence[int],
               place: Place | None) -> Exception:
    """The error for two columns of one field that contradict each other."""
    first, second = sorted(places)[:2]
    return fail(
        InputError, "records.same-field", place, "records.hint.same-field",
        field=known.name, first=headings[first].strip(), second=headings[second].strip(),
        first_column=column_letter(first), second_column=column_letter(second))


def find_field(heading: str, vocabulary: Vocabulary) -> Field | None:
    """The field a heading means by itself; None when nobody knows it."""
    return meanings_of(vocabulary).of(heading).field


def nearest(heading: str, vocabulary: Vocabulary, taken: Iterable[str] = ()) -> str | None:
    """The known heading that `heading` is a slip of, in the language it is written in; else None.
    """
    return meanings_of(vocabulary).nearest(heading, taken)


def load_columns(path: str | Path, vocabulary: Vocabulary) -> dict[str, str]:
    """The user's own mapping of headings to field names, from a YAML or JSON file.

    A heading mapped to nothing (null) is set aside: its column is carried through unread.
    """
    data = load_data(path)
    place = Place(file=str(path))
    if not isinstance(data, dict):
        raise fail(InputError, "records.columns-shape", place, "records.hint.columns",
                   key=vocabulary.key)
    return _checked(vocabulary, {str(heading): name for heading, name in data.items()}, place)


def check_columns(columns: Mapping[str, object], vocabulary: Vocabulary,
                  place: Place | None = None) -> dict[str, str]:
    """A user's mapping with the names of fields; raises InputError for those that there are not."""
    return _checked(vocabulary, columns, place or Place())


def _checked(vocabulary: Vocabulary, columns: Mapping[str, object],
             place: Place) -> dict[str, str]:
    wrong: list[Diagnostic] = []
    out: dict[str, str] = {}
    for heading, name in columns.items():
        field = find_field(name, vocabulary) if isinstance(name, str) else None
        if name is None or name == "":
            out[heading] = ""
        elif field is not None:
            out[heading] = field.name
        else:
            wrong.append(_unknown_field(heading, str(name), place, vocabulary))
    if wrong:
        raise InputError(*wrong)
    return out


def _unknown_field(heading: str, name: str, place: Place, vocabulary: Vocabulary) -> Diagnostic:
    near = nearest(name, vocabulary)
    code = "records.columns-field" if near is None else "records.columns-field-near"
    return Diagnostic(code, {"heading": heading, "name": name, "near": near,
                             "key": vocabulary.key}, place, "records.hint.columns")
