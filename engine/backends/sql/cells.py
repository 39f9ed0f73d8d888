"""The columns of a table in a server as typed cells. In: a table. Out: trees for values and faults.

A column that has its field's type is used as it is, checked for range; one of text for a text field
is trimmed. Any other is read value by distinct value with the one parser of cells, and what the
values mean goes back as bound objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb
from sqlglot import exp

from zhuanjie.engine.backends.sql.conditions import aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import (
    PLAIN,
    POSTGRES,
    Tree,
    begins_plain,
    call,
    group,
    whole,
)
from zhuanjie.engine.backends.sql.records import Cell
from zhuanjie.engine.backends.sql.statement import below, select
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell
from zhuanjie.engine.ledger.cells.text import ERRORS, QUOTING, SCIENTIFIC, is_number_like
from zhuanjie.engine.ledger.readers.columns_of_server import DatabaseColumn
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.vocabulary.fields import Field

MOST = 50_000
"""Distinct texts of a column that are read one by one."""
_SETS = 30
"""Columns whose distinct texts are looked for in one scan: `GROUPING` takes no more."""
AS_IS = {"date": ("date", "timestamp"), "month": ("date", "timestamp"), "int": ("int",),
          "bool": ("bool",)}
_CASTS = {"date": "BIGINT", "month": "BIGINT", "int": "BIGINT", "bool": "BOOLEAN"}


class Bound:
    """Values bound to statements: `add` gives a parameter, `take` a statement its own values."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, value: Any, kind: str) -> Tree:
        """A parameter that stands for `value`."""
        self._values.append(value)
        return exp.cast(exp.Parameter(this=exp.Literal.number(len(self._values))), kind)

    def take(self, tree: Tree) -> tuple[str, list[Any]]:
        """The text of a statement, and the values of the parameters that it has."""
        used: dict[int, int] = {}
        for found in tree.find_all(exp.Parameter):
            number = int(found.this.this)
            used.setdefault(number, len(used) + 1)
            found.set("this", exp.Literal.number(used[number]))
        return POSTGRES.sql(tree), [self._values[number - 1] for number in used]


def read_cells(table: PostgresTable, bound: Bound) -> tuple[list[Tree], list[Cell]]:
    """What to take from each column of a field, and how the field is read from it.

    Raises InputError where a column holds too many different texts.
    """
    known = table.known()
    mapped = [at for at, (field, source) in enumerate(known)
              if field.type != "string" and source.kind not in AS_IS.get(field.type, ())]
    texts = _distinct(table, mapped)
    out: list[tuple[Tree, Cell]] = []
    for at, (field, source) in enumerate(known):
        if at in texts:
            out.append(_mapped(at, field, source, texts[at], bound))
        elif field.type == "string":
            out.append(_trimmed(at, field, source, bound))
        else:
            out.append(_as_is(at, field, source))
    return [source for source, _ in out], [cell for _, cell in out]


def _x(at: int) -> Tree:
    return column(f"x{at}")


def _trimmed(at: int, field: Field, source: DatabaseColumn, bound: Bound) -> tuple[Tree, Cell]:
    """A text without blanks around it; one in a spreadsheet's quotes is taken out of them first."""
    text = call("btrim", source.raw.copy(), exp.Literal.string(BLANKS))
    quoted = joined(exp.Or, [contains(source.raw, sign) for sign in QUOTING])
    # Functions of texts take the server longer than all that is judged: most texts are usual.
    last = exp.EQ(this=call("right", source.raw, exp.Literal.number(1)),
                  expression=exp.Any(this=exp.paren(bound.add(list(BLANKS), "TEXT[]"))))
    usual = exp.And(this=begins_plain(source.raw), expression=exp.Not(this=exp.paren(last)))
    raw = exp.Case(ifs=[exp.If(this=exp.Is(this=source.raw, expression=exp.Null()),
                               true=exp.Null()),
                        exp.If(this=usual, true=source.raw),
                        exp.If(this=quoted, true=_unquoted(text))], default=text.copy())
    fault = exp.Case(ifs=[exp.If(this=spoilt(field, _x(at)), true=_x(at))])
    return raw, Cell(field, source.name, _text(field, _x(at), bound), fault)


def _text(field: Field, text: Tree, bound: Bound) -> Tree:
    """A trimmed text, null where it is a mark for nothing or cannot be read."""
    words = bound.add(field.blank.ordered, "TEXT[]")
    bare = call("btrim", text.copy(), exp.Literal.string(field.blank.stripped))
    worded = exp.EQ(this=text.copy(), expression=exp.Any(this=exp.paren(words)))
    odd: Tree = exp.EQ(this=bare, expression=exp.Literal.string(""))
    if not _is_plain(field.blank.stripped):
        odd = exp.And(this=exp.Not(this=exp.paren(begins_plain(text))), expression=odd)
    none = joined(exp.Or, [odd, worded, spoilt(field, text)])
    return exp.Case(ifs=[exp.If(this=none, true=exp.Null())], default=text.copy())


def _is_plain(characters: str) -> bool:
    return any(first <= one < end for one in characters for first, end in PLAIN)


def spoilt(field: Field, text: Tree) -> Tree:
    """Whether a text is what a spreadsheet exports in place of one; see `check_text`.

    All that it exports begins with one sign.
    """
    begins = exp.And(this=exp.GTE(this=POSTGRES.ordered(text.copy()),
                                  expression=exp.Literal.string("#")),
                     expression=exp.LT(this=POSTGRES.ordered(text.copy()),
                                       expression=exp.Literal.string("$")))
    wrong = [exp.And(this=exp.paren(begins), expression=exp.paren(exp.Or(
        this=exp.In(this=text.copy(), expressions=[exp.Literal.string(e) for e in ERRORS]),
        expression=exp.And(
            this=exp.NEQ(this=text.copy(), expression=exp.Literal.string("")),
            expression=exp.EQ(this=call("btrim", text.copy(), exp.Literal.string("#")),
                              expression=exp.Literal.string(""))))))]
    if is_number_like(field):
        wrong.append(exp.And(this=group(contains(text, "+")), expression=exp.RegexpLike(
            this=group(text.copy()), expression=exp.Literal.string(f"^{SCIENTIFIC}$"))))
    return joined(exp.Or, wrong)


def _unquoted(text: Tree) -> Tree:
    """See `unquote`."""
    one, two = exp.Literal.number(1), exp.Literal.number(2)
    apostrophe = exp.In(this=call("left", text.copy(), one), expressions=[
        exp.Literal.string(sign) for sign in QUOTING if sign in "'\uff07"])
    size = call("char_length", text.copy())
    formula = joined(exp.And, [
        exp.In(this=call("left", text.copy(), two), expressions=[
            exp.Literal.string(f'{sign}"') for sign in QUOTING if sign in "=\uff1d"]),
        exp.EQ(this=call("right", text.copy(), one.copy()), expression=exp.Literal.string('"')),
        exp.GTE(this=size.copy(), expression=exp.Literal.number(3))])
    blanks = exp.Literal.string(BLANKS)
    return exp.Case(
        ifs=[exp.If(this=apostrophe, true=call(
                "btrim", call("substr", text.copy(), two.copy()), blanks)),
             exp.If(this=formula, true=call("btrim", call(
                 "substr", text.copy(), exp.Literal.number(3),
                 exp.Sub(this=size, expression=exp.Literal.number(3))), blanks.copy()))],
        default=text.copy())


def contains(text: Tree, sign: str) -> Tree:
    """Whether a text has a sign in it."""
    return exp.GT(this=call("strpos", text.copy(), exp.Literal.string(sign)),
                  expression=exp.Literal.number(0))


def _as_is(at: int, field: Field, source: DatabaseColumn) -> tuple[Tree, Cell]:
    if field.type == "bool":
        return source.tree, Cell(field, source.name, _x(at), None)
    if field.type == "int":
        low, high, held = whole(field.low), whole(field.high), _x(at)
        value: Tree = exp.cast(_x(at), "BIGINT")
        tree: Tree = source.tree
    else:
        low, high = (exp.cast(exp.Literal.string(from_day(day).isoformat()), "DATE")
                     for day in RECORD_DAYS)
        tree = source.tree if source.kind == "date" else exp.cast(source.tree, "TIMESTAMP")
        held = _x(at) if source.kind == "date" else exp.cast(_x(at), "DATE")
        day = POSTGRES.month_start(held.copy()) if field.type == "month" else held.copy()
        value = POSTGRES.day_of(day)
    fits = exp.Between(this=held, low=low, high=high)
    beyond = exp.Not(this=exp.paren(fits.copy()))
    return tree, Cell(field, source.name, exp.Case(ifs=[exp.If(this=fits, true=value)]),
                      exp.Case(ifs=[exp.If(this=beyond, true=exp.cast(_x(at), "TEXT"))]))


def _mapped(at: int, field: Field, source: DatabaseColumn, texts: Sequence[str],
            bound: Bound) -> tuple[Tree, Cell]:
    values: dict[str, Any] = {}
    faults = []
    for text in texts:
        try:
            value = read_cell(field, text)
        except CellError:
            faults.append(text)
        else:
            if value is not None:
                values[text] = to_day(value) if isinstance(value, date) else value
    found = call("jsonb_object_field_text", bound.add(Jsonb(values), "JSONB"), _x(at))
    kind = _CASTS.get(field.type)
    value_tree = exp.cast(found, kind) if kind else POSTGRES.ordered(found)
    fault = None
    if faults:
        wrong = call("jsonb_exists", bound.add(Jsonb(dict.fromkeys(faults, 1)), "JSONB"), _x(at))
        fault = exp.Case(ifs=[exp.If(this=wrong, true=_x(at))])
    return source.raw, Cell(field, source.name, value_tree, fault)


def _distinct(table: PostgresTable, mapped: Sequence[int]) -> dict[int, list[str]]:
    """The different texts of some columns, in one scan for many of them."""
    known = table.known()
    found: dict[int, list[str]] = {at: [] for at in mapped}
    for first in range(0, len(mapped), _SETS):
        some = mapped[first : first + _SETS]
        raw = below(select([aliased(known[at][1].raw, f"x{at}") for at in some],
                           table.relation.copy()), "raw")
        # Which column a row speaks of: the bit of `GROUPING` that is not set.
        statement = select([call("GROUPING", *map(_x, some)), *map(_x, some)], raw)
        statement.set("group", exp.Group(grouping_sets=[exp.GroupingSets(
            expressions=[exp.Tuple(expressions=[_x(at)]) for at in some])]))
        for rows in table.server.batches(POSTGRES.sql(statement), 10_000):
            for bits, *texts in rows:
                place = next(i for i in range(len(some)) if not bits >> (len(some) - 1 - i) & 1)
                if texts[place] is not None:
                    held = found[some[place]]
                    held.append(texts[place])
                    if len(held) > MOST:
                        field, source = known[some[place]]
                        raise fail(InputError, "backend.postgresql.too-many", table.address.place,
                                   "backend.postgresql.hint.too-many", column=source.name,
                                   most=MOST, type=_SQL_TYPES[field.type])
    return found


_SQL_TYPES = {"date": "date", "month": "date", "int": "integer", "bool": "boolean", "enum": "text"}
