"""Sheets that this program puts into workbooks. In: nothing. Out: how they are told."""

from __future__ import annotations

from typing import Final

OWN_SHEET: Final = "zhuanjie · "
"""How the first cell of such a sheet begins; it is never read as a ledger."""
