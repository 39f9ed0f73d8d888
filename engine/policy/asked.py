"""What a call asks of a policy. In: clauses and fields as a caller names them. Out: those meant.

A clause is meant by its id or by the beginning of it: `1.3` means 1.3a, 1.3b and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.suggest import suggest, suggestions
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary


def carried_clauses(policy: Policy) -> tuple[str, ...]:
    """The clauses that findings of a policy's rules may carry, in the policy's order."""
    carried = {clause for rule in policy.rules for clause in rule.clauses}
    return tuple(clause for clause in policy.clauses if clause in carried)


def asked_clauses(policy: Policy, only: Sequence[str],
                  skip: Sequence[str]) -> frozenset[str] | None:
    """The clauses that are asked about; None where it is all of them.

    Raises UsageError for a clause that there is not, and where nothing is left to ask.
    """
    if not only and not skip:
        return None
    carried = carried_clauses(policy)
    kept = _meant(carried, only) if only else set(carried)
    kept -= _meant(carried, skip)
    if not kept:
        raise fail(UsageError, "policy.nothing-asked", hint="policy.nothing-asked.hint")
    return frozenset(kept)


def grouping_fields(vocabulary: Vocabulary, by: Iterable[str]) -> tuple[str, ...]:
    """The fields that are meant by names or headings; raises UsageError for one that is none."""
    found = []
    for given in by:
        field = vocabulary.fields.get(given.strip()) or vocabulary.headings.get(comparable(given))
        if field is None:
            written = {f.name: f.name for f in vocabulary.fields} | {
                heading: heading for f in vocabulary.fields for heading in f.all_headings}
            near = suggest(given.strip(), written)
            raise fail(UsageError, "policy.no-such-field", name=given, near=near,
                       hint="hint.near" if near else "policy.no-such-field.hint")
        found.append(field.name)
    return tuple(dict.fromkeys(found))


def _meant(carried: Sequence[str], given: Iterable[str]) -> set[str]:
    meant: set[str] = set()
    for asked in given:
        found = {clause for clause in carried if _begins(clause, asked.strip())}
        if not found:
            near = "`, `".join(suggestions(asked.strip(), carried))
            raise fail(UsageError, "policy.no-such-clause", name=asked, near=near,
                       hint="policy.no-such-clause.hint" if near else "hint.known",
                       known=", ".join(carried))
        meant |= found
    return meant


def _begins(clause: str, asked: str) -> bool:
    """Whether a clause is what was asked for, or a part of it: 1.1 is no beginning of 1.10."""
    if not asked or not clause.startswith(asked):
        return False
    rest = clause[len(asked):]
    return not rest or not any(
        kind(rest[0]) and kind(asked[-1]) for kind in (str.isdigit, str.isalpha))
