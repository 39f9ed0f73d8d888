"""JSON documents. In: a .json file. Out: one table; of a large list of records, of columns.

A large list is read part by part, so that neither its text nor its objects are held whole. Whatever
has to be spoken of, and a list that cannot be kept as columns, is read as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import orjson

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.documents import parse_json, records_of
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.ledger.readers.columns_table import ColumnsTable
from zhuanjie.engine.ledger.readers.encoding import Digest, blocks, decode
from zhuanjie.engine.ledger.readers.json_columns import JsonColumns
from zhuanjie.engine.ledger.readers.objects import ObjectTable
from zhuanjie.engine.ledger.record import cells_of

TRIES = 32
"""Ends of objects that are tried, the last first, to find where a record ends."""


def open_json(path: Path, name: str, mapping: HeadingMap,
              digest: Digest) -> ObjectTable:
    """The table of a .json file: a list of objects, or `{"records": [...]}`."""
    for block in blocks(path):
        digest.update(block)
    if path.stat().st_size >= limits().document_from and (
            kept := _kept(path, name, mapping)) is not None:
        return kept
    records = records_of(parse_json(decode(path.read_bytes(), name), name))
    if records is None:
        raise fail(InputError, "records.record-shape", Place(file=name),
                   "records.hint.record-shape")
    table = ObjectTable(records, name, mapping)
    if not table.headings:
        raise fail(InputError, "records.no-records", Place(file=name), "records.hint.no-records")
    return table




class _Document(ColumnsTable):
    """A list of records, kept as columns."""

    def __init__(self, name: str, kept: JsonColumns, headings: Sequence[str],
                 mapping: HeadingMap) -> None:
        LedgerTable.__init__(self)
        self.file, self._kept, self.size_hint = name, kept, kept.rows
        self._headed(list(headings), mapping)

    @property
    def is_whole(self) -> bool:
        """Whether it is read as the records themselves would be."""
        return self._means_the_same()


def _kept(path: Path, name: str, mapping: HeadingMap) -> _Document | None:
    """The table of a list of records as columns; None where it has to be read as a whole."""
    kept = JsonColumns()
    headings: dict[str, None] = {}
    try:
        for text, records in _parts(path):
            if set(map(type, records)) != {dict} or not _is_plain(text, records):
                return None
            if not kept.add(_columns(records, headings), len(records)):
                return None
    except (ValueError, InputError):
        return None
    if not headings or not kept.finish():
        return None
    table = _Document(name, kept, list(headings), mapping)
    return table if table.is_whole else None


def _parts(path: Path) -> Iterator[tuple[bytes, list[dict[str, object]]]]:
    """Some records at a time of a list, with their text; raises ValueError where it is none."""
    with path.open("rb") as file:
        text = file.read(limits().document_part).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not text.startswith(b"["):
            raise ValueError
        text = text[1:]
        while block := file.read(limits().document_part):
            part, records = _whole_records(text)
            yield part, records
            text = text[len(part):].lstrip().removeprefix(b",") + block
    records = orjson.loads(b"[" + text)
    if records:
        yield text, records


def _whole_records(text: bytes) -> tuple[bytes, list[dict[str, object]]]:
    """The longest beginning of a list that is whole records with a comma behind them."""
    end = len(text)
    for _ in range(TRIES):
        end = text.rfind(b"}", 0, end)
        if end < 0:
            break
        if text[end + 1:end + 64].lstrip().startswith(b","):
            try:
                return text[:end + 1], orjson.loads(b"[" + text[:end + 1] + b"]")
            except ValueError:  # the end of an object in a record, or a brace in a text
                continue
    raise ValueError


def _is_plain(text: bytes, records: list[dict[str, object]]) -> bool:
    """Whether no key stands twice in a record: it shows in the colons behind keys."""
    odd = any(blank + b":" in text for blank in (b'" ', b'"\t', b'"\n', b'"\r'))
    return not odd and text.count(b'":') == sum(map(len, records))


def _columns(records: list[dict[str, object]],
             headings: dict[str, None]) -> Iterable[Collection[object]]:
    """The cells of records by column; `headings` takes in what they are called."""
    known = list(headings) or list(records[0])
    if all(map(known.__eq__, map(list, records))):
        headings |= dict.fromkeys(known)
        return list(zip(*map(dict.values, records), strict=True))
    cells = [cells_of(record, Place()) for record in records]
    for record in cells:
        if not headings.keys() >= record.keys():
            headings |= dict.fromkeys(record)
    return [[record.get(heading) for record in cells] for heading in headings]
