"""Many formulas in one solver. In: formulas by number. Out: records for any choice of them.

What the solver is told of cells and what each formula says it is told once; a question then names
the formulas that are to hold. So a question costs what it asks, not what there is to ask about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from zhuanjie.engine.authoring.verification.prover import Proof, Prover, Scenario
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import Formula
from zhuanjie.engine.backends.smt.query import Query


class Pool:
    """Formulas, of which any may be asked for together; those of `always` hold in each answer."""

    def __init__(self, prover: Prover, parts: Mapping[int, Formula],
                 always: Iterable[Formula] = ()) -> None:
        self.prover = prover
        claims = [Formula(z3.Implies(_flag(n), part.expr), part.uses)
                  for n, part in parts.items()]
        self.query: Query = prover.query([*always, *claims])

    def find(self, chosen: Iterable[int], some: Iterable[int] | None,
             shown: Callable[[Scenario], bool]) -> Proof:
        """A record of which all of `chosen` hold, and one of `some` at least where it is given."""
        wanted = [_flag(n) for n in chosen]
        if some is not None:
            wanted.append(z3.Or([_flag(n) for n in some]))
        return self.prover.checked(self.query.check(*wanted), self.query, shown)


def _flag(number: int) -> z3.BoolRef:
    return z3.Bool(f"part {number}")
