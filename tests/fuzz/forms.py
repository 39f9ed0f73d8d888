"""Whether output is what it says. In: a format and bytes. Out: what they parse to, or why not."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import yaml

BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?%?")


class NotWellFormedError(Exception):
    """What is wrong with an output."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotWellFormedError("a key twice")
    return found


def _constant(name: str) -> Any:
    raise NotWellFormedError(name)


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig")


def _json(data: bytes) -> Any:
    return json.loads(_text(data), object_pairs_hook=_pairs, parse_constant=_constant)


def _jsonl(data: bytes) -> Any:
    return [json.loads(line, object_pairs_hook=_pairs, parse_constant=_constant)
            for line in _text(data).split("\n") if line]


def _csv(data: bytes) -> Any:
    csv.field_size_limit(1 << 30)
    rows = list(csv.reader(io.StringIO(_text(data), newline=""), strict=True))
    if len({len(row) for row in rows}) > 1:
        raise NotWellFormedError("rows of different lengths")
    for row in rows:
        for cell in row:
            if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell):
                raise NotWellFormedError(f"a formula {cell[:20]!a}")
    return rows


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.events: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.events |= {name for name, _ in attrs if name.startswith("on")}


def _html(data: bytes) -> Any:
    page = _Page()
    page.feed(_text(data))
    page.close()
    if page.events or "img" in page.tags or "alert(1)" in str(page.tags):
        raise NotWellFormedError(f"elements of an input: {page.events}")
    if re.search(rb"<script>alert\(1\)", data):
        raise NotWellFormedError("a script of an input")
    return page.tags


def _xml(data: bytes) -> Any:
    return ElementTree.fromstring(data)


def _xlsx(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if parts.testzip():
            raise NotWellFormedError("a damaged part")
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(parts.read(name))


def _parquet(data: bytes) -> Any:
    import polars as pl

    return pl.read_parquet(io.BytesIO(data)).height


def _yaml(data: bytes) -> Any:
    return yaml.safe_load(_text(data))


def _github(data: bytes) -> Any:
    for line in _text(data).splitlines():
        if re.match(r"\s*(::|##\[)", line) and not re.match(r"::(error|warning|notice)\b", line):
            raise NotWellFormedError(f"another command: {line[:40]!a}")


def _people(data: bytes) -> Any:
    text = _text(data)
    if found := re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text):
        raise NotWellFormedError(f"control character {found[0]!a}")
    if found := BIDI.search(text):
        raise NotWellFormedError(f"bidi mark {found[0]!a}")
    if re.search(r"^\s*::[a-z-]+( [^:]*)?::", text, re.MULTILINE):
        raise NotWellFormedError("a workflow command")


def _ics(data: bytes) -> Any:
    from icalendar import Calendar

    Calendar.from_ical(data)


PARSERS: dict[str, Callable[[bytes], Any]] = {
    "json": _json, "jsonl": _jsonl, "csv": _csv, "html": _html, "junit": _xml, "xlsx": _xlsx,
    "parquet": _parquet, "sarif": _json, "gitlab": _json, "yaml": _yaml, "github": _github,
    "table": _people, "markdown": _people, "ics": _ics,
}


def parse(form: str, data: bytes) -> tuple[Any, str]:
    """What the output holds, and what is wrong with it ("" where nothing is)."""
    try:
        return PARSERS[form](data), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, the output is no such format
        return None, f"{type(error).__name__}: {error}"[:160]
