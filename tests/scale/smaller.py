"""A disagreement made small. In: one as it was found. Out: the least of it that still stands.

One rule and one record first, then without each cell, each absent column, each part of a condition
in turn (delta debugging, greedy: what can be left out is left out).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from support.values import replace

from scale.found import Disagreement
from scale.ledgers import LedgerCase
from scale.rules import KINDS, RuleText, text_of, typed_rule
from zhuanjie.engine.core.errors import ExpressionError, ZhuanjieError
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name
from zhuanjie.engine.expr.printer import to_text

_MOST = 3000
"""Questions put to the engines at most: what is found is to be shown within minutes."""
T = TypeVar("T")


class Shrinker:
    """Makes a disagreement smaller, a question at a time."""

    def __init__(self, found: Disagreement | LedgerCase) -> None:
        self.best, self.asked = found, 0

    def smallest(self) -> Disagreement | LedgerCase:
        """What cannot be made smaller."""
        if not self.best.stands:
            return self.best  # it takes more than is kept of it
        self._sort_out()
        for _ in range(4):
            before = self.best
            self._records()
            self._columns()
            self._rules()
            if self.best == before:
                break
        return self.best

    def _stands(self, **parts: Any) -> bool:
        """Whether it still stands so; if it does, that is the best there is."""
        self.asked += 1
        if self.asked > _MOST:
            return False
        candidate = replace(self.best, **parts)
        try:
            if not candidate.stands:
                return False
        except ZhuanjieError:
            return False
        self.best = candidate
        return True

    def _sort_out(self) -> None:
        """One rule and one record, or as few as it takes."""
        for part in ("roster", "waivers", "records", "rules"):
            if getattr(self.best, part, ()):
                self._halve(part)

    def _halve(self, part: str) -> None:
        size = (len(getattr(self.best, part)) + 1) // 2
        while size:
            at = 0
            while at < len(there := getattr(self.best, part)):
                rest = there[:at] + there[at + size:]
                needed = not rest and part in ("records", "rules")
                if needed or not self._stands(**{part: rest}):
                    at += size
            size //= 2

    def _records(self) -> None:
        for at in range(len(self.best.records)):
            for name in list(self.best.records[at]):
                record = dict(self.best.records[at])
                if record.get(name) is None:
                    continue
                record[name] = 1 if name.split("#")[0] in {r.id for r in self.best.rules} else None
                if record != self.best.records[at]:
                    self._stands(records=_with(self.best.records, at, record))

    def _columns(self) -> None:
        for name in sorted(self.best.absent):
            self._stands(absent=self.best.absent - {name})

    def _rules(self) -> None:
        for at, rule in enumerate(self.best.rules):
            if rule.edition is not None:
                self._stands(rules=_with(self.best.rules, at, replace(rule, edition=None)))
            smaller = True
            while smaller:
                smaller = any(self._retyped(at, text)
                              for text in _smaller(text_of(self.best.rules[at])))

    def _retyped(self, at: int, text: RuleText) -> bool:
        try:
            rule = typed_rule(self.best.world, text)
        except ExpressionError:
            return False
        return self._stands(rules=_with(self.best.rules, at, rule))


def _with(items: Sequence[T], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1:])


def _smaller(rule: RuleText) -> Iterator[RuleText]:
    """Rules that say a little less."""
    for part in ("when", "within"):
        if part in rule:
            yield {n: v for n, v in rule.items() if n != part}
    for part in KINDS:
        if part in rule:
            for tree in _less(read(rule[part])):
                yield {**rule, part: to_text(tree)}
    rows = rule.get("rows", ())
    for at, row in enumerate(rows):
        if len(rows) > 1:
            yield {**rule, "rows": [*rows[:at], *rows[at + 1:]]}
        changed = [{n: v for n, v in row.items() if n != "when"}] if "when" in row else []
        changed += [{**row, "when": to_text(t)} for t in _less(read(row["when"]))
                    ] if "when" in row else []
        changed += [{**row, "allow": [v for v in row["allow"] if v != gone]}
                    for gone in row["allow"] if len(row["allow"]) > 1]
        for other in changed:
            yield {**rule, "rows": [*rows[:at], other, *rows[at + 1:]]}


def _less(tree: Expr) -> Iterator[Expr]:
    """Trees with one node less: an operand in its operator's place; a constant at last."""
    match tree:
        case Call(op="has"):
            yield Lit(True)
            yield Lit(False)
        case Call(op=op, args=args):
            yield from args
            for at, arg in enumerate(args):
                yield from (Call(op, _with(args, at, less)) for less in _less(arg))
        case ListLit(items=items):
            for at, item in enumerate(items):
                if len(items) > 1:
                    yield ListLit(items[:at] + items[at + 1:])
                yield from (ListLit(_with(items, at, less)) for less in _less(item))
        case Name(path=path) if path[0] == "params":
            yield Lit(1)
        case Name(path=path) if path != ("as_of",):
            yield Name(("as_of",))
        case Lit(value=int() as value) if not isinstance(value, bool) and value not in (0, 1):
            yield Lit(1)
