"""Rows of a table from a file beside the pack. In: a topic file that names it. Out: its rows.

A CSV file or a workbook has a heading above each column: an input's expression or title, the name
or title of an output, or one of `clause`, `title`, `when` and `allow`. What is said of a row is
said at its place in that file. Workbooks are read by the ledgers' own reader.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.suggest import suggest

if TYPE_CHECKING:  # what is kept of a pack is used without a reader of YAML
    from zhuanjie.engine.core.yaml_source import Trail, YamlSource

ENDINGS: Final = (".csv", ".xlsx")
OWN: Final = ("clause", "title", "title.zh", "title.en", "when", "allow")
"""The headings of what is no input and no output."""
MARKS: Final = ",，、;；"
"""What stands between the values that a row allows."""
_LONGEST: Final = 4 << 20


class _Sheet(Struct, frozen=True):
    """The cells of a file, row by row, and where the first of them stands."""

    rows: list[list[str]]
    lines: list[int]
    place: Place

    def at(self, row: int, column: int | None = None) -> Place:
        """The place of a row, or of a cell."""
        shown: int | str | None = column
        if column is not None:
            shown = column_letter(column) if self.place.sheet is not None else column + 1
        return replace(self.place, line=self.lines[row], column=shown)


def put_rows(source: YamlSource, folder: Path, problems: list[Diagnostic]) -> dict[str, bytes]:
    """Put rows in the place of each file's name; a hash of each file that was read.

    What is wrong with a file is noted, and its table left without rows.
    """
    read: dict[str, bytes] = {}
    rules = source.data.get("rules") if isinstance(source.data, dict) else None
    for i, rule in enumerate(rules if isinstance(rules, list) else ()):
        table = rule.get("table") if isinstance(rule, dict) else None
        if not isinstance(table, dict) or not isinstance(name := table.get("rows"), str):
            continue
        trail: Trail = ("rules", i, "table", "rows")
        sheet = _sheet(name, folder, source.place(trail), problems, read)
        table["rows"] = [] if sheet is None else list(
            _Reader(sheet, table, source, trail, problems).rows())
    return read


def hash_of(path: Path) -> bytes:
    """What tells a file's bytes from any others."""
    return hashlib.sha256(path.read_bytes()).digest()


def _sheet(name: str, folder: Path, place: Place, problems: list[Diagnostic],
           read: dict[str, bytes]) -> _Sheet | None:
    path = folder / name
    if Path(name).name != name or path.suffix.lower() not in ENDINGS:
        problems.append(Diagnostic("pack.rows.name", {"name": name}, place))
        return None
    if not path.is_file():
        problems.append(Diagnostic("pack.rows.no-file", {"name": name}, place))
        return None
    shown = Place(short_path(path))
    try:
        if path.stat().st_size > _LONGEST:
            problems.append(Diagnostic("pack.rows.too-large", {"most": _LONGEST >> 20}, shown))
            return None
        read[name] = hash_of(path)
        found = _csv(path, shown) if path.suffix.lower() == ".csv" else _workbook(path, shown)
    except ZhuanjieError as error:
        problems.extend(error.diagnostics)
        return None
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        problems.append(Diagnostic("pack.rows.unreadable", {"detail": cause(str(error))}, shown))
        return None
    if not found.rows:
        problems.append(Diagnostic("pack.rows.empty", {"name": name}, shown))
        return None
    return found


def _csv(path: Path, place: Place) -> _Sheet:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")  # as spreadsheet programs write it
    rows: list[list[str]] = []
    lines: list[int] = []
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    for row in reader:
        if any(cell.strip() for cell in row):
            rows.append([cell.strip() for cell in row])
            lines.append(line)
        line = reader.line_num + 1
    return _Sheet(rows, lines, place)


def _workbook(path: Path, place: Place) -> _Sheet:
    # Imported late: it needs Polars, and few packs have a workbook.
    from zhuanjie.engine.ledger.readers.xlsx.plain_rows import first_sheet

    name, cells = first_sheet(path, place)
    kept = [(n, [_shown(c) for c in row]) for n, row in enumerate(cells, 1)]
    kept = [(n, row) for n, row in kept if any(row)]
    return _Sheet([row for _, row in kept], [n for n, _ in kept], replace(place, sheet=name))


def _shown(cell: object) -> str:
    """A cell of a workbook as a CSV file has it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell).strip()


class _Reader:
    """Turns the cells below headings into rows as a topic file has them."""

    def __init__(self, sheet: _Sheet, table: Mapping[str, Any], source: YamlSource, trail: Trail,
                 problems: list[Diagnostic]) -> None:
        self.sheet, self.source, self.trail, self.problems = sheet, source, trail, problems
        given = table.get("inputs")
        self.inputs = [_names(i, "expr") for i in given] if isinstance(given, list) else []
        outputs = table.get("outputs")
        self.outputs = {str(name): (str(name), *_names(each)) for name, each in outputs.items()
                        } if isinstance(outputs, dict) else {}
        self.has_subject = "subject" in table

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows; each is placed where it stands in its file."""
        columns = self._columns()
        if columns is None:
            return
        for at, cells in enumerate(self.sheet.rows[1:], 1):
            here: Trail = (*self.trail, at - 1)
            self.source.elsewhere[here] = self.sheet.at(at)
            row: dict[str, Any] = {"cells": ["-"] * len(self.inputs)} if self.inputs else {}
            for column, cell in enumerate(cells):
                where = columns.get(column)
                if where is None:
                    if cell:
                        self.problems.append(Diagnostic(
                            "pack.rows.beside", {"cell": cell}, self.sheet.at(at, column)))
                elif cell:
                    self._put(row, where, cell, here, self.sheet.at(at, column))
            yield row

    def _put(self, row: dict[str, Any], where: Trail, cell: str, here: Trail,
             place: Place) -> None:
        """One cell where it belongs."""
        self.source.elsewhere[(*here, *where)] = place
        match where:
            case ("cells", int() as at):
                row["cells"][at] = cell
            case ("set", str() as name):
                row.setdefault("set", {})[name] = cell
            case ("title", str() as lang):
                row.setdefault("title", {})[lang] = cell
            case ("title",):
                row["title"] = {"zh": cell, "en": cell}
            case ("allow",):
                for mark in MARKS:
                    cell = cell.replace(mark, ",")
                row["allow"] = [value.strip() for value in cell.split(",") if value.strip()]
                for n in range(len(row["allow"])):
                    self.source.elsewhere[(*here, "allow", n)] = place
            case (key,):
                row[str(key)] = cell

    def _columns(self) -> dict[int, Trail] | None:
        """What each column holds; None, with what is wrong, where that is not known."""
        meant: dict[str, Trail] = {}
        for own in OWN:
            base, _, lang = own.partition(".")
            for word in {own, *(say(f"rows.{own}", said) for said in ("zh", "en"))}:
                meant.setdefault(word.casefold(), (base, lang) if lang else (base,))
        for name, words in self.outputs.items():
            meant.update({word.casefold(): ("set", name) for word in words})
        for at, headings in enumerate(self.inputs):
            meant.update({word.casefold(): ("cells", at) for word in headings})
        found: dict[int, Trail] = {}
        before = len(self.problems)
        for column, heading in enumerate(self.sheet.rows[0]):
            where = meant.get(heading.casefold())
            if not heading:
                continue
            if where is None:
                near = suggest(heading, list(meant))
                self._say("heading", column, name=heading, near=near, known=", ".join(meant))
            elif where in found.values():
                self._say("heading-twice", column, name=heading)
            else:
                found[column] = where
        for at, headings in enumerate(self.inputs):
            if ("cells", at) not in found.values():
                self._say("no-input", None, name=next(iter(headings), ""))
        for name in self.outputs:
            if ("set", name) not in found.values():
                self._say("no-output", None, name=name)
        if self.has_subject and ("allow",) not in found.values():
            self._say("no-allow", None)
        return found if len(self.problems) == before else None

    def _say(self, code: str, column: int | None, **args: str) -> None:
        hint = "hint.near" if args.get("near") else "hint.known" if code == "heading" else None
        self.problems.append(Diagnostic(f"pack.rows.{code}", args, self.sheet.at(0, column), hint))


def _names(given: object, key: str = "") -> Sequence[str]:
    """What a column may be headed: an expression, its titles."""
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, dict):
        return ()
    title = given.get("title")
    words = [given.get(key), *(title.values() if isinstance(title, dict) else ())]
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str)))
