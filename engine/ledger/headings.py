"""Headings to fields. In: the headings of a table, a mapping of the user. Out: what each column is.

A heading is a field's name or its Chinese heading; width, case, white space, stars, colons and
notes in brackets do not matter. What is not known is reported with the nearest known heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.ledger.cells.text import key
from zhuanjie.engine.ledger.documents import load_data
from zhuanjie.engine.vocabulary.fields import KEY, Field, fields

_NOTES = re.compile(r"[(\[【<〔][^()\[\]【】<>〔〕]*[)\]】>〕]")
_MARKS = "*:;,.、。·_-#"
ENOUGH = 2
"""A row of headings is one that names the key field or at least so many known fields."""


@dataclass(frozen=True, slots=True)
class HeadingMatch:
    """What the columns of a table are, by position.

    `fields` are the known ones, `unknown` the headings nobody knows with the nearest known
    heading (or None). Columns without a heading, or set aside by the user, are in neither.
    """

    fields: dict[int, Field]
    unknown: dict[int, tuple[str, str | None]]

    @property
    def is_ledger(self) -> bool:
        """Whether these are the headings of a ledger at all."""
        return looks_known(f.name for f in self.fields.values())


def looks_known(names: Iterable[str]) -> bool:
    """Whether the fields named are enough to call a row a row of headings."""
    found = set(names)
    return KEY in found or len(found) >= ENOUGH


def find_field(heading: str, columns: Mapping[str, str] | None = None) -> Field | None:
    """The field a heading means, by the user's mapping first; None when nobody knows it."""
    plain = key(heading)
    if columns and (wanted := _compared(tuple(columns.items())).get(plain)) is not None:
        return fields().get(wanted)
    known = _known()
    return known.get(plain) or known.get(_NOTES.sub("", plain).strip(_MARKS))


def match_headings(
    headings: list[str], columns: Mapping[str, str] | None = None, place: Place | None = None
) -> HeadingMatch:
    """Match each heading to a field; raises InputError when two columns are the same field."""
    found: dict[int, Field] = {}
    unknown: list[int] = []
    first: dict[str, int] = {}
    for i, heading in enumerate(headings):
        field = find_field(heading, columns)
        if field is None:
            if key(heading) and not _set_aside(heading, columns):
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
    return HeadingMatch(found, {i: (headings[i], nearest(headings[i], first)) for i in unknown})


def nearest(heading: str, taken: Iterable[str] = ()) -> str | None:
    """The known heading most like `heading`, in the language it is written in; else None."""
    known = _known()
    gone = set(taken)
    candidates = {_alike(k): k for k, field in known.items() if field.name not in gone}
    plain = _alike(_NOTES.sub("", key(heading)).strip(_MARKS))
    near = get_close_matches(plain, candidates, n=1, cutoff=0.6)
    if not near:
        return None
    form = candidates[near[0]]
    field = known[form]
    return field.name if form == field.name else field.heading


def _alike(heading: str) -> str:
    """A heading with the words that people swap made the same, for likeness only."""
    return heading.replace("日期", "时间").replace("号码", "编号")


def load_columns(path: str | Path) -> dict[str, str]:
    """The user's own mapping of headings to field names, from a YAML or JSON file.

    A heading mapped to nothing (null) is set aside: its column is carried through unread.
    """
    data = load_data(path)
    place = Place(file=str(path))
    if not isinstance(data, dict):
        raise fail(InputError, "records.columns-shape", place, "records.hint.columns")
    out: dict[str, str] = {}
    wrong: list[Diagnostic] = []
    for heading, name in data.items():
        field = find_field(name) if isinstance(name, str) else None
        if name is None:
            out[str(heading)] = ""
        elif field is not None:
            out[str(heading)] = field.name
        else:
            wrong.append(_unknown_field(str(heading), str(name), place))
    if wrong:
        raise InputError(*wrong)
    return out


def check_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """A mapping given from Python, checked as `load_columns` checks a file's."""
    wrong: list[Diagnostic] = []
    out = {}
    for heading, name in columns.items():
        field = find_field(name)
        if name and field is None:
            wrong.append(_unknown_field(heading, name, Place()))
        out[heading] = field.name if field else ""
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


def _unknown_field(heading: str, name: str, place: Place) -> Diagnostic:
    near = nearest(name)
    code = "records.columns-field" if near is None else "records.columns-field-near"
    return Diagnostic(code, {"heading": heading, "name": name, "near": near}, place,
                      "records.hint.columns")


def _set_aside(heading: str, columns: Mapping[str, str] | None) -> bool:
    return bool(columns) and _compared(tuple((columns or {}).items())).get(key(heading)) == ""


@lru_cache(maxsize=8)
def _compared(columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The user's mapping by headings as they are compared."""
    return {key(heading): name for heading, name in columns}


@cache
def _known() -> dict[str, Field]:
    """Every accepted form of a heading, as compared."""
    out = {key(f.heading): f for f in fields()}
    out |= {key(f.name): f for f in fields()}
    return out


