"""Rules for the engine, as they are kept. In: a plan. Out: what it is told, and what that means.

Where the plan's lowered rules were kept, so is what was made of them for the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct

from zhuanjie.engine.backends.durable.facts import Fact, FactKeys
from zhuanjie.engine.backends.durable.network import defined
from zhuanjie.engine.backends.durable.rules import build
from zhuanjie.engine.core.kept_files import kept_files, name_of
from zhuanjie.engine.core.kept_trees import UNREADABLE, read_tree, write_tree
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.lowering.kept import CONDITIONS
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.walk import Node


class RuleTexts(Struct, frozen=True):
    """What the engine is told of rules, and what its firings mean.

    `means` says by the name of a firing which rule came out how, `says` which fact follows; `keys`
    are the names, fields and terms of each fact.
    """

    definition: str
    means: Mapping[str, tuple[int, Outcome]]
    says: Mapping[str, Fact]
    keys: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[Node, ...]], ...]

    def fact_keys(self) -> list[FactKeys]:
        """The keys of the facts."""
        return [FactKeys(*of_fact) for of_fact in self.keys]


_CLASSES: Final[Mapping[str, Any]] = {
    **CONDITIONS, "RuleTexts": RuleTexts, "Outcome": Outcome}


def rule_texts(plan: Plan, places: range | tuple[int, ...]) -> RuleTexts:
    """The rules of a plan at some places, for the engine; all of them as they were kept."""
    files = kept_files()
    whole = len(places) == len(plan.lowered)
    if files is None or plan.kept_as is None or not whole:
        return _made(plan, places)
    name = name_of("durable", plan.kept_as)
    text = files.read(name)
    if text is not None:
        with suppress(*UNREADABLE):
            known = read_tree(text, _CLASSES, {})
            if isinstance(known, RuleTexts):
                return known
    made = _made(plan, places)
    with suppress(*UNREADABLE):
        files.write(name, write_tree(made, _CLASSES))
    return made


def _made(plan: Plan, places: range | tuple[int, ...]) -> RuleTexts:
    rules = build([plan.rules[at] for at in places], [plan.lowered[at] for at in places],
                  plan.kleene)
    rules.refuse_clashes()
    return RuleTexts(
        defined(rules.patterns), rules.means, rules.says,
        tuple((k.name, tuple(k.presence_keys), tuple(k.value_keys), tuple(k.made_keys))
              for k in rules.keys))
