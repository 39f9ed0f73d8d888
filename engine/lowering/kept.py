"""Lowered rules that are kept. In: typed rules that were kept, a day, numbers. Out: lowered rules.

They are kept under the name of the policy they were made of and all else that they hang on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from zhuanjie.engine.core.kept_files import kept_files, name_of
from zhuanjie.engine.core.kept_trees import UNREADABLE, read_tree, write_tree
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering import conditions as nodes
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.policy.policy import Policy, TypedRule

CONDITIONS: Final[Mapping[str, type]] = {cls.__name__: cls for cls in (
    nodes.Value, nodes.ColumnRef, nodes.Arith, nodes.Divide, nodes.DayPart, nodes.Shift,
    nodes.WorkShift, WorkCalendar,
    nodes.Size, nodes.Canonical, nodes.Pick, nodes.Const, nodes.AllOf, nodes.AnyOf, nodes.Filled,
    nodes.Compare, nodes.Among, nodes.TextTest, Kind)}
_CLASSES: Final[Mapping[str, type]] = {**CONDITIONS, "LoweredRule": LoweredRule}

Lowered = tuple[LoweredRule, ...]


class LoweredOrigin(Struct, frozen=True, eq=False):
    """Under which name lowered rules were kept, so that what engines make of them can be kept too.

    It holds of these very rules, and of nothing that was put in their place.
    """

    name: str
    lowered: Lowered


def kept_lowering(policy: Policy, rules: Sequence[TypedRule], today: int,
                  params: Mapping[str, int],
                  lower: Callable[[], Lowered]) -> tuple[Lowered, LoweredOrigin | None]:
    """What `lower` makes of a policy's rules, as it was kept where it was; and its origin."""
    files, origin = kept_files(), policy.origin
    places = origin.places(rules, policy.vocabulary) if origin is not None else None
    if files is None or origin is None or places is None:
        return lower(), None
    name = name_of("lowered", origin.name, json.dumps([places, today, sorted(params.items())]))
    text, lowered = files.read(name), None
    if text is not None:
        with suppress(*UNREADABLE):
            lowered = read_tree(text, _CLASSES, {})
    if not isinstance(lowered, tuple) or len(lowered) != len(rules):
        lowered = lower()
        with suppress(*UNREADABLE):
            files.write(name, write_tree(lowered, _CLASSES))
    return lowered, LoweredOrigin(name, lowered)
