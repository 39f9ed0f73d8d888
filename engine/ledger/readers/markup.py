"""Tables in HTML and in Excel's XML of 2003. In: such a file, however named. Out: its ledgers.

Web systems write either and call it .xls.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from xml.parsers import expat

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.encoding import decode, marked_encoding
from zhuanjie.engine.ledger.readers.grid import GridTable
from zhuanjie.engine.ledger.readers.html_tables import read_tables
from zhuanjie.engine.ledger.readers.oversize import refuse_far
from zhuanjie.engine.ledger.readers.refuse import NotALedgerError, why_not
from zhuanjie.engine.ledger.readers.xml_workbook import read_workbook

HEAD = 4096
_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "iso8859-1": "cp1252"}
"""What a name is in the field: programs say the first and write the second."""
_SHEET_XML = re.compile(r"<(?:\w+:)?workbook[\s>]", re.IGNORECASE)


def open_markup(
    path: Path, name: str, mapping: HeadingMap
) -> tuple[list[GridTable], list[Diagnostic]]:
    """The ledgers of a file, and what is said of the sheets that are none."""
    text = _text(path.read_bytes(), name)
    if _SHEET_XML.search(text[:HEAD]):
        try:
            grids = read_workbook(text)
        except (expat.ExpatError, ValueError) as error:
            raise fail(InputError, "records.damaged", Place(file=name), "records.hint.damaged",
                       detail=cause(str(error))) from None
    else:
        grids = read_tables(text)
    tables: list[GridTable] = []
    notices: list[Diagnostic] = []
    reasons: list[Diagnostic] = []
    for grid in grids:
        place = Place(file=name, sheet=grid.name)
        refuse_far(len(grid.rows), max(map(len, grid.rows), default=0), place)
        try:
            table = GridTable(grid, name, mapping)
            if grid.hidden:
                table.hide()
            tables += (table, *table.below(mapping))
        except NotALedgerError as error:
            reasons += error.diagnostics
            # Pages are laid out by tables as well.
            if grid.hidden or any(any(row) for row in grid.rows):
                notices.append(Diagnostic("records.skipped-sheet", {}, place))
    if not tables:
        raise NotALedgerError(*reasons or [why_not(name, None, [], mapping)])
    return tables, notices


def _text(data: bytes, name: str) -> str:
    """The file's text by its mark, by what it says of itself, else as any text."""
    said = _CHARSET.search(data, 0, HEAD)
    if said and not marked_encoding(data):
        try:
            encoding = codecs.lookup(said[1].decode()).name
            return data.decode(_WIDER.get(encoding, encoding))
        except (LookupError, UnicodeDecodeError):  # it says what it is not
            pass
    return decode(data, name).removeprefix("\ufeff")
