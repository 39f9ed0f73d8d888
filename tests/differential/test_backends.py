"""Random records, and random rules, on every engine: they must agree on all that a verdict says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, note, reject
from hypothesis import strategies as st
from support.amounts import ASKED, amount
from support.marks import few
from support.party_transfer import fields
from support.strategies import (
    ENUM,
    FRAME,
    SCHEMA,
    TODAY,
    VALUES,
    brief,
    dates,
    examples,
    integers,
    records,
)
from support.values import replace

from zhuanjie.engine import load_policy
from zhuanjie.engine.backends.polars.expressions import Expressions
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.expr.decisions import decide
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.nodes import Call, Expr, Lit, Name
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import BOOL, RECORD_DATE, Kind, Type
from zhuanjie.engine.lowering.absent import without_columns
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE, lower
from zhuanjie.engine.policy.model import Rule
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.policy.typed_table import TypedRow
from zhuanjie.engine.vocabulary.fields import Field

Record = dict[str, Any]

PACK = "fujian-2007-80"
DAYS = (date(2007, 7, 1), date(2007, 12, 31), date(2008, 2, 29))
RECORDS = amount(1500)
STEPS = (0, 0, 1, 15, 29, 30, 31, 45, 59, 60, 61, 89, 90, 91, 105, 120, 121, 180, 181, 365, 366, 395)
TEXTS = ("a", "b", "13800000000", "0595-2345678", "１３８", 'a"\\', "")
_WORDS = {"zh": "示例", "en": "an example"}
AT_MOST = Rule.model_validate({
    "id": "no-more", "clause": "1.3e", "title": _WORDS, "message": _WORDS, "remedy": _WORDS,
    "at_most": {"field": "a.b", "count": 1}})
DTYPES = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}


@cache
def policy() -> Policy:
    return load_policy(PACK)


def value(random: Random, field: Field, day: date) -> Any:
    match field.type:
        case "bool":
            return random.random() < 0.5
        case "int":
            return random.choice((0, 1, 30, 60, 90, -5, 2007))
        case "date":
            return day + timedelta(random.choice((1, -1)) * random.choice(STEPS))
        case "enum":
            return random.choice(list(field.values))
        case "string":
            return random.choice(TEXTS)


def ledger(plan: Plan, seed: int, size: int) -> list[Record]:
    """Records around the as-of day, some nearly full and some nearly empty."""
    random = Random(seed)
    out = []
    for _ in range(size):
        blank = random.choice((0.1, 0.3, 0.6))
        day = plan.as_of - timedelta(random.choice((0, *STEPS)))
        record: Record = {f.name: None if random.random() < blank else value(random, f, day)
                          for f in fields()}
        for rule in plan.unique:
            sure = random.choice((0, 1, 2))
            record[UNIQUE_SURE.format(rule=rule.id)] = sure
            record[UNIQUE_ALL.format(rule=rule.id)] = sure + random.choice((0, 1))
        out.append(record)
    return out


def frame_of(plan: Plan, rows: Sequence[Record]) -> pl.DataFrame:
    counts = [c.format(rule=r.id) for r in plan.unique for c in (UNIQUE_SURE, UNIQUE_ALL)]
    return pl.DataFrame(rows, schema={
        **{f.name: DTYPES.get(f.type, pl.String) for f in fields()},
        **dict.fromkeys(counts, pl.Int64)})


def shrunk(plan: Plan, name: str, record: Record) -> str:
    """The record with every cell blanked that the disagreement does not hang on, in words."""
    def differs(candidate: Record) -> bool:
        frame = frame_of(plan, [candidate])
        return (backend(name).judge(plan, frame, True)
                != backend("reference").judge(plan, frame, True))

    for cell in list(record):
        less = {**record, cell: None}
        record = less if differs(less) else record
    frame = frame_of(plan, [record])
    both = zip(backend("reference").judge(plan, frame, True),
               backend(name).judge(plan, frame, True), strict=True)
    cells = {n: v for n, v in record.items() if v is not None}
    return f"{name} on {cells}: " + "; ".join(
        f"{plan.rules[a.rule].id}: {a} / {b}" for a, b in both if a != b)


@pytest.fixture(scope="module", params=few(DAYS, DAYS[-1]))
def plan(request: pytest.FixtureRequest) -> Plan:
    return make_plan(policy(), request.param)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "reference"])
def test_records(plan: Plan, name: str) -> None:
    size = RECORDS if ASKED or name != "durable" else RECORDS // 5
    most = 5000 if name == "spark" else 1000
    for seed in range(0, size, most):
        rows = ledger(plan, seed, min(most, size - seed))
        frame = frame_of(plan, rows)
        wanted = backend("reference").judge(plan, frame, all_outcomes=True)
        assert len(wanted) == len(rows) * len(plan.rules)
        found = backend(name).judge(plan, frame, all_outcomes=True)
        wrong = {v.row for v, w in zip(found, wanted, strict=True) if v != w}
        assert not wrong, shrunk(plan, name, rows[min(wrong)])


@pytest.mark.parametrize("name", few([n for n in NAMES if n != "reference"], "polars", "spark", "postgresql"))
def test_records_of_tables_that_lack_columns(plan: Plan, name: str) -> None:
    """With columns left out at random: what they could decide is undetermined, on every engine."""
    random = Random(11)
    size = 60 if name in ("durable", "spark") else 300
    read = sorted(plan.policy.fields)
    for seed in range(1 if name == "spark" else 6):
        absent = frozenset(random.sample(read, random.choice((1, 3, 8, len(read) // 2))))
        lacking = without_columns(plan, absent)
        rows = [{n: None if n in absent else v for n, v in row.items()}
                for row in ledger(plan, 100 + seed, size)]
        frame = frame_of(plan, rows)
        wanted = backend("reference").judge(lacking, frame, all_outcomes=True)
        assert len(wanted) == len(rows) * len(plan.rules)
        found = backend(name).judge(lacking, frame, all_outcomes=True)
        wrong = {v.row for v, w in zip(found, wanted, strict=True) if v != w}
        assert not wrong, shrunk(lacking, name, rows[min(wrong)])


@pytest.mark.parametrize("name", [n for n in NAMES if n != "reference"])
def test_what_only_absent_columns_could_decide_is_left_out(plan: Plan, name: str) -> None:
    """And nothing else: the rest is what is reported where all is listed."""
    absent = frozenset(Random(5).sample(sorted(plan.policy.fields), 12))
    listed = without_columns(plan, absent)
    quiet = without_columns(plan, absent, lists_all=False)
    frame = frame_of(plan, [{n: None if n in absent else v for n, v in row.items()}
                            for row in ledger(plan, 17, 60 if name in ("durable", "spark") else 200)])
    everything = backend("reference").judge(listed, frame)
    judged = [v for v in everything if not v.missing or not set(v.missing) <= absent]
    assert len(judged) < len(everything)
    assert backend("reference").judge(quiet, frame) == judged
    assert backend(name).judge(quiet, frame) == judged
    if name == "polars":  # what is left out is what is counted
        counted = frame.select(
            *frame.columns, *(Expressions().condition(rule.not_judged).alias(str(i))
                              for i, rule in enumerate(quiet.lowered))).select(
            pl.col(str(i)).fill_null(value=False).sum() for i in range(len(quiet.lowered))).row(0)
        gone = Counter(v.rule for v in everything if v.missing and set(v.missing) <= absent)
        assert list(counted) == [gone[i] for i in range(len(quiet.lowered))]


@pytest.mark.parametrize("name", ["reference", "python", "durable"])
def test_single_records(plan: Plan, name: str) -> None:
    """A record alone is judged as a frame of it is, whether its blanks are absent or None."""
    engine, random = backend(name), Random(7)
    for record in ledger(plan, 7, 40):
        full = {n: v for n, v in record.items() if v is not None}
        wanted = engine.judge(plan, frame_of(plan, [record]), all_outcomes=True)
        assert engine.judge_record(plan, record, all_outcomes=True) == wanted
        assert engine.judge_record(plan, full, all_outcomes=True) == wanted
        reported = ("violation", "undetermined", "pending")
        assert engine.judge_record(plan, full) == [v for v in wanted if v.outcome in reported]
        some = sorted(random.sample(range(len(plan.rules)), random.randrange(len(plan.rules))))
        assert engine.judge_record(plan, full, True, some) == [wanted[at] for at in some]


def typed(tree: Expr, want: Kind) -> Expr:
    text = to_text(tree)
    note(text)
    try:
        return check(read(text), SCHEMA, text, want)
    except ExpressionError:
        reject()


def field(name: str) -> Expr:
    return check(Name(tuple(name.split("."))), SCHEMA, name)


def output(draw: st.DrawFn, condition: Callable[[], Expr | None]) -> Expr:
    """Something asked of a value that the rows of a table give."""
    kind = draw(st.sampled_from([Kind.BOOL, Kind.INT, Kind.STRING]))

    def value() -> Expr:
        if kind is Kind.BOOL:
            return typed(draw(brief), Kind.BOOL)
        if kind is Kind.STRING:
            return check(Lit(draw(st.sampled_from(ENUM))), SCHEMA, "")
        number = st.integers(1, 3).map(Lit)
        return typed(draw(st.one_of(number, number, integers)), Kind.INT)

    made = decide("drawn", first=draw(st.booleans()), default=value(), type_=Type(kind),
                  arms=[(condition(), value()) for _ in range(draw(st.integers(1, 4)))])
    if kind is Kind.BOOL:
        return made
    op = draw(st.sampled_from(["==", "!=", "<"] if kind is Kind.INT else ["==", "!="]))
    return Call(op, (made, draw(st.sampled_from([value(), field("m.e1")]))
                     if kind is Kind.STRING else value()), BOOL)


@st.composite
def rules(draw: st.DrawFn) -> list[TypedRule]:
    """One rule of each shape, its expressions drawn at random."""
    shapes = {r.shape: r for r in policy().rules}

    def condition() -> Expr | None:
        return typed(draw(brief), Kind.BOOL) if draw(st.integers(0, 3)) else None

    rows = tuple(
        TypedRow(f"row{n}", shapes["table"].title, condition(),
                 tuple(draw(st.lists(st.sampled_from(ENUM), unique=True, max_size=3))))
        for n in range(draw(st.integers(1, 3))))
    days = st.sampled_from(["m.d1", "n.d2", "n.d3"])
    return [
        replace(shapes["require"], when=condition(), ask=typed(draw(brief), Kind.BOOL)),
        replace(shapes["deadline"], when=condition(), due=typed(draw(dates), Kind.DATE),
                done=field(draw(days))),
        replace(shapes["recurring"], when=condition(), start=typed(draw(dates), Kind.DATE),
                last=field(draw(days)), every=typed(draw(integers), Kind.INT)),
        replace(shapes["table"], when=condition(), subject=field("m.e1"), rows=rows,
                hit=draw(st.sampled_from(["any", "first", "unique"])),
                guard=condition() if draw(st.booleans()) else None),
        replace(shapes["require"], when=condition(), ask=output(draw, condition)),
        replace(shapes["deadline"], when=condition(), due=decide(
            "due", first=draw(st.booleans()), type_=RECORD_DATE, default=typed(draw(dates), Kind.DATE),
            arms=[(condition(), typed(draw(dates), Kind.DATE)) for _ in range(2)]),
            done=field(draw(days))),
        replace(shapes["unique"], when=condition(), key=field("m.s1"), within=None),
        replace(shapes["unique"], rule=AT_MOST, when=condition(), key=field("n.s2"),
                within=field("m.e1"), limit=Lit(draw(st.integers(1, 3)), Type(Kind.INT))),
    ]


# For Spark a job for each would take long: see the test below.
@pytest.mark.parametrize("engine", few(
    (n for n in NAMES if n not in ("reference", "spark")), "polars", "python"))
@examples(20)
@given(rules(), st.lists(records, min_size=1, max_size=3), st.integers(0, 4), st.booleans(),
       st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(sorted(FRAME)), max_size=4)))
def test_rules(engine: str, drawn: list[TypedRule], rows: list[Record], sure: int,
               more: bool, absent: frozenset[str]) -> None:
    """Some fields may have no column at all."""
    kleene = Kleene(to_day(TODAY), VALUES, absent)
    rows = [{n: None if n in absent else v for n, v in row.items()} for row in rows]
    plan = replace(
        make_plan(policy(), TODAY), params=VALUES, rules=tuple(drawn), whole=(), absent=absent,
        lowered=tuple(lower(rule, kleene, tuple(sorted(FRAME))) for rule in drawn))
    counts = {name: n for rule in drawn[-2:] for name, n in (
        (UNIQUE_SURE.format(rule=rule.id), sure), (UNIQUE_ALL.format(rule=rule.id), sure + more))}
    frame = pl.DataFrame([{**row, **counts} for row in rows],
                         schema={**FRAME, **dict.fromkeys(counts, pl.Int64)})
    wanted: list[Verdict] = backend("reference").judge(plan, frame, all_outcomes=True)
    assert backend(engine).judge(plan, frame, all_outcomes=True) == wanted


@pytest.mark.engine("spark")
@examples(3)
@given(st.lists(rules(), min_size=4, max_size=4), st.lists(records, min_size=20, max_size=40))
def test_many_rules_and_records_in_one_job_of_spark(
        drawn: list[list[TypedRule]], rows: list[Record]) -> None:
    """For Spark, which takes long to start and not much longer for more."""
    kleene = Kleene(to_day(TODAY), VALUES)
    typed_rules = [rule for some in drawn for rule in some]
    plan = replace(
        make_plan(policy(), TODAY), params=VALUES, rules=tuple(typed_rules), whole=(),
        lowered=tuple(lower(rule, kleene, tuple(sorted(FRAME))) for rule in typed_rules))
    counts = {name: n for rule in drawn[0] if rule.counts_keys for name, n in (
        (UNIQUE_SURE.format(rule=rule.id), 1), (UNIQUE_ALL.format(rule=rule.id), 2))}
    frame = pl.DataFrame([{**row, **counts} for row in rows],
                         schema={**FRAME, **dict.fromkeys(counts, pl.Int64)})
    wanted = backend("reference").judge(plan, frame, all_outcomes=True)
    assert backend("spark").judge(plan, frame, all_outcomes=True) == wanted

