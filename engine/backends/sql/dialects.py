"""Where dialects of SQL differ. In: parts of conditions as trees. Out: their tree in a dialect.

Trees only: sqlglot writes the text, quotes every name and escapes every constant. Days are whole
numbers from 1 January 1970 in all dialects.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from sqlglot import exp

from zhuanjie.engine.core.errors import UnsupportedError, fail
from zhuanjie.engine.regex.spelling import most_repeats, spelt
from zhuanjie.engine.vocabulary.comparison import FORMS, Comparison

Tree = exp.Expr


def call(name: str, *args: Tree) -> Tree:
    """A function by the name its own dialect has for it."""
    return exp.Anonymous(this=name, expressions=list(args))


def whole(number: int, kind: str = "BIGINT") -> Tree:
    """A whole number of a given width."""
    return exp.cast(exp.Literal.number(number), kind)


def as_int(tree: Tree) -> Tree:
    """A whole number as one of 32 bits, which is what counts days and months."""
    return exp.cast(tree, "INT")


def epoch() -> Tree:
    """The day that is counted from."""
    return exp.cast(exp.Literal.string("1970-01-01"), "DATE")


def group(tree: Tree) -> Tree:
    """`tree` in parentheses, where an operator beside it could take a part of it."""
    tight = isinstance(tree, (exp.Column, exp.Literal, exp.Paren, exp.Cast, exp.Case,
                              exp.Anonymous, exp.Boolean, exp.Null))
    return tree if tight else exp.paren(tree, copy=False)


_PARTS = {"getFullYear": ("year", 0), "getMonth": ("month", 1), "getDate": ("day", 0),
          "getDayOfMonth": ("day", 1), "getDayOfWeek": ("dow", 0), "getDayOfYear": ("doy", 1)}
"""What SQL calls the parts of a day, and by how much more it counts than CEL."""


class Dialect(ABC):
    """A dialect; what is here holds for several."""

    name: ClassVar[str]
    """What sqlglot calls it."""
    starts_with: ClassVar[str]
    contains: ClassVar[str]

    def text(self, value: str) -> Tree:
        """A constant text."""
        return exp.Literal.string(value)

    def ordered(self, text: Tree) -> Tree:
        """A text to be compared by code points."""
        return text

    def size(self, text: Tree) -> Tree:
        """How many characters a text has."""
        return exp.cast(call("char_length", text), "BIGINT")

    def holds(self, op: str, text: Tree, other: Tree) -> Tree:
        """`startsWith`, `endsWith` or `contains`."""
        if op == "endsWith":
            return self.ends_with(text, other)
        return call(self.starts_with if op == "startsWith" else self.contains, text, other)

    @abstractmethod
    def ends_with(self, text: Tree, other: Tree) -> Tree:
        """Whether a text ends with another."""

    def matches(self, text: Tree, pattern: str) -> Tree:
        """Whether a portable pattern is found in a text."""
        return exp.RegexpLike(this=group(text), expression=self.text(spelt(pattern)))

    def compared(self, text: Tree, how: Comparison) -> Tree:
        """A text in the form in which an office compares it."""
        if how == "text":
            return text
        form = FORMS[how]
        out = call("translate", text, *map(self.text, form.characters))
        for pattern, put in form.spelt(r"\{}"):
            out = call("regexp_replace", out, self.text(spelt(pattern)), self.text(put),
                       self.text("g"))
        return out

    @abstractmethod
    def moved(self, day: Tree, months: Tree) -> Tree:
        """A day moved by calendar months, clamped to the end of a shorter month."""

    def divided(self, op: str, number: Tree, by: Tree) -> Tree:
        """`/` or `%` on whole numbers, cut off toward zero; null where it divides by zero."""
        divisor = call("nullif", group(by), exp.Literal.number(0))
        if op == "%":
            return exp.Mod(this=group(number), expression=divisor)
        return self.whole_quotient(group(number), divisor)

    def whole_quotient(self, number: Tree, by: Tree) -> Tree:
        """A quotient of whole numbers, cut off toward zero."""
        return exp.Div(this=number, expression=by, typed=True, safe=False)

    def day_part(self, part: str, day: Tree) -> Tree:
        """What is read off a day."""
        word, less = _PARTS[part]
        date = exp.Add(this=epoch(), expression=as_int(day))
        read = exp.cast(call("date_part", self.text(word), date), "BIGINT")
        return exp.Sub(this=read, expression=whole(less)) if less else read

    def day_of(self, date: Tree) -> Tree:
        """The number of a date."""
        return exp.Sub(this=group(date), expression=epoch())

    def month_start(self, date: Tree) -> Tree:
        """The first day of a date's month."""
        time = exp.cast(date, "TIMESTAMP")  # which no time zone moves
        return exp.cast(call("date_trunc", self.text("month"), time), "DATE")

    def fenced(self, select: exp.Select) -> exp.Select:
        """A subquery whose columns are computed once, however often they are read."""
        return select

    def sql(self, tree: Tree) -> str:
        """The text of a statement, which is used up."""
        return tree.sql(self.name, copy=False)


class DuckDb(Dialect):
    """DuckDB: texts are compared as bytes of UTF-8 anyway, patterns are RE2's."""

    name = "duckdb"
    starts_with = "starts_with"
    contains = "contains"

    def size(self, text: Tree) -> Tree:
        """See `Dialect.size`."""
        return call("length", text)

    def whole_quotient(self, number: Tree, by: Tree) -> Tree:
        """See `Dialect.whole_quotient`."""
        return exp.IntDiv(this=number, expression=by)

    def ends_with(self, text: Tree, other: Tree) -> Tree:
        """See `Dialect.ends_with`."""
        return call("suffix", text, other)

    def moved(self, day: Tree, months: Tree) -> Tree:
        """See `Dialect.moved`."""
        date = exp.Add(this=epoch(), expression=as_int(day))
        there = exp.Add(this=group(date), expression=call("to_months", as_int(months)))
        return self.day_of(exp.cast(there, "DATE"))


class Postgres(Dialect):
    """PostgreSQL: order follows a collation, so that every text is given that of code points."""

    name = "postgres"
    starts_with = "starts_with"
    repeats: ClassVar[int] = 255
    """The most its patterns count to."""

    def text(self, value: str) -> Tree:
        """See `Dialect.text`; raises UnsupportedError for what its texts cannot hold."""
        if "\0" in value:
            raise fail(UnsupportedError, "backend.postgresql.nul",
                       hint="backend.hint.other", name="postgresql")
        return super().text(value)

    def ordered(self, text: Tree) -> Tree:
        """See `Dialect.ordered`."""
        return exp.Collate(this=group(text), expression=exp.to_identifier("C", quoted=True))

    def holds(self, op: str, text: Tree, other: Tree) -> Tree:
        """See `Dialect.holds`."""
        if op == "contains":
            return exp.GT(this=call("strpos", text, other), expression=exp.Literal.number(0))
        return super().holds(op, text, other)

    def ends_with(self, text: Tree, other: Tree) -> Tree:
        """See `Dialect.ends_with`; of a text shorter than the other, `right` gives all there is."""
        return exp.EQ(this=call("right", text, call("char_length", other)), expression=group(other))

    def matches(self, text: Tree, pattern: str) -> Tree:
        """See `Dialect.matches`; raises UnsupportedError for counts beyond the engine's own."""
        if most_repeats(pattern) > self.repeats:
            raise fail(UnsupportedError, "backend.postgresql.repeats", hint="backend.hint.other",
                       name="postgresql", most=self.repeats, pattern=pattern)
        return super().matches(text, pattern)

    def compared(self, text: Tree, how: Comparison) -> Tree:
        """See `Dialect.compared`; functions of texts are slow, most texts are their own form."""
        if how == "text":
            return text
        usual = self.matches(text.copy(), f"^(?:{FORMS[how].usual})$")
        return exp.Case(ifs=[exp.If(this=usual, true=text.copy())],
                        default=super().compared(text, how))

    def moved(self, day: Tree, months: Tree) -> Tree:
        """See `Dialect.moved`."""
        date = exp.Add(this=epoch(), expression=as_int(day))
        # The function takes years and months by position.
        length = call("make_interval", exp.Literal.number(0), as_int(months))
        return self.day_of(exp.cast(exp.Add(this=group(date), expression=length), "DATE"))

    def fenced(self, select: exp.Select) -> exp.Select:
        """See `Dialect.fenced`; an offset keeps the planner from merging the query into its own."""
        return select.offset(0, copy=False)


DUCKDB, POSTGRES = DuckDb(), Postgres()

PLAIN = (("0", ":"), ("\u4e00", "\ua000"), ("A", "["), ("a", "{"))
"""What usual texts begin with: digits, Chinese characters, Latin letters; each to before the other.
"""


def begins_plain(text: Tree, dialect: Dialect = POSTGRES) -> Tree:
    """Whether a text begins as usual texts do: with no blank, no quote and no mark for nothing."""
    return exp.paren(exp.or_(*[exp.And(
        this=exp.GTE(this=dialect.ordered(text.copy()), expression=exp.Literal.string(first)),
        expression=exp.LT(this=dialect.ordered(text.copy()), expression=exp.Literal.string(end)))
        for first, end in PLAIN], copy=False), copy=False)
