"""Headings to fields. In: a vocabulary, a mapping of the user, headings. Out: what each column is.

A heading is a field's name, its heading or another that the vocabulary knows for it; width, case,
white space, stars, colons and notes in brackets do not matter. What is not known is reported, with
the heading it is a slip of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.documents import load_data
from zhuanjie.engine.vocabulary.fields import Field
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_NOTES = re.compile(r"[(\[【<〔][^()\[\]【】<>〔〕]*[)\]】>〕]")
_MARKS = "*:;,.、。·_-#"
ENOUGH = 2
"""A row of headings is one that names the key field or at least so many known fields."""


@dataclass(frozen=True, slots=True)
class HeadingMatch:
    """What the columns of a table are, by position.

    `fields` are the known ones, `unknown` the others with the known heading that each is a slip of
    (or None); of those in `silent` nothing need be said, since they are known to mean no field.
    Columns without a heading, or set aside by the user, are in neither.
    """

    vocabulary: Vocabulary
    fields: dict[int, Field]
    unknown: dict[int, tuple[str, str | None]]
    silent: frozenset[int] = frozenset()

    @property
    def key(self) -> str:
        """The field that names a record of this table."""
        return self.vocabulary.key

    @property
    def key_column(self) -> int | None:
        """The position of the column that names a record, None where there is none."""
        return next((at for at, f in self.fields.items() if f.name == self.key), None)


class HeadingMap:
    """What headings mean: as the vocabulary says, but for what the user's own mapping says."""

    def __init__(self, vocabulary: Vocabulary, columns: Mapping[str, str] | None = None) -> None:
        """`columns` maps headings to fields' names or headings; a heading mapped to nothing is set
        aside. Raises InputError for a field that there is not.
        """
        self.vocabulary = vocabulary
        self.columns = _checked(vocabulary, columns, Place()) if columns else {}

    @cached_property
    def _own(self) -> dict[str, str]:
        """The user's mapping by headings as they are compared."""
        return {comparable(heading): name for heading, name in self.columns.items()}

    def find(self, heading: str) -> Field | None:
        """The field a heading means, by the user's mapping first; None when nobody knows it."""
        plain = comparable(heading)
        if (wanted := self._own.get(plain)) is not None:
            return self.vocabulary.fields.get(wanted)
        return _known(self.vocabulary, plain)

    def is_set_aside(self, heading: str) -> bool:
        """Whether a column has no heading, or the user wants it left alone."""
        plain = comparable(heading)
        return not plain or self._own.get(plain) == ""

    def is_silent(self, heading: str) -> bool:
        """Whether a heading is known to mean no field."""
        plain = comparable(heading)
        return not self.vocabulary.silent_headings.isdisjoint((plain, _bare(plain)))

    def looks_known(self, names: Iterable[str]) -> bool:
        """Whether the fields named are enough to call a row a row of headings."""
        found = set(names)
        return self.vocabulary.key in found or len(found) >= ENOUGH

    def knows(self, match: HeadingMatch) -> bool:
        """Whether headings that were matched are those of a ledger at all."""
        return self.looks_known(field.name for field in match.fields.values())

    def match(self, headings: list[str], place: Place | None = None) -> HeadingMatch:
        """Match each heading to a field; raises InputError when two columns are the same field."""
        found: dict[int, Field] = {}
        unknown: list[int] = []
        first: dict[str, int] = {}
        for i, heading in enumerate(headings):
            field = self.find(heading)
            if field is None:
                if not self.is_set_aside(heading):
                    unknown.append(i)
            elif field.name in first:
                raise fail(
                    InputError, "records.same-field", place, "records.hint.same-field",
                    field=field.name, first=headings[first[field.name]].strip(),
                    second=heading.strip(), first_column=column_letter(first[field.name]),
                    second_column=column_letter(i),
                )
            else:
                found[i] = field
                first[field.name] = i
        silent = frozenset(i for i in unknown if self.is_silent(headings[i]))
        return HeadingMatch(self.vocabulary, found, {
            i: (headings[i],
                None if i in silent else nearest(headings[i], self.vocabulary, first))
            for i in unknown}, silent)


def find_field(heading: str, vocabulary: Vocabulary) -> Field | None:
    """The field a heading means by itself; None when nobody knows it."""
    return _known(vocabulary, comparable(heading))


def _known(vocabulary: Vocabulary, plain: str) -> Field | None:
    known = vocabulary.headings
    return known.get(plain) or known.get(_bare(plain))


def _bare(plain: str) -> str:
    """A heading without the notes and marks around it."""
    return _NOTES.sub("", plain).strip(_MARKS)


def nearest(heading: str, vocabulary: Vocabulary, taken: Iterable[str] = ()) -> str | None:
    """The known heading that `heading` is a slip of, in the language it is written in; else None.
    """
    known = vocabulary.headings
    gone = set(taken)
    free = [k for k, field in known.items() if field.name not in gone]
    bare = _bare(comparable(heading))
    form = suggest(bare, free)
    if not form:
        # Words that people swap are no slip of typing, but as good as none.
        swapped = {vocabulary.alike(k): k for k in free}
        form = swapped.get(suggest(vocabulary.alike(bare), swapped), "")
    if not form:
        return None
    field = known[form]
    if form == comparable(field.heading_en):
        return field.heading_en
    return field.name if form == field.name else field.heading


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


def _checked(vocabulary: Vocabulary, columns: Mapping[str, object],
             place: Place) -> dict[str, str]:
    """A user's mapping with the names of fields; raises InputError for those that there are not."""
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


def column_letter(position: int) -> str:
    """The letters a spreadsheet shows for the column at `position` (from 0)."""
    letters = ""
    while position >= 0:
        position, rest = divmod(position, 26)
        letters = chr(ord("A") + rest) + letters
        position -= 1
    return letters


def _unknown_field(heading: str, name: str, place: Place, vocabulary: Vocabulary) -> Diagnostic:
    near = nearest(name, vocabulary)
    code = "records.columns-field" if near is None else "records.columns-field-near"
    return Diagnostic(code, {"heading": heading, "name": name, "near": near,
                             "key": vocabulary.key}, place, "records.hint.columns")
