"""What is fetched of a table in a server. In: the table, fields. Out: the rows, as columns here.

Only the columns of these fields leave the server, and what input findings need of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlglot import exp

from zhuanjie.engine.backends.sql.cells import AS_IS, contains, spoilt
from zhuanjie.engine.backends.sql.conditions import joined
from zhuanjie.engine.backends.sql.dialects import POSTGRES, Tree, call, epoch, whole
from zhuanjie.engine.backends.sql.row_roles import odd
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.ledger.cells.text import QUOTING, is_number_like
from zhuanjie.engine.ledger.readers.columns_of_server import DatabaseColumn
from zhuanjie.engine.ledger.readers.fetched import (
    FIRST_DAY,
    LAST_DAY,
    Fetch,
    FetchedTable,
    Form,
)
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.vocabulary.fields import Field

_MOST = 90
"""Values that a function is given; it takes a hundred."""
_FORMS: dict[str, Form] = {"date": "day", "timestamp": "time", "int": "int", "bool": "bool"}


def fetched(table: PostgresTable, fields: Collection[str],
            told: Callable[[int], None] | None = None) -> FetchedTable:
    """The rows of a table, with the columns of some fields.

    What was fetched for these fields or more is not fetched again.
    """
    for names, rows in table.fetched.items():
        if names.issuperset(fields) and isinstance(rows, FetchedTable):
            return rows
    made = FetchedTable(table, _fetch(table, fields), told)
    table.fetched[frozenset(fields)] = made
    return made


def _fetch(table: PostgresTable, fields: Collection[str]) -> Fetch:
    columns: dict[int, tuple[Form, Tree]] = {}
    aside = sorted(table.match.unknown)
    tests: list[Tree] = []
    texts: list[tuple[Field, DatabaseColumn]] = []
    blank: list[DatabaseColumn] = []
    for at, field in table.match.fields.items():
        source = table.columns[at]
        form = _form(field, source)
        # Texts that the parser reads, and those that are checked, are looked at in every row
        # where there are any.
        looked = field.check is not None or (form == "text" and field.type != "string")
        if field.name in fields or field.name == table.match.key or (
                looked and at not in table.blank):
            columns[at] = form, _copied(form, source)
            if form != "time":
                continue
        aside.append(at)
        if form == "bool":
            continue
        if at in table.blank:
            blank.append(source)
        elif form == "text":
            texts.append((field, source))
        else:
            tests.append(_beyond(field, form, source))
    quicker = {at: _number(form, table.columns[at]) for at, (form, _) in columns.items()
               if form in ("day", "time")}
    if not aside:
        return Fetch(columns, quicker, (), None, None)
    if texts:
        tests.append(_spoilt(texts))
    tests += [_filled(blank[n : n + _MOST]) for n in range(0, len(blank), _MOST)]
    raw = {at: table.columns[at].raw for at in {*table.match.fields, *table.match.unknown}}
    return Fetch(columns, quicker, aside, joined(exp.Or, tests) if tests else exp.false(),
                 odd(POSTGRES, table.roles, raw))


def _form(field: Field, source: DatabaseColumn) -> Form:
    return _FORMS[source.kind] if source.kind in AS_IS.get(field.type, ()) else "text"


def _day(form: Form, source: DatabaseColumn) -> Tree:
    if form == "day":
        return source.tree
    return exp.cast(exp.cast(source.tree, "TIMESTAMP"), "DATE")


def _number(form: Form, source: DatabaseColumn) -> Tree:
    """The number of a day, of which one without end has none."""
    return exp.Sub(this=_day(form, source), expression=epoch())


def _copied(form: Form, source: DatabaseColumn) -> Tree:
    """What leaves the server: days as numbers, which it writes faster than dates."""
    if form == "text":
        return source.raw
    if form in ("int", "bool"):
        return source.tree
    day, zero = _day(form, source), epoch()
    far = exp.Case(ifs=[exp.If(this=exp.GT(this=day.copy(), expression=zero.copy()),
                               true=whole(LAST_DAY, "INT"))], default=whole(FIRST_DAY, "INT"))
    return exp.Case(ifs=[  # a null, of which there are many, is asked no more than it must be
        exp.If(this=call("isfinite", day), true=_number(form, source)),
        exp.If(this=exp.Not(this=exp.Is(this=day.copy(), expression=exp.Null())), true=far)])


def _beyond(field: Field, form: Form, source: DatabaseColumn) -> Tree:
    """Whether a value is none that a cell may hold."""
    if form == "int":
        low, high = whole(field.low), whole(field.high)
    else:
        low, high = (exp.cast(exp.Literal.string(from_day(day).isoformat()), "DATE")
                     for day in RECORD_DAYS)
    held = source.tree if form == "int" else _day(form, source)
    return exp.Not(this=exp.paren(exp.Between(this=held, low=low, high=high)))


def _filled(columns: Collection[DatabaseColumn]) -> Tree:
    """Whether there is anything in some columns."""
    count = call("num_nonnulls", *(source.tree for source in columns))
    return exp.GT(this=count, expression=exp.Literal.number(0))


def _spoilt(texts: Collection[tuple[Field, DatabaseColumn]]) -> Tree:
    """Whether some text may be what a spreadsheet leaves in place of one."""
    signs = [contains(source.raw, sign) for field, source in texts
             for sign in ("#+" if is_number_like(field) else "#")]
    around = exp.Literal.string("".join((*BLANKS, *QUOTING, '"')))
    tests = [spoilt(field, call("btrim", source.raw, around.copy())) for field, source in texts]
    # What is not known would not spare the tests, which take long.
    return exp.And(this=_surely(signs), expression=_surely(tests))


def _surely(tests: Collection[Tree]) -> Tree:
    """Whether one is true."""
    return call("coalesce", exp.paren(joined(exp.Or, tests)), exp.false())
