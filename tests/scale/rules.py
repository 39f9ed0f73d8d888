"""Random rules of every shape, and rules as plain text. In: chance, a world. Out: typed rules.

A rule as text is a mapping of its parts in CEL, as fixtures keep it and as a smaller one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from random import Random
from typing import Any

from support.values import replace

from scale.expressions import Expressions, texts_of
from scale.worlds import World
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.decisions import decide, decision_of, decisions_in
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, Lit, Name
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind, Type, field_type
from zhuanjie.engine.lowering.absent import without_columns
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.rules import lower
from zhuanjie.engine.policy.model import Rule
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.policy.typed_table import TypedRow

RuleText = dict[str, Any]
"""A rule: `id`, `shape`, `clause`, and the parts of its shape as CEL or as names of fields; or `own`, the name
of one that the world's policy has."""
SHAPES = ("require", "deadline", "recurring", "table", "unique", "at_most")
"""The shapes that judge records one by one; `reconcile` looks at whole ledgers."""
KINDS = {"when": Kind.BOOL, "guard": Kind.BOOL, "ask": Kind.BOOL, "due": Kind.DATE,
         "start": Kind.DATE, "every": Kind.INT, "limit": Kind.INT}
"""The parts that are expressions, and what they come to."""
NAMED = ("done", "last", "subject", "key", "within")
"""The parts that name a field."""
_TEXT = {"zh": "示例", "en": "an example"}
_MODEL: dict[str, dict[str, Any]] = {
    "require": {"ask": "true"}, "deadline": {"due": "as_of", "done": "a.b"},
    "recurring": {"start": "as_of", "last": "a.b", "every": "1"},
    "table": {"subject": "a.b", "rows": [{"clause": "1", "title": _TEXT, "allow": ["a"]}]},
    "unique": {"field": "a.b"}, "at_most": {"field": "a.b", "count": "1"},
    "share": {"ask": "true", "at_least": "1"},
}


def typed_rule(world: World, text: RuleText) -> TypedRule:
    """A rule of a world; raises ExpressionError where the type check refuses a part."""
    if "own" in text:
        return next(rule for rule in world.policy.rules if rule.id == text["own"])
    clause = text.get("clause") or next(iter(world.policy.clauses))
    model = Rule.model_validate({
        "id": text["id"], "clause": clause, "title": _TEXT, "message": _TEXT, "remedy": _TEXT,
        text["shape"]: _MODEL[text["shape"]]})

    schema = world.schema
    schema.outputs = {name: partial(_given, world, name, table)
                      for name, table in text.get("outputs", {}).items()}

    def cel(part: str, want: Kind) -> Expr:
        return check(read(part), schema, part, want)

    def field(name: str) -> Expr:
        return FieldRef(name, field_type(world.fields[name]))

    parts: dict[str, Any] = {n: cel(text[n], k) for n, k in KINDS.items() if text.get(n)}
    parts |= {n: field(text[n]) for n in NAMED if text.get(n)}
    parts["hit"] = text.get("hit", "any")
    parts["rows"] = tuple(
        TypedRow(row["clause"], model.title,
                 cel(row["when"], Kind.BOOL) if row.get("when") else None, tuple(row["allow"]))
        for row in text.get("rows", ()))
    return TypedRule(model, world.policy.id, "drawn", **parts)


def _given(world: World, name: str, table: RuleText, at: int) -> Expr:
    """What the rows of a table give, as a rule reads it."""
    kind = Kind(table["type"])

    def cel(part: str, want: Kind) -> Expr:
        return check(read(part), world.schema, part, want)

    values = [cel(row["value"], kind) for row in (*table["rows"], table["default"])]
    types = [v.type for v in values]
    type_ = (Type(kind, values=frozenset(str(getattr(v, "value", "")) for v in values))
             if kind is Kind.STRING else
             Type(kind, low=min(t.low for t in types), high=max(t.high for t in types)))
    whens = [cel(row["when"], Kind.BOOL) if row.get("when") else None for row in table["rows"]]
    return decide(name, first=table["first"], arms=list(zip(whens, values, strict=False)),
                  default=values[-1], type_=type_, at=at)


def _given_text(call: Call) -> RuleText:
    found = decision_of(call)
    return {"type": str(call.type.kind), "first": found.first,
            "rows": [{"when": to_text(when), "value": to_text(value)} for when, value in found.arms],
            "default": {"value": to_text(found.default)}}


def text_of(rule: TypedRule) -> RuleText:
    """A typed rule as text; one that has editions is told by its name, for it needs them."""
    if rule.edition is not None:
        return {"own": rule.id}
    out: RuleText = {"id": rule.rule.id, "shape": rule.shape, "clause": rule.clause}
    for role, expr in rule.expressions().items():
        if role in KINDS or role in NAMED:
            out[role] = to_text(expr)
    if read_outputs := decisions_in(*rule.expressions().values()):
        out["outputs"] = {name: _given_text(call) for name, call in read_outputs.items()}
    if rule.hit != "any":
        out["hit"] = rule.hit
    if rule.rows:
        out["rows"] = [
            {"clause": row.clause, "allow": list(row.allow),
             **({} if row.when is None else {"when": to_text(row.when)})} for row in rule.rows]
    return out


def plan_of(world: World, day: date, rules: Sequence[TypedRule],
            absent: frozenset[str] = frozenset(), lists_all: bool = True) -> Plan:
    """The plan of some rules for a day, for a table that lacks some columns."""
    policy = replace(world.policy, rules=tuple(rules))
    base = make_plan(replace(world.policy, rules=()), day)
    order = tuple(f.name for f in world.fields)
    plan = replace(base, policy=policy, rules=tuple(rules), whole=(),
                   lowered=tuple(lower(rule, base.kleene, order) for rule in rules))
    return without_columns(plan, absent, lists_all=lists_all) if absent else plan


def drawn_rules(random: Random, world: World, of_each: int) -> list[TypedRule]:
    """Some rules of every shape."""
    draw = Expressions(random, world)
    made = [_DRAWN[shape](draw, f"{shape}-{n}")
            for n in range(of_each) for shape in SHAPES]
    return [rule for rule in made if rule is not None]


def _text(draw: Expressions, name: str, **parts: Any) -> RuleText:
    """The rule's text; its condition mostly one that some records meet and others do not."""
    clause = draw.random.choice(list(draw.world.policy.clauses))
    out: RuleText = {"id": name, "shape": name.rsplit("-", 1)[0], "clause": clause, **parts}
    if draw.random.random() < 0.75:
        most = draw.random.choice((1, 1, 2, 4))
        out["when"] = to_text(draw.typed(lambda: draw.condition(most), Kind.BOOL))
    return out


def _field(name: Name) -> str:
    return ".".join(name.path)


def _require(draw: Expressions, name: str) -> TypedRule:
    most = draw.random.choice((1, 2, 4, 6))
    ask = to_text(draw.typed(lambda: draw.condition(most), Kind.BOOL))
    if draw.random.random() < 0.6:
        return typed_rule(draw.world, _text(draw, name, ask=ask))
    kind = draw.random.choice((Kind.BOOL, Kind.INT, Kind.DATE, Kind.STRING))
    value, output = _values(draw, kind), _output(draw, kind)
    # A text is compared with one that the table gives: any other is refused.
    given = sorted(row["value"] for row in (*output["rows"], output["default"]))
    test = {Kind.BOOL: "outputs.o", Kind.STRING: f"outputs.o == {draw.random.choice(given)}"}.get(
        kind, f"outputs.o {draw.random.choice(('<', '==', '>='))} ({value()})")
    join = draw.random.choice(("&&", "||"))
    return typed_rule(draw.world, _text(draw, name, ask=f"({ask}) {join} {test}",
                                        outputs={"o": output}))


def _values(draw: Expressions, kind: Kind) -> Callable[[], str]:
    """What a row may give, drawn anew each time; often the same."""
    few = [{Kind.BOOL: "true", Kind.INT: "3", Kind.STRING: "'a'"}.get(kind, "as_of"),
           {Kind.BOOL: "false", Kind.INT: "4", Kind.STRING: "'b'"}.get(kind, "as_of - days(30)")]
    drawn = {Kind.BOOL: lambda: draw.condition(1), Kind.INT: draw.number, Kind.DATE: draw.day}

    def value() -> str:
        if kind is Kind.STRING or draw.random.random() < 0.7:
            return draw.random.choice(few)
        return to_text(draw.typed(drawn[kind], kind))

    return value


def _output(draw: Expressions, kind: Kind) -> RuleText:
    """A value that rows give, by the first that holds or by all that agree."""
    r, value = draw.random, _values(draw, kind)
    rows: list[RuleText] = []
    for _ in range(r.choice((1, 2, 3))):
        rows.append({"value": value()})
        if r.random() < 0.9:
            rows[-1]["when"] = to_text(draw.typed(lambda: draw.condition(1), Kind.BOOL))
    return {"type": str(kind), "first": r.random() < 0.6, "rows": rows,
            "default": {"value": value()}}


def _deadline(draw: Expressions, name: str) -> TypedRule | None:
    done = draw.name("date")
    if done is None:
        return None
    if draw.random.random() < 0.2:
        return typed_rule(draw.world, _text(draw, name, due="outputs.o", done=_field(done),
                                            outputs={"o": _output(draw, Kind.DATE)}))
    due = draw.typed(draw.day, Kind.DATE)
    return typed_rule(draw.world, _text(draw, name, due=to_text(due), done=_field(done)))


def _recurring(draw: Expressions, name: str) -> TypedRule | None:
    last = draw.name("date")
    if last is None:
        return None
    start = draw.typed(draw.day, Kind.DATE)
    every = draw.typed(lambda: draw.number() if draw.random.random() < 0.3 else Lit(
        draw.random.choice((1, 30, 90, 180))), Kind.INT)
    often = to_text(every)
    for day in (to_text(start), _field(last)):
        try:  # what could leave the calendar belongs to no pack
            check(read(f"({day}) + days({often})"), draw.world.schema, often, Kind.DATE)
        except ExpressionError:
            often = "30"
    return typed_rule(draw.world, _text(
        draw, name, start=to_text(start), last=_field(last), every=often))


def _table(draw: Expressions, name: str) -> TypedRule | None:
    r = draw.random
    kinds = [k for k in ("enum", "enum", "enum", "string") if draw.fields[k]]
    if not kinds:
        return None
    subject = r.choice(draw.fields[r.choice(kinds)])
    values = list(subject.values) or list(texts_of(subject))
    rows = []
    clauses = list(draw.world.policy.clauses)
    for clause in r.sample(clauses, min(len(clauses), r.choice((1, 2, 3, 4)))):
        row: RuleText = {"clause": clause,
                         "allow": r.sample(values, min(len(values), r.choice((1, 2, 3))))}
        if r.random() < 0.7:
            row["when"] = to_text(draw.typed(lambda: draw.condition(2), Kind.BOOL))
        rows.append(row)
    text = _text(draw, name, subject=subject.name, rows=rows,
                 hit=r.choice(("any", "first", "first", "unique")))
    if r.random() < 0.3:
        text["guard"] = to_text(draw.typed(lambda: draw.condition(1), Kind.BOOL))
    return typed_rule(draw.world, text)


def _unique(draw: Expressions, name: str) -> TypedRule:
    kinds = [k for k, there in draw.fields.items() if there]
    key = draw.name(draw.random.choice(kinds))
    within = draw.name(draw.random.choice(kinds)) if draw.random.random() < 0.4 else None
    assert key is not None
    parts = {"key": _field(key), **({} if within in (None, key) else {"within": _field(within)})}
    return typed_rule(draw.world, _text(draw, name, **parts))


def _at_most(draw: Expressions, name: str) -> TypedRule:
    like = text_of(_unique(draw, name.replace("at_most", "unique")))
    return typed_rule(draw.world, {**like, "id": name.replace("_", "-"), "shape": "at_most",
                                   "limit": draw.random.choice(("1", "2", "3", "1 + 1"))})


def drawn_shares(random: Random, world: World, number: int) -> list[TypedRule]:
    """Some rules on shares of a ledger."""
    draw = Expressions(random, world)
    return [_share(draw, f"share-{n}") for n in range(number)]


def _share(draw: Expressions, name: str) -> TypedRule:
    kinds = [k for k, there in draw.fields.items() if there]
    by = draw.name(draw.random.choice(kinds)) if draw.random.random() < 0.6 else None
    ask = draw.typed(lambda: draw.condition(draw.random.choice((1, 1, 2))), Kind.BOOL)
    parts = {"ask": to_text(ask), "limit": str(draw.random.choice((1, 20, 50, 67, 100))),
             **({"within": _field(by)} if by is not None else {})}
    return typed_rule(draw.world, _text(draw, name, **parts))


_DRAWN = {"require": _require, "deadline": _deadline, "recurring": _recurring, "table": _table,
          "unique": _unique, "at_most": _at_most}


def features(rule: TypedRule, world: World) -> frozenset[str]:
    """What of the language a rule makes use of, for the counts."""
    out = set()
    for name in rule.fields:
        field = world.fields[name]
        out.add(f"type:{field.type}")
        if field.type == "string" and field.compare != "text":
            out.add(f"compare:{field.compare}")
        if name in world.own:
            out.add("own-field")
    for expr in rule.expressions().values():
        out.update(f"op:{op}" for op in _operators(expr))
    for call in decisions_in(*rule.expressions().values()).values():
        out.add(f"output:{call.type.kind}")
    if rule.rows:
        out.add(f"hit:{rule.hit}")
    if rule.guard is not None:
        out.add("guard")
    if rule.edition is not None:
        out.add("edition")
    if rule.params:
        out.add("params")
    return frozenset(out)


def _operators(expr: Expr) -> set[str]:
    if isinstance(expr, Call):
        return {expr.op}.union(*map(_operators, expr.args))
    items = getattr(expr, "items", ())
    return set().union(*map(_operators, items)) if items else set()
