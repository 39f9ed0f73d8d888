"""A plan's rules to durable-rules. In: typed and lowered rules. Out: patterns and what they mean.

Each of a rule's outcomes becomes patterns, satisfied and not applicable too, all but one: what is
undetermined is what the engine stays silent about, and whoever asks must see that it is. So no
failure of the engine can be taken for a record in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from zhuanjie.engine.backends.durable.facts import (
    ID,
    MAX_KEYS,
    RECORD,
    SID,
    Fact,
    FactKeys,
    refuse_clashes,
)
from zhuanjie.engine.backends.durable.network import STATE_ID
from zhuanjie.engine.backends.durable.patterns import MOST, Pattern, patterns, size_of, ways_of
from zhuanjie.engine.core.results import ALL_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import Lit, comparison
from zhuanjie.engine.expr.types import BOOL, Kind
from zhuanjie.engine.lowering.conditions import (
    Among,
    ColumnRef,
    Compare,
    Cond,
    Filled,
    Value,
    all_of,
)
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.policy.typed_table import TypedRow

ALLOWED, DENIED = "allowed", "denied"
"""What a row of a decision table says of a choice; where it is not known it says nothing."""
_NEITHER = "neither"

SHOWN = tuple(outcome for outcome in ALL_OUTCOMES if outcome is not Outcome.UNDETERMINED)
"""The outcomes that patterns show."""

MAX_ROWS = MAX_LISTED = 12
"""A table of more rows, or more choices, is judged like any other rule; so is one of texts that are
not compared to the letter.

The engine joins at most 16 facts, and follows at most 64 branches at a time.
"""


class Rules(Struct):
    """Rules in the making: patterns by name, what their firing means, what facts they ask for.

    `says` are the facts that follow from a firing.
    """

    patterns: dict[str, tuple[Pattern, ...]] = field(default_factory=dict)
    means: dict[str, tuple[int, Outcome]] = field(default_factory=dict)
    says: dict[str, Fact] = field(default_factory=dict)
    keys: list[FactKeys] = field(default_factory=lambda: [FactKeys("0")])
    used: int = 0
    """Patterns on the last of the facts."""
    rows: int = 0
    """Rows of decision tables."""

    def add(self, joined: tuple[Pattern, ...]) -> str:
        """Add patterns that must match a fact each; gives the name they fire under."""
        name = f"r{len(self.patterns)}"
        self.patterns[name] = joined
        return name

    def outcome(self, index: int, outcome: Outcome, *joined: Pattern) -> None:
        """Add patterns that show a rule to come out so."""
        self.means[self.add(joined)] = index, outcome

    def on(self, about: str, conds: Sequence[Cond]) -> list[list[Pattern]]:
        """For each condition, patterns for a fact: the last one, or a new one where it is full.

        Raises UnsupportedError where they are too many for any.
        """
        ways = ways_of(conds)
        size = sum(map(size_of, ways))
        for full in (False, True):
            if full or (self.used and self.used + size > MOST):
                self.keys.append(FactKeys(str(len(self.keys))))
                self.used = 0
            keys = self.keys[-1].copy()
            found = patterns(ways, keys)
            if len(keys.all) <= MAX_KEYS or not self.used:
                break
        keys.refuse_more_than_fit(about)
        self.keys[-1] = keys
        self.used += size
        return found

    def refuse_clashes(self) -> None:
        """Raise UnsupportedError where the engine would mix up keys or facts."""
        said = [key for fact in self.says.values() for key in fact if key not in (SID, ID)]
        ids = [keys.name for keys in self.keys] + [str(fact[ID]) for fact in self.says.values()]
        refuse_clashes({key: None for keys in self.keys for key in keys.all} | dict.fromkeys(said))
        refuse_clashes(dict.fromkeys([*ids, STATE_ID]))


def build(rules: Sequence[TypedRule], lowered: Sequence[LoweredRule], kleene: Kleene) -> Rules:
    """Everything the engine needs to judge by `rules`."""
    out = Rules()
    # Fires in any case, so that a state in which nothing has fired is a failure.
    out.add((({out.keys[0].always: True},),))
    out.used = 1
    for index, (rule, low) in enumerate(zip(rules, lowered, strict=True)):
        if (rule.shape == "table" and len(rule.rows) <= MAX_ROWS
                and len(listed(rule)) <= MAX_LISTED and rule.subject is not None
                and comparison(rule.subject) == "text"
                and rule.fields.isdisjoint(kleene.absent)):
            _Table(out, index, rule, kleene).build(low)
        else:
            conds = [getattr(low, str(outcome)) for outcome in SHOWN]
            for outcome, found in zip(SHOWN, out.on(rule.id, conds), strict=True):
                for pattern in found:
                    out.outcome(index, outcome, pattern)
    return out


def listed(rule: TypedRule) -> tuple[str, ...]:
    """The choices in some row of a table."""
    return tuple(dict.fromkeys(d for row in rule.rows for d in row.allow))


_Shown = tuple[Outcome, Cond, list[Pattern]]
"""An outcome that a condition on a record shows, together with what rows must have said."""


class _Table(Struct):
    """A decision table, by inference: its rows assert what they allow, its outcomes match that.

    A row is a little rule of its own. Once it is known whether it holds it asserts, for each of its
    choices, that it is allowed, or denied. The record's choice is then matched with what the rows
    that list it have said. A choice in no row is denied by all; a record without one is asked of
    all rows.
    """

    out: Rules
    index: int
    rule: TypedRule
    kleene: Kleene
    names: list[str] = field(default_factory=list)
    """The facts in which rows say what they allow."""

    def build(self, low: LoweredRule) -> None:
        for row in self.rule.rows:
            self._row(row)
        assert self.rule.subject is not None
        subject = self.kleene.term(self.rule.subject)
        assert isinstance(subject, ColumnRef)
        found: list[_Shown] = [(Outcome.NOT_APPLICABLE, low.not_applicable, [])]
        for choice in listed(self.rule):
            rows = [n for n, row in enumerate(self.rule.rows) if choice in row.allow]
            found += self._choice(Compare("==", subject, Value(choice, Kind.STRING)), rows, choice)
        found += self._choice(Among(subject, listed(self.rule), outside=True), [], None)
        found += self._choice(Filled(subject.name, blank=True), range(len(self.rule.rows)), None)
        written = self.out.on(self.rule.id, [cond for _, cond, _ in found])
        for (outcome, _, said), ways in zip(found, written, strict=True):
            for pattern in ways:
                self.out.outcome(self.index, outcome, pattern, *said)

    def _row(self, row: TypedRow) -> None:
        name = f"s{self.out.rows}"
        self.out.rows += 1
        self.names.append(name)
        when = self.rule.holds(row) or Lit(True, BOOL)
        said = ((self.kleene.must_be_true(when), ALLOWED),
                (self.kleene.must_be_false(when), DENIED))
        written = self.out.on(self.rule.id, [cond for cond, _ in said])
        for (_, says), ways in zip(said, written, strict=True):
            # Where no choice is known, no row can be sure to allow it.
            fact: Fact = {SID: RECORD, ID: name,
                          _key(name, None): _NEITHER if says == ALLOWED else says,
                          **{_key(name, self._number(d)): says for d in row.allow}}
            for pattern in ways:
                self.out.says[self.out.add((pattern,))] = fact

    def _number(self, choice: str) -> int:
        return listed(self.rule).index(choice)

    def _row_says(self, row: int, choice: str | None, says: str) -> Pattern:
        number = None if choice is None else self._number(choice)
        return ({_key(self.names[row], number): says},)

    def _choice(self, here: Cond, rows: Sequence[int], choice: str | None) -> Iterator[_Shown]:
        """The outcomes of records with one choice, which `rows` list."""
        when = self.rule.when or Lit(True, BOOL)
        maybe = all_of((self.kleene.may_be_true(when), here))
        sure = all_of((self.kleene.must_be_true(when), here))
        others = [n for n in range(len(self.rule.rows)) if n not in rows]
        for row in rows:  # rows that allow it too need not be known to hold
            apart = [n for n in others if n < row or self.rule.hit == "unique"]
            yield Outcome.SATISFIED, maybe, [
                self._row_says(row, choice, ALLOWED),
                *(self._row_fails(n) for n in apart if self.rule.hit != "any")]
        yield Outcome.VIOLATION, sure, [self._row_says(row, choice, DENIED) for row in rows]
        if self.rule.hit == "first" and rows:
            for row in others:
                yield Outcome.VIOLATION, sure, [
                    ({_key(self.names[row], None): _NEITHER},),
                    *(self._row_fails(n) for n in rows if n < row)]

    def _row_fails(self, row: int) -> Pattern:
        return self._row_says(row, None, DENIED)


def _key(name: str, choice: int | None) -> str:
    """The key under which a row says something of a choice, or of a record without one."""
    return f"{name}n" if choice is None else f"{name}c{choice}"
