"""Engines that judge one record at a time. In: nothing. Out: each in the best form found for it.

All judge the conditions of `conditions.py`. A contender shapes a record as it likes it, which is
not timed, judges it, and is read for which conditions hold.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from conditions import CONDITIONS, RECORD, in_python, in_words

from zhuanjie.engine import api
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.backends.python.backend import PythonBackend
from zhuanjie.engine.backends.registry import record_backend_of

Record = dict[str, dict[str, Any]]
EPOCH = date(1970, 1, 1)
DAY = date(2007, 12, 31)


@dataclass(frozen=True)
class Contender:
    name: str
    judge: Callable[[Any], Any]
    read: Callable[[Any], list[int]] = list
    shape: Callable[[Record], Any] = lambda record: record


def plain() -> Contender:
    body = "".join(f"    if {in_python(c)}: out.append({i})\n" for i, c in enumerate(CONDITIONS))
    space: dict[str, Any] = {}
    exec(f"def check(r):\n    out = []\n{body}    return out\n", space)
    return Contender("plain Python ifs", space["check"])


def zen() -> Contender:
    import zen

    together = zen.compile_expression("[" + ", ".join(map(in_words, CONDITIONS)) + "]")
    return Contender("zen-engine", together.evaluate, true_of)


def google() -> Contender:
    from cel_expr_python import cel

    types = {g: cel.Type.Map(cel.Type.STRING, cel.Type.DYN) for g in RECORD}
    together = cel.NewEnv(variables=types).compile("[" + ", ".join(CONDITIONS) + "]")
    return Contender("cel-expr-python (Google's CEL)",
                     lambda record: together.eval(data=record).plain_value(), true_of)


def rust_cel() -> Contender:
    import cel

    together = cel.compile("[" + ", ".join(CONDITIONS) + "]")
    return Contender("common-expression-language", together.execute, true_of)


def rules() -> Contender:
    import rule_engine

    kinds = {bool: rule_engine.DataType.BOOLEAN, int: rule_engine.DataType.FLOAT,
             str: rule_engine.DataType.STRING}
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(
        {n: kinds[type(v)] for n, v in flat(RECORD).items()}))
    texts = [re.sub(r"\b(" + "|".join(RECORD) + r")\.(\w+)", r"\1_\2", in_words(c))
             for c in CONDITIONS]
    made = [rule_engine.Rule(c, context=context) for c in texts]
    return Contender("rule-engine", lambda names: [r.matches(names) for r in made], true_of, flat)


def durable_by_hand() -> Contender:
    """Each condition a rule of durable-rules on one fact, as its own documentation writes them.

    And one that always fires: deleting a state in which nothing has fired frees memory that
    durable-rules 2.0.28 never set, which ends the process.
    """
    from by_hand_durable import durable_conditions
    from durable.lang import assert_fact, delete_state, m, ruleset, when_all

    fired: list[int] = []
    with ruleset("by_hand"):
        for i, condition in enumerate(durable_conditions(m)):
            when_all(condition)(noting(fired, i))
        when_all(+m.destination_kind)(noting(fired, -1))

    def run(names: dict[str, Any]) -> list[int]:
        fired.clear()
        assert_fact("by_hand", {"sid": "x", **names})
        delete_state("by_hand", "x")
        return sorted(set(fired) - {-1})

    return Contender("durable-rules, by hand", run, list, flat)


def noting(fired: list[int], number: int) -> Callable[[Any], None]:
    # One parameter alone: durable-rules hands a second one a continuation.
    def note(_: Any) -> None:
        fired.append(number)

    return note


def true_of(values: Any) -> list[int]:
    return [i for i, value in enumerate(values) if value]


def flat(record: Record) -> dict[str, Any]:
    return {f"{g}_{n}": v for g, fields in record.items() for n, v in fields.items()}


PACK = """\
id: gate
version: "1.0.0"
title: {zh: 门槛, en: Gate}
authority: {zh: 无, en: none}
document: {number: "0", issued_on: 2007-11-01, title: {zh: 无, en: none}}
in_force: {}
clauses: {"1": {text: {zh: 一, en: one}, binds: sender}}
"""


def our_pack(folder: Path) -> Path:
    """The same conditions as rules of a pack; a record has dates for day numbers."""
    (folder / "pack.yaml").write_text(PACK, encoding="utf-8")
    said = "{zh: 一, en: one}"
    texts = "".join(
        f"  - {{id: rule-{i}, clause: '1', title: {said}, message: {said}, remedy: {said},\n"
        f"     require: {{ask: \"!({in_our_words(c)})\"}}}}\n"
        for i, c in enumerate(CONDITIONS))
    (folder / "10.yaml").write_text(f"topic: {said}\nrules:\n{texts}", encoding="utf-8")
    return folder


def ours(name: str) -> Contender:
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_for(api.load_policy(our_pack(Path(folder))), DAY)
    backend = record_backend_of(name)
    if name == "python":
        # Which conditions hold, and no more, as the peers answer: a bit for each.
        masks = cast("PythonBackend", backend).masks
        return Contender(f"zhuanjie, {name}", lambda record: masks(plan, record),
                         lambda found: [i for i in range(len(CONDITIONS)) if found[0] >> i & 1],
                         dated)
    return Contender(f"zhuanjie, {name}", lambda record: backend.judge_record(plan, record),
                     lambda verdicts: [v.rule for v in verdicts], dated)


def dated(record: Record) -> dict[str, Any]:
    """A record by field names, days as dates."""
    return {f"{g}.{n}": EPOCH + timedelta(days=v) if n.endswith("_on") else v
            for g, fields in record.items() for n, v in fields.items()}


def in_our_words(condition: str) -> str:
    """Days are days, and the as-of day is not a number."""
    text = re.sub(r"\+ (\d+|letter\.valid_days)", r"+ days(\1)", condition)
    return text.replace("13878", "as_of")
