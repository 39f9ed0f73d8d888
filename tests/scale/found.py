"""Disagreements as fixtures. In: one, made small. Out: a file; what engines say of it again.

A file holds a rule, a record, the columns that its table lacks, and a day: all that is needed to
judge it. `says` is what the reference said when it was found, for whoever mends it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import yaml

from scale.records import schema_of
from scale.rules import plan_of, text_of, typed_rule
from scale.worlds import World, world
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule

FOLDER = Path(__file__).parent / "found"
Record = dict[str, Any]


@dataclass(frozen=True)
class Disagreement:
    """Rules and records on which an engine does not say what the reference says.

    Mostly there is one of each: more are kept only where it takes them together.
    """

    world: World
    day: date
    rules: tuple[TypedRule, ...]
    records: tuple[Record, ...]
    absent: frozenset[str]
    engine: str
    lists_all: bool = True

    @property
    def plan(self) -> Plan:
        """The plan of its rules."""
        return plan_of(self.world, self.day, self.rules, self.absent, self.lists_all)

    def frame(self, plan: Plan) -> pl.DataFrame:
        """Its records, as engines take them."""
        schema = schema_of(plan)
        return pl.DataFrame([{n: r.get(n) for n in schema} for r in self.records], schema=schema)

    def says(self, engine: str, plan: Plan | None = None) -> list[Verdict] | str:
        """The verdicts of an engine, or why it gives none."""
        plan = plan or self.plan
        return verdicts_of(engine, plan, self.frame(plan), self.lists_all)

    @property
    def stands(self) -> bool:
        """Whether the engine still says something else than the reference."""
        plan = self.plan
        return self.says(self.engine, plan) != self.says("reference", plan)

    def text(self) -> str:
        """As a file has it."""
        said = self.says("reference")
        return yaml.safe_dump({
            "pack": self.world.name, "as_of": self.day, "engine": self.engine,
            "rules": [text_of(rule) for rule in self.rules],
            "records": [{n: v for n, v in r.items() if v is not None} for r in self.records],
            "absent": sorted(self.absent), "lists_all": self.lists_all,
            "says": [_plain(v) for v in said] if isinstance(said, list) else said,
        }, allow_unicode=True, sort_keys=False, width=100)


class Case(Protocol):
    """What is kept: rules and records that an engine and the reference do not agree on."""

    engine: str
    rules: tuple[TypedRule, ...]

    @property
    def stands(self) -> bool:
        """Whether they still do not."""
        ...

    def text(self) -> str:
        """As a file has it."""
        ...


def write(case: Case, folder: Path = FOLDER, origin: str = "") -> Path:
    """Keep a disagreement as a file, named after what it holds."""
    text = case.text()
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:8]
    path = folder / f"{case.engine}-{case.rules[0].shape}-{name}.yaml"
    path.write_text((f"# {origin}\n" if origin else "") + text, encoding="utf-8")
    return path


def verdicts_of(engine: str, plan: Plan, frame: pl.DataFrame,
                all_outcomes: bool) -> list[Verdict] | str:
    """The verdicts of an engine, or why it gives none."""
    try:
        return backend(engine).judge(plan, frame, all_outcomes)
    except ZhuanjieError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  an engine's own failure is a disagreement too
        return f"{type(error).__name__}: {error}"


def read_found(path: Path) -> Disagreement:
    """A disagreement that was kept."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    where = world(data["pack"])
    return Disagreement(
        where, data["as_of"], tuple(typed_rule(where, rule) for rule in data["rules"]),
        tuple(data["records"]), frozenset(data["absent"]), data["engine"], data["lists_all"])




def _plain(verdict: Verdict) -> dict[str, Any]:
    parts = {"outcome": str(verdict.outcome), "clause": verdict.clause, "due": verdict.due,
             "late": verdict.late, "missing": list(verdict.missing) or None}
    return {n: v for n, v in parts.items() if v is not None}
