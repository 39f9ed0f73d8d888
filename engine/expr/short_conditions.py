"""Conditions in short form. In: a cell, what it speaks of. Out: the condition as a tree.

After DMN's unary tests: `-` or nothing is no condition; a value, or several with commas; a
comparison with its left side left out (`> 3`); an interval (`[1..5]`, `(1..5)`, either end open or
closed); `not(…)` of these. A value is an expression; where texts are compared, a bare word is the
text itself. Parts keep their places, so that a mistake has a caret in the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import ExpressionError, fail
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name, walk
from zhuanjie.engine.expr.type_checker import Schema
from zhuanjie.engine.expr.types import Kind

_COMPARED = re.compile(r"(<=|>=|==|!=|<|>)\s*")
_INTERVAL = re.compile(r"([\[(\]])(.*?)\.\.(.*)([\])\[])", re.DOTALL)
_NEGATED = re.compile(r"not\s*\((.*)\)", re.DOTALL)
DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
"""A day as it is written in a cell."""
_ANYTHING = ("", "-")
_YES_NO = ("true", "false")
_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "'\""


def condition(cell: str, of: Expr, schema: Schema) -> Expr | None:
    """The condition of a cell on `of`, not typed yet; None where there is none.

    Raises ExpressionError where the cell is not well formed.
    """
    start = len(cell) - len(cell.lstrip())
    text = cell.strip()
    if text in _ANYTHING:
        return None
    reader = _CellReader(cell, of, schema)
    if (found := _NEGATED.fullmatch(text)) and _closes_last(text):
        return Call("!", (reader.any_of(found[1], start + found.start(1)),), at=start)
    return reader.any_of(text, start)


class _CellReader:
    def __init__(self, cell: str, of: Expr, schema: Schema) -> None:
        self.cell, self.of, self.schema = cell, of, schema

    def any_of(self, text: str, start: int) -> Expr:
        """Some of the tests between commas holds; plain values make a list."""
        plain: list[Expr] = []
        tests: list[Expr] = []
        for at, part in _apart(text, start):
            if not part:
                raise fail(ExpressionError, "cel.cell-empty", Place(snippet=self.cell, caret=at))
            test = self._test(part, at)
            if test is None:
                plain.append(self.value(part, at))
            else:
                tests.append(test)
        if self.of.type.kind is Kind.BOOL:
            tests += [self._same(v) for v in plain]
        elif len(plain) == 1:
            tests.append(Call("==", (self.of, plain[0]), at=plain[0].at))
        elif plain:
            tests.append(Call("in", (self.of, ListLit(tuple(plain), at=plain[0].at)), at=start))
        out = tests[0]
        for test in tests[1:]:
            out = Call("||", (out, test), at=test.at)
        return out

    def _same(self, value: Expr) -> Expr:
        """A yes or no that is `value`."""
        if isinstance(value, Lit) and isinstance(value.value, bool):
            return self.of if value.value else Call("!", (self.of,), at=value.at)
        return Call("==", (self.of, value), at=value.at)

    def _test(self, text: str, start: int) -> Expr | None:
        """A comparison or an interval; None where the text is a value."""
        if found := _COMPARED.match(text):
            value = self.value(text[found.end():], start + found.end())
            return Call(found[1], (self.of, value), at=start)
        if (found := _INTERVAL.fullmatch(text)) and _closes_last(text):
            low = self.value(found[2], start + found.start(2))
            high = self.value(found[3], start + found.start(3))
            ends = (">=" if found[1] == "[" else ">", "<=" if found[4] == "]" else "<")
            return Call("&&", (Call(ends[0], (self.of, low), at=start),
                               Call(ends[1], (self.of, high), at=start)), at=start)
        return None

    def value(self, text: str, start: int) -> Expr:
        """A value as an expression; a bare word is a text where texts are compared."""
        word, start = text.strip(), start + len(text) - len(text.lstrip())
        if self.of.type.kind is Kind.BOOL:
            said = word.lower()
            said = said if said in _YES_NO else self.schema.meant(
                getattr(self.of, "name", ""), word)
            if said in _YES_NO:
                return Lit(said == "true", at=start)
        if self.of.type.kind is Kind.DATE and (day := DAY.fullmatch(word)):
            word = f"date({int(day[1])}, {int(day[2])}, {int(day[3])})"
        elif self.of.type.kind is Kind.STRING and self._is_bare(word):
            return Lit(self._meant(word), at=start)
        return read(" " * start + word)

    def _meant(self, word: str) -> str:
        """The value of a field that ledgers write so, or the word itself."""
        name = getattr(self.of, "name", "")
        values = self.of.type.values or ()
        return word if word in values else self.schema.meant(name, word) or word

    def _is_bare(self, word: str) -> bool:
        """Whether a text is meant as it stands: it is no literal, and names nothing."""
        if word[:1] in _QUOTES:
            return False
        try:
            names = [n for n in walk(read(word)) if isinstance(n, Name)]
        except ExpressionError:
            return True
        return not any(self.schema.resolve(n.path, 0) for n in names)


def _closes_last(text: str) -> bool:
    """Whether the first bracket is closed by the last, so that they hold all of it."""
    depth, quote = 0, ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
            if depth == 0 and at < len(text) - 1:
                return False
    return True


def _apart(text: str, start: int) -> Iterator[tuple[int, str]]:
    """The parts between commas that stand in no bracket and no quotes, with their places."""
    depth, quote, begun = 0, "", 0
    for at, char in enumerate(f"{text},"):
        if quote:
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif char in ",，、" and (depth == 0 or at == len(text)):
            part = text[begun:at]
            yield start + begun + len(part) - len(part.lstrip()), part.strip()
            begun = at + 1
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
