"""Tables of a lakehouse: Delta and Iceberg. In: an address, a version. Out: one table.

`delta:PLACE` and `iceberg:PLACE` name a folder (or whatever else the format's own library takes for
a place, such as `s3://bucket/table`). A version is a number, a day or a moment: the table is read
as it stood then; `delta:PLACE@3` names both. What is read is fixed when the table is opened, so
that what is written to it meanwhile changes nothing; the name of the table in reports says which
version that was.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.extras import lacking, missing
from zhuanjie.engine.core.secrets import shown_text
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.encoding import Digest
from zhuanjie.engine.ledger.readers.frames import FrameTable
from zhuanjie.engine.ledger.readers.lakehouse_address import FORMATS

_NEWEST: Final = re.compile(r"^v?(\d+).*\.metadata\.json$")
_NAMED: Final = re.compile(r"^(.+)@(-?\d+)$")
"""A place with a version, as reports name a table."""
_DAY: Final = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class _Snapshot(Struct, frozen=True):
    """A table as it stood at a version: what reads it, and the files and their sizes it is of."""

    version: int
    scan: pl.LazyFrame
    content: tuple[str, ...]


def open_lakehouse(address: str, version: str | None, name: str, mapping: HeadingMap,
                   digest: Digest) -> FrameTable:
    """The table at an address, as it stood at a version, or now.

    Raises UsageError where a library is not installed, InputError for what is no such table, has no
    such version or cannot be read.
    """
    if lacking("lakehouse"):
        raise missing("lakehouse")
    form, _, where = address.partition(":")
    if version is None and (named := _NAMED.match(where)) and not Path(where).exists():
        where, version = named.groups()
        name = name.removesuffix(f"@{version}")
    place = Place(file=name)
    if not where.strip():
        raise fail(InputError, "records.lakehouse.no-place", place, "records.lakehouse.hint",
                   form=form.lower())
    try:
        found = _READERS[form.lower()](where, version, place)
        height = int(found.scan.select(pl.len()).collect().item())
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  # the libraries' kinds have no common one
        detail = shown_text(str(error).strip().partition("\n")[0]) or type(error).__name__
        raise fail(InputError, "records.lakehouse.unreadable", place, "records.lakehouse.hint",
                   form=form.lower(), detail=detail) from None
    for part in (form.lower(), *found.content):
        digest.update(f"{part}\n".encode())
    return FrameTable(found.scan, f"{name}@{found.version}", mapping, height)


def _delta(where: str, version: str | None, place: Place) -> _Snapshot:
    from deltalake import DeltaTable

    newest = DeltaTable(where).version()
    moment = None if version is None or version.isdecimal() else _moment(version, place)
    number = int(version) if version is not None and moment is None else newest
    if not 0 <= number <= newest:
        raise _no_version(version, place, f"0–{newest}")
    table = DeltaTable(where, version=number)
    if moment is not None:
        if moment < _first(table):
            raise _no_version(version, place, f"0–{newest}")
        table.load_as_version(moment)
    parts = pl.DataFrame(table.get_add_actions()).select("path", "size_bytes").sort("path")
    return _Snapshot(table.version(), pl.scan_delta(where, version=table.version()),
                     tuple(f"{path} {size}" for path, size in parts.iter_rows()))


def _first(table: Any) -> datetime:
    """When a Delta table was begun, as far as its history is kept."""
    stamps = [int(entry["timestamp"]) for entry in table.history() if "timestamp" in entry]
    return datetime.fromtimestamp(min(stamps, default=0) / 1000, UTC)


def _iceberg(where: str, version: str | None, place: Place) -> _Snapshot:
    from pyiceberg.table import StaticTable

    # Polars would advise, on stderr, another planner that it has.
    os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")
    table = StaticTable.from_metadata(_metadata(where))
    snapshots = {each.snapshot_id: each for each in table.metadata.snapshots}
    if version is None:
        chosen = table.current_snapshot()
    elif version.lstrip("-").isdecimal():
        chosen = snapshots.get(int(version))
    else:
        until = _moment(version, place).timestamp() * 1000
        chosen = max((each for each in snapshots.values() if each.timestamp_ms <= until),
                     key=lambda each: each.timestamp_ms, default=None)
    if chosen is None:
        raise _no_version(version, place, ", ".join(map(str, snapshots)))
    return _Snapshot(chosen.snapshot_id, pl.scan_iceberg(table, snapshot_id=chosen.snapshot_id),
                     (chosen.manifest_list,))


def _metadata(where: str) -> str:
    """The file that describes an Iceberg table now: the newest of its folder, or the one named."""
    folder = Path(where) / "metadata"
    if not folder.is_dir():
        return where
    hint = folder / "version-hint.text"
    if hint.is_file():
        named = folder / f"v{hint.read_text().strip()}.metadata.json"
        if named.is_file():
            return str(named)
    files = {path: int(number[1]) for path in sorted(folder.iterdir())
             if (number := _NEWEST.match(path.name))}
    return str(max(files, key=lambda path: files[path])) if files else where


def _moment(version: str, place: Place) -> datetime:
    """A day (its end) or a moment, in the machine's time zone where it names none."""
    try:
        found = datetime.fromisoformat(version)
    except ValueError:
        raise fail(InputError, "records.lakehouse.version", place,
                   "records.lakehouse.version.hint", version=version) from None
    if _DAY.match(version):
        found += timedelta(days=1, microseconds=-1)
    return found.astimezone()


def _no_version(version: str | None, place: Place, known: str) -> InputError:
    return fail(InputError, "records.lakehouse.no-version", place,
                "records.lakehouse.no-version.hint", version=version or "", known=known or "-")


_READERS: Final[dict[str, Callable[[str, str | None, Place], _Snapshot]]] = dict(
    zip(FORMATS, (_delta, _iceberg), strict=True))
