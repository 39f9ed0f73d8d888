"""A column of a table in a server. In: its name and kind. Out: trees that statements are made of.

The text of a value is the one that the server writes; rows are ordered by it as by characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from sqlglot import exp

Kind = Literal["text", "int", "bool", "date", "timestamp", "float", "other"]

ALIAS = "the ledger"
"""What statements call the table; a column of this name is not likely."""


class DatabaseColumn(Struct, frozen=True):
    """A column of the table: its name, what sort of values it has, whether it can be null.

    `exact` says that no two texts which differ are equal to it.
    """

    name: str
    kind: Kind
    filled: bool
    exact: bool = True

    @property
    def tree(self) -> exp.Expr:
        """The column itself."""
        return exp.column(self.name, table=ALIAS, quoted=True)

    @property
    def ordered(self) -> exp.Expr:
        """What rows are ordered by: a text by its characters, whatever the server's language, and
        behind all others where there is nothing in it, as where it is null."""
        if self.kind != "text":
            return self.tree
        return exp.Nullif(this=self.raw, expression=exp.Literal.string(""))

    @property
    def raw(self) -> exp.Expr:
        """The text the server writes for a value; no number at all is nothing."""
        tree = self.tree
        if self.kind == "timestamp":
            tree = exp.cast(tree, "TIMESTAMP")
        text = exp.cast(tree, "TEXT")
        if self.kind == "float":
            return exp.Nullif(this=text, expression=exp.Literal.string("NaN"))
        return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))


def one_of(lead: DatabaseColumn, values: Sequence[str | None]) -> exp.Expr:
    """Whether there is nothing in a column, or one of some values, given as texts."""
    tests: list[exp.Expr] = [exp.Is(this=lead.ordered, expression=exp.Null())]
    if texts := [exp.Literal.string(text) for text in values if text is not None]:
        tests.append(exp.EQ(this=lead.raw, expression=exp.Any(this=exp.paren(
            exp.cast(exp.Array(expressions=texts), "TEXT[]")))))
    return exp.paren(exp.or_(*tests))
