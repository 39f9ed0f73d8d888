"""What may stand where in a pack's files. In: a kind of file, a trail of keys. Out: its role.

The models' own JSON Schemas say what keys there are; what a text means beyond that (a clause, a
rule, a condition) follows from its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from zhuanjie.engine.core.yaml_source import Key
from zhuanjie.engine.policy.found import MANIFEST
from zhuanjie.engine.policy.json_schema import MODELS
from zhuanjie.engine.policy.pack_files import CASES

FileKind = Literal["pack", "topic", "cases"]
Kind = Literal["cel", "field", "clause", "rule", "parameter", "definition", "party", "moment",
               "value", "text", "pack", "vocabulary", "column", "cell", "words", "switch", ""]
Schema = dict[str, Any]

_CEL: Final = "a CEL expression"
_CEL_KEYS: Final = ("when", "ask", "due", "start", "every")
_FIELD: Final = r"^[a-z_]+\.[a-z_0-9]+$"
_TEXTS: Final = ("message", "remedy", "late", "late_remedy")
_VALUES: Final[Mapping[FileKind, Mapping[str, Kind]]] = {
    "pack": {"rule": "rule", "rules": "rule", "row": "clause", "clause": "clause",
             "clauses": "clause", "parameter": "parameter", "binds": "party",
             "builds_on": "pack", "vocabulary": "vocabulary", "definition": "definition"},
    "topic": {"clause": "clause", "moments": "moment", "allow": "value", "rule": "rule"},
    "cases": {"clause": "clause", "columns": "column"},
}
"""What a text means by its key, or by that of the list it stands in."""
_KEYS: Final[Mapping[FileKind, Mapping[str, Kind]]] = {
    "pack": {"parameters": "parameter", "clauses": "clause", "moments": "moment",
             "parties": "party", "fields": "field", "definitions": "definition"},
    "topic": {},
    "cases": {"record": "field", "others": "field", "expect": "rule", "params": "parameter"},
}
"""What the keys of a mapping name."""


class Role(Struct, frozen=True):
    """What a place is: what its text means, what its keys name, and its schema."""

    kind: Kind
    keys: Kind
    schema: Schema
    options: tuple[Schema, ...]

    @property
    def properties(self) -> dict[str, Schema]:
        """The keys it takes, if it is a mapping with keys of its own."""
        out: dict[str, Schema] = {}
        for option in self.options:
            out |= option.get("properties", {})
        return out

    @property
    def words(self) -> list[str]:
        """The words it takes, where there are just a few."""
        found = [w for option in self.options for w in (
            option.get("enum") or ([option["const"]] if "const" in option else []))]
        if any(option.get("type") == "boolean" for option in self.options):
            found += ["true", "false"]
        return list(dict.fromkeys(str(word) for word in found if word is not None))

    @property
    def about(self) -> str:
        """What the model says of it."""
        said = [self.schema.get("description", ""),
                *(option.get("description", "") for option in self.options)]
        return next((text for text in said if text and text != _CEL), "")


def file_kind(path: Path) -> FileKind | None:
    """Which kind of a pack's files a path is of; None for any other file."""
    if path.suffix not in (".yaml", ".yml"):
        return None
    if path.name == MANIFEST:
        return "pack"
    return "cases" if path.parent.name == CASES else "topic"


@cache
def _root(kind: FileKind) -> Schema:
    return MODELS[kind].model_json_schema(by_alias=True)


def role_at(kind: FileKind, trail: Sequence[Key]) -> Role | None:
    """The role of the place that a trail leads to; None where the models have no such place."""
    root = _root(kind)
    here: Schema = root
    for key in trail:
        found = next(_steps(here, key, root), None)
        if found is None:
            return None
        here = found
    options = tuple(_options(here, root))
    return Role(_kind(kind, trail, options), _keys(kind, trail), here, options)


def _options(node: Schema, root: Schema) -> Iterator[Schema]:
    """What a schema comes to: itself, what it refers to, each of its alternatives."""
    if "$ref" in node:
        yield from _options(root["$defs"][node["$ref"].rsplit("/", 1)[-1]], root)
        return
    inner = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    if not inner or "properties" in node:
        yield node
    for option in inner:
        if option.get("type") != "null" and "required" not in option:
            yield from _options(option, root)


def _steps(node: Schema, key: Key, root: Schema) -> Iterator[Schema]:
    for option in _options(node, root):
        if isinstance(key, int):
            if "items" in option:
                yield option["items"]
            continue
        if key in option.get("properties", {}):
            yield option["properties"][key]
            continue
        yield from option.get("patternProperties", {}).values()
        more = option.get("additionalProperties")
        if isinstance(more, dict):
            yield more


def _kind(kind: FileKind, trail: Sequence[Key], options: Sequence[Schema]) -> Kind:
    names = [key for key in trail if isinstance(key, str)]
    if not names:
        return ""
    last, is_item = names[-1], isinstance(trail[-1], int)
    is_text = any(option.get("type") in ("string", "integer") or "enum" in option or
                  "const" in option for option in options)
    if kind == "cases" and last == "rows" and is_item:
        return "cell"
    if not is_text and not any(option.get("type") == "boolean" for option in options):
        return ""
    if last in ("zh", "en"):
        return "text" if len(names) > 1 and names[-2] in _TEXTS else ""
    if any(option.get("description") == _CEL for option in options) or (
            kind != "cases" and last in _CEL_KEYS):
        return "cel"
    if any(option.get("pattern") == _FIELD for option in options):
        return "field"
    if kind == "topic" and names[-2:] == ["rows", "table"]:
        return "rule"
    if kind == "topic" and names[-2:] == ["rows", "replaces"]:
        return "clause"
    if len(names) > 1 and kind == "cases" and last == "missing":
        return "field"
    known = _VALUES[kind].get(last, "")
    if known and not (known == "rule" and kind == "pack" and names[0] not in (
            "withdraws", "accepts", "rules")):
        return known
    if any("enum" in option or "const" in option for option in options):
        return "words"
    if any(option.get("type") == "boolean" for option in options):
        return "switch"
    return ""


def _keys(kind: FileKind, trail: Sequence[Key]) -> Kind:
    """What the keys of the mapping at a trail name."""
    names = [key for key in trail if isinstance(key, str)]
    if not names:
        return ""
    if kind == "pack":
        return _KEYS["pack"].get(names[0], "") if len(trail) == 1 else ""
    if kind == "topic" or (names[-1] == "expect" and len(names) > 2):
        return ""
    return _KEYS[kind].get(names[-1], "")
