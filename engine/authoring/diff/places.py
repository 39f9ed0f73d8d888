"""Where a difference stands. In: two policies, what they say differently. Out: places in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from zhuanjie.engine.authoring.diff.text_diff import TextEdit
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.yaml_source import Trail
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.rule_places import RulePlaces

_SECTIONS: Final = {"parameter": "parameters", "definition": "definitions", "clause": "clauses",
                    "moment": "moments"}


def rule_places(old: Policy, new: Policy) -> Mapping[str, Place]:
    """Where each rule stands, by its id: in the newer policy, or in the older where it is gone."""
    out: dict[str, Place] = {}
    for policy in (new, old):
        places = RulePlaces(policy)
        for rule in policy.rules:
            for name in (rule.id, rule.rule.id):
                out.setdefault(name, places.of(rule))
    return out


def edit_places(old: Policy, new: Policy, edits: Iterable[TextEdit]) -> tuple[Place, ...]:
    """Where each difference stands: in the newer policy, what is removed in the older one."""
    places = {id(policy): RulePlaces(policy) for policy in (old, new)}
    out = []
    for edit in edits:
        policy = old if edit.change == "removed" else new
        if edit.kind == "rule":
            rules = {r.id: r for r in policy.rules}
            rule = rules.get(edit.name)
            out.append(Place() if rule is None else places[id(policy)].of(
                rule, *edit.key.split(".")))
        else:
            out.append(_declared(policy, edit))
    return tuple(out)


def _declared(policy: Policy, edit: TextEdit) -> Place:
    """Where a pack says what is no rule: the last of its chain that does."""
    section, key = _SECTIONS.get(edit.kind), tuple(edit.key.split(".")) if edit.key else ()
    trail: Trail = (section, edit.name) if section else (
        ("scope",) if edit.kind == "scope" else key[:1])
    for pack in reversed(policy.chain):
        if trail in pack.source.nodes:
            return pack.source.place((*trail, *(key if section else ())))
    return Place(policy.chain[-1].source.file)
