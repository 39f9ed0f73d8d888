"""Whether quotes pair up. In: delimited text in UTF-8. Out: yes or no; a copy where they do.

Where every opening quote stands at the start of a cell and every closing one at its end, fast
readers can be trusted; elsewhere they guess, and may guess in silence.
"""

from __future__ import annotations

import codecs
import csv
import tempfile
from pathlib import Path

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.ledger.readers.encoding import blocks

LONGEST = 1 << 24
"""Characters a cell may have; beyond them a quote was not closed."""


def well_quoted(path: Path, delimiter: str) -> bool:
    """Whether quotes stand only around cells and doubled within them, to the end of the file."""
    edges = delimiter.encode() + b"\r\n"
    inside = False
    rest = b""
    for number, block in enumerate(blocks(path)):
        text = rest + (block.removeprefix(codecs.BOM_UTF8) if number == 0 else block)
        cut = max(text.rfind(b"\n"), text.rfind(edges[:1])) + 1
        if cut == 0 and len(text) > LONGEST:
            return False
        text, rest = text[:cut], text[cut:]
        sound, inside = _scan(text, inside, edges)
        if not sound:
            return False
    sound, inside = _scan(rest, inside, edges)
    return sound and not inside


def requote(path: Path, name: str, delimiter: str) -> Path:
    """A temporary copy of a file with its quotes in order; the caller deletes it.

    A quote inside a bare cell is kept as text. Raises InputError, with the line, where a quoted
    cell does not end as it should.
    """
    limit = csv.field_size_limit(LONGEST)
    line = 1
    with (
        path.open(encoding="utf-8-sig", newline="\n") as file,
        tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", prefix="zhuanjie-",
                                    suffix=".csv", delete=False) as copy,
    ):
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        writer = csv.writer(copy, delimiter=delimiter)
        try:
            for row in reader:
                writer.writerow(row)
                line = reader.line_num + 1
        except csv.Error:
            Path(copy.name).unlink()
            raise fail(InputError, "records.csv-quotes", Place(file=name, line=line),
                       "records.hint.csv-quotes") from None
        finally:
            csv.field_size_limit(limit)
    return Path(copy.name)


def _scan(text: bytes, inside: bool, edges: bytes) -> tuple[bool, bool]:
    """Whether the quotes in a text that begins and ends between cells are sound; the new state.

    Splitting at quotes gives what is inside them and what is outside in turn. What is outside
    must begin and end at the edge of a cell, or be empty: then it is a doubled quote.
    """
    parts = text.split(b'"')
    outside = parts[inside::2]
    ends_inside = inside == (len(parts) % 2 == 1)
    if not outside:
        return True, ends_inside
    first = b"" if inside else outside.pop(0)
    last = b"" if ends_inside or not outside else outside.pop()
    middle = set(outside)
    middle.discard(b"")
    return (
        (len(parts) == 1 or first[-1:] in edges)
        and last[:1] in edges
        and all(part[0] in edges and part[-1] in edges for part in middle)
    ), ends_inside
