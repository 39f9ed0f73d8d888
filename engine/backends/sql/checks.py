"""Values that may be copied wrong, told in a server. In: a text. Out: whether to look at it.

What is wrong with one says `ledger/cells/faults.py`; see `ledger/cells/checks.py` for queries.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import joined
from zhuanjie.engine.backends.sql.dialects import Dialect, Tree, call, group
from zhuanjie.engine.ledger.cells.faults import WEIGHTS
from zhuanjie.engine.vocabulary.fields import Check, Field

_SHAPE = ("^[0-9]{6}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$")
_NO_DAYS = ("0229", "0230", "0231", "0431", "0631", "0931", "1131")
"""Days that are none, or not in every year."""


def suspect(dialect: Dialect, field: Field, text: Tree) -> Tree | None:
    """Where `text` is a value that somebody should look at; None where nobody checks the field."""
    return _SUSPECTS[field.check](dialect, text) if field.check else None


def _id_number(dialect: Dialect, text: Tree) -> Tree:
    """Whatever is not a number of 18 digits whose check digit fits."""
    def part(at: int, size: int = 1) -> Tree:
        return call("substr", group(text.copy()), exp.Literal.number(at), exp.Literal.number(size))

    digits = [exp.Mul(this=exp.cast(part(at + 1), "INT"), expression=exp.Literal.number(weight))
              for at, weight in enumerate(WEIGHTS)]
    last = exp.Case(
        ifs=[exp.If(this=exp.EQ(this=part(18), expression=dialect.text("X")),
                    true=exp.Literal.number(10))], default=exp.cast(part(18), "INT"))
    total = exp.paren(joined(exp.Add, [*digits, last]))
    wrong = [
        exp.In(this=part(11, 4), expressions=[dialect.text(day) for day in _NO_DAYS]),
        exp.GT(this=dialect.ordered(part(7, 8)),
               expression=dialect.text(date.today().strftime("%Y%m%d"))),
        exp.NEQ(this=exp.Mod(this=total, expression=exp.Literal.number(11)),
                expression=exp.Literal.number(1))]
    return exp.Case(ifs=[
        exp.If(this=exp.Is(this=group(text.copy()), expression=exp.Null()), true=exp.false()),
        exp.If(this=dialect.matches(text.copy(), _SHAPE), true=joined(exp.Or, wrong)),
    ], default=exp.true())


_SUSPECTS: dict[Check, Callable[[Dialect, Tree], Tree]] = {"cn-id-number": _id_number}
