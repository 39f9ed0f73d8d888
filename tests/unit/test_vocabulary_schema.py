"""JSON Schemas know what a pack speaks of, and take every file that the loader takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.author_packs import MANIFEST, write

from zhuanjie.cli.main import main
from zhuanjie.engine.api import load_policy, scaffold, schemas
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import read_source
from zhuanjie.engine.policy.found import pack_folders

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
OWN = """\
fields:
  destination.kind:
    values: {parents_employer: {zh: 父母工作单位}}
  visit.on: {type: date, heading: {zh: 走访日期}}
  visit.kind:
    type: enum
    heading: {zh: 走访方式}
    values: {home: 上门, phone: 电话}
parties: {family: {zh: 家属}}
"""
_KINDS = {"string": str, "integer": int, "object": dict, "array": list, "null": type(None),
          "boolean": bool}


def wrong(schema: Any, data: Any, root: Any, at: str = "") -> Iterator[str]:
    """Where data does not fit a schema: as much of JSON Schema as ours use."""
    if "$ref" in schema:
        yield from wrong(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], data, root, at)
    if "anyOf" in schema and all([*wrong(o, data, root, at)] for o in schema["anyOf"]):
        yield from wrong(schema["anyOf"][0], data, root, at)
    if "enum" in schema and not any(data == v and type(data) is type(v) for v in schema["enum"]):
        yield f"{at}: {data!r}"
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ())
    if kinds and type(data) not in [_KINDS[k] for k in kinds]:
        yield f"{at}: not {kinds}"
    elif isinstance(data, str) and not re.search(schema.get("pattern", ""), data):
        yield f"{at}: pattern"
    elif isinstance(data, list):
        for i, item in enumerate(data):
            yield from wrong(schema.get("items", {}), item, root, f"{at}[{i}]")
    elif isinstance(data, dict):
        yield from (f"{at}: lacks {key}" for key in schema.get("required", ()) if key not in data)
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is False:
            yield from (f"{at}: {key}" for key in data if key not in known)
        rest = schema.get("additionalProperties")
        for key in data:
            inner = known.get(key, rest if isinstance(rest, dict) else {})
            yield from wrong(inner, data[key], root, f"{at}.{key}")
    for part in schema.get("allOf", ()):
        if not [*wrong(part["if"], data, root, at)]:
            yield from wrong(part["then"], data, root, at)


def mistakes(folder: Path) -> list[str]:
    """What the schemas that a pack's own vocabulary makes find in its files."""
    made = schemas(load_policy(folder))
    out = []
    for path in [*folder.glob("*.yaml"), *folder.glob("cases/*.yaml")]:
        kind = "cases" if path.parent.name == "cases" else (
            "pack" if path.name == "pack.yaml" else "topic")
        data = read_source(path, PolicyError).data
        out += [f"{path.name}{m}" for m in wrong(made[kind], data, made[kind])]
    return out


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A pack with values, fields and a party of its own."""
    return write(tmp_path, manifest=MANIFEST + OWN)


FOLDERS = [*pack_folders().values(), *pack_folders(FIXTURES / "packs").values()]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_loads_fits(folder: Path) -> None:
    assert mistakes(folder) == []


def test_what_a_pack_adds_is_listed(own: Path) -> None:
    made = schemas(load_policy(own))
    topic, pack, cases = (made[n]["$defs"] for n in ("topic", "pack", "cases"))
    assert "visit.on" in topic["DateField"]["enum"] and "visit.on" in pack["DateField"]["enum"]
    assert "visit.kind" in topic["TextField"]["enum"]
    assert "visit.kind" not in topic["DateField"]["enum"]
    assert pack["Party"]["enum"] == ["sender", "receiver", "family"]
    assert pack["KeyField"]["enum"][0] == "member.id"
    record = cases["Record"]["properties"]
    assert record["visit.kind"]["enum"] == ["home", "phone", None]
    assert record["visit.kind"]["enumDescriptions"] == ["上门", "电话"]
    assert "parents_employer" in record["destination.kind"]["enum"]
    assert (record["member.cohort"]["minimum"], record["member.cohort"]["maximum"]) == (1900, 2999)


@pytest.mark.parametrize(("file", "old", "new", "found"), [
    ("10-rules.yaml", "receipt.returned_on", "receipt.tracker", "rules[0].deadline.done"),
    ("10-rules.yaml", "subject: destination.kind", "subject: member.cohort", "table.subject"),
    ("10-rules.yaml", "allow: [employer_org]", "allow: [moon]", "rows[0].allow[0]"),
    ("pack.yaml", "binds: sender", "binds: nobody", "clauses.1.binds"),
    ("cases/all.yaml", "record: {member.id: s1}", "record: {member.idd: s1}", "record"),
    ("cases/all.yaml", "[as_of, receipt", "[as_off, receipt", "columns[0]"),
])
def test_what_is_no_field_or_value_is_marked(own: Path, file: str, old: str, new: str,
                                             found: str) -> None:
    made = schemas(load_policy(own))
    path = own / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    kind = {"pack.yaml": "pack", "10-rules.yaml": "topic"}.get(path.name, "cases")
    marked = [*wrong(made[kind], read_source(path, PolicyError).data, made[kind])]
    assert any(found in mark for mark in marked), marked


def test_rows_for_a_table_of_the_base_may_allow_what_its_field_has(tmp_path: Path) -> None:
    base = pack_folders()["fujian-2007-80"]
    topic = schemas(load_policy(base))["topic"]
    row = {"table": "destination-allowed", "clause": "1", "title": {"zh": "甲"},
           "reason": {"zh": "甲"}, "allow": ["moon"]}
    assert [*wrong(topic["$defs"]["RowChange"], row, topic)] == [".allow[0]: 'moon'"]
    assert not [*wrong(topic["$defs"]["RowChange"], {**row, "allow": ["retained"]}, topic)]


@pytest.mark.parametrize("text", [{"zh": "甲"}, {"en": "a"}, {"zh": "甲", "en": "a"}])
def test_one_language_is_enough(text: dict[str, str]) -> None:
    pack = schemas()["pack"]
    assert not [*wrong(pack["properties"]["title"], text, pack)]
    assert [*wrong(pack["properties"]["title"], {}, pack)]


def test_a_new_pack_gets_the_schemas_of_what_it_speaks(own: Path) -> None:
    new = own.parent / "new"
    files = scaffold("new", new, date(2020, 1, 1), own.name)
    assert "visit.on" in files["_schema/topic.schema.json"]
    beside = own.parent / "_schema"
    beside.mkdir()
    for name, text in files.items():
        if name.startswith("_schema/"):
            (own.parent / name).write_text(text, encoding="utf-8")
    again = scaffold("new", new, date(2020, 1, 1), own.name)
    assert "$schema=../_schema/pack" in again["pack.yaml"]
    assert not [name for name in again if name.startswith("_schema")]
    other = scaffold("new", new, date(2020, 1, 1))  # the usual vocabulary lacks the pack's fields
    assert "$schema=_schema/pack" in other["pack.yaml"]
    assert "visit.on" not in other["_schema/topic.schema.json"]


def test_the_command_takes_a_name_a_pack_or_both(own: Path, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    made = schemas(load_policy(own))
    assert main(["policy", "schema", "topic", str(own)]) == 0
    assert json.loads(capsys.readouterr().out) == made["topic"]
    assert main(["policy", "schema", "topic"]) == 0
    assert json.loads(capsys.readouterr().out) == schemas()["topic"] != made["topic"]
    assert main(["policy", "schema", str(own), "--output", str(tmp_path / "out")]) == 0
    for name, schema in made.items():
        text = (tmp_path / "out" / f"{name}.schema.json").read_text(encoding="utf-8")
        assert json.loads(text) == schema
    assert main(["policy", "schema", str(own)]) == 2
    assert main(["policy", "schema", "topic", "pack", str(own)]) == 2
