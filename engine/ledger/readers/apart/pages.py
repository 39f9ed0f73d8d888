"""Pages and Excel's XML of 2003, whatever they are called. In: a path. Out: their tables."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from zhuanjie.engine.ledger.readers.encoding import decode, marked_encoding
from zhuanjie.engine.ledger.readers.html_tables import read_tables
from zhuanjie.engine.ledger.readers.laid_out import Grid
from zhuanjie.engine.ledger.readers.xml_workbook import read_workbook

HEAD = 4096
_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "iso8859-1": "cp1252"}
"""What a name is in the field: programs say the first and write the second."""
_SHEET_XML = re.compile(r"<(?:\w+:)?workbook[\s>]", re.IGNORECASE)


def page_grids(path: Path, name: str) -> Sequence[Grid]:
    """The tables of a file; raises ExpatError or ValueError for XML that is none."""
    text = _text(path.read_bytes(), name)
    return read_workbook(text) if _SHEET_XML.search(text[:HEAD]) else read_tables(text)


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
