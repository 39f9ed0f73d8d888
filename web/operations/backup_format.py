"""What a backup is. In: rows, files. Out: an archive of them with a manifest of hashes; or back.

A ZIP archive that any program opens: `tables/<name>.jsonl` (a line of columns, then a line a row),
`files/<path>` of the register's folder, `keys/<path>` where they were asked for, `settings/…`, and
`manifest.json` with the size and SHA-256 of each. It is of no server's own kind, so that a register
of SQLite goes to PostgreSQL, and back.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import IO, Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from zhuanjie.engine.api import InputError, fail

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
TABLES: Final = "tables/"
FILES: Final = "files/"
KEYS: Final = "keys/"
SETTINGS: Final = "settings/zhuanjie.toml"
_CHUNK: Final = 1024 * 1024
_LONGEST_MANIFEST: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"(?:tables|files|keys|settings)/[^\x00-\x1f\\]+")


class BackupEntry(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    size: int
    sha256: str
    rows: int | None = None


class BackupManifest(BaseModel):
    """What a backup holds, and of which state of the register."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int
    program: str
    made_at: str
    revision: str
    events: int
    last: str
    """The hash of the last event, in hexadecimal."""
    entries: tuple[BackupEntry, ...]

    def names(self, prefix: str) -> list[str]:
        """The names of entries that begin so."""
        return [e.name for e in self.entries if e.name.startswith(prefix)]


@dataclass(slots=True)
class BackupWriter:
    """Writes an archive, and notes what it wrote."""

    archive: zipfile.ZipFile
    entries: list[BackupEntry]

    def add(self, name: str, parts: Iterable[bytes], *, rows: Callable[[], int] | None = None,
            ) -> None:
        """Add a file made of `parts`."""
        size, digest = 0, hashlib.sha256()
        # What is in it is not known before, and it may be more than four gigabytes.
        with self.archive.open(name, "w", force_zip64=True) as out:
            for part in parts:
                out.write(part)
                digest.update(part)
                size += len(part)
        self.entries.append(BackupEntry(name=name, size=size, sha256=digest.hexdigest(),
                                  rows=rows() if rows is not None else None))

    def close(self, **said: Any) -> BackupManifest:
        """Add the manifest."""
        manifest = BackupManifest(format=FORMAT, entries=tuple(self.entries), **said)
        self.archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        return manifest


class BackupReader:
    """Reads an archive, once its manifest holds of every byte of it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Raises InputError for what is no backup, or one of another program's time."""
        self._archive = archive
        self.manifest = self._manifest()
        self._entries = {e.name: e for e in self.manifest.entries}

    def _manifest(self) -> BackupManifest:
        try:
            with self._archive.open(MANIFEST) as file:
                text = file.read(_LONGEST_MANIFEST)
            said = orjson.loads(text)
            if isinstance(said, dict) and said.get("format") != FORMAT:
                raise fail(InputError, "register.backup.format", format=str(said.get("format")))
            return BackupManifest.model_validate(said)
        except (KeyError, ValueError, ValidationError, zipfile.BadZipFile, OSError,
                NotImplementedError, RuntimeError):
            raise fail(InputError, "register.backup.none") from None

    def verify(self, progress: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """Read all of it; raises InputError that names the first file that is not as it was."""
        named = [n for n in self._archive.namelist() if n != MANIFEST]
        if sorted(named) != sorted(self._entries):
            odd = sorted(set(named) ^ self._entries.keys())
            raise fail(InputError, "register.backup.entry", name=odd[0] if odd else named[0])
        whole, done = sum(e.size for e in self.manifest.entries), 0
        for entry in self.manifest.entries:
            if not _NAME.fullmatch(entry.name) or ".." in PurePosixPath(entry.name).parts:
                raise fail(InputError, "register.backup.entry", name=entry.name)
            digest, size = hashlib.sha256(), 0
            try:
                with self.open(entry.name) as file:
                    # A file that unpacks to more than was written is cut off at once.
                    while size <= entry.size and (part := file.read(_CHUNK)):
                        digest.update(part)
                        size += len(part)
                        progress(done + size, whole)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError,
                    ValueError):
                raise fail(InputError, "register.backup.entry", name=entry.name) from None
            if size != entry.size or digest.hexdigest() != entry.sha256:
                raise fail(InputError, "register.backup.entry", name=entry.name)
            done += size

    def open(self, name: str) -> IO[bytes]:
        """One of its files."""
        return self._archive.open(name)

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, by column."""
        with self.open(f"{TABLES}{table}.jsonl") as file:
            columns: list[str] = orjson.loads(next(iter(file)))
            for line in file:
                values = map(plain, orjson.loads(line))
                yield dict(zip(columns, values, strict=True))


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A table's file, in parts of many lines."""
    yield orjson.dumps(columns) + b"\n"
    lines: list[bytes] = []
    held = 0
    for row in rows:
        lines.append(orjson.dumps([_kept(value) for value in row]))
        held += len(lines[-1])
        if held > _CHUNK:
            yield b"\n".join(lines) + b"\n"
            lines, held = [], 0
    if lines:
        yield b"\n".join(lines) + b"\n"


def _kept(value: Any) -> Any:
    """A value as JSON has it; what JSON has not is written as `{kind: text}`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return {"j": value}


_PLAIN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "b": base64.b64decode, "t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal,
    "j": lambda value: value}


def plain(value: Any) -> Any:
    """A value as it was before."""
    if not isinstance(value, dict):
        return value
    (kind, text), = value.items()
    return _PLAIN[kind](text)
