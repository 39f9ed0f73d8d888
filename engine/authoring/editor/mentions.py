"""Where the things of a pack are named. In: a YAML file of it. Out: mentions, each with its place.

Names in conditions and in texts are found in the text as it is written, quotes and line breaks and
all, so that a place is exact and a name can be put in its stead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import yaml
from msgspec import Struct

from zhuanjie.engine.authoring.editor.roles import FileKind, Kind, Role, role_at
from zhuanjie.engine.core.yaml_source import Trail, YamlSource

_NAME: Final = r"(?<![\w.])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*(?=\s*(\(?))"
_QUOTED: Final = {
    "'": r"''(?:(?!'').)*''|\"(?:[^\"\\]|\\.)*\"",
    '"': r"\\\"(?:(?!\\\").)*\\\"|'(?:[^'\\]|\\.)*'",
    "": r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"",
}
"""Texts within a condition, by the quotes that it stands in itself."""
_CEL: Final = {style: re.compile(f"{quoted}|(?P<name>{_NAME})", re.DOTALL)
               for style, quoted in _QUOTED.items()}
_BLANK: Final = re.compile(r"\{(params\.)?([a-z_]\w*(?:\.[a-z_]\w*)?)\}")
_WORDS: Final = ("true", "false", "null", "in", "as_of", "params")
_WHOLE: Final = ("field", "clause", "rule", "parameter", "party", "moment", "definition", "pack",
                 "vocabulary")
PARAMS: Final = "params"


class Mention(Struct, frozen=True):
    """A name in a file, from and to (in characters), and whether it is declared there."""

    kind: Kind
    name: str
    start: int
    end: int
    declares: bool = False


def mentions(source: YamlSource, kind: FileKind) -> list[Mention]:
    """Every mention in a file, in its order."""
    found: list[Mention] = []
    for trail, node in source.nodes.items():
        role = _role(kind, tuple(0 if isinstance(key, int) else key for key in trail))
        if isinstance(node, yaml.MappingNode) and role is not None and role.keys:
            found += _keys(source, trail, node, role.keys, declares=kind == "pack")
        elif isinstance(node, yaml.ScalarNode):
            if kind == "topic" and len(trail) == 3 and trail[0] == "rules" and trail[2] == "id":
                found.append(_whole("rule", source, node, declares=True))
            elif kind == "pack" and trail == ("id",):
                found.append(_whole("pack", source, node, declares=True))
            elif role is not None:
                found += _scalar(source, trail, node, role)
    # What an alias stands for is written once.
    return sorted(dict.fromkeys(found), key=lambda m: (m.start, m.end))


@lru_cache(maxsize=8192)
def _role(kind: FileKind, trail: Trail) -> Role | None:
    return role_at(kind, trail)


def inside(text: str, node: yaml.Node) -> tuple[int, int, str]:
    """Where the text of a scalar begins and ends in its file, and the quotes it stands in."""
    start, end = node.start_mark.index, node.end_mark.index
    style = getattr(node, "style", None) or ""
    if style in ("'", '"'):
        return start + 1, end - 1, style
    if style in ("|", ">"):
        line = text.find("\n", start)
        return (end if line < 0 else min(line + 1, end)), end, ""
    return start, end, ""


def _whole(kind: Kind, source: YamlSource, node: yaml.Node, *, declares: bool = False) -> Mention:
    start, end, _ = inside(source.text, node)
    return Mention(kind, str(node.value), start, end, declares)


def _keys(source: YamlSource, trail: Trail, node: yaml.MappingNode, kind: Kind, *,
          declares: bool) -> Iterator[Mention]:
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and (*trail, key.value) in source.keys:
            yield _whole(kind, source, key, declares=declares)


def _scalar(source: YamlSource, trail: Trail, node: yaml.ScalarNode,
            role: Role) -> Iterator[Mention]:
    start, end, style = inside(source.text, node)
    match role.kind:
        case "cel":
            yield from in_condition(source.text, start, end, style)
        case "text":
            for found in _BLANK.finditer(source.text, start, end):
                at = found.start(2)
                if found[1]:
                    yield Mention("parameter", found[2], at, found.end(2))
                elif "." in found[2]:
                    yield Mention("field", found[2], at, found.end(2))
        case "column":
            yield from _column(node.value, start)
        case "cell":
            yield from _cell(source, trail, node)
        case "pack":
            name = re.match(r"[a-z0-9-]*", node.value)
            yield Mention("pack", name[0] if name else "", start, start + len(name[0] if name
                                                                             else ""))
        case known if known in _WHOLE:
            yield Mention(known, str(node.value), start, end)


def in_condition(text: str, start: int, end: int, style: str) -> Iterator[Mention]:
    """Names in a condition that stands in `text` from `start` to `end`."""
    for found in _CEL[style].finditer(text, start, end):
        name = found["name"]
        if name is None:
            continue
        parts = [(m[0], found.start() + m.start()) for m in re.finditer(r"\w+", name)]
        if found[found.lastindex or 0] == "(" and len(parts) > 1:
            parts.pop()  # a method: what it is asked of is the name
        elif found[found.lastindex or 0] == "(":
            continue
        (first, at), *rest = parts
        if first == PARAMS and rest:
            yield Mention("parameter", rest[0][0], rest[0][1], rest[0][1] + len(rest[0][0]))
        elif rest:
            last, there = rest[0]
            yield Mention("field", f"{first}.{last}", at, there + len(last))
        elif first not in _WORDS:
            yield Mention("definition", first, at, at + len(first))


def _column(text: str, start: int) -> Iterator[Mention]:
    group, _, rest = text.partition(".")
    at = start + len(group) + 1
    if group == PARAMS and rest:
        yield Mention("parameter", rest, at, at + len(rest))
    elif group == "expect" and rest:
        rule = rest.partition(".")[0]
        yield Mention("rule", rule, at, at + len(rule))
    elif rest:
        yield Mention("field", text, start, start + len(text))


def _cell(source: YamlSource, trail: Trail, node: yaml.ScalarNode) -> Iterator[Mention]:
    """A cell of a table of cases: what it means, its column says."""
    table = trail.index("rows")
    try:
        columns: Any = source.data
        for key in (*trail[:table], "columns"):
            columns = columns[key]
        column = str(columns[trail[table + 2]])
    except (KeyError, IndexError, TypeError):
        return
    if column.startswith("expect.") and column.endswith(".clause") and node.value:
        yield _whole("clause", source, node)
    elif column.startswith("expect.") and column.endswith(".missing"):
        yield _whole("field", source, node)
