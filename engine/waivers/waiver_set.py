"""Waivers against a policy. In: entries, a policy, a day. Out: those that may cover something.

What a policy does not know or does not allow covers nothing, and is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.waiver import Waiver
from zhuanjie.engine.expr.nodes import Expr, field_names
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.asked import carried_clauses
from zhuanjie.engine.policy.policy import Policy, TypedRule

if TYPE_CHECKING:
    from zhuanjie.engine.policy.waiver_model import WaiverEntry
    from zhuanjie.engine.waivers.entries import ReadEntry, WaiverFiles


class TypedWaiver(Struct, frozen=True, eq=False):
    """A waiver that a policy allows: what it covers, typed, and where it stands."""

    entry: WaiverEntry
    said: Waiver
    """What findings say of it, as of the day."""
    where: Expr | None
    place: Place

    def covers(self, rule: TypedRule, clause: str) -> bool:
        """Whether it speaks of a finding of a rule under a clause."""
        if self.entry.rule is not None:
            return rule.rule.id == self.entry.rule
        return clause == self.entry.clause


class WaiverSet(Struct, frozen=True, eq=False, dict=True):
    """The waivers of an audit, as of its day.

    `waivers` begin with those in force, in the order of their files; then come those that expired,
    the latest first. `later` are not in force yet. `problems` say what is wrong with others, of
    which there are `broken`.
    """

    waivers: tuple[TypedWaiver, ...] = ()
    later: tuple[TypedWaiver, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    broken: int = 0
    files: tuple[str, ...] = field(default=())

    @cached_property
    def in_force(self) -> int:
        """How many of `waivers` are in force; they are its first."""
        return sum(waiver.said.in_force for waiver in self.waivers)

    @cached_property
    def digest(self) -> str:
        """What tells these waivers from others, and nothing of whom they name."""
        said = "\n".join(waiver.entry.model_dump_json() for waiver in self.waivers)
        return hashlib.sha256(said.encode()).hexdigest() if said else ""

    @cached_property
    def by_name(self) -> bool:
        """Whether some name records: by whichever of their keys."""
        return any(waiver.where is None for waiver in self.waivers)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that their conditions read."""
        return frozenset[str]().union(*(field_names(w.where) for w in self.waivers))

    @cached_property
    def said(self) -> tuple[Waiver, ...]:
        """What findings say of them, in their order."""
        return tuple(waiver.said for waiver in self.waivers)

    def numbers_of(self, ids: Collection[str]) -> list[int]:
        """The places of waivers by their ids."""
        return [at for at, waiver in enumerate(self.waivers) if waiver.entry.id in ids]

    @cached_property
    def bounded(self) -> tuple[TypedWaiver, ...]:
        """Those that cover nothing if they would cover more records than they say."""
        return tuple(w for w in self.waivers if w.said.in_force and w.entry.at_most is not None)

    def __bool__(self) -> bool:
        return bool(self.waivers)


NO_WAIVERS = WaiverSet()
"""No waivers at all."""


def load_waivers(paths: Sequence[str | Path], policy: Policy, day: date) -> WaiverSet:
    """The waivers of files, checked against a policy as of a day.

    Raises InputError for a file that cannot be read as one of waivers.
    """
    # Imported late, as below: without waivers nothing need know how their files are checked.
    from zhuanjie.engine.waivers.entries import read_waivers

    return waivers_for(read_waivers(paths), policy, day, tuple(map(str, paths)))


def waivers_for(files: WaiverFiles, policy: Policy, day: date,
                names: Sequence[str] = ()) -> WaiverSet:
    """The waivers that a policy allows, as of a day."""
    problems = list(files.problems)
    broken = files.broken
    sound: list[TypedWaiver] = []
    for entry in files.entries:
        found = _problems(entry, policy)
        where = None if found else _where(entry, policy, found)
        if found:
            problems += found
            broken += 1
        else:
            sound.append(TypedWaiver(entry.entry, _said(entry.entry, day), where, entry.place()))
    force = [w for w in sound if w.said.in_force]
    past = [w for w in sound if w.entry.expires < day]
    return WaiverSet(
        (*force, *sorted(past, key=lambda w: w.entry.expires, reverse=True)),
        tuple(w for w in sound if w.entry.granted_on > day), tuple(problems), broken, tuple(names))


def _said(entry: WaiverEntry, day: date) -> Waiver:
    reason, asked, approved = map(
        hide_numbers, (entry.reason, entry.requested_by, entry.approved_by))
    return Waiver(entry.id, reason, asked, approved, entry.granted_on, entry.expires,
                  entry.basis and hide_numbers(entry.basis),
                  entry.granted_on <= day <= entry.expires)


def _problems(read_: ReadEntry, policy: Policy) -> list[Diagnostic]:
    """What a policy does not know of an entry, or does not allow."""
    entry, limits = read_.entry, policy.waiver_limits
    found: list[Diagnostic] = []
    rules = {rule.rule.id: rule for rule in policy.rules}
    if entry.clause is not None and entry.clause not in (known := carried_clauses(policy)):
        found.append(_unknown("waiver.unknown-clause", read_, "clause", entry.clause, known))
    elif entry.rule is not None and entry.rule not in rules:
        found.append(_unknown("waiver.unknown-rule", read_, "rule", entry.rule, tuple(rules)))
    else:
        spoken = [entry.clause] if entry.clause is not None else [
            clause for rule in policy.rules if rule.rule.id == entry.rule
            for clause in rule.clauses]
        if barred := [c for c in dict.fromkeys(spoken) if not policy.clauses[c].waivable]:
            found.append(Diagnostic(
                "waiver.not-waivable", {"id": entry.id, "clause": ", ".join(barred)},
                read_.place("clause" if entry.clause is not None else "rule"),
                "waiver.not-waivable.hint"))
    days = (entry.expires - entry.granted_on).days + 1
    if limits.longest_days is not None and days > limits.longest_days:
        found.append(Diagnostic(
            "waiver.too-long", {"id": entry.id, "days": days, "limit": limits.longest_days,
                                "policy": policy.id},
            read_.place("expires"), "waiver.too-long.hint"))
    wide = max(entry.at_most or 0, len(entry.named))
    if limits.at_most is not None and wide > limits.at_most:
        found.append(Diagnostic(
            "waiver.too-many", {"id": entry.id, "count": wide, "limit": limits.at_most,
                                "policy": policy.id},
            read_.place("at_most" if entry.at_most else "records"), "waiver.too-many.hint"))
    return found


def _unknown(code: str, read_: ReadEntry, key: str, name: str,
             known: Sequence[str]) -> Diagnostic:
    near = suggest(name, known)
    return Diagnostic(code, {"id": read_.entry.id, "name": name, "near": near,
                             "known": ", ".join(known)},
                      read_.place(key), "hint.near" if near else "hint.known")


def _on_shares_alone(entry: WaiverEntry, policy: Policy) -> bool:
    """Whether an entry speaks of nothing but shares: that of a whole ledger has no field."""
    spoken = [rule for rule in policy.rules
              if (rule.rule.id == entry.rule if entry.rule is not None
                  else entry.clause in rule.clauses)]
    return bool(spoken) and all(rule.shape == "share" for rule in spoken)


def _where(read_: ReadEntry, policy: Policy, problems: list[Diagnostic]) -> Expr | None:
    """The entry's condition, typed; None, with diagnostics, where it is wrong or there is none."""
    text = read_.entry.where
    if text is None:
        return None
    from zhuanjie.engine.expr.typed import typed_expression
    from zhuanjie.engine.policy.policy_names import names_in

    trail = ("waivers", read_.index, "where")
    try:
        where = typed_expression(text, names_in(policy), Kind.BOOL)
    except ExpressionError as error:
        problems += [replace(d, place=read_.source.within(trail, text, d.place.caret))
                     for d in error.diagnostics]
        return None
    if not field_names(where) and not _on_shares_alone(read_.entry, policy):
        problems.append(Diagnostic("waiver.no-field", {"id": read_.entry.id},
                                   read_.place("where"), "waiver.no-field.hint"))
    return where
