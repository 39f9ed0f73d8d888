"""Documents of records. In: a JSON or YAML file, or standard input. Out: what stands in it.

Scalars of YAML stay text, so that what was typed is what is read; a key given twice is refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TextIO

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.ledger.file_kinds import KINDS
from zhuanjie.engine.ledger.readers.encoding import decode

DEEPEST = 100
"""Levels of a document."""
SNIPPET = 72
"""Characters of a long line that an error shows."""


def load_record_file(source: str | Path) -> list[Mapping[str, object]]:
    """The records of a JSON or YAML file (or `-`, standard input): one mapping or a list."""
    data = load_data(source)
    records = records_of(data)
    if records is None:
        raise fail(InputError, "records.record-shape", Place(file=str(source)),
                   "records.hint.record-shape")
    if not records:
        raise fail(InputError, "records.no-records", Place(file=str(source)),
                   "records.hint.no-records")
    return records


def records_of(data: object) -> list[Mapping[str, object]] | None:
    """The records in a parsed document: a list, `{"records": [...]}` or one record; else None."""
    if isinstance(data, Mapping):
        inner = data.get("records")
        data = inner if isinstance(inner, list) else [data]
    if isinstance(data, list) and all(isinstance(item, Mapping) for item in data):
        return data
    return None


def load_data(source: str | Path) -> object:
    """The document in a JSON or YAML file, or on standard input; scalars of YAML stay text."""
    name = str(source)
    suffix = Path(name).suffix.lower()
    if KINDS.get(suffix, "json") != "json":
        raise fail(InputError, "records.ledger-not-record", Place(file=name),
                   "records.hint.ledger-not-record", suffix=suffix)
    try:
        data = standard_input().read() if name == "-" else Path(source).read_bytes()
    except OSError as error:
        raise unreadable(error, name) from None
    text = decode(data, name)
    if not text.strip():
        raise fail(InputError, "records.empty-file", Place(file=name), "records.hint.empty-file")
    if suffix == ".json" or (suffix not in (".yaml", ".yml") and text.lstrip()[0] in "{["):
        return parse_json(text, name)
    return _parse_yaml(text, name)


def parse_json(text: str, name: str, line: int | None = None) -> object:
    """A JSON text; `line` is where it stands in its file when it is one line of many."""
    try:
        # What breaks off is said where it breaks off, not after the blank lines below.
        text = text.rstrip()
        # What begins with a mark of the order of bytes is for `loads` to refuse.
        data = (json.loads(text, object_pairs_hook=_pairs) if text.startswith("\ufeff")
                else _DECODER.decode(text))
    except json.JSONDecodeError as error:
        place = _pointed(error.doc, name, error.lineno, error.colno, line)
        raise fail(InputError, "records.json", place, "records.hint.json",
                   detail=cause(error.msg)) from None
    except _SameKeyError as error:
        raise fail(InputError, "records.same-key", Place(file=name, line=line),
                   "records.hint.same-key", name=str(error)) from None
    except RecursionError:
        raise fail(InputError, "records.too-deep", Place(file=name, line=line),
                   "records.hint.json") from None
    except ValueError:  # the one kind left: Python refuses to read numbers of thousands of digits
        raise fail(InputError, "records.too-long-number", Place(file=name, line=line),
                   "records.hint.json") from None
    if _is_deep(data):
        raise fail(InputError, "records.too-deep", Place(file=name, line=line),
                   "records.hint.json")
    return data


def _is_deep(data: object) -> bool:
    """Whether a document is nested more deeply than anything that is meant."""
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for item in level if isinstance(item, dict | list)
                 for inner in (item.values() if isinstance(item, dict) else item)
                 if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def standard_input() -> BinaryIO:
    """Standard input as bytes; raises InputError where the caller closed it."""
    stdin: TextIO | None = sys.stdin
    if stdin is None:
        raise fail(InputError, "records.no-stdin", Place(file="-"), "records.hint.no-sources")
    return stdin.buffer


def unreadable(error: OSError, name: str) -> InputError:
    """The error for a file the system will not open."""
    code = {FileNotFoundError: "records.not-found", PermissionError: "records.no-permission",
            IsADirectoryError: "records.is-folder"}.get(type(error), "records.unreadable")
    made = fail(InputError, code, Place(file=name), code.replace("records.", "records.hint."),
                reason=error.strerror or str(error))
    assert isinstance(made, InputError)
    return made


def _pointed(text: str, name: str, row: int, column: int, line: int | None = None) -> Place:
    """The place of a fault, with what stands around it; `line` where `text` is a line of many."""
    lines = text.split("\n")
    wrong = lines[row - 1].rstrip("\r") if row <= len(lines) else ""
    start = max(0, column - SNIPPET // 2)
    return Place(file=name, line=line or row, column=column,
                 snippet=wrong[start:start + SNIPPET], caret=column - 1 - start)


class _SameKeyError(Exception):
    """An object that names the same key twice."""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if not all(map(str.isascii, out)):  # half a character is none, and no file can hold it
        out = {name.encode(errors="replace").decode(): value for name, value in pairs}
    if len(out) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _SameKeyError(name)
            seen.add(name)
    return out


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs)


def _parse_yaml(text: str, name: str) -> object:
    # Imported late: a record in JSON has no need of it.
    from zhuanjie.engine.ledger.yaml_document import YamlFault, load

    try:
        data = load(text.rstrip())
    except YamlFault as fault:
        place = _pointed(text, name, fault.at[0] + 1, fault.at[1] + 1) if fault.at else (
            Place(file=name))
        raise fail(InputError, "records.yaml", place, "records.hint.yaml",
                   detail=cause(fault.problem)) from None
    except RecursionError:
        raise fail(InputError, "records.too-deep", Place(file=name), "records.hint.json") from None
    if _is_deep(data):
        raise fail(InputError, "records.too-deep", Place(file=name), "records.hint.json")
    return data
