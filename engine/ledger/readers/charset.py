"""Which encoding a text is in. In: its first bytes. Out: the one whose headings are known.

Bytes that are no UTF-8 are nearly always characters in GB18030 and in Big5 alike. What a table's
headings say tells them apart.
"""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import replace

from zhuanjie.engine.ledger.header import SEARCHED
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.encoding import Survey

HEAD = 1 << 16
_CANDIDATES = ("gb18030", "big5hkscs", "utf-8")
_CELLS = re.compile("[,\t;|\N{FULLWIDTH COMMA}\N{FULLWIDTH SEMICOLON}]")


def by_headings(path: Path, found: Survey, mapping: HeadingMap) -> Survey:
    """What a file was found to be, in the encoding in which most of its headings are known."""
    if found.encoding != "gb18030":
        return found
    with path.open("rb") as file:
        head = file.read(HEAD)
    known = {name: _known(head.decode(name, errors="replace"), mapping) for name in _CANDIDATES}
    return replace(found, encoding=max(known, key=lambda name: known[name]))


def _known(text: str, mapping: HeadingMap) -> int:
    """How many headings are known in the line that has most of them."""
    lines = text.splitlines()[:SEARCHED]
    return max((sum(mapping.find(cell.strip('" ')) is not None for cell in _CELLS.split(line))
                for line in lines), default=0)
