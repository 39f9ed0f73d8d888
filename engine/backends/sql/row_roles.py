"""Rows that are no records, told in a server. In: raw cells as trees. Out: which rows to look at.

A server finds the rows that may be no records; what each of them is says `ledger/row_roles.py`, and
goes back as a text: the number of its kind, then what a finding quotes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import joined
from zhuanjie.engine.backends.sql.dialects import Dialect, Tree, begins_plain, call
from zhuanjie.engine.backends.sql.records import RowKind
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.assemble import lead
from zhuanjie.engine.ledger.row_roles import RowRoles

_GAP = "\x1f"
"""Between the cells of a row, where all are looked at as one text."""
_MOST = 90
_GROUPS = 4
"""Groups of cells that are looked at before all are counted."""
_DIGIT = "[0-9０-９]"


def odd(dialect: Dialect, roles: RowRoles, texts: Mapping[int, Tree]) -> Tree:
    """Whether a row may be no record, wherever it stands; `texts` are its cells by position."""
    signs = roles.signs
    others = [texts[at] for at in signs.others if at in texts]
    tests: list[Tree] = [_few(others, signs.few)]
    first = None if signs.first is None else texts.get(signs.first)
    if first is None:
        return tests[0]
    tests.append(_blank(first))
    if signs.key is None:
        tests += [dialect.matches(first.copy(), _plain(p)) for p in (signs.words, signs.heading)]
    else:
        words = _plain(signs.words)[1:-1]
        whole_row = _together(dialect, [text.copy() for text in texts.values()])
        looked = [exp.Not(this=exp.paren(dialect.matches(first.copy(), _DIGIT))),
                  dialect.matches(first.copy(), signs.counts),
                  dialect.matches(whole_row, f"(?:^|{_GAP}){words}(?:{_GAP}|$)")]
        tests.append(exp.And(
            this=exp.Not(this=exp.paren(dialect.matches(first.copy(), signs.key_like))),
            expression=exp.paren(joined(exp.Or, looked))))
    return joined(exp.Or, tests)


def said(roles: RowRoles, rows: Sequence[Sequence[str | None]], columns: Sequence[int],
         places: Sequence[int]) -> dict[int, str]:
    """What is said of those of some rows that are no records, by their number among these.

    `columns` are the positions of a row's cells, `places` those of the rows in the table.
    """
    cells = {at: pl.Series(column, dtype=pl.String)
             for at, column in zip(columns, zip(*rows, strict=True), strict=True)} if rows else {}
    found = roles.of(cells, pl.Series(places, dtype=pl.Int64)) if cells else {}
    return {n: f"{RowKind[role.name].value}{lead(rows[n])}" for n, role in found.items()}


def _together(dialect: Dialect, texts: Sequence[Tree]) -> Tree:
    """Texts as one; a function takes no more than a hundred values."""
    parts = [call("concat_ws", dialect.text(_GAP), *texts[n : n + _MOST])
             for n in range(0, len(texts), _MOST)]
    return parts[0] if len(parts) == 1 else _together(dialect, parts)


def _few(cells: Sequence[Tree], most: int) -> Tree:
    """Whether no more than `most` cells are filled; two of most rows are enough to say no."""
    filled = [exp.Not(this=exp.paren(_bare(cell), copy=False)) for cell in cells]
    if not filled:
        return exp.true()
    width = most + 1
    groups = [[exp.Not(this=exp.paren(_blank(cell), copy=False)) for cell in cells[n : n + width]]
              for n in range(0, len(filled) - most, width)][:_GROUPS]
    count = joined(exp.Add, [exp.paren(exp.Case(
        ifs=[exp.If(this=one.copy(), true=exp.Literal.number(1))],
        default=exp.Literal.number(0))) for one in filled])
    return exp.Case(
        ifs=[exp.If(this=joined(exp.And, [one.copy() for one in some]), true=exp.false())
             for some in groups],
        default=exp.LTE(this=exp.paren(count), expression=exp.Literal.number(most)))


def _blank(text: Tree) -> Tree:
    # To trim takes longer than to see that there is nothing to be trimmed.
    return exp.Case(ifs=[exp.If(this=begins_plain(text), true=exp.false())], default=_bare(text))


def _bare(text: Tree) -> Tree:
    bare = call("btrim", text.copy(), exp.Literal.string(BLANKS))
    return exp.EQ(this=call("coalesce", bare, exp.Literal.string("")),
                  expression=exp.Literal.string(""))


def _plain(pattern: str) -> str:
    """A pattern without the class of everything, which some servers do not know."""
    return pattern.replace(r"[\s\S]", r"(?:.|\n)")
