"""A file of waivers, read. In: a path. Out: the entries that are sound, what is wrong with others.

An entry that is wrong covers nothing; it takes nothing away from those beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from pydantic import ValidationError

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import YamlSource, parse_source, read_source
from zhuanjie.engine.policy.waiver_model import WaiverEntry, WaiverFile


class ReadEntry(Struct, frozen=True):
    """A sound entry, and where it stands: the entry at `index` of a file."""

    entry: WaiverEntry
    source: YamlSource
    index: int

    def place(self, key: str = "id") -> Place:
        """Where a key of the entry stands."""
        return self.source.place(("waivers", self.index, key))


class WaiverFiles(Struct):
    """What files of waivers say: sound entries, and every mistake of the others."""

    entries: list[ReadEntry] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    broken: int = 0
    """How many entries are not sound."""
    paths: tuple[Path, ...] = ()
    """Where they were read."""

    def seen(self) -> list[tuple[int, int, int] | None]:
        """What tells the files from what they were: which, how long, since when."""
        return [_seen(path) for path in self.paths]


def read_waivers(paths: Sequence[str | Path]) -> WaiverFiles:
    """Read files of waivers, in their order.

    Raises InputError for a file that cannot be read, or that is no YAML, or has no list of waivers.
    """
    found = read_entries(map(_source, paths))
    found.paths = tuple(map(Path, paths))
    return found


def with_given(paths: Sequence[str | Path], entries: Sequence[Mapping[str, Any]],
               name: str) -> WaiverFiles:
    """Files of waivers, and those that stand in no file after them."""
    return read_entries([*map(_source, paths), given_source(entries, name)])


def _source(path: str | Path) -> YamlSource:
    return read_source(Path(path), InputError, short_path(Path(path)))


def read_entries(sources: Iterable[YamlSource]) -> WaiverFiles:
    """The same of files that were read already."""
    found = WaiverFiles()
    first: dict[str, Place] = {}
    for source in sources:
        _read(source, found, first)
    return found


def given_source(entries: Sequence[Mapping[str, Any]], name: str) -> YamlSource:
    """Waivers that stand in no file, as a file of that `name` would say them."""
    text = json.dumps({"waivers": [dict(entry) for entry in entries]}, ensure_ascii=False,
                      default=str)
    return parse_source(text, InputError, name)


def given_waivers(entries: Sequence[Mapping[str, Any]], name: str) -> WaiverFiles:
    """Waivers that stand in no file, read."""
    return read_entries([given_source(entries, name)]) if entries else WaiverFiles()


def _seen(path: Path) -> tuple[int, int, int] | None:
    try:
        held = path.stat()
    except OSError:
        return None
    return held.st_ino, held.st_size, held.st_mtime_ns


def _read(source: YamlSource, found: WaiverFiles, first: dict[str, Place]) -> None:
    problems: list[Diagnostic] = []
    whole = validate(WaiverFile, source, problems)
    listed = source.data.get("waivers") if isinstance(source.data, dict) else None
    if not isinstance(listed, list):
        raise InputError(*problems)
    found.problems += problems
    for index, data in enumerate(listed):
        try:
            entry = whole.waivers[index] if whole else WaiverEntry.model_validate(data)
        except ValidationError:
            found.broken += 1
            continue
        read = ReadEntry(entry, source, index)
        if entry.id in first:
            known = first[entry.id]
            found.problems.append(Diagnostic(
                "waiver.twice", {"id": entry.id, "first": f"{known.file}:{known.line}"},
                read.place()))
            found.broken += 1
        else:
            first[entry.id] = read.place()
            found.entries.append(read)
