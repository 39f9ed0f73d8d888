"""JSON Schemas that know the fields. In: schemas of the models, a vocabulary. Out: such schemas.

An editor then completes the names of fields, the values of an enumerated one, and whom a clause
binds, and marks what is none of them. The models themselves know no vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zhuanjie.engine.core.models import Text
from zhuanjie.engine.vocabulary.fields import Field, FieldType
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

Schema = dict[str, Any]

_POSITIONS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "pack": {("Clause", "dated_by"): "DateField", ("Moment", "sets"): "DateField",
             ("Clause", "binds"): "Party", ("", "key"): "KeyField"},
    "topic": {("Deadline", "done"): "DateField", ("Recurring", "last"): "DateField",
              ("DecisionTable", "subject"): "TextField", ("Reconcile", "field"): "TextField",
              ("Unique", "field"): "FieldName", ("Unique", "within"): "FieldName",
              ("AtMost", "field"): "FieldName", ("AtMost", "within"): "FieldName",
              ("Share", "by"): "FieldName"},
    "cases": {("CaseTable", "columns"): "Column"},
    "register": {("", "unit_field"): "FieldName", ("Series", "field"): "TextField",
                 ("Setting", "field"): "FieldName", ("RegisterAct", "not_fields"): "FieldName"},
}
"""What stands where, by schema, model (none for the file itself) and key."""
_RECORDS = (("", "record"), ("Case", "record"), ("Case", "others"))
_OWN_KINDS: Mapping[str, tuple[FieldType, ...]] = {
    "DateField": ("date",), "TextField": ("string", "enum"), "KeyField": ("string",)}


def speak(schemas: Mapping[str, Schema], vocabulary: Vocabulary,
          tables: Mapping[str, str] | None = None) -> None:
    """Make the schemas of a pack's files name what the vocabulary has.

    `tables` are the decision tables that a pack may add rows to: the field each is about, by rule.
    """
    for name, positions in _POSITIONS.items():
        schema = schemas[name]
        for (model, key), definition in positions.items():
            node = _model(schema, model)["properties"][key]
            _point(node, definition)
            schema["$defs"][definition] = _names(definition, vocabulary)
    _records(schemas["cases"], vocabulary)
    _allowed(schemas["topic"], vocabulary, tables or {})


def _model(schema: Schema, name: str) -> Schema:
    found: Schema = schema["$defs"][name] if name else schema
    return found


def _point(node: Schema, definition: str) -> None:
    """Let every text in a node be what the definition says."""
    for part in _texts(node):
        for key in ("type", "pattern", "title"):
            part.pop(key, None)
        part["$ref"] = f"#/$defs/{definition}"


def _texts(node: Schema) -> Iterator[Schema]:
    if node.get("type") == "string":
        yield node
    for option in node.get("anyOf", ()):
        yield from _texts(option)
    if "items" in node:
        yield from _texts(node["items"])


def _names(definition: str, vocabulary: Vocabulary) -> Schema:
    """The names that may stand in a place, each with what it means."""
    fields = [f for f in vocabulary.fields
              if f.type in _OWN_KINDS.get(definition, (f.type,))]
    known = [(field.name, _about(field)) for field in fields]
    if definition == "Party":
        known = [(name, _said(text)) for name, text in vocabulary.parties.items()]
    names: Schema = {"enum": [name for name, _ in known],
                     "enumDescriptions": [about for _, about in known]}
    if definition == "Column":
        named = {"pattern": r"^(as_of|params\..+|expect\..+)$", "type": "string"}
        return {"anyOf": [names, named]}
    return names


def _records(schema: Schema, vocabulary: Vocabulary) -> None:
    schema["$defs"]["Record"] = {
        "type": "object", "additionalProperties": False,
        "properties": {field.name: _cell(field) for field in vocabulary.fields}}
    for model, key in _RECORDS:
        node = _model(schema, model)["properties"][key]
        inner = node["items"] if key == "others" else node
        for part in ("type", "additionalProperties", "title"):
            inner.pop(part, None)
        inner["$ref"] = "#/$defs/Record"


def _cell(field: Field) -> Schema:
    """What a case may give a field; null takes it away."""
    about = {"title": field.heading, "description": _about(field)}
    match field.type:
        case "enum":
            return {**about, **_values(field), "enum": [*field.values, None]}
        case "bool":
            return {**about, "enum": [True, False, None]}
        case "int":
            return {**about, "type": ["integer", "null"], "minimum": field.low,
                    "maximum": field.high}
        case "date":
            return {**about, "type": ["string", "null"], "format": "date"}
        case _:
            return {**about, "type": ["string", "integer", "null"]}


def _values(field: Field) -> Schema:
    """The values of an enumerated field and how ledgers show them."""
    return {"enum": list(field.values), "enumDescriptions": list(field.values.values())}


def _allowed(schema: Schema, vocabulary: Vocabulary, tables: Mapping[str, str]) -> None:
    """What a row of a table may allow follows from the field that the table is about."""
    enumerated = [f for f in vocabulary.fields if f.type == "enum"]
    _model(schema, "DecisionTable")["allOf"] = [
        _if("subject", [field.name], {"rows": {"items": _may_allow(field)}})
        for field in enumerated]
    rules = [(field, [rule for rule, subject in tables.items() if subject == field.name])
             for field in enumerated]
    changes = [_if("table", names, _may_allow(field)["properties"])
               for field, names in rules if names]
    if changes:
        _model(schema, "RowChange")["allOf"] = changes


def _may_allow(field: Field) -> Schema:
    return {"properties": {"allow": {"items": _values(field)}}}


def _if(key: str, values: Sequence[str], then: Schema) -> Schema:
    return {"if": {"properties": {key: {"enum": list(values)}}, "required": [key]},
            "then": {"properties": then}}


def _about(field: Field) -> str:
    """A field in a line: its headings, and what it means."""
    said = " / ".join(dict.fromkeys(h for h in (field.heading, field.heading_en) if h))
    meaning = dict.fromkeys(m for lang in ("zh", "en") if (m := field.meaning.get(lang)))
    return "\n".join((said, *meaning))


def _said(text: Text) -> str:
    return " / ".join(dict.fromkeys((text.zh, text.en)))
