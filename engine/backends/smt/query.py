"""One question to the solver. In: formulas. Out: a situation in which they hold, or that none is.

Months and texts are settled step by step: the solver answers on what it knows of them, and a model
is taken only once its days are moved as the calendar moves them and its texts exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any

import z3
from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.backends.smt.encode import (
    AS_OF,
    COPIES,
    LITERALS,
    Formula,
    Moved,
    Uses,
    kind_of,
    present,
    size_of,
    test_of,
    value,
)
from zhuanjie.engine.backends.smt.facts import FieldGroup, facts_of, groups_of, moves_of
from zhuanjie.engine.backends.smt.impossible import least_impossible
from zhuanjie.engine.backends.smt.months import moves, stretch_near, stretches_around
from zhuanjie.engine.backends.smt.working import missed
from zhuanjie.engine.core.dates import Month, from_day, to_day
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.regex.witness import Constraints, SearchLimit, find_text
from zhuanjie.engine.vocabulary.fields import Field

USUAL_DAY = to_day(date(2008, 1, 1))
"""The day that witnesses stand near, unless another is asked for."""
_ROUNDS, _PINS = 24, 4
_GAPS = 200
"""Gaps between stretches of days that are ruled out, one after the other."""


class Answer(Enum):
    """Whether the formulas can hold."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Situation(Struct, frozen=True):
    """A record (dates as day numbers), an as-of day, and how many such records the ledger has."""

    record: Mapping[str, bool | int | str]
    today: int
    copies: int = 1


class Query:
    """A solver with the formulas and with all that is to be known of what they speak of.

    `besides` are formulas not claimed, but spoken of later; `samples` texts for cells.
    """

    def __init__(self, formulas: Iterable[Formula], timeout_ms: int,
                 besides: Iterable[Formula] = (), samples: tuple[str, ...] = ()) -> None:
        self.uses, self.samples = Uses(), samples
        self.solver = z3.SimpleSolver()
        self.solver.set("timeout", timeout_ms)
        wanted = list(formulas)
        for formula in (*wanted, *besides):
            self.uses.add(formula.uses)
        self.fields = self.uses.fields
        self.groups, self.loose = groups_of(self.uses.moved.values(), self.fields.values())
        self.found: Situation | None = None
        self.lemmas: list[Any] = []
        self.solver.add(*facts_of(self.uses), *moves_of(self.groups, self.loose))
        self.solver.add(*(f.expr for f in wanted))
        self.named = tuple(sorted(self.fields, key=lambda name: self.fields[name].number))

    def check(self, *more: Any) -> Answer:
        """Whether the formulas, and `more`, can hold. After YES `found` is where."""
        level = self.solver.num_scopes()
        self.solver.push()
        self.solver.add(*more, *self.lemmas)
        answer = self._settle()
        self.solver.pop(self.solver.num_scopes() - level)
        return answer

    def smallest(self, near: int = USUAL_DAY) -> Answer:
        """As `check`; `found` then has as few filled cells as can be, and simple values."""
        answer = self.check()
        if answer is not Answer.YES:
            return answer
        assert self.found is not None
        cells = [present(n) for n in self.named]
        for most in range(len(self.found.record)):
            if self.check(z3.AtMost(*cells, most)) is Answer.YES:
                break
        self.solver.add(*(present(n) == (n in self.found.record) for n in self.named))
        self._simplify(near)
        return answer

    def core(self, parts: Mapping[str, Any]) -> list[str]:
        """Those of `parts` that the formulas clash with; all where the solver cannot say."""
        for name, part in parts.items():
            self.solver.add(z3.Implies(z3.Bool(f"part {name}"), part))
        if self.solver.check(*(z3.Bool(f"part {name}") for name in parts)) != z3.unsat:
            return list(parts)
        core = {str(flag) for flag in self.solver.unsat_core()}
        return [name for name in parts if f"part {name}" in core]

    def _settle(self) -> Answer:
        rounds = gaps = 0
        while rounds < _ROUNDS and gaps < _GAPS:
            answer = self._ask()
            if answer is not Answer.YES:
                return answer
            model = self.solver.model()
            wrong = self._misplaced(model)
            if wrong is not None:
                # Nearly always the day can be moved to where the moves are true.
                if gaps < _PINS and self._pin(wrong, model):
                    return answer
                gaps += 1
                self.solver.add(_gap(wrong, model))
                continue
            if lemmas := missed(self.uses.worked.values(), model):
                gaps += 1
                self.lemmas += lemmas
                self.solver.add(*lemmas)
                continue
            rounds += 1
            if self.loose:
                return self._fix_months(model)
            try:
                found = self._situation(model)
            except SearchLimit:
                return Answer.UNKNOWN
            if found is not None:
                self.found = found
                return Answer.YES
        return Answer.UNKNOWN

    def _ask(self) -> Answer:
        answer = self.solver.check()
        if answer == z3.unknown:
            return Answer.UNKNOWN
        return Answer.YES if answer == z3.sat else Answer.NO

    def _misplaced(self, model: Any) -> FieldGroup | None:
        """A day of the model for which the chosen moves are not the calendar's."""
        for group in self.groups:
            base = _number(model, group.base)
            low, high = stretch_near(_stretches(group, model, base), base)
            if not low <= base <= high:
                return group
        return None

    def _pin(self, group: FieldGroup, model: Any) -> bool:
        """Whether a day can be moved to a stretch nearby where its moves are the true ones."""
        base = _number(model, group.base)
        stretches = _stretches(group, model, base)
        for near in dict.fromkeys((base, USUAL_DAY)):
            low, high = stretch_near(stretches, near)
            if self.check(group.base >= low, group.base <= high,
                          *_held(group, model)) is Answer.YES:
                return True
        return False

    def _fix_months(self, model: Any) -> Answer:
        """Numbers of months that a record itself holds: taken as the model has them."""
        loose, self.loose = self.loose, []
        fixed = [Moved(m.base, (_number(model, m.months),), m.out) for m in loose]
        groups, _ = groups_of(fixed, self.fields.values())
        kept = self.groups
        self.groups = [*kept, *groups]
        held = [m.months == f.months[0] for m, f in zip(loose, fixed, strict=True)]
        answer = self.check(*held, *moves_of(groups, []))
        self.groups, self.loose = kept, loose
        return answer if answer is Answer.YES else Answer.UNKNOWN

    def _situation(self, model: Any) -> Situation | None:
        """The model as a record; None, with a lemma for the next round, where a text cannot be."""
        record: dict[str, bool | int | str] = {}
        texts: dict[int, str] = {LITERALS.number(t): t for t in self.uses.literals}
        for name in self.named:
            if not z3.is_true(model.eval(present(name), model_completion=True)):
                continue
            there = model.eval(value(self.fields[name]), model_completion=True)
            kind = kind_of(self.fields[name])
            if kind is Kind.BOOL:
                record[name] = z3.is_true(there)
            elif kind is not Kind.STRING:
                record[name] = there.as_long()
            else:
                number = there.as_long()
                if number not in texts:
                    found = self._text(model, name, texts, record)
                    if found is None:
                        return None
                    texts[number] = found
                record[name] = texts[number]
        copies = 1 if COPIES not in self.uses.columns else _number(model, z3.Int(COPIES))
        return Situation(record, _number(model, z3.Int(AS_OF.name)), copies)

    def _text(self, model: Any, name: str, texts: Mapping[int, str],
              record: Mapping[str, Any]) -> str | None:
        """A text for a cell, no text of `texts`; None, with a lemma, where there is none."""
        number = value(self.fields[name])
        tests = tuple(
            (t, z3.is_true(model.eval(test_of(t, number), model_completion=True)))
            for t in sorted(self.uses.tests, key=lambda t: (t.op, t.other)))
        wanted = Constraints(tests, taken=frozenset(self.uses.literals), samples=self.samples)
        if self.uses.sizes:
            size = _number(model, size_of(number))
            wanted = replace(wanted, least=size, most=size)
        found = find_text(replace(wanted, taken=frozenset(texts.values())))
        if found is None:
            if find_text(wanted) is None:
                impossible = least_impossible(wanted)
                lemma = [z3.Not(_passes(impossible, value(self.fields[n]))) for n in self.named
                         if kind_of(self.fields[n]) is Kind.STRING]
            else:
                # Such texts are few, and other cells take them all: not all of them can differ.
                theirs = {t: n for n, t in record.items()
                          if kind_of(self.fields[n]) is Kind.STRING and wanted.fits(t)}
                few = [name, *theirs.values()]
                lemma = [z3.Not(z3.And(z3.Distinct(*(value(self.fields[n]) for n in few)),
                                       *(_passes(wanted, value(self.fields[n])) for n in few)))]
            self.lemmas += lemma
            self.solver.add(*lemma)
        return found

    def _simplify(self, near: int) -> None:
        """Bring values close to plain ones; each stays where it was brought."""
        assert self.found is not None
        if COPIES in self.uses.columns:
            self._bring(z3.Int(COPIES), lambda found: found.copies, 1)
        self._bring(z3.Int(AS_OF.name), lambda found: found.today, near)
        for name in [n for n in self.named if n in self.found.record]:
            there, kind = value(self.fields[name]), kind_of(self.fields[name])
            if kind is Kind.BOOL:
                self._keep(there)
            elif kind is Kind.STRING:
                self._choose(name)
            else:
                self._bring(there, _reader(name), self._goal(self.fields[name]))

    def _goal(self, spec: Field) -> int:
        """The plainest number that a field could hold."""
        assert self.found is not None
        if spec.type == "month":
            return to_day(Month.of(from_day(self.found.today)))
        return self.found.today if spec.type == "date" else max(0, spec.low)

    def _keep(self, *wish: Any) -> bool:
        """Hold on to a wish that can be met."""
        met = self.check(*wish) is Answer.YES
        if met:
            self.solver.add(*wish)
        return met

    def _choose(self, name: str) -> None:
        """The first value of an enum's list that will do; a text that no rule spells out."""
        spec, there = self.fields[name], value(self.fields[name])
        if spec.type == "string":
            self._keep(*(there != LITERALS.number(t) for t in sorted(self.uses.literals)))
        for text in spec.values:
            if self._keep(there == LITERALS.number(text)):
                return

    def _bring(self, number: Any, read: Callable[[Situation], int], goal: int) -> None:
        """Bring `number`, which `read` reads off a situation, as close to `goal` as can be."""
        assert self.found is not None
        if self._keep(number == goal):
            return
        low, best = 1, read(self.found)
        while low < abs(best - goal):
            middle = (low + abs(best - goal)) // 2
            if self.check(number >= goal - middle, number <= goal + middle) is Answer.YES:
                best = read(self.found)
            else:
                low = middle + 1
        self._keep(number == best)


def _passes(wanted: Constraints, number: Any) -> Any:
    parts = [test_of(t, number) == want for t, want in wanted.tests]
    parts += [number != LITERALS.number(t) for t in sorted(wanted.taken)]
    if wanted.least > 1:
        parts.append(size_of(number) >= wanted.least)
    if wanted.most is not None:
        parts.append(size_of(number) <= wanted.most)
    return z3.And(parts)


def _reader(name: str) -> Callable[[Situation], int]:
    return lambda found: int(found.record[name])


def _stretches(group: FieldGroup, model: Any, base: int) -> tuple[tuple[int, int], ...]:
    paths = group.paths()
    return moves(paths, group.first)[tuple(_number(model, group.outs[n]) - base for n in paths)]


def _held(group: FieldGroup, model: Any) -> list[Any]:
    """That the moves of a day are those of the model."""
    base = _number(model, group.base)
    return [out - group.base == _number(model, out) - base for out in group.outs.values()]


def _gap(group: FieldGroup, model: Any) -> Any:
    """What is so of every day that is moved as in the model: it is not where the model has it."""
    base = _number(model, group.base)
    before, after = stretches_around(_stretches(group, model, base), base)
    return z3.Implies(z3.And(_held(group, model)),
                      z3.Or(group.base <= before[1], group.base >= after[0]))


def _number(model: Any, expr: Any) -> int:
    number: int = model.eval(expr, model_completion=True).as_long()
    return number

