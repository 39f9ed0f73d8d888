"""Plain data to models. In: a YAML source and a model. Out: the model, or every mistake placed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import Key, Trail, YamlSource

_M = TypeVar("_M", bound=BaseModel)

# pydantic's error types that have words of their own; the others are said as `pack.invalid`.
_CODES = {
    "missing": "pack.missing-key",
    "extra_forbidden": "pack.unknown-key",
    "string_type": "pack.want-text",
    "string_too_short": "pack.too-short",
    "string_pattern_mismatch": "pack.pattern",
    "int_type": "pack.want-int",
    "int_parsing": "pack.want-int",
    "int_from_float": "pack.want-int",
    "bool_type": "pack.want-bool",
    "bool_parsing": "pack.want-bool",
    "dict_type": "pack.want-map",
    "model_type": "pack.want-map",
    "model_attributes_type": "pack.want-map",
    "tuple_type": "pack.want-list",
    "enum": "pack.want-one-of",
    "literal_error": "pack.want-one-of",
    "too_short": "pack.empty-list",
}
_KEY = "[key]"
"""How pydantic names the key of a mapping."""
_TYPES = ("int", "str", "bool", "date")
"""Types that a value may be of besides others, as pydantic names them in a location."""
_DATES = ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact")


def validate(model: type[_M], source: YamlSource, problems: list[Diagnostic]) -> _M | None:
    """The model of `source`'s data; None, with a diagnostic for each mistake, if it has any."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        # A list whose entries are wrong is called too short besides; the entries say enough.
        found = [e for e in error.errors() if not (e["type"] == "too_short" and e["input"])]
        # Where a value may be of several types, what the first asks for is said.
        first = {_place(e, source): e for e in reversed(found)}
        problems.extend(_diagnostic(e, model, source) for e in found
                        if not _is_type(e["loc"], source) or first[_place(e, source)] is e)
        return None


def _place(error: Any, source: YamlSource) -> Trail:
    """Where a mistake is, of whichever of several types it is told."""
    loc = error["loc"]
    return tuple(loc[:-1] if _is_type(loc, source) else loc)


def _is_type(loc: Sequence[Key], source: YamlSource) -> bool:
    """Whether a location ends in the name of a type that its value might have been of."""
    last = loc[-1] if loc else None
    return (isinstance(last, str) and ("[" in last or last in _TYPES) and last != _KEY
            and isinstance(source.nodes.get(_trail(loc[:-1], source)), yaml.ScalarNode))


def _diagnostic(error: Any, model: type[BaseModel], source: YamlSource) -> Diagnostic:
    kind, context = error["type"], error.get("ctx", {})
    loc = _place(error, source)
    is_key = bool(loc) and loc[-1] == _KEY  # it is a name that is wrong, not what it names
    trail = _trail(loc[:-1] if is_key else loc, source)
    if kind == "value_error":
        # Our own validators raise ValueError with a message code.
        code = str(context["error"])
        whole = code.startswith(("vocabulary.", "waiver."))
        return Diagnostic(code if whole else f"pack.{code}", place=source.place(trail))
    args: dict[str, Any] = {
        "key": str(loc[-3] if is_key and len(loc) > 2 else loc[-1]) if loc else "",
        "got": _shown(error.get("input")),
        "want": _wanted(context),
        "detail": error["msg"],
        "near": "",
    }
    if kind == "extra_forbidden" and _after_comma(trail, source):
        return Diagnostic("pack.comma", args, source.place(trail, key=True))
    if kind == "extra_forbidden":
        known = _keys_at(model, trail[:-1])
        args["near"] = suggest(args["key"], known)
        args["known"] = ", ".join(known)
        hint = "hint.near" if args["near"] else "hint.known"
        return Diagnostic(_CODES[kind], args, source.place(trail, key=True), hint)
    if kind == "missing":
        return Diagnostic(_CODES[kind], args, source.place(trail[:-1]))
    code = "pack.want-date" if kind in _DATES else _CODES.get(kind, "pack.invalid")
    if code == "pack.want-map" and not trail:
        code = "pack.want-map-file"
    return Diagnostic(code, args, source.place(trail, key=is_key))


def _after_comma(trail: Sequence[Key], source: YamlSource) -> bool:
    """Whether a key is the rest of a text in braces that a comma has cut off."""
    above, node = source.nodes.get(tuple(trail[:-1])), source.nodes.get(tuple(trail))
    return (isinstance(above, yaml.MappingNode) and bool(above.flow_style)
            and isinstance(node, yaml.ScalarNode) and node.value == "" and not node.style)


def _wanted(context: Any) -> str:
    """What is asked for: a pattern, or the words to choose from."""
    words = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return ", ".join(words) or str(context.get("pattern", ""))


def _trail(loc: Sequence[Key], source: YamlSource) -> tuple[Key, ...]:
    """The location without the parts that name a union's models or keys, not places in the data."""
    out: tuple[Key, ...] = ()
    for key in loc:
        if (*out, key) in source.nodes or (*out, key) in source.elsewhere or key == loc[-1]:
            out = (*out, key)
    return out


def _keys_at(model: type[BaseModel], trail: Sequence[Key]) -> list[str]:
    """The keys that `model` takes at `trail`."""
    schema = model.model_json_schema(by_alias=True)
    node: Any = schema
    for key in trail:
        node = _resolve(node, schema)
        if isinstance(key, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(key, node.get("additionalProperties", {}))
    return sorted(_resolve(node, schema).get("properties", {}))


def _resolve(node: Any, schema: Any) -> Any:
    for option in node.get("anyOf", ()):
        if "$ref" in option or "properties" in option or "items" in option:
            node = option
            break
    ref = node.get("$ref") if isinstance(node, dict) else None
    return _resolve(schema["$defs"][ref.rsplit("/", 1)[-1]], schema) if ref else node


def _shown(value: Any) -> str:
    """A scalar as it was written, shortened; structures by their kind."""
    if isinstance(value, (dict, list)):
        return "…"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


