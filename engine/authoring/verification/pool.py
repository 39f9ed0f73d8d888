"""Many formulas in one solver. In: formulas by number. Out: records for any choice of them.

What the solver is told of cells and what each formula says it is told once; a question then names
the formulas that are to hold. So a question costs what it asks, not what there is to ask about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from zhuanjie.engine.authoring.verification.prover import About, Proof, Prover, Scenario
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import Formula
from zhuanjie.engine.backends.smt.query import Query


class Pool:
    """Formulas, of which any may be asked for together; those of `always` hold in each answer."""

    def __init__(self, prover: Prover, parts: Mapping[int, Formula],
                 always: Iterable[Formula] = ()) -> None:
        self.prover, self.parts, self.always = prover, parts, tuple(always)
        self._query: Query | None = None

    def find(self, chosen: Iterable[int], some: Iterable[int] | None,
             shown: Callable[[Scenario], bool], about: About) -> Proof:
        """A record of which all of `chosen` hold, and one of `some` at least where it is given."""
        known = self.prover.recall("pool", about, shown)
        if known is not None:
            return known
        if self._query is None:
            self._query = self.prover.query(self._formulas())
        wanted = [_flag(n) for n in chosen]
        if some is not None:
            wanted.append(z3.Or([_flag(n) for n in some]))
        return self.prover.answered("pool", about, self.prover.checked(
            self._query.check(*wanted), self._query, shown))

    def _formulas(self) -> Iterator[Formula]:
        yield from self.always
        for n, part in self.parts.items():
            yield Formula(z3.Implies(_flag(n), part.expr), part.uses)


def _flag(number: int) -> z3.BoolRef:
    return z3.Bool(f"part {number}")
