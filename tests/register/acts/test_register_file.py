"""A register's acts are data: what is wrong in them is said with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.register_codes import codes_of_registers

from zhuanjie.engine.api import PolicyError, load_policy
from zhuanjie.engine.core.messages import catalogue
from zhuanjie.engine.policy.found import RULES
from zhuanjie.engine.policy.register_acts import acts_in, register_acts
from zhuanjie.engine.vocabulary.load import default_vocabulary, read_vocabulary

ROOT = Path(__file__).resolve().parents[3]
PERMITS = ROOT / "fixtures" / "permits" / "_vocabularies" / "permits"
FOLDERS = (RULES / "_vocabularies" / "party-transfer", PERMITS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_every_field_that_comes_of_an_act_is_set_by_one(folder: Path) -> None:
    acts = acts_in(folder, read_vocabulary(folder))
    fields = {name for act in acts.acts.values() for name in act.act.sets}
    assert {f.name for f in acts.fields if f.changes == "act"} <= fields
    assert acts.unit_field in acts.fields
    assert {act.act.event for act in acts.acts.values() if act.act.of == "withdrawn"} == {"restored"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_every_moment_before_an_act_is_one_of_a_policy(folder: Path) -> None:
    acts = acts_in(folder, read_vocabulary(folder))
    packs = RULES.glob("*/pack.yaml") if folder.parent.parent == RULES else [
        PERMITS.parents[1] / "harbour-2024-6" / "pack.yaml"]
    moments = {m for pack in packs for m in load_policy(pack.parent).moments}
    named = {act.act.before for act in acts.acts.values()} - {None}
    assert named and named <= moments


def test_the_acts_of_a_policy_are_its_vocabulary_s() -> None:
    permits = load_policy(PERMITS.parents[1] / "harbour-2024-6")
    assert "inspect" in register_acts(permits).acts
    assert register_acts(default_vocabulary()).unit_field is not None


LIST = {"title": {"en": "x"}, "permission": "set", "blanks": {"day": {"take": "today"}},
        "columns": [{"title": "x", "blank": "day", "width": 1}]}
AWAITED = {"title": {"en": "x"}, "holds": "!has(permit.number)", "since": ["permit.issued_on"],
           "act": "arrive"}
MISTAKES = [
    ({"acts": {"a": {"sets": {"permit.nmber": "today"}}}}, "pack.unknown-field", "permit.nmber"),
    ({"acts": {"a": {"sets": {"permit.serial": "today"}}}}, "vocabulary.act-type", "sets"),
    ({"acts": {"a": {"sets": {"permit.issued_on": "actor"}}}}, "vocabulary.act-type", "sets"),
    ({"acts": {"a": {"sets": {"permit.kind": {"value": "tent"}}}}}, "vocabulary.act-value", "value"),
    ({"acts": {"a": {"sets": {"fee.amount": {"value": -1}}}}}, "vocabulary.act-value", "value"),
    ({"acts": {"a": {"sets": {"permit.serial": {"series": "s"}}}}}, "vocabulary.unknown-series",
     "series"),
    ({"acts": {"a": {"sets": {"permit.serial": {"field": "fee.amount"}}}}}, "vocabulary.act-type",
     "field"),
    ({"acts": {"a": {"sets": {"permit.serial": {"field": "permit.number", "value": "x"}}}}},
     "vocabulary.act-source", "sets"),
    ({"acts": {"a": {"sets": {"permit.serial": {"value": "x", "otherwise": "blank"}}}}},
     "vocabulary.act-otherwise", "sets"),
    ({"acts": {"a": {"opens": "r"}}}, "vocabulary.unknown-request", "opens"),
    ({"acts": {"a": {"closes": {"request": "r", "as": "done"}}}}, "vocabulary.unknown-request",
     "request"),
    ({"acts": {"a": {"not_while": ["r"]}}}, "vocabulary.unknown-request", "not_while"),
    ({"acts": {"a": {"ends": {"series": "s", "as": "voided"}}}}, "vocabulary.unknown-series",
     "series"),
    ({"acts": {"a": {"attachments": {"least": 3, "most": 1}}}}, "vocabulary.act-attachments",
     "attachments"),
    ({"acts": {"a": {"possible": [{"holds": "has(permit.serail)", "words": {"en": "x"}}]}}},
     "cel.unknown-name", "holds"),
    ({"acts": {"a": {"valid": [{"holds": "fee.amount", "words": {"en": "x"}}]}}}, "cel.", "holds"),
    ({"acts": {"a": {"undetermined": "maybe"}}}, "pack.want-one-of", "undetermined"),
    ({"unit_field": "permit.place"}, "pack.unknown-field", "unit_field"),
    ({"series": {"s": {"title": {"en": "x"}, "field": "fee.amount", "form": "{number}"}}},
     "pack.field-type", "field"),
    ({"series": {"s": {"title": {"en": "x"}, "field": "permit.serial", "form": "{year}"}}},
     "vocabulary.series-form", "s"),
    ({"series": {"s": {"title": {"en": "x"}, "field": "permit.serial", "form": "{number}{x}"}}},
     "vocabulary.series-form", "s"),
    ({"sections": {"a": {"title": {"en": "x"}, "groups": ["nothing"]}}}, "vocabulary.unknown-group",
     "groups"),
    ({"papers": {"p": {**LIST, "blanks": {"day": {"take": "today", "field": "permit.issued_on"}}}}},
     "vocabulary.paper-blank", "day"),
    ({"papers": {"p": {**LIST, "columns": []}}}, "vocabulary.paper-parts", "p"),
    ({"papers": {"p": {**LIST, "head": [{"text": "{dya}"}]}}}, "vocabulary.unknown-blank", "head"),
    ({"awaited": {"w": {**AWAITED, "ages": [60, 30]}}}, "vocabulary.awaited-ages", "w"),
    ({"awaited": {"w": AWAITED}}, "vocabulary.unknown-act", "act"),
    ({"lots": 1}, "pack.unknown-key", "lots"),
]
"""Files that are wrong, by what is said of them and where."""


@pytest.mark.parametrize(("change", "code", "path"), MISTAKES)
def test_a_mistake_is_said_with_its_place(tmp_path: Path, change: dict[str, Any], code: str,
                                          path: str) -> None:
    for act in change.get("acts", {}).values():
        act |= {"title": {"en": "x"}, "event": "done", "permission": "set"}
    (tmp_path / "register.yaml").write_text(yaml.safe_dump(change), encoding="utf-8")
    with pytest.raises(PolicyError) as error:
        acts_in(tmp_path, read_vocabulary(PERMITS))
    found = error.value.diagnostics[0]
    assert found.code.startswith(code)
    assert found.place.line and path in (found.place.path or "")
    assert str(error.value)


def test_everything_that_is_said_of_registers_is_tried() -> None:
    assert codes_of_registers(catalogue("en")) <= {code for _, code, _ in MISTAKES}
