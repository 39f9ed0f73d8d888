"""How fast is one record judged? In: nothing. Out: medians beside peers, all in one run.

Twenty-two conditions (`conditions.py`) on the same record, by every engine in the best form found
for it; then the whole provincial pack, with its findings in words, by ours alone.

Run `make bench`, or this file in an environment that has the `bench` dependency group.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from conditions import CONDITIONS, RECORD, in_python, in_words
from tabulate import tabulate

from zhuanjie.engine import api
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.backends.python.backend import PythonBackend
from zhuanjie.engine.backends.registry import record_backend_of

EPOCH = date(1970, 1, 1)
AS_OF = date(2007, 12, 31)
Contender = tuple[str, Callable[[], Any], Callable[[Any], list[int]]]


def median(call: Callable[[], Any], seconds: float = 1.5) -> float:
    """The median time of a call in microseconds, over at least 200 calls."""
    call()
    times: list[int] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < 200:
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1000


def by_hand() -> Contender:
    body = "".join(f"    if {in_python(c)}: out.append({i})\n" for i, c in enumerate(CONDITIONS))
    space: dict[str, Any] = {}
    exec(f"def check(r):\n    out = []\n{body}    return out\n", space)
    return "plain Python ifs", lambda: space["check"](RECORD), list


def zen() -> Contender:
    import zen

    together = zen.compile_expression("[" + ", ".join(map(in_words, CONDITIONS)) + "]")
    return "zen-engine", lambda: together.evaluate(RECORD), true_of


def google() -> Contender:
    from cel_expr_python import cel

    types = {g: cel.Type.Map(cel.Type.STRING, cel.Type.DYN) for g in RECORD}
    together = cel.NewEnv(variables=types).compile("[" + ", ".join(CONDITIONS) + "]")
    return ("cel-expr-python (Google's CEL)", lambda: together.eval(data=RECORD).plain_value(),
            true_of)


def rust_cel() -> Contender:
    import cel

    together = cel.compile("[" + ", ".join(CONDITIONS) + "]")
    return "common-expression-language", lambda: together.execute(RECORD), true_of


def rules() -> Contender:
    import rule_engine

    kinds = {bool: rule_engine.DataType.BOOLEAN, int: rule_engine.DataType.FLOAT,
             str: rule_engine.DataType.STRING}
    names = {f"{g}_{n}": v for g, fields in RECORD.items() for n, v in fields.items()}
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(
        {n: kinds[type(v)] for n, v in names.items()}))
    flat = [re.sub(r"\b(" + "|".join(RECORD) + r")\.(\w+)", r"\1_\2", in_words(c))
            for c in CONDITIONS]
    made = [rule_engine.Rule(c, context=context) for c in flat]
    return "rule-engine", lambda: [r.matches(names) for r in made], true_of


def durable_by_hand() -> Contender:
    """Each condition a rule of durable-rules on one fact, as its own documentation writes them."""
    from by_hand import durable_conditions
    from durable.lang import assert_fact, delete_state, m, ruleset, when_all

    fired: list[int] = []
    flat = {f"{g}_{n}": v for g, fields in RECORD.items() for n, v in fields.items()}
    with ruleset("by_hand"):
        for i, condition in enumerate(durable_conditions(m)):
            when_all(condition)(noting(fired, i))

    def run() -> list[int]:
        fired.clear()
        assert_fact("by_hand", {"sid": "x", **flat})
        delete_state("by_hand", "x")
        return sorted(set(fired))

    return "durable-rules, by hand", run, list


def noting(fired: list[int], number: int) -> Callable[[Any], None]:
    # One parameter alone: durable-rules hands a second one a continuation.
    def note(_: Any) -> None:
        fired.append(number)

    return note


def true_of(values: Any) -> list[int]:
    return [i for i, value in enumerate(values) if value]


PACK = """\
id: gate
version: "1.0.0"
title: {zh: 门槛, en: Gate}
authority: {zh: 无, en: none}
document: {number: "0", issued_on: 2007-11-01, title: {zh: 无, en: none}}
in_force: {}
clauses: {"1": {text: {zh: 一, en: one}, binds: sender}}
"""


def ours(name: str) -> Contender:
    """The same conditions as rules of a pack; a record with dates for day numbers."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pack.yaml").write_text(PACK, encoding="utf-8")
        said = "{zh: 一, en: one}"
        rules = "".join(
            f"  - {{id: rule-{i}, clause: '1', title: {said}, message: {said}, remedy: {said},\n"
            f"     require: {{ask: \"!({in_our_words(c)})\"}}}}\n"
            for i, c in enumerate(CONDITIONS))
        Path(folder, "10.yaml").write_text(f"topic: {said}\nrules:\n{rules}", encoding="utf-8")
        plan = plan_for(api.load_policy(folder), AS_OF)
    backend = record_backend_of(name)
    record = {
        f"{g}.{n}": EPOCH + timedelta(days=v) if n.endswith("_on") else v
        for g, fields in RECORD.items() for n, v in fields.items()
    }
    if name == "python":
        # Which conditions hold, and no more, as the peers answer: a bit for each.
        masks = cast("PythonBackend", backend).masks
        return (f"zhuanjie, {name}", lambda: masks(plan, record),
                lambda found: [i for i in range(len(CONDITIONS)) if found[0] >> i & 1])
    return (f"zhuanjie, {name}", lambda: backend.judge_record(plan, record),
            lambda verdicts: [v.rule for v in verdicts])


def in_our_words(condition: str) -> str:
    """Days are days, and the as-of day is not a number."""
    text = re.sub(r"\+ (\d+|letter\.valid_days)", r"+ days(\1)", condition)
    return text.replace("13878", "as_of")


def whole_pack() -> list[list[Any]]:
    """`check` with the provincial pack, findings in words, by each engine for single records."""
    policy = api.load_policy("fujian-2007-80")
    record = {
        f"{g}.{n}": EPOCH + timedelta(days=v) if n.endswith("_on") else v
        for g, fields in RECORD.items() for n, v in fields.items() if g != "floating"
    }
    rows = []
    for name in ("python", "durable", "reference"):
        found = api.check(record, policy, as_of=AS_OF, backend=name)
        rows.append([name, len(found),
                     median(lambda n=name: api.check(record, policy, as_of=AS_OF, backend=n))])
    return rows


def processes() -> list[list[Any]]:
    command = str(Path(sys.executable).parent / "zhuanjie")
    ledger = str(Path(__file__).parents[1] / "fixtures" / "ledgers" / "office-2007.xlsx")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as record:
        record.write("member.id: '1'\nletter.issued_on: 2007-06-30\n")
        record.flush()
        calls = {
            "zhuanjie --help": ["--help"],
            "zhuanjie check RECORD": ["check", record.name, "--as-of", "2007-12-31"],
            "zhuanjie audit, 200 rows of .xlsx": ["audit", ledger, "--as-of", "2007-12-31"],
        }
        rows = []
        for name, args in calls.items():
            times = []
            for _ in range(9):
                start = time.perf_counter()
                subprocess.run([command, *args], capture_output=True, check=False)
                times.append(time.perf_counter() - start)
            rows.append([name, statistics.median(times)])
    return rows


def main() -> None:
    makers = (by_hand, lambda: ours("python"), zen, google, rust_cel, rules,
              lambda: ours("durable"), durable_by_hand)
    contenders = [make() for make in makers]
    expected = contenders[0][1]()
    rows = []
    for name, call, read in contenders:
        found = sorted(read(call()))
        assert found == expected, (name, found, expected)
        rows.append([name, median(call)])
    base = rows[0][1]
    print(tabulate([[n, t, t / base] for n, t in rows], floatfmt=(None, ".1f", ".1f"),
                   headers=["22 conditions on one record", "median µs", "times plain ifs"]))
    print()
    print(tabulate(whole_pack(), floatfmt=(None, None, ".0f"),
                   headers=["whole provincial pack, findings in words", "findings", "median µs"]))
    print()
    print(tabulate(processes(), floatfmt=(None, ".2f"), headers=["process", "median s"]))


if __name__ == "__main__":
    main()
