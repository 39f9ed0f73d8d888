"""One record at a time, in plain Python. In: a mapping, or a JSON or YAML file. Out: typed values.

Polars is not imported here: a single check has to start at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

import yaml

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.cells.parser import Value, read_cell
from zhuanjie.engine.ledger.cells.text import CellError, show
from zhuanjie.engine.ledger.file_kinds import KINDS
from zhuanjie.engine.ledger.headings import HeadingMatch, match_headings
from zhuanjie.engine.ledger.readers.encoding import decode
from zhuanjie.engine.vocabulary.fields import KEY, fields

_PLAIN = {str, int, float, bool, type(None), date, datetime}

SNIPPET = 72
"""Characters of a long line that an error shows."""


def read_record(
    mapping: Mapping[str, object], columns: Mapping[str, str] | None = None
) -> tuple[dict[str, Value], list[InputFinding], list[Diagnostic]]:
    """The typed values of a record by field name (blanks left out), input findings, notices.

    Groups may be nested (`{"letter": {"issued_on": …}}`), dotted, or Chinese headings.
    """
    cells = cells_of(mapping)
    headings = list(cells)
    match = match_headings(headings, columns)
    values: dict[str, Value] = {}
    wrong: list[tuple[str, str, CellError]] = []
    for i, field in sorted(match.fields.items(), key=lambda item: fields().order[item[1].name]):
        try:
            value = read_cell(field, cells[headings[i]])
        except CellError as error:
            wrong.append((field.name, headings[i], error))
        else:
            if value is not None:
                values[field.name] = value
    record = values.get(KEY)
    findings = [
        InputFinding(error.code, None if record is None else str(record), name, column=heading,
                     value=show(cells[heading]), args=error.values)
        for name, heading, error in wrong
    ]
    return values, findings, unknown_notices(match, Place())


def cells_of(record: Mapping[Any, object], place: Place | None = None) -> dict[str, object]:
    """The cells of a record by heading; raises InputError when one is given in two ways."""
    if _PLAIN.issuperset(map(type, record.values())) and {str}.issuperset(map(type, record)):
        return record if isinstance(record, dict) else dict(record)
    pairs = list(flatten(record))
    cells = dict(pairs)
    if len(cells) < len(pairs):
        twice = next(name for name, _ in pairs if [n for n, _ in pairs].count(name) > 1)
        raise fail(InputError, "records.same-key", place, "records.hint.same-key", name=twice)
    return cells


def flatten(mapping: Mapping[Any, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The cells of a record, groups in groups named by their dotted path."""
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def unknown_notices(match: HeadingMatch, place: Place) -> list[Diagnostic]:
    """A notice for each heading nobody knows, with the nearest known one."""
    return [
        Diagnostic(
            "records.unknown-heading" if near is None else "records.unknown-heading-near",
            {"heading": " ".join(heading.split()), "near": near}, place,
        )
        for heading, near in match.unknown.values()
    ]


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
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        wrong = error.doc.split("\n")[error.lineno - 1]
        start = max(0, error.colno - SNIPPET // 2)
        place = Place(file=name, line=line or error.lineno, column=error.colno,
                      snippet=wrong[start:start + SNIPPET], caret=error.colno - 1 - start)
        raise fail(InputError, "records.json", place, "records.hint.json",
                   detail=error.msg) from None
    except _SameKeyError as error:
        raise fail(InputError, "records.same-key", Place(file=name, line=line),
                   "records.hint.same-key", name=str(error)) from None
    except RecursionError:
        raise fail(InputError, "records.too-deep", Place(file=name, line=line),
                   "records.hint.json") from None
    except ValueError:  # the one kind left: Python refuses to read numbers of thousands of digits
        raise fail(InputError, "records.too-long-number", Place(file=name, line=line),
                   "records.hint.json") from None


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


class _SameKeyError(Exception):
    """An object that names the same key twice."""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _SameKeyError(name)
            seen.add(name)
    return out


class _TextLoader(yaml.SafeLoader):
    """YAML whose scalars stay text, so that `06021` and `2007-06-20` are what was typed.

    Only an empty value is nothing. Aliases are refused: a record has no use for them.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # the base class declares it so
        first: [pair for pair in pairs if pair[0] == "tag:yaml.org,2002:null"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node that is not an alias."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs lack it
            self._refuse("alias", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Construct a mapping whose keys all differ."""
        names: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._refuse("a name that is no text", name.start_mark)
            if name.value in names:
                self._refuse(f"`{name.value}` twice", name.start_mark)
            names.add(name.value)
        return super().construct_mapping(node, deep)

    @staticmethod
    def _refuse(what: str, mark: yaml.Mark) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=what, problem_mark=mark)


def _parse_yaml(text: str, name: str) -> object:
    try:
        return yaml.load(text, _TextLoader)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        place = Place(file=name, line=mark.line + 1 if mark else None,
                      column=mark.column + 1 if mark else None)
        raise fail(InputError, "records.yaml", place, "records.hint.yaml", detail=problem) from None
    except RecursionError:
        raise fail(InputError, "records.too-deep", Place(file=name), "records.hint.json") from None
