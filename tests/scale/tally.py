"""What was compared, and whether it was enough. In: outcomes as they are compared. Out: tables.

A run that compares nothing finds no disagreement either: so each engine must have been asked about
each shape of rule with each of its outcomes, and each feature of the language must have been there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

REACHED: Mapping[str, tuple[str, ...]] = {
    "require": ("violation", "undetermined", "satisfied", "not_applicable"),
    "deadline": ("violation", "undetermined", "pending", "satisfied", "not_applicable"),
    "recurring": ("violation", "undetermined", "satisfied", "not_applicable"),
    "table": ("violation", "undetermined", "satisfied", "not_applicable"),
    "unique": ("violation", "undetermined", "satisfied", "not_applicable"),
    "at_most": ("violation", "undetermined", "satisfied", "not_applicable"),
}
"""The outcomes that a rule of each shape can have on a record."""
LEDGERS: Mapping[str, tuple[str, ...]] = {
    **REACHED, "reconcile": ("violation",), "share": ("violation", "undetermined"),
}
"""The outcomes in whole audits: who is absent among them."""
WAIVED = (*REACHED, "reconcile")
"""The shapes whose violations are waived: seldom enough to be counted over all engines together."""
FEATURES = (
    "absent:unknown", "absent:blank", "absent:left-out", "edition", "own-field", "params",
    "type:month", "compare:name", "compare:serial", "compare:id", "compare:phone",
    *(f"op:{op}" for op in ("?:", "||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-",
                            "*", "!", "neg", "has", "size", "days", "months", "startsWith",
                            "endsWith", "contains", "matches")),
    "hit:any", "hit:first", "hit:unique", "guard",
    "output:bool", "output:int", "output:date", "output:string", "vocabulary:party-transfer", "vocabulary:permits",
)
"""What must have been there, each in some rule or table."""
_LEAST, _SHARE = 20, 2000
"""An engine must have had each outcome of a shape so often: once in so many outcomes of the shape, at
most so often where there are few."""


@dataclass
class Tally:
    """Counts of outcomes compared with the reference, and of what they were compared on."""

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By engine, shape and outcome; whole audits go under `ledgers: ENGINE`."""
    features: Counter[str] = field(default_factory=Counter)
    """In how many rules, or tables, each feature was."""
    judged: int = 0
    """Different outcomes, each compared with what some engines say."""
    trials: int = 0
    seconds: Counter[str] = field(default_factory=Counter)
    """Processor time by engine."""

    def add(self, engine: str, found: Iterable[tuple[str, str]]) -> None:
        """Count outcomes on which an engine agrees with the reference."""
        for (shape, outcome), times in Counter(found).items():
            self.outcomes[engine, shape, outcome] += times

    def __iadd__(self, other: Tally) -> Tally:
        self.outcomes += other.outcomes
        self.features += other.features
        self.seconds += other.seconds
        self.judged += other.judged
        self.trials += other.trials
        return self

    @property
    def compared(self) -> int:
        """Outcomes that an engine other than the reference gave and that were compared."""
        return sum(self.outcomes.values())

    def of(self, engine: str) -> int:
        """Outcomes compared of one engine."""
        return sum(times for (name, *_), times in self.outcomes.items() if name == engine)

    def idle(self, engines: Iterable[str], ledgers: Iterable[str] = ()) -> list[str]:
        """What was tried too seldom to say anything, in words."""
        asked = [(name, REACHED) for name in engines]
        asked += [(f"ledgers: {name}", LEDGERS) for name in ledgers]
        out = []
        for engine, shapes in asked:
            for shape, outcomes in shapes.items():
                whole = sum(self.outcomes[engine, shape, o] for o in outcomes)
                least = max(1, min(_LEAST, whole // 100), whole // _SHARE)
                out += [f"{engine}: {shape} was {outcome} {there} times, of {whole}; {least} are "
                        "the least" for outcome in outcomes
                        if (there := self.outcomes[engine, shape, outcome]) < least]
        for shape in WAIVED if ledgers else ():
            if not any(self.outcomes[f"ledgers: {name}", shape, "waived"] for name in ledgers):
                out.append(f"ledgers: {shape} was never waived")
        return out + [f"nothing tried {name}" for name in FEATURES if not self.features[name]]

    def lines(self) -> list[str]:
        """The counts, as a table for people."""
        names = sorted({engine for engine, *_ in self.outcomes})
        out = [f"{self.judged:,} outcomes in {self.trials:,} trials; with each engine's counted, "
               f"{self.compared:,} were compared with the reference's",
               f"the reference: {self.seconds['reference']:,.0f} s of a processor"]
        for engine in names:
            seconds = self.seconds[engine]
            out.append(f"{engine}: {self.of(engine):,} outcomes, {seconds:,.0f} s")
            shapes: dict[str, list[str]] = {}
            for (name, shape, outcome), times in sorted(self.outcomes.items()):
                if name == engine:
                    shapes.setdefault(shape, []).append(f"{outcome} {times:,}")
            out += [f"  {shape}: {', '.join(said)}" for shape, said in shapes.items()]
        often = ", ".join(f"{name} {times:,}" for name, times in sorted(self.features.items()))
        return [*out, f"rules and tables with: {often}"]
