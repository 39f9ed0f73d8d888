"""Calls of the library with what programs hand in. In: a random source. Out: calls as literals."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from fuzz import nasty
from fuzz.inputs import FuzzInput
from fuzz.kinds.expressions import expression

ODD = ("None", "1", "''", "b'x'", "float('nan')", "float('inf')", "Decimal('1e400')", "Decimal('NaN')",
       "date(2007, 6, 30)", "date.max", "datetime.max", "datetime(2007, 6, 30, tzinfo=UTC)", "timedelta.max",
       "object()", "set()", "{1: 2}", "{None: 1}", "{'member.id': {'a': 1}}", "[[[]]]", "int", "lambda: 1",
       "range(3)", "iter([])", "(x for x in [{'学号': '1'}])", "Endless()", "Liar()", "'\\ud800'", "'\\x00'",
       "10 ** 30", "Path('l.csv')", "Path('\\x00')", "io.StringIO('学号\\n1')", "io.BytesIO(b'\\xff')", "True",
       "pl.DataFrame({'学号': ['1']})", "pl.DataFrame()", "pl.LazyFrame({'a': [1]})", "pl.Series([1])",
       "pl.DataFrame({'': [1]})", "pl.DataFrame({'学号': [b'x']})", "pl.DataFrame({'学号': [object()]})",
       "loop()", "deep(900)", "deep(100000)", "OrderedDict()", "MappingProxyType({'学号': '1'})", "...",
       "Fraction(1, 3)", "UUID(int=1)", "Enum('E', 'a').a", "memoryview(b'x')", "complex(1, 2)")
KEYS = ("member.id", "学号", "姓名", "letter", "letter.issued_on", "转出时间", "介绍信联系电话", "届别", "x")
CALLS = ("check", "audit", "destinations", "evaluate", "load_policy", "with_params", "deadlines", "explain")


def _value(rng: Random, depth: int = 2) -> str:
    match rng.randrange(6):
        case 0:
            return repr(nasty.text(rng))
        case 1 if depth:
            return "{" + ", ".join(f"{rng.choice(KEYS)!r}: {_value(rng, depth - 1)}"
                                   for _ in range(rng.randrange(4))) + "}"
        case 2 if depth:
            return "[" + ", ".join(_value(rng, depth - 1) for _ in range(rng.randrange(3))) + "]"
        case 3:
            return repr(rng.choice(nasty.NUMBERS))
        case _:
            return rng.choice(ODD)


def _record(rng: Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(ODD)
    return "{'学号': '1', " + ", ".join(f"{rng.choice((*KEYS, nasty.text(rng)))!r}: {_value(rng)}"
                                      for _ in range(rng.randrange(1, 5))) + "}"


def fresh(rng: Random) -> FuzzInput:
    """A call: its name and its arguments as Python writes them."""
    name = rng.choice((*CALLS, "check", "audit"))
    named: dict[str, Any] = {"as_of": rng.choice(("date(2007, 12, 31)", "'2007-12-31'", "date.max", _value(rng)))}
    match name:
        case "check" | "destinations":
            args = [_record(rng), "'fujian-2007-80'"]
        case "audit" | "deadlines":
            args = [rng.choice((f"[{_record(rng)}, {_record(rng)}]", _record(rng), f"iter([{_record(rng)}])")),
                    "'fujian-2007-80'"]
        case "explain":
            args = [f"[{_record(rng)}]", "'fujian-2007-80'", rng.choice(("'1'", "None", _value(rng)))]
        case "evaluate":
            args = [repr(expression(rng)), _record(rng)]
            named["backend"] = repr(rng.choice(("reference", "python", "polars", "durable", "duckdb", "x")))
        case "load_policy":
            args, named = [_value(rng)], {}
        case _:
            args, named = ["load_policy('fujian-2007-80')", f"{{'receipt_return_days': {_value(rng)}}}"], {}
    if rng.random() < 0.3:
        which = rng.choice(("policy", "as_of", "params", "columns", "lang", "waivers", "backend", "before",
                            "absent", "join", "only", "by", "baseline", "roster", "all_outcomes", "zzz"))
        named[which] = _value(rng)
    if rng.random() < 0.1 and name != "with_params":
        args[rng.randrange(len(args))] = _value(rng)
    return FuzzInput("library", (*args, *(f"{k}={v}" for k, v in named.items())), call=name)


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """One argument another."""
    args = list(given.args)
    at = rng.randrange(given.call == "with_params", len(args))
    name, sign, _ = args[at].partition("=")
    args[at] = f"{name}={_value(rng)}" if sign and name.isidentifier() else _value(rng)
    return replace(given, args=tuple(args))
