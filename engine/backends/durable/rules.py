"""A plan's rules to durable-rules. In: typed and lowered rules. Out: patterns and what they mean.

Each of a rule's five outcomes becomes patterns, undetermined and not applicable too: so each rule
must come out in exactly one way, and silence of the engine is a failure and never an outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zhuanjie.engine.backends.durable.facts import ABOUT, ID, Fact, FactKeys, FactWriter
from zhuanjie.engine.backends.durable.network import Action
from zhuanjie.engine.backends.durable.patterns import Pattern, patterns
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
from zhuanjie.engine.policy.policy import TypedRow, TypedRule

ALLOWED, PERHAPS, DENIED = "allowed", "perhaps", "denied"
"""What a row of a decision table says of a choice."""

MAX_ROWS = MAX_LISTED = 12
"""A table of more rows, or more choices, is judged like any other rule; so is one of texts that are
not compared to the letter.

The engine joins at most 16 facts, and follows at most 64 branches at a time.
"""

_NO_CHOICE = "to"


def _to(choice: str) -> str:
    return f"to.{choice}"


@dataclass(slots=True)
class Rules:
    """Rules in the making: patterns by name, what their firing means, what facts they ask for."""

    patterns: dict[str, tuple[Pattern, ...]] = field(default_factory=dict)
    means: dict[str, tuple[int, Outcome]] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    writers: list[FactWriter] = field(default_factory=list)
    abouts: list[str] = field(default_factory=list)

    def add(self, joined: tuple[Pattern, ...]) -> str:
        """Add patterns that must match a fact each; gives the name they fire under."""
        name = f"r{len(self.patterns)}"
        self.patterns[name] = joined
        return name

    def outcome(self, index: int, outcome: Outcome, *joined: Pattern) -> None:
        """Add patterns that show a rule to come out so."""
        self.means[self.add(joined)] = index, outcome

    def fact(self, about: str, words: FactKeys, alone: Mapping[str, int]) -> None:
        """Ask for the fact that holds what the patterns on `about` use."""
        self.abouts.append(about)
        self.writers.append(words.writer(about, alone))


def build(rules: Sequence[TypedRule], lowered: Sequence[LoweredRule], kleene: Kleene,
          alone: Mapping[str, int]) -> Rules:
    """Everything the engine needs to judge by `rules`."""
    out = Rules()
    for index, (rule, low) in enumerate(zip(rules, lowered, strict=True)):
        words = FactKeys()
        if (rule.shape == "table" and len(rule.rows) <= MAX_ROWS
                and len(listed(rule)) <= MAX_LISTED and rule.subject is not None
                and comparison(rule.subject) == "text"
                and rule.fields.isdisjoint(kleene.absent)):
            _Table(out, index, rule, kleene, words, alone).build(low)
        else:
            conds = [getattr(low, str(outcome)) for outcome in ALL_OUTCOMES]
            for outcome, found in zip(ALL_OUTCOMES, on(rule.id, conds, words), strict=True):
                for pattern in found:
                    out.outcome(index, outcome, pattern)
        out.fact(rule.id, words, alone)
    return out


def listed(rule: TypedRule) -> tuple[str, ...]:
    """The choices in some row of a table."""
    return tuple(dict.fromkeys(d for row in rule.rows for d in row.allow))


def on(about: str, conds: Sequence[Cond], words: FactKeys) -> list[list[Pattern]]:
    """For each condition, patterns for the fact `about` something."""
    return [[({ABOUT: about}, *p) for p in found] for found in patterns(conds, words)]


_Shown = tuple[Outcome, Cond, list[Pattern]]
"""An outcome that a condition on a record shows, together with what rows must have said."""


@dataclass(slots=True)
class _Table:
    """A decision table, by inference: its rows assert what they allow, its outcomes match that.

    A row is a little rule of its own. Once it is known whether it holds it asserts, for each of its
    choices, that it is allowed, perhaps, or denied. The record's choice is then matched with what
    the rows that list it have said. A choice in no row is denied by all; a record without one is
    asked of all rows.
    """

    out: Rules
    index: int
    rule: TypedRule
    kleene: Kleene
    words: FactKeys
    alone: Mapping[str, int]

    def build(self, low: LoweredRule) -> None:
        for number, row in enumerate(self.rule.rows):
            self._row(number, row)
        assert self.rule.subject is not None
        subject = self.kleene.term(self.rule.subject)
        assert isinstance(subject, ColumnRef)
        found: list[_Shown] = [(Outcome.NOT_APPLICABLE, low.not_applicable, [])]
        for choice in listed(self.rule):
            rows = [n for n, row in enumerate(self.rule.rows) if choice in row.allow]
            found += self._choice(Compare("==", subject, Value(choice, Kind.STRING)), rows,
                                  _to(choice))
        found += self._choice(Among(subject, listed(self.rule), outside=True), [], _NO_CHOICE)
        found += self._choice(Filled(subject.name, blank=True), range(len(self.rule.rows)),
                              _NO_CHOICE)
        written = on(self.rule.id, [cond for _, cond, _ in found], self.words)
        for (outcome, _, said), ways in zip(found, written, strict=True):
            for pattern in ways:
                self.out.outcome(self.index, outcome, pattern, *said)

    def _row(self, number: int, row: TypedRow) -> None:
        about, words = f"{self.rule.id}#{number}", FactKeys()
        when = row.when or Lit(True, BOOL)
        said = ((self.kleene.must_be_true(when), ALLOWED), (self.kleene.unknown(when), PERHAPS),
                (self.kleene.must_be_false(when), DENIED))
        written = on(about, [cond for cond, _ in said], words)
        for (_, says), ways in zip(said, written, strict=True):
            fact: Fact = {ID: self._says(number), ABOUT: self._says(number),
                          # Where no choice is known, no row can be sure to allow it.
                          _NO_CHOICE: PERHAPS if says == ALLOWED else says,
                          **{_to(d): says for d in row.allow}}
            for pattern in ways:
                self.out.actions[self.out.add((pattern,))] = _Say(fact)
        self.out.fact(about, words, self.alone)
        self.out.abouts.append(self._says(number))

    def _says(self, number: int) -> str:
        return f"{self.rule.id}#{number} says"

    def _row_says(self, number: int, key: str, says: str) -> Pattern:
        return ({ABOUT: self._says(number)}, {key: says})

    def _row_doubts(self, number: int, key: str) -> Pattern:
        return ({ABOUT: self._says(number)}, {"$neq": {key: ALLOWED}})

    def _choice(self, here: Cond, rows: Sequence[int], key: str) -> Iterator[_Shown]:
        """The outcomes of records with one choice, which `rows` list."""
        when = self.rule.when or Lit(True, BOOL)
        maybe = all_of((self.kleene.may_be_true(when), here))
        sure = all_of((self.kleene.must_be_true(when), here))
        unknown = all_of((self.kleene.unknown(when), here))
        for number in rows:
            yield Outcome.SATISFIED, maybe, [self._row_says(number, key, ALLOWED)]
        yield Outcome.VIOLATION, sure, [self._row_says(n, key, DENIED) for n in rows]
        yield Outcome.UNDETERMINED, unknown, [self._row_doubts(n, key) for n in rows]
        for number in rows:
            others = [self._row_doubts(n, key) for n in rows if n != number]
            yield Outcome.UNDETERMINED, sure, [self._row_says(number, key, PERHAPS), *others]


@dataclass(frozen=True, slots=True)
class _Say:
    """The action of a row: it asserts what the row says."""

    fact: Fact

    def __call__(self, _matched: Mapping[str, object]) -> Iterable[Fact]:
        return (self.fact,)
