"""Sheets in the form that nearly all programs write. In: blocks of a sheet. Out: cells, facts.

In XML a `<` begins a tag wherever there are no comments and the like. So the rows of a sheet can be
taken apart by text alone, a million cells a second, as long as every piece is checked to be what it
is taken for: what is said here of a sheet is all that stands in it, or `UnusualError` is raised and
a parser has to read it. No pattern with a way back meets what stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.package_xml import column_number, is_true
from zhuanjie.engine.ledger.readers.xlsx.long_cells import (
    COLUMN,
    FORM,
    ROW,
    TEXT,
    CellForm,
    CellKinds,
    SheetFacts,
)
from zhuanjie.engine.ledger.readers.xlsx.quick_text import (
    UnusualError,
    attributes,
    pieces_of,
    plain,
    unquote,
    unwrapped,
)

_ROW = re.compile(r'\s*(?:(</row>)|<row((?:\s+[\w:.]+="[^"<>]*")*)\s*(/?)>)')
_REF = re.compile("[A-Z]{1,3}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_FORMULA = r"(?s)^<f((?: [^<>]*?)?)(?:/>|>([^<]*)</f>)(.*)$"
_OWN_REF = r'(?:^| )r="([A-Z]{1,3}[0-9]{1,7})"'
_NEXT_ROW = r'^</row>[ \n\t]*<row r="([0-9]{1,7})"([^<>]*)>[ \n\t]*$'
FORMS = 4096
"""Different attributes of cells, their references aside, up to which a sheet is in usual form."""


class QuickRows:
    """The rows of a sheet, block by block."""

    def __init__(self, kinds: CellKinds, facts: SheetFacts, prefix: bytes) -> None:
        self._kinds, self._facts = kinds, facts
        self._prefix = prefix
        self._shared: dict[str, str] = {}
        self._open = False

    def cells(self, block: bytes) -> pl.DataFrame:
        """The filled cells of some whole rows; raises UnusualError where they are unusual."""
        pieces = pieces_of(plain(block, self._prefix), "<c ")
        self._odd_rows([pieces[0]])
        if len(pieces) > 1 and not self._open:
            raise UnusualError
        cells = _pieces(pieces.slice(1))
        forms, names = self._known(cells)
        self._rows(cells["after"])
        if self._open:
            raise UnusualError
        numbers = pl.Series([column_number(name) for name in names], dtype=pl.UInt32)
        placed = cells.select(
            (pl.col(ROW) - 1).alias(ROW),
            pl.lit(numbers).gather(pl.col("letters").cast(pl.Enum(names)).to_physical()).alias(
                COLUMN),
            pl.col("tail").cast(pl.Enum([tail for tail, _ in forms])).to_physical().cast(
                pl.UInt32).alias(FORM), "inner")
        own = [form for _, form in forms]
        placed = self._without_formulas(placed, own)
        inline = [n for n, form in enumerate(own) if form.type == "inlineStr"]
        filled = placed.select(ROW, COLUMN, FORM, unwrapped(placed["inner"], placed[
            FORM].is_in(inline) if inline else None))
        if (empty := filled[TEXT] == "").any():
            filled = filled.filter(~empty)
        if (struck := self._kinds.struck(filled, own)) is not None:
            self._facts.struck.append(struck)
        return self._kinds.settle(filled, own)

    def _known(self, cells: pl.DataFrame) -> tuple[list[tuple[str, CellForm]], list[str]]:
        """The forms of cells by how they are written, and the letters of their columns."""
        seen = cells.select(
            pl.col("tail").unique().implode(), pl.col("letters").unique().implode(),
            wrong=pl.any_horizontal(pl.col(ROW, "tail", "letters", "inner", "after").is_null(
                ).any(), (pl.col(ROW) == 0).any()))
        if seen["wrong"][0]:
            raise UnusualError
        tails, names = seen["tail"][0].to_list(), seen["letters"][0].to_list()
        if len(tails) > FORMS or not all(_REF.fullmatch(name) for name in names):
            raise UnusualError
        return [(tail, _form(tail)) for tail in tails], names

    def _rows(self, after: pl.Series) -> None:
        """Take in what stands behind cells: mostly nothing, or the end of a row and a new one."""
        found = after.filter(after != "").to_frame("after").with_columns(
            pl.col("after").str.extract_groups(_NEXT_ROW).alias("row")).unnest("row")
        found.columns = ["after", "number", "given"]
        # A row that is closed at once has its stroke among the attributes.
        odd = found["number"].is_null() | found["given"].str.ends_with("/")
        self._odd_rows(found.filter(odd)["after"].to_list())
        for given in found["given"].unique().drop_nulls():
            if given and not given.endswith("/") and is_true(attributes(given).get("hidden")):
                rows = found.filter(~odd & (pl.col("given") == given))["number"]
                self._facts.hidden_rows.update(rows.cast(pl.Int64))

    def _odd_rows(self, texts: Sequence[str]) -> None:
        """Take in what stands between cells: ends and beginnings of rows."""
        hidden = self._facts.hidden_rows
        for text in texts:
            at = 0
            while found := _ROW.match(text, at):
                at = found.end()
                if found[1]:
                    if not self._open:
                        raise UnusualError
                    self._open = False
                    continue
                given = attributes(found[2])
                if self._open or not (row := given.get("r", "")).isdecimal() or len(row) > 7:
                    raise UnusualError
                self._open = not found[3]
                if is_true(given.get("hidden")):
                    hidden.add(int(row))
            if text[at:].strip(" \t\n"):
                raise UnusualError

    def _without_formulas(self, cells: pl.DataFrame, forms: Sequence[CellForm]) -> pl.DataFrame:
        """The same without the formulas, which are counted."""
        at = cells["inner"].str.starts_with("<f").arg_true()
        if not len(at):
            return cells
        found = cells["inner"].gather(at).str.extract_groups(_FORMULA).struct.unnest()
        found.columns = ["given", "text", "rest"]
        if found["rest"].null_count() or found["given"].str.contains("xmlns").any():
            raise UnusualError
        rest = found["rest"]
        filled = ~rest.is_in(["", "<v></v>", "<v/>"])
        texts = [n for n, f in enumerate(forms) if f.type == "str"]
        is_text = cells[FORM].gather(at).is_in(texts)
        shared = found.filter(found["given"].str.contains(" si=", literal=True)
                              & (found["text"].fill_null("") != ""))
        for given, text, _ in shared.unique().iter_rows():
            if (group := attributes(given).get("si")) is not None:
                self._shared[group] = text
                if len(self._shared) > limits().workbook_styles:
                    raise UnusualError
        counted = self._facts.formulas
        counted.computed = counted.computed or bool((filled | is_text).any())
        lacking = found.filter(~(filled | is_text)).group_by("given", "text").len()
        for given, text, count in lacking.iter_rows():
            own = text or self._shared.get(attributes(given).get("si", ""), "")
            counted.count(unquote(own), filled=False, is_text=False, times=count)
        return cells.with_columns(cells["inner"].scatter(at, rest))


def _pieces(pieces: pl.Series) -> pl.DataFrame:
    """What follows each `<c `: its row and the letters of its column, its other attributes, what
    is in it, what stands behind it. Null where it is not so."""
    cells = pieces.to_frame(TEXT).lazy().select(
        pl.col(TEXT).str.splitn(">", 2).alias("cell")).unnest("cell").select(
            pl.col("field_0").alias("given"), pl.col("field_1").alias("rest"),
            pl.col("field_0").str.ends_with("/").alias("closed"),
            pl.col("field_0").str.splitn('"', 3).struct.rename_fields(
                ["name", "ref", "tail"]).alias("tag"),
            pl.col("field_1").str.splitn("</c>", 2).struct.rename_fields(
                ["inner", "after"]).alias("body")).unnest("tag", "body").collect()
    if not (cells["name"] == "r=").all():
        cells = cells.with_columns(
            pl.col("given").str.extract(_OWN_REF).alias("ref"),
            (pl.lit(" ") + pl.col("given").str.replace(_OWN_REF, "").str.strip_chars_start(
                " ")).alias("tail"))
    inner, after, tail = map(pl.col, ("inner", "after", "tail"))
    if cells["closed"].any():
        closed = pl.col("closed")
        after = pl.when(closed).then("rest").otherwise("after").alias("after")
        inner = pl.when(closed).then(pl.lit("")).otherwise("inner").alias("inner")
        tail = tail.str.strip_suffix("/")
    return cells.select(
        pl.col("ref").str.strip_chars_start(_LETTERS).cast(pl.UInt32, strict=False).alias(ROW),
        pl.col("ref").str.strip_chars_end(_DIGITS).alias("letters"), tail, inner, after)


def _form(tail: str) -> CellForm:
    given = attributes(tail)
    if "r" in given:
        raise UnusualError
    return CellForm(given.get("t", "n"), given.get("s", "0"))


def blocks_of_rows(blocks: Iterator[bytes], mark: bytes, end: bytes,
                   below: list[bytes]) -> Iterator[bytes]:
    """Rows in blocks that begin where a row does, as `mark` says, up to where `end` begins; what is
    left of the last block goes into `below`."""
    rest = b""
    for block in blocks:
        text = rest + block if rest else block
        at = text.find(end, max(0, len(rest) - len(end)))
        if at >= 0:
            below.append(text[at:])
            yield text[:at]
            return
        cut = text.rfind(mark)
        if cut <= 0:
            if len(text) > limits().xml_row_bytes:
                raise UnusualError
            rest = text
            continue
        yield text[:cut]
        rest = text[cut:]
