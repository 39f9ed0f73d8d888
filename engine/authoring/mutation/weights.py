"""Faults in what chooses and weighs. In: a policy. Out: mutants of what no record decides.

How much a rule weighs, the clause it stands for, the acts before which it is asked; whom a clause
binds, the dates by which the pack that judges is chosen; the days from which a number holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.core.results import Severity
from zhuanjie.engine.policy.model import Clause, Parameter
from zhuanjie.engine.policy.policy import Policy, TypedRule

WEIGHTS = ("severity", "clause", "moment", "binds", "dated-by")
"""The faults of these names mean something else wherever they lie: nothing has to prove it."""


def rule_weights(policy: Policy, rule: TypedRule) -> Iterator[tuple[str, str, Any, Any, TypedRule]]:
    """Faults in what a rule says of itself: the fault, the key, what it was, is, and the rule."""
    def put(**parts: Any) -> TypedRule:
        return replace(rule, rule=rule.rule.model_copy(update=parts))

    other = Severity.WARNING if rule.severity is Severity.ERROR else Severity.ERROR
    yield "severity", "severity", str(rule.severity), str(other), put(severity=other)
    if (clause := _next_clause(policy, rule)) is not None:
        yield "clause", "clause", rule.clause, clause, put(clause=clause)
    asked = rule.rule.moments
    for moment in asked:
        left = tuple(m for m in asked if m != moment)
        yield "moment", "moments", ", ".join(asked), ", ".join(left) or "-", put(moments=left)


def _next_clause(policy: Policy, rule: TypedRule) -> str | None:
    """A clause that a rule could be written under by mistake: the next one, dated alike."""
    dates = policy.clauses[rule.clause].dated_by
    known = [c for c, said in policy.clauses.items() if said.dated_by == dates]
    known = known if len(known) > 1 else list(policy.clauses)
    return known[(known.index(rule.clause) + 1) % len(known)] if len(known) > 1 else None


def binds(policy: Policy, name: str) -> Iterator[tuple[str, str, Clause]]:
    """A clause that binds another party."""
    clause = policy.clauses[name]
    parties = list(policy.vocabulary.parties)
    if clause.binds in parties and len(parties) > 1:
        other = parties[(parties.index(clause.binds) + 1) % len(parties)]
        yield clause.binds, other, clause.model_copy(update={"binds": other})


def dates(policy: Policy, name: str) -> Iterator[tuple[str, str, Clause]]:
    """A clause that another date, one date fewer, or none chooses the pack of."""
    clause = policy.clauses[name]
    by = clause.dated_by
    others: list[tuple[str, ...]] = []
    if by:
        others += [(), *(tuple(d for d in by if d != each) for each in by)]
        others += [tuple(reversed(by))]
        group = by[0].partition(".")[0]
        near = [f.name for f in policy.vocabulary.fields if f.type == "date" and f.name not in by
                and f.name.partition(".")[0] == group]
        others += [(near[0], *by[1:])] if near else []
    for other in dict.fromkeys(others):
        if other != by:
            yield (", ".join(by), ", ".join(other) or "-",
                   clause.model_copy(update={"dated_by": other}))


def starts(parameter: Parameter) -> Iterator[tuple[str, str, Parameter]]:
    """A number that holds from a day earlier or later."""
    for at, held in enumerate(parameter.values):
        if held.start is None:
            continue
        for by in (1, -1):
            moved = held.model_copy(update={"start": held.start + timedelta(days=by)})
            others = (*parameter.values[:at], moved, *parameter.values[at + 1:])
            yield (str(held.start), str(moved.start),
                   parameter.model_copy(update={"values": others}))


def with_clause(name: str, was: Clause, now: Clause) -> Callable[[Policy], Policy]:
    """What puts a clause in the place of another, wherever a pack has taken that over."""
    def change(policy: Policy) -> Policy:
        clauses: Mapping[str, Clause] = policy.clauses
        if clauses.get(name) != was:
            return policy
        return replace(policy, clauses={**clauses, name: now})

    return change
