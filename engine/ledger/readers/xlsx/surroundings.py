"""What stands around the rows of a sheet. In: XML. Out: what is hidden, merged and filtered.

Also the reader of rows that are not in the usual form: of any XML there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.package_xml import SPACES, column_number, is_true
from zhuanjie.engine.ledger.readers.xlsx.elements import XmlElements, number
from zhuanjie.engine.ledger.readers.xlsx.long_cells import (
    SCHEMA,
    CellForm,
    CellKinds,
    SheetFacts,
)
from zhuanjie.engine.ledger.readers.xlsx.package import BeyondError, DamagedError

WIDEST, DEEPEST = 1 << 14, 1 << 20
"""Columns and rows that a sheet can have."""
PART = 100_000
"""Cells that are handed over at a time."""
_REF = re.compile(r"\$?([A-Za-z]{1,9})[A-Za-z]*\$?([0-9]{1,9})[0-9]*", re.ASCII)
"""A reference; one that is farther out than a sheet can reach is told, to be refused."""


class Surroundings(XmlElements):
    """Takes in the elements around the rows."""

    def __init__(self, facts: SheetFacts) -> None:
        super().__init__()
        self.facts = facts
        self.prefix: bytes | None = None
        """What the sheet's own elements begin with; None before the root came."""
        self.encoding = "utf-8"
        self.is_usual = True
        """Whether one name of its space holds throughout."""
        self._spaces: dict[str | None, str] = {}
        self.parser.StartNamespaceDeclHandler = self._space
        self.parser.XmlDeclHandler = self._declared

    def _space(self, prefix: str | None, uri: str) -> None:
        if self.prefix is None:
            self._spaces[prefix] = uri

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = (encoding or "utf-8").lower()

    def _start(self, name: str, given: dict[str, str]) -> None:
        if self.prefix is None:
            space, _, tag = name.rpartition(" ")
            if tag != "worksheet" or (space and space not in SPACES):
                raise DamagedError(name)
            own = [p for p, uri in self._spaces.items() if uri in SPACES]
            self.is_usual = len(own) == 1 or not self._spaces
            self.prefix = b"" if not own or own[0] is None else own[0].encode() + b":"
        super()._start(_own(name), given)

    def _end(self, name: str) -> None:
        super()._end(_own(name))

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        facts = self.facts
        if tag == "col" and is_true(given.get("hidden")):
            facts.hidden_columns.append((number(given.get("min"), WIDEST) - 1,
                                         min(number(given.get("max"), 1 << 30), WIDEST) - 1))
        elif tag == "mergeCell":
            if len(facts.merged) >= limits().merged_ranges:
                raise BeyondError("merged_ranges")
            first, _, last = given.get("ref", "").partition(":")
            top, left = _place(first)
            bottom, right = _place(last or first)
            if top <= bottom < DEEPEST and left <= right < WIDEST:
                facts.merged.append(((top, left), (bottom, right)))
        elif tag == "filterColumn" or (tag == "sheetPr" and is_true(given.get("filterMode"))):
            facts.filtered = True


class AnyRows(Surroundings):
    """Takes in a whole sheet, however it is written, and hands over its cells in parts."""

    def __init__(self, kinds: CellKinds, facts: SheetFacts) -> None:
        super().__init__(facts)
        self.parts: list[pl.DataFrame] = []
        self._kinds = kinds
        self._left_cells = limits().unusual_cells
        self._shared: dict[str, str] = {}
        self._row = self._column = -1
        self._forms: dict[CellForm, int] = {}
        self._cells: list[tuple[int, int, int, str]] = []
        self._form, self._value = CellForm("n", "0"), ""
        self._formula: str | None = None
        self._group = ""
        self._unheard = 0
        self._preserved = True

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        """See XmlElements."""
        if tag == "c":
            self._begin_cell(given)
        elif tag == "row":
            self._row = number(given["r"], DEEPEST) - 1 if "r" in given else self._row + 1
            self._column = -1
            if is_true(given.get("hidden")):
                self.facts.hidden_rows.add(self._row + 1)
        elif tag == "rPh":
            self._unheard += 1
        elif tag in ("v", "t", "f") and not self._unheard:
            self.listen()
            if tag == "f":
                self._group, self._formula = given.get("si", ""), ""
        elif tag not in ("is", "r"):
            super().start(tag, given)

    def _begin_cell(self, given: Mapping[str, str]) -> None:
        self._left_cells -= 1
        if self._left_cells < 0:
            raise BeyondError("unusual_cells")
        if "r" in given:
            self._row, self._column = _place(given["r"])
        else:
            self._column += 1
        self._form = CellForm(given.get("t", "n"), given.get("s", "0"))
        self._value, self._formula = "", None

    def end(self, tag: str) -> None:
        """See XmlElements."""
        if tag == "rPh":
            self._unheard -= 1
        elif tag in ("v", "t") and not self._unheard:
            self._value += self.heard()
        elif tag == "f" and not self._unheard:
            text = self.heard()
            if self._group:  # written out in one of the cells that share it
                if len(self._shared) > limits().workbook_styles:
                    raise BeyondError("workbook_styles")
                text = self._shared.setdefault(self._group, text) or text
                self._shared[self._group] = text
            self._formula = text
        elif tag == "c":
            self._end_cell()
        elif tag == "sheetData":
            self._hand_over()

    def _end_cell(self) -> None:
        if self._formula is not None:
            self.facts.formulas.count(self._formula, filled=bool(self._value),
                                      is_text=self._form.type == "str")
        if not self._value:
            return
        form = self._forms.setdefault(self._form, len(self._forms))
        if form > limits().workbook_styles:
            raise BeyondError("workbook_styles")
        self._cells.append((self._row, self._column, form, self._value))
        if len(self._cells) >= PART:
            self._hand_over()

    def _hand_over(self) -> None:
        if not self._cells:
            return
        cells = pl.DataFrame(self._cells, schema=SCHEMA, orient="row")
        self._cells = []
        forms = list(self._forms)
        if (struck := self._kinds.struck(cells, forms)) is not None:
            self.facts.struck.append(struck)
        self.parts.append(self._kinds.settle(cells, forms))


def _own(name: str) -> str:
    """The name of an element of sheets; of any other one that means nothing."""
    space, _, tag = name.rpartition(" ")
    return tag if not space or space in SPACES else "-"


def _place(ref: str) -> tuple[int, int]:
    """Row and column of a reference, from 0."""
    found = _REF.fullmatch(ref)
    if found is None or found[2].strip("0") == "":
        raise DamagedError(ref[:40])
    # Numbers of more digits than a sheet has rows would not fit what holds them.
    return min(int(found[2]), 1 << 31) - 1, min(column_number(found[1].upper()), 1 << 31)
