"""A cell as its number format shows it. In: a spreadsheet's cell. Out: text that says so.

A day whose format shows only its month says no more than the month: the text is what a reader of
the sheet sees.
"""

from __future__ import annotations


class ShownDate(str):
    """A day of which the cell's format shows a part: `2007-06`, `06-25`, `2007`, `6月`, `25日`.

    It is read as the text it is; who words a message can tell it from a text that was typed.
    """

    __slots__ = ()
