"""How an office compares texts. In: a text, the kind of its field. Out: the form it is compared in.

Each kind has a table of single characters and a few replacements by pattern, so that every engine
can do exactly the same. The form serves comparison alone: what is shown stays as it was written.
A form is its own form, and of a text that is more than blanks something is always left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.core.unicode import BLANKS

Comparison = Literal["text", "name", "serial", "id", "phone"]
"""How the values of a text field are compared: to the letter, or as an office compares such things.
"""

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_LIKE = {
    "(": "[{（［｛〔【〖〘〚﹙﹝", ")": "]}）］｝〕】〗〙〛﹚﹞",
    "-": "－\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63",
    "·": "•\u2027・\uff65\u2219\u22c5\ua78f\u0387\u2e31",
}
"""Characters that mean what another does: brackets, hyphens, the dot within a name."""


def _table(like: Mapping[str, str]) -> dict[str, str]:
    table = {wide: narrow.upper() for wide, narrow in _WIDE.items()}
    table |= {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
    table |= {other: one for one, others in like.items() for other in others}
    return table | dict.fromkeys(BLANKS, "")


class Form(Struct, frozen=True, eq=False, dict=True):
    """How texts of a kind are brought into the form they are compared in.

    `table` says what becomes of a character: what is not named stays, what becomes empty is left
    out. `steps` follow in order: a pattern that all engines read alike, and what takes its place,
    groups by their numbers. `usual` is a pattern of whole texts that are their own form, such as
    nearly all are; `keeps_numbers` says that all are that are digits alone.
    """

    table: Mapping[str, str]
    usual: str
    steps: tuple[tuple[str, tuple[int | str, ...]], ...] = ()
    keeps_numbers: bool = True

    @cached_property
    def characters(self) -> tuple[str, str]:
        """The table as two texts, as SQL translates: what has no counterpart is left out."""
        kept = {one: other for one, other in self.table.items() if other}
        gone = [one for one, other in self.table.items() if not other]
        return "".join([*kept, *gone]), "".join(kept.values())

    def spelt(self, group: str) -> tuple[tuple[str, str], ...]:
        """The steps as a dialect writes them that names a group so, with `{}` for its number."""
        return tuple((pattern, "".join(group.format(p) if isinstance(p, int) else p for p in put))
                     for pattern, put in self.steps)


_COMMON = _table(_LIKE)
_ABROAD = r"\(?(?:\+|00)86\)?-?"

FORMS: Mapping[Comparison, Form] = {
    "name": Form(_table({**_LIKE, "·": _LIKE["·"] + ".．。｡"}), "[0-9A-Z\u4e00-\u9fff]*"),
    "id": Form(_COMMON, "[0-9A-Z\u4e00-\u9fff]*"),
    "serial": Form(_COMMON, "[0-9A-MO-Z\u4e00-\u53f6\u53f8-\u7b2b\u7b2d-\u9fff]*", (
        # 第12号, No.12 and №12 are 12; so is 第 left out before a number that follows other text.
        (r"^(?:第|NO\.?:?|№:?)+([0-9(])", (1,)),
        (r"^第+(.)", (1,)),
        (r"第+([0-9])", (1,)),
        (r"(.)号+$", (1,)),
    )),
    "phone": Form(_COMMON, "1[0-9]{10}|0[0-9]{8,11}", (
        # Whole numbers only, so that no two that differ become one: a mobile number; a landline
        # with its area code, or as it is dialled from abroad.
        (r"^(?:\(?(?:\+|00)?86\)?-?)?(1[0-9]{2})-?([0-9]{4})-?([0-9]{4})$", (1, 2, 3)),
        (rf"^(?:{_ABROAD})?\(?(0[0-9]{{2,3}})\)?-?([0-9]{{7,8}})$", (1, 2)),
        (rf"^{_ABROAD}\(?([2-9][0-9]{{1,2}}|10)\)?-?([0-9]{{7,8}})$", ("0", 1, 2)),
    ), keeps_numbers=False),
}
"""The forms of the kinds that are not compared to the letter."""

_TABLES = {how: str.maketrans(dict(form.table)) for how, form in FORMS.items()}
_USUAL = {how: late(form.usual) for how, form in FORMS.items()}
_STEPS = {how: tuple((late(pattern), put) for pattern, put in form.spelt(r"\g<{}>"))
          for how, form in FORMS.items()}


def canonical(text: str, how: Comparison) -> str:
    """The form in which `text` is compared; a text of nothing but blanks stays as it is."""
    if how == "text" or _USUAL[how].fullmatch(text):
        return text
    out = text.translate(_TABLES[how])
    for pattern, put in _STEPS[how]:
        out = pattern.sub(put, out)
    return out or text
