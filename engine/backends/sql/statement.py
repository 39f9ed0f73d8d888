"""One statement for a whole plan. In: a plan, a relation of records. Out: SELECTs as trees.

The inner query computes every rule into a few words; the outer one keeps the records where some
word is not nought, and answers for these alone what goes with the outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from zhuanjie.engine.backends.masks import BitmaskLayout, DetailQuery
from zhuanjie.engine.backends.sql.conditions import Compiler, aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import Dialect, Tree, whole
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.lowering.conditions import (
    Cond,
)
from zhuanjie.engine.lowering.walk import columns_of

ROW = "row"
"""The column that numbers records."""


def named(names: Iterable[str]) -> dict[str, str]:
    """A short column name for each: engines cut long names, and some take `A` for `a`."""
    return {name: f"c{number}" for number, name in enumerate(dict.fromkeys(names))}


def reads(layout: BitmaskLayout) -> Iterator[str]:
    """The columns that the conditions and terms of a plan read."""
    for word in layout.words:
        yield from columns_of(word.conditions)
    for ask in layout.asks:
        yield from columns_of((*ask.conditions, *([ask.term] if ask.term else [])))


def masks(layout: BitmaskLayout, compiler: Compiler, live: Tree | None = None) -> list[Tree]:
    """The words, as columns; nought where a record is not to be judged (`live`)."""
    out = []
    for number, word in enumerate(layout.words):
        bits = compiler.word(word.conditions)
        if live is not None:
            bits = compiler.choice([(live.copy(), bits)], whole(0))
        out.append(aliased(bits, f"w{number}"))
    return out


def some_mask(layout: BitmaskLayout) -> Tree:
    """Whether a record has anything to report."""
    return joined(exp.Or, [exp.NEQ(this=column(f"w{n}"), expression=exp.Literal.number(0))
                           for n in range(len(layout.words))])


def answers(layout: BitmaskLayout, compiler: Compiler) -> list[Tree]:
    """The words again, then an answer to each ask, null where its outcome did not come."""
    words = [aliased(column(f"w{n}"), f"w{n}") for n in range(len(layout.words))]
    return [*words, *(aliased(_answer(ask, layout, compiler), f"a{n}")
                      for n, ask in enumerate(layout.asks))]


def hit(layout: BitmaskLayout, rule: int, outcome: Outcome) -> Tree:
    """Whether a rule came out so, read off the words."""
    number, word = next((n, w) for n, w in enumerate(layout.words) if w.outcome is outcome
                        and 0 <= rule - w.first < len(w.conditions))
    bit = exp.BitwiseAnd(this=column(f"w{number}"), expression=whole(1 << rule - word.first))
    return exp.NEQ(this=exp.paren(bit), expression=exp.Literal.number(0))


def hits(layout: BitmaskLayout, ask: DetailQuery) -> Tree:
    """Whether a rule came out in a way that an ask is about."""
    came = dict.fromkeys(word.outcome for word in layout.words)
    return joined(exp.Or, [hit(layout, ask.rule, o) for o in ask.outcomes if o in came])


def _answer(ask: DetailQuery, layout: BitmaskLayout, compiler: Compiler) -> Tree:
    if ask.what == "missing":
        value = compiler.word(ask.conditions)
    elif ask.what == "clause":
        value = compiler.number(ask.conditions)
    else:
        assert ask.term is not None
        value = compiler.term(ask.term)
    return compiler.choice([(hits(layout, ask), value)])


def judge(layout: BitmaskLayout, relation: Tree, dialect: Dialect,
          names: Mapping[str, str]) -> exp.Select:
    """Row number, words and answers of every record of `relation` that has something to report."""
    compiler = Compiler(dialect, names)
    inner = select([exp.Star(), *masks(layout, compiler)], relation)
    return select([column(ROW), *answers(layout, compiler)],
                  below(dialect.fenced(inner), "judged"), some_mask(layout))


def truth(sure: Cond, never: Cond, relation: Tree, dialect: Dialect,
          names: Mapping[str, str]) -> exp.Select:
    """Row number and truth of a condition, for every record of `relation`."""
    known = Compiler(dialect, names).truth(sure, never)
    return select([column(ROW), aliased(known, "truth")], relation)


def single(value: Tree, record: Sequence[Tree]) -> exp.Select:
    """The value of an expression over one record given as constants."""
    return select([aliased(value, "value")],
                  below(select(record or [aliased(whole(0), ROW)]), "record"))


def select(columns: Sequence[Tree], relation: Tree | None = None,
           where: Tree | None = None) -> exp.Select:
    """A SELECT; sqlglot's own builder copies what it is given, and these trees are large."""
    out = exp.Select(expressions=list(columns))
    if relation is not None:
        out.set("from_", exp.From(this=relation))
    if where is not None:
        out.set("where", exp.Where(this=where))
    return out


def below(query: exp.Select, name: str) -> exp.Subquery:
    """A query as the relation of another."""
    return query.subquery(exp.to_identifier(name, quoted=True), copy=False)
