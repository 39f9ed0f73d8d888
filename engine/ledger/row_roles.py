"""What a row is that is no record. In: raw cells. Out: note, heading, sum, example, blank.

A row is looked at where its key does not look like one or little else is filled, and below the
header; what it is depends on its own cells alone, so that a stream and chunks say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Literal

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.text import whole_text
from zhuanjie.engine.ledger.cells.text_column import as_texts
from zhuanjie.engine.ledger.headings import HeadingMatch
from zhuanjie.engine.vocabulary.heading_text import plain_heading
from zhuanjie.engine.vocabulary.row_words import RowPatterns

RowRules = Literal["layout", "words"]
"""How rows of a table are told apart: `layout` where people lay it out, `words` where a program
wrote records."""

TOP = 10
"""Rows below the header among which examples and instructions stand."""
SMALL = 500
"""Rows up to which each that leaves a doubt is looked at by itself."""
FULLEST = 4
"""Columns that show whether a row is filled."""
LOOKED = 400  # characters of a cell: of all of a long one time would have no bound
LONG = 20
"""Characters from which on a text by itself is an explanation."""
_KEY = r"^\s*[A-Za-zＡ-Ｚａ-ｚ]{0,4}[0-9０-９][0-9A-Za-z０-９Ａ-Ｚａ-ｚ\s]*$"
_BEGINNINGS = (("!", "\x7f"), ("\u3400", "\ua000"))
"""Printing characters of ASCII, and Chinese ones, each with the first that is none any more."""
_NOTHING = re.compile(r"^[-—–_/\\*.·…~=|+\s]+$")
_SENTENCE = re.compile(r"[。；;：:！!？?\n]")
_STOPS = ("。", "；", ";", "！", "!")
"""What a sentence ends with, and no heading."""
_DIGIT = re.compile(r"\d")


class RowRole(StrEnum):
    """What a row is that is no record; `EMPTY` has nothing in it, `BLANK` a running number."""

    NOTE = "note"
    HEADING = "heading"
    SUM = "sum"
    EXAMPLE = "example"
    BLANK = "blank"
    EMPTY = "empty"


COUNTED = tuple(role for role in RowRole if role is not RowRole.EMPTY)
"""Roles that are counted; an empty row is nothing to speak of."""

Cells = pl.Series | Sequence[object]


class RowSigns(Struct, frozen=True):
    """Where a row may be no record: patterns, and columns by position.

    `key` names records, `first` tells whom a row is about; one with no more than `few` of
    `others` filled has little in it.
    """

    key: int | None
    first: int | None
    others: Sequence[int]
    few: int
    key_like: str
    words: str
    heading: str
    counts: str


class RowRoles:
    """Tells apart the rows of a table that are no records."""

    def __init__(self, match: HeadingMatch, headings: Sequence[str], rules: RowRules) -> None:
        self._rules, self._match = rules, match
        words = match.vocabulary.rows
        self._any, self._is = words.any, _Tests(words)
        self._headings = [plain_heading(h) for h in headings]
        self._key = match.key_column
        self._name = next((at for at, f in match.fields.items()
                           if f.name == match.vocabulary.name), None)
        self._first = self._name if self._key is None else self._key
        """The column that tells whom a row is about."""
        self._head = words.like(headings[self._first]) if self._first is not None else ""
        self._counts, self._known = words.counts, set(match.vocabulary.headings)
        self._others = [at for at in sorted(match.fields) if at != self._key]
        self._serials = {at for at, h in enumerate(self._headings)
                         if h in words.serials and at not in match.fields}

    def reads(self, blanks: Mapping[int, int]) -> list[int]:
        """The columns that show where a row may be no record, by the blanks in a sample of each."""
        others = sorted(self._others, key=lambda at: blanks.get(at, 0))[:FULLEST]
        return sorted({*others, *(() if self._first is None else (self._first,))})

    def doubt(self, place: pl.Expr, cells: Mapping[int, pl.Expr]) -> pl.Expr:
        """Where a row may be no record, from the texts of the columns that `reads` names.

        It is true too often rather than too seldom.
        """
        others = [_perhaps_blank(cell) for at, cell in cells.items() if at != self._key]
        doubts = [place < TOP]
        if self._key is not None and self._key in cells:
            doubts.append(~cells[self._key].str.contains(_KEY))
        elif self._first is not None and self._first in cells:
            name = cells[self._first]
            doubts += [_blank(name), name.str.contains(self._any), name.str.contains(self._head)]
        if others:
            doubts.append(pl.sum_horizontal(others) >= len(others) - self._few)
        elif self._first is None:
            return pl.lit(True)
        return reduce(or_, (doubt.fill_null(value=True) for doubt in doubts))

    @property
    def signs(self) -> RowSigns:
        """What a server is asked, to find the rows that may be no records."""
        return RowSigns(self._key, self._first, self._others, self._few, _KEY, self._any,
                        self._head, self._counts)

    @property
    def _few(self) -> int:
        """Cells, beside the key, of a row with little in it."""
        return int(self._first is None or len(self._others) >= FULLEST)

    def of(self, cells: Mapping[int, Cells], places: pl.Series) -> dict[int, RowRole]:
        """The rows that are no records, by position in the chunk; `places` are those in the table.
        """
        there = {at: column for at, column in cells.items() if at < len(self._headings)}
        read = self.reads({at: _blanks(column) for at, column in there.items()})
        first = pl.DataFrame([places.cast(pl.Int64).alias("#place"), *(
            _texts(there[at]).alias(str(at)) for at in read if at in there)])
        doubt = self.doubt(pl.col("#place"), {
            at: pl.col(str(at)) if at in there else pl.lit(None, dtype=pl.String) for at in read})
        odd = first.select(doubt.fill_null(value=True).alias("doubt")).to_series()
        at = (odd if len(odd) == len(first) else pl.repeat(odd[0], len(first), eager=True)
              ).arg_true()
        rows = pl.DataFrame([at.alias("#at"), places.gather(at).alias("#place"), *_odd_texts(
            there, at)])
        found = {}
        for at_, place, *row in self._narrowed(rows).iter_rows():
            texts = {int(c): text.strip(BLANKS) for c, text in zip(rows.columns[2:], row,
                                                                  strict=True) if text is not None}
            role = self._role({c: text for c, text in texts.items() if text}, place)
            if role is not None:
                found[at_] = role
        return found

    def _narrowed(self, odd: pl.DataFrame) -> pl.DataFrame:
        """The rows that are looked at one by one: most that leave a doubt are records all the same.
        """
        if len(odd) < SMALL or len(odd.columns) == 2:  # few rows, or no cells at all
            return odd
        cells = {int(c): pl.col(c) for c in odd.columns[2:]}
        few = pl.sum_horizontal(~_blank(c) for c in cells.values()) <= FULLEST
        if self._key is not None and self._key in cells:
            few &= ~cells[self._key].str.contains(_KEY).fill_null(value=False)
        looked = [
            pl.col("#place") < TOP, few,
            pl.all_horizontal(_blank(c) | c.str.contains(f"{self._counts}|{_NOTHING.pattern}")
                              for c in cells.values()),
            *(c.str.contains(self._any) for c in cells.values()),
            *(_comparable(c) == self._headings[at] for at, c in cells.items()
              if self._headings[at]),
        ]
        if self._first is not None and self._first in cells:
            looked.append(_comparable(cells[self._first]).is_in(self._known))
        return odd.filter(reduce(or_, (test.fill_null(value=False) for test in looked)))

    def _role(self, texts: Mapping[int, str], place: int) -> RowRole | None:
        """What a row with these cells is; None where it is a record."""
        if not texts:
            return RowRole.EMPTY
        if not self._is_odd(texts, place):
            return None
        body = {at: text for at, text in texts.items()
                if _NOTHING.search(text[:LOOKED]) is None
                and not (at in self._serials and self._is.counts(text))}
        if not body:
            return RowRole.BLANK
        return self._heading(body, place) or self._marked(body) or self._unmarked(body)

    def _is_odd(self, texts: Mapping[int, str], place: int) -> bool:
        """Whether a row is looked at at all."""
        if place < TOP or sum(at in texts for at in self._others) <= self._few:
            return True
        if self._key is not None:
            return not self._has_key(texts)
        if self._name is not None:
            name = texts.get(self._name, "")
            return not name or self._is.any(name) or re.search(self._head, name) is not None
        return False

    def _has_key(self, texts: Mapping[int, str]) -> bool:
        return self._key is not None and re.search(_KEY, texts.get(self._key, "")) is not None

    def _heading(self, body: Mapping[int, str], place: int) -> RowRole | None:
        """Whether a row repeats the header, or numbers its columns."""
        same = sum(plain_heading(text) == self._headings[at] != "" for at, text in body.items())
        if same * 2 >= len(body) and (same > 1 or len(body) == 1):
            return RowRole.HEADING
        other = plain_heading(body.get(self._first, "")) in self._known if self._first is not None \
            else False
        if other and 2 * sum(plain_heading(t) in self._known for t in body.values()) >= len(body):
            return RowRole.HEADING
        if place < TOP and len(body) > 2:
            numbers = [int(t) if len(t) < TOP and t.isascii() and t.isdigit() else -1
                       for t in body.values()]
            if numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] < TOP:
                return RowRole.HEADING
        return None

    def _marked(self, body: Mapping[int, str]) -> RowRole | None:
        """What a row is by the words in it."""
        is_, lead = self._is, body[min(body)]
        named = [body[at] for at in (self._key, self._name) if at is not None and at in body]
        if any(map(is_.examples, (lead, *named))):
            return RowRole.EXAMPLE
        if is_.sums(lead):
            return RowRole.SUM
        if self._has_key(body):
            return None
        if any(text.rstrip().endswith((":", "：")) for text in named) or (
                2 * sum(map(is_.instructions, body.values())) >= len(body)):
            return RowRole.NOTE
        has_name = self._has_name(body)
        if is_.notes(lead) and not (has_name and len(body) > 2):
            return RowRole.NOTE
        if has_name:
            return None
        few = len(body) <= max(3, len(self._match.fields) // 2)
        if few and any(map(is_.sums, body.values())):
            return RowRole.SUM
        beside = [t for t in body.values() if is_.notes(t) or is_.dates(t) or is_.counts(t)]
        if any(map(is_.notes, beside)) and 2 * len(beside) >= len(body):
            return RowRole.NOTE
        return None

    def _has_name(self, body: Mapping[int, str]) -> bool:
        name = body.get(self._name, "") if self._name is not None else ""
        is_ = self._is
        return bool(name) and not _is_long(name) and not any(
            test(name) for test in (is_.counts, is_.any, is_.dates))

    def _unmarked(self, body: Mapping[int, str]) -> RowRole | None:
        """What a row with little in it is."""
        if len(body) == 1 and self._rules == "words" and not body.keys() & self._match.fields:
            return RowRole.NOTE
        if self._rules != "layout" or self._first is None or self._has_key(body):
            return None
        rest = {at: text for at, text in body.items() if not self._is.counts(text)}
        if not rest:
            return RowRole.SUM
        if len(rest) == 1 and len(body) < FULLEST:
            return self._alone(*next(iter(rest.items())), others=len(body) - 1)
        return None

    def _alone(self, at: int, text: str, others: int) -> RowRole | None:
        """What the only text of a row makes of it; beside it are so many counts."""
        is_, field = self._is, self._match.fields.get(at)
        if is_.dates(text):
            return None if others else RowRole.NOTE
        if is_.sections(text):
            return RowRole.NOTE if text.rstrip().endswith(_STOPS) else RowRole.HEADING
        if at == self._name:
            return RowRole.NOTE if _is_long(text) else None
        if at == self._key:
            if _is_long(text):
                return RowRole.NOTE
            return None if text.isascii() or _DIGIT.search(text) else RowRole.HEADING
        if _is_long(text):
            return RowRole.NOTE
        return RowRole.HEADING if field is None or field.type == "string" else None


class _Tests:
    """The words of a vocabulary as tests of a text."""

    def __init__(self, words: RowPatterns) -> None:
        def test(kind: str) -> Callable[[str], bool]:
            wording = words.wording(kind)
            return lambda text: wording(text[:LOOKED])

        self.sums, self.counts, self.notes = map(test, ("sums", "counts", "notes"))
        self.dates, self.sections = test("dates"), test("sections")
        self.examples, self.instructions = test("examples"), test("instructions")
        self.any = test("any")


def _is_long(text: str) -> bool:
    """Whether a text is an explanation rather than a name."""
    return len(text) > LONG or _SENTENCE.search(text) is not None


def _blank(cell: pl.Expr) -> pl.Expr:
    return cell.str.strip_chars(BLANKS).fill_null("") == ""


def _perhaps_blank(cell: pl.Expr) -> pl.Expr:
    """True wherever a text is blank, and where it begins with what few texts begin with: to compare
    texts takes a fraction of looking for blanks in them."""
    begins = reduce(or_, ((cell >= first) & (cell < end) for first, end in _BEGINNINGS))
    return ~begins.fill_null(value=False)


def _comparable(cell: pl.Expr) -> pl.Expr:
    """As `plain_heading` has it, near enough to find what may be the same."""
    return cell.str.normalize("NFKC").str.replace_all(
        f"[{re.escape(BLANKS)}]", "").str.to_lowercase()


def _blanks(column: Cells) -> int:
    """How many cells of a column are blank, near enough to tell full columns from others."""
    if isinstance(column, pl.Series):
        return column.null_count()
    return sum(map(column.count, (None, "")))


def _odd_texts(columns: Mapping[int, Cells], at: pl.Series) -> list[pl.Series]:
    """The cells of some rows as texts, column by column, named by their positions."""
    kept = {c: cells for c, cells in columns.items() if isinstance(cells, pl.Series)}
    # In one query: a table may have thousands of columns.
    texts = pl.DataFrame({str(c): cells for c, cells in kept.items()}).select(
        pl.all().gather(pl.lit(at))).select(
            as_texts(pl.col(str(c)), cells.dtype).alias(str(c)) for c, cells in kept.items())
    return [texts[str(c)] if c in kept else _texts([cells[i] for i in at]).alias(str(c))
            for c, cells in sorted(columns.items())]


def _texts(column: Cells) -> pl.Series:
    """Cells as texts; what is none in a cell of its own is no text."""
    if isinstance(column, pl.Series):
        return column.to_frame("").select(as_texts(pl.col(""), column.dtype)).to_series()
    return pl.Series([None if cell is None else whole_text(cell) for cell in column],
                     dtype=pl.String)
