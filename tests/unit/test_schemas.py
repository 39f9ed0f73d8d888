"""The JSON Schemas that editors use are those of the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zhuanjie.engine.policy.found import pack_folders
from zhuanjie.engine.policy.json_schema import schemas

RULES = Path(__file__).resolve().parents[2] / "rules"


@pytest.mark.parametrize("name", list(schemas()))
def test_committed_schema_is_up_to_date(name: str) -> None:
    committed = json.loads((RULES / "_schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert committed == schemas()[name], "run `make schemas`"


def test_every_file_of_every_pack_names_its_schema() -> None:
    for folder in pack_folders().values():
        for path in [*folder.glob("*.yaml"), *folder.glob("cases/*.yaml")]:
            first = path.read_text(encoding="utf-8").splitlines()[0]
            _, _, reference = first.partition("$schema=")
            schema = (path.parent / reference).resolve()
            kind = "cases" if path.parent.name == "cases" else (
                "pack" if path.name == "pack.yaml" else "topic")
            assert schema == (RULES / "_schema" / f"{kind}.schema.json").resolve(), path
