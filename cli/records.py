"""Records from a file, for the commands that take one. In: JSON or YAML. Out: typed values.

What cannot be read in a record, and headings nobody knows, are said on stderr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zhuanjie.cli.session import Session
from zhuanjie.engine.ledger.cells.parser import Value
from zhuanjie.engine.ledger.documents import load_record_file
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record import flatten, read_record
from zhuanjie.engine.vocabulary.load import default_vocabulary
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary


def read_records(source: str, session: Session,
                 vocabulary: Vocabulary) -> list[dict[str, Value]]:
    """The values of each record by field name, blanks left out."""
    return [
        _typed(raw, source, session, HeadingMap(vocabulary), notices=True)
        for raw in load_record_file(source)
    ]


def read_data(source: str, session: Session) -> list[dict[str, Any]]:
    """Each record with its known fields typed, and whatever else it holds as it stands.

    Known are those of the usual vocabulary.
    """
    mapping = HeadingMap(default_vocabulary())
    return [
        {name: value for name, value in flatten(raw) if mapping.find(name) is None}
        | _typed(raw, source, session, mapping, notices=False)
        for raw in load_record_file(source)
    ]


def _typed(raw: Mapping[str, object], source: str, session: Session, mapping: HeadingMap, *,
           notices: bool) -> dict[str, Value]:
    values, unreadable, unknown = read_record(raw, mapping)
    for found in unreadable:
        session.unreadable(replace(found, file=source))
    for notice in unknown if notices else ():
        session.notice(replace(notice, place=replace(notice.place, file=source)))
    return values
