"""What is read, for callers. In: files, words of a call. Out: records, headings, days, events.

Nothing here needs a frame, so that one record is read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.core.settings import settings
from zhuanjie.engine.ledger.cells.dates import read_date
from zhuanjie.engine.ledger.cells.parser import Value
from zhuanjie.engine.ledger.documents import load_record_file, standard_input
from zhuanjie.engine.ledger.file_kinds import KINDS
from zhuanjie.engine.ledger.headings import ColumnMapping, HeadingMap, check_columns
from zhuanjie.engine.ledger.headings import load_columns as _load_columns
from zhuanjie.engine.ledger.record import flatten, read_record
from zhuanjie.engine.policy.policy import Policy

if TYPE_CHECKING:
    from zhuanjie.engine.ledger.ledger import Ledger
    from zhuanjie.engine.watch.source import EventFile

__all__ = ["ReadRecord", "columns_wanted", "is_read", "load_columns", "open_events", "read_day",
           "read_records"]


def read_day(text: object) -> date:
    """A day in any form a ledger may use; raises CellError, which says why, for what is none."""
    return read_date(text, None)


def columns_wanted(policy: Policy, file: str | Path | None = None,
                   pairs: Iterable[tuple[str, str]] = (),
                   office: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """The user's mapping: that of the settings, over it that of a file, over it single pairs.

    What an `office` keeps comes after the settings, for ledgers that have such headings; a field of
    it that there is not any more is left out. Raises InputError for any other field that there is
    not; None where nothing is mapped.
    """
    vocabulary, kept = policy.vocabulary, settings()
    place = Place(str(kept.file)) if kept.file else None
    wanted = check_columns(kept.columns, vocabulary, place) if kept.columns else {}
    wanted |= {heading: name for heading, name in (office or {}).items()
               if not name or name in vocabulary.fields}
    said = _load_columns(file, vocabulary) if file is not None else {}
    said |= check_columns(dict(pairs), vocabulary)
    return ColumnMapping({**wanted, **said}, wanted.keys() - said.keys()) or None


def load_columns(path: str | Path, policy: Policy) -> dict[str, str]:
    """A user's own mapping of headings to fields, from a YAML or JSON file.

    A heading mapped to nothing is set aside. Raises InputError for a field that there is not.
    """
    return _load_columns(path, policy.vocabulary)


class ReadRecord(Struct, frozen=True):
    """A record of a file: its typed values by field, and what else there is to say of it.

    `others` are what it holds beside known fields, as it stands; `key` is what names it.
    """

    values: Mapping[str, Value]
    others: Mapping[str, Any]
    input: tuple[InputFinding, ...]
    notices: tuple[Diagnostic, ...]
    key: str | None


def read_records(source: str, policy: Policy | None = None) -> Iterator[ReadRecord]:
    """The records of a JSON or YAML file, or of standard input (`-`), one after the other.

    Known are the fields of the policy's vocabulary, without a policy those of the usual one. Raises
    InputError for a file that cannot be read or holds no records.
    """
    # Imported late, as below: a day of the command line waits for none of it.
    from zhuanjie.engine.vocabulary.load import default_vocabulary

    vocabulary = policy.vocabulary if policy else default_vocabulary()
    mapping = HeadingMap(vocabulary)
    for raw in load_record_file(source):
        yield _read(raw, source, mapping)


def _read(raw: Mapping[str, object], source: str, mapping: HeadingMap) -> ReadRecord:
    values, unreadable, notices = read_record(raw, mapping)
    name = mapping.vocabulary.key_of(values)
    key = values.get(name)
    return ReadRecord(
        values, {name: cell for name, cell in flatten(raw) if mapping.find(name) is None},
        tuple(replace(found, file=source) for found in unreadable),
        tuple(replace(said, place=replace(said.place, file=source)) for said in notices),
        None if key is None else mapping.vocabulary.fields[name].shown(str(key)))


def read_tables(path: str, policy: Policy) -> Ledger:
    """The tables of one file of a ledger, read again; the caller closes them."""
    from zhuanjie.engine.ledger.ledger import open_ledger

    return open_ledger([path], None, vocabulary=policy.vocabulary)


def is_read(path: Path, sources: Iterable[str | None]) -> bool:
    """Whether a file is among those that the sources mean, in a folder or glob too.

    What a source means that cannot be found is for its reader to say.
    """
    from zhuanjie.engine.ledger.sources import files_meant

    for source in filter(None, sources):
        if source != "-" and "://" not in source:
            with suppress(InputError, OSError):
                if any(path.samefile(meant) for meant in files_meant(source)):
                    return True
    return False


def open_events(source: str,
                notice: Callable[[Diagnostic], None]) -> BufferedIOBase | EventFile:
    """Events to follow: a file of lines, or standard input (`-`); the caller closes it.

    `notice` is told when the file is not the one it was. Raises InputError for a ledger, and for
    what cannot be read.
    """
    from zhuanjie.engine.watch.source import EventFile

    if source == "-":
        return cast(BufferedIOBase, standard_input())
    suffix = Path(source).suffix.lower()
    if KINDS.get(suffix, "lines") not in ("lines", "json"):
        raise fail(InputError, "watch.ledger", Place(source), "watch.hint.ledger", suffix=suffix)
    return EventFile(Path(source), notice)
