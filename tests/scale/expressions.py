"""Random expressions over any vocabulary. In: a source of chance, a world. Out: typed trees.

Few fields are drawn from at a time, so that conditions meet each other. What the type check refuses
(a sum that could leave 64 bits, an enum's value where another's is meant) is drawn anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from support.office_texts import OTHER, SAME

from scale.worlds import World
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name
from zhuanjie.engine.expr.operators import DAY_PARTS
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.vocabulary.fields import Field

PLAIN = ("a", "ab", "b", "a!", 'a"', "\\", "é", "１", "甲乙", "甲", "🎓", "a\nb", "'", "A-7", "0007")
PATTERNS = ("^a", "b$", "^[0-9]+$", "a|甲", "^.$", r"\s", "[^a]", r"^a\\$", "^1[0-9]{10}$")
EQUAL, ORDER = ("==", "!="), ("==", "!=", "<", "<=", ">", ">=")
TRIES = 30
MOST = {"string": 3, "enum": 2, "bool": 3, "int": 2, "date": 4, "month": 2}
"""How many fields of a type are drawn from at a time."""

refused: Counter[str] = Counter()
"""How often the type check refused what was drawn, by its first word for it."""


def texts_of(field: Field) -> tuple[str, ...]:
    """Texts that a field may hold: where it is compared as an office does, in many writings."""
    known = [t for pairs in (SAME.get(field.compare, ()), OTHER.get(field.compare, ()))
             for pair in pairs for t in pair]
    return tuple(known) or PLAIN


class Expressions:
    """Draws expressions over some fields of a world."""

    def __init__(self, random: Random, world: World) -> None:
        self.random, self.world = random, world
        self.fields: dict[str, list[Field]] = {}
        for kind, most in MOST.items():
            there = [f for f in world.fields if f.type == kind]
            own = [f for f in there if f.name in world.own]
            picked = random.sample(there, min(most, len(there)))
            if own and random.random() < 0.7:
                picked[-1] = random.choice(own)
            self.fields[kind] = list({f.name: f for f in picked}.values())
        self.params = [(n, p.unit) for n, p in world.policy.parameters.items()]

    def typed(self, draw: Callable[[], Expr], want: Kind) -> Expr:
        """What `draw` gives, typed; raises RuntimeError where it is refused all the time."""
        for _ in range(TRIES):
            text = to_text(draw())
            try:
                return check(read(text), self.world.schema, text, want)
            except ExpressionError as error:
                refused[error.diagnostics[0].code] += 1
        raise RuntimeError(f"nothing of {want} is to be had in {self.world.name}")

    def name(self, kind: str) -> Name | None:
        """A field of a type, if there is one."""
        there = self.fields[kind]
        return Name(tuple(self.random.choice(there).name.split("."))) if there else None

    def _one(self, *parts: Callable[[], Expr]) -> Expr:
        return self.random.choice(parts)()

    def _op(self, ops: Sequence[str], *args: Expr) -> Expr:
        return Call(self.random.choice(ops), args)

    def flag(self) -> Expr:
        """Something true or false in itself: a field of yes and no, or whether one is filled."""
        kinds = [k for k, there in self.fields.items() if there]
        if self.random.random() < 0.5 and (field := self.name("bool")) is not None:
            return field
        name = self.name(self.random.choice(kinds))
        assert name is not None
        return Call("has", (name,))

    def number(self, depth: int = 1) -> Expr:
        """A whole number."""
        r = self.random
        if depth and r.random() < 0.3:
            return r.choice((
                lambda: self._op(("+", "-", "*", "/", "%"), self.number(0), self.number(0)),
                self._part,
                lambda: Call("neg", (self.number(0),)),
                lambda: Call("?:", (self.flag(), self.number(0), self.number(0))),
                lambda: Call("size", (self.text(0),)),
            ))()
        there = [n for n, unit in self.params if unit != "date"]
        if there and r.random() < 0.3:
            return Name(("params", r.choice(there)))
        if r.random() < 0.6 and (field := self.name("int")) is not None:
            return field
        return Lit(r.choice((-2, -1, 0, 1, 2, 3, 12, 30, 60, 2007)))

    def _part(self) -> Expr:
        """What is read off a day, or off a month."""
        day = self._one(lambda: self.day(0), lambda: self.day(0), lambda: self.month(0))
        return Call(self.random.choice(DAY_PARTS), (day,))

    def text(self, depth: int = 1) -> Expr:
        """A text."""
        r = self.random
        if depth and r.random() < 0.2:
            return Call("?:", (self.flag(), self.text(0), self.text(0)))
        there = self.fields["string"]
        if r.random() < 0.7 and there:
            return Name(tuple(r.choice(there).name.split(".")))
        return Lit(r.choice(texts_of(r.choice(there)) if there else PLAIN))

    def day(self, depth: int = 2) -> Expr:
        """A date."""
        r = self.random
        if depth and r.random() < 0.45:
            return r.choice((
                lambda: self._op(("+", "-"), self.day(depth - 1), Call("days", (self._span(),))),
                lambda: self._op(("+", "-"), self.day(depth - 1), Call("months", (self._moved(),))),
                lambda: Call("?:", (self.flag(), self.day(0), self.day(0))),
                self._put_together,
            ))()
        if (there := [n for n, unit in self.params if unit == "date"]) and r.random() < 0.2:
            return Name(("params", r.choice(there)))
        field = self.name("date")
        return field if field is not None and r.random() < 0.85 else Name(("as_of",))

    def _put_together(self) -> Expr:
        """A day of its parts, which there may not be; or one that is written out."""
        r = self.random
        if r.random() < 0.3:
            written = r.choice(("2007-12-25", "2008-02-29", "2015-05-10"))
            return Call("timestamp", (Lit(f"{written}T00:00:00Z"),))
        year = Call("getFullYear", (self.day(0),)) if r.random() < 0.7 else self.number(0)
        month = Lit(r.choice((1, 2, 2, 6, 12, 13))) if r.random() < 0.7 else self.number(0)
        return Call("date", (year, month, Lit(r.choice((1, 25, 28, 29, 30, 31)))))

    def _span(self) -> Expr:
        there = [n for n, unit in self.params if unit == "days"]
        if there and self.random.random() < 0.4:
            return Name(("params", self.random.choice(there)))
        return Lit(self.random.choice((-31, -1, 0, 1, 15, 30, 90, 365)))

    def _moved(self) -> Expr:
        there = [n for n, unit in self.params if unit == "months"]
        if there and self.random.random() < 0.4:
            return Name(("params", self.random.choice(there)))
        return Lit(self.random.choice((-13, -1, 0, 1, 2, 12)))

    def month(self, depth: int = 1) -> Expr:
        """A month; where the vocabulary has none, a date."""
        field, r = self.name("month"), self.random
        if field is None:
            return self.day(0)
        if depth and r.random() < 0.4:
            if r.random() < 0.7:
                return self._op(("+", "-"), field, Call("months", (self._moved(),)))
            return Call("?:", (self.flag(), self.month(0), self.month(0)))
        return field

    def choice(self) -> Expr:
        """Whether a field is one of its values, or some of them."""
        r, there = self.random, self.fields["enum"]
        if not there:
            return self.flag()
        field = r.choice(there)
        name, values = Name(tuple(field.name.split("."))), list(field.values)
        if r.random() < 0.6:
            return self._op(EQUAL, name, Lit(r.choice(values)))
        some = r.sample(values, min(len(values), r.choice((1, 2, 3))))
        return Call("in", (name, ListLit(tuple(Lit(v) for v in some))))

    def among(self) -> Expr:
        """Whether something is one of a few."""
        draw = self.random.choice((self.number, self.text, lambda: self.day(1)))
        items = tuple(draw() for _ in range(self.random.choice((1, 2, 3))))
        return Call("in", (draw(), ListLit(items)))

    def test(self) -> Expr:
        """One question."""
        r = self.random
        tests: dict[str, tuple[int, Callable[[], Expr]]] = {
            "flag": (4, self.flag),
            "enum": (4, self.choice),
            "date": (5, lambda: self._op(ORDER, self.day(), self.day())),
            "month": (4 if self.fields["month"] else 0, lambda: self._op(ORDER, *r.sample(
                [self.month(), r.choice((self.month, self.day))()], 2))),
            "int": (3, lambda: self._op(ORDER, self.number(), self.number())),
            "text": (2, lambda: self._op(ORDER, self.text(), self.text())),
            "part": (1, lambda: self._op(("startsWith", "endsWith", "contains"),
                                         self.text(), self.text())),
            "pattern": (1, lambda: Call("matches", (self.text(), Lit(r.choice(PATTERNS))))),
            "between": (1, lambda: self._op(ORDER, Call("-", (self.day(0), self.day(0))),
                                            Call("days", (self._span(),)))),
            "among": (2, self.among),
        }
        kinds = list(tests)
        return tests[r.choices(kinds, [tests[k][0] for k in kinds])[0]][1]()

    def condition(self, most: int) -> Expr:
        """A condition of at most about so many questions."""
        if most <= 1:
            return self.test()
        r, half = self.random, most // 2
        return r.choice((
            self.test,
            lambda: self._op(("&&", "||"), self.condition(half), self.condition(most - half)),
            lambda: self._op(("&&", "||"), self.condition(half), self.condition(most - half)),
            lambda: Call("!", (self.condition(most - 1),)),
            lambda: self._op(EQUAL, self.condition(half), self.condition(half)),
            lambda: Call("?:", (self.test(), self.condition(half), self.condition(half))),
        ))()
