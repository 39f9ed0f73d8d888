"""Sense of what a pack defines by names. In: a policy. Out: what to look at."""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.expr.nodes import Call, definition_names, param_names, walk_written
from zhuanjie.engine.policy.definitions import SECTION
from zhuanjie.engine.policy.policy import Policy


def unused_definitions(policy: Policy) -> Iterator[Diagnostic]:
    """Definitions that no rule uses, nor the scope, be it by way of others.

    One of a base that the pack has left without a rule is to be withdrawn in the pack.
    """
    used = definition_names(policy.scope).union(*(r.definitions for r in policy.rules))
    top = policy.chain[-1]
    for name, each in policy.definitions.items():
        if name in used:
            continue
        if policy.changes and each.pack != policy.id:
            yield Diagnostic("lint.unused-base-definition", {"name": name, "base": each.pack},
                             top.source.place(("id",)))
            continue
        pack = next(p for p in policy.chain if p.manifest.id == each.pack)
        yield Diagnostic("lint.unused-definition", {"name": name},
                         pack.source.place((SECTION, name), key=True))


LENGTH_UNITS = frozenset({"days", "workdays", "months"})
"""What lengths of time are counted in, each added by the function of its name."""


def definition_units(policy: Policy) -> Iterator[Diagnostic]:
    """Parameters counted in days that a definition adds as months, or the other way round."""
    for name, each in policy.definitions.items():
        pack = next(p for p in policy.chain if p.manifest.id == each.pack)
        for call in walk_written(each.expr):
            if not isinstance(call, Call) or call.op not in LENGTH_UNITS:
                continue
            for param, unit in other_units(call, policy):
                yield Diagnostic(
                    "lint.unit", {"rule": name, "name": param, "unit": unit, "used": call.op},
                    pack.source.place((SECTION, name, "is")))


def other_units(call: Call, policy: Policy) -> list[tuple[str, str]]:
    """Parameters that are added as what they are not counted in, with what they are counted in."""
    units = {name: policy.parameters[name].unit for name in sorted(param_names(call))}
    return [(name, unit) for name, unit in units.items() if unit in LENGTH_UNITS - {call.op}]
