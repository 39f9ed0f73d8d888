"""Where records stand. In: nothing. Out: places in ledgers, and the cells of spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as preset


@dataclass(frozen=True, slots=True)
class Location:
    """Where a record stands in its ledger. `row` counts from 1 as the file's own program shows it:

    the spreadsheet row, the line of a .csv or .jsonl, the position in a .json list or .parquet.
    `entry` is the id under which a register keeps the record, where it comes from one.
    Of a finding, `columns` says in which columns (from 0) the fields stand that it read; `is_grid`
    is true where a spreadsheet program shows the ledger, so that its cells have names.
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    columns: Mapping[str, int] = preset(default_factory=dict, compare=False, repr=False)
    is_grid: bool = preset(default=False, compare=False, repr=False)
    entry: str | None = None

    @property
    def cells(self) -> dict[str, str]:
        """The cells of the fields that the finding read, as a spreadsheet names them (`P14`)."""
        if not self.is_grid or self.row is None:
            return {}
        return {name: f"{column_letter(at)}{self.row}" for name, at in self.columns.items()}


def column_letter(position: int) -> str:
    """The letters a spreadsheet shows for the column at `position` (from 0)."""
    letters = ""
    while position >= 0:
        position, rest = divmod(position, 26)
        letters = chr(ord("A") + rest) + letters
        position -= 1
    return letters
