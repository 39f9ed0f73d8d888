"""A pack's cases, run. In: a policy, its case files, an engine. Out: for each case, what differs.

A case speaks of the first record of a small ledger. What rules it does not name report makes it
fail too, unless the case or its file says `unnamed: any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.auditing.run import begin
from zhuanjie.engine.auditing.shares import is_of_group
from zhuanjie.engine.authoring.testing.alone import Asked, judge_alone
from zhuanjie.engine.authoring.testing.packs_in_time import PacksInTime
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, PolicyError
from zhuanjie.engine.core.results import REPORTED, Outcome, Severity
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import Key
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import from_records, read_record
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.policy.case_model import ASPECTS, Case, Expectation
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.pack_files import LoadedCases
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

UNNAMED = "unnamed"
"""The aspect of a rule that reports something though its case does not name it."""


class Mismatch(Struct, frozen=True):
    """What a case expects of one aspect of a rule, and what came out."""

    rule: str
    aspect: str
    expected: Any
    actual: Any


class ActualOutcome(Struct, frozen=True):
    """How one rule came out for a case's record."""

    outcome: Outcome
    clause: str | None = None
    due: date | None = None
    days_late: int | None = None
    missing: tuple[str, ...] = ()
    severity: Severity | None = None
    binds: str | None = None
    edition: str | None = None

    def weighed(self, rule: TypedRule, policy: Policy) -> ActualOutcome:
        """The same, with what holds of the rule whatever the record."""
        clause = policy.clauses.get(self.clause or rule.clause)
        return replace(self, clause=self.clause or rule.clause, severity=rule.severity,
                       binds=clause.binds if clause else None,
                       edition=rule.edition.pack if rule.edition else policy.id)


class CaseInstance(Struct, frozen=True, eq=False):
    """One case, unfolded, with its whole record and the day it is judged on.

    `trail` leads to it in its file: the case, or the row of its table. `open` tells that rules
    which it does not name may report anything.
    """

    file: LoadedCases
    trail: tuple[Key, ...]
    case: Case
    record: Mapping[str, Any]
    day: date
    expect: Mapping[str, Expectation]
    open: bool

    @property
    def by_date(self) -> bool:
        """Whether the packs in time judge: the case expects one of them."""
        return any(e.edition is not None for e in self.expect.values())

    @property
    def place(self) -> Place:
        """Where the case stands."""
        return self.file.source.place(self.trail)


class CaseResult(Struct, frozen=True):
    """A case that was run; it passed if nothing differs."""

    file: str
    line: int
    name: str
    rules: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]
    task: CaseInstance
    came: Mapping[str, ActualOutcome]


def case_instances(files: Iterable[LoadedCases], key: str) -> list[CaseInstance]:
    """Every case of some files, those of tables row by row; `key` names a record."""
    out = []
    for file in files:
        base = file.cases
        for index, case in enumerate(base.cases):
            for row, single in enumerate(case.unfold()):
                trail: tuple[Key, ...] = ("cases", index)
                trail = (*trail, "table", "rows", row) if case.table else trail
                out.append(CaseInstance(
                    file, trail, single, {key: f"case-{index}", **base.record, **single.record},
                    single.as_of or base.as_of,
                    {rule: e if isinstance(e, Expectation) else Expectation(outcome=e)
                     for rule, e in single.expect.items()},
                    (single.unnamed or base.unnamed) == "any"))
    return out


class CaseRunner:
    """Runs cases of one policy. Cases of one day that are alone in their ledger run together."""

    def __init__(self, policy: Policy, backend: Backend) -> None:
        self.policy = policy
        self._mapping = HeadingMap(policy.vocabulary)
        self.backend = backend
        self._policies: dict[tuple[tuple[str, int], ...], Policy] = {(): policy}
        self._in_time = PacksInTime(policy)
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._places = {rule.id: place for place, rule in enumerate(policy.rules)}
        self._editions: dict[Plan, Mapping[str, Sequence[TypedRule]]] = {}

    def run(self, files: Sequence[LoadedCases]) -> list[CaseResult]:
        """Run every case; raises PolicyError for a name or a value that there is not."""
        return self.run_tasks(case_instances(files, self.policy.vocabulary.key))

    def run_tasks(self, chosen: Sequence[CaseInstance]) -> list[CaseResult]:
        """Run cases that were unfolded already; raises as `run` does."""
        check_tasks(self.policy, chosen)
        together: dict[Plan, list[CaseInstance]] = {}
        came: dict[CaseInstance, Mapping[str, ActualOutcome]] = {}
        for task in chosen:
            plan = self.plan_of(task)
            shares = any(rule.id in task.expect for rule in plan.shares)
            if task.case.others or task.case.roster is not None or shares:
                came[task] = self._ledger(task, plan)
            else:
                together.setdefault(plan, []).append(task)
        for plan, group in together.items():
            came.update(zip(group, self._records(plan, group), strict=True))
        came = {task: self._by_rule(task, found) for task, found in came.items()}
        return [
            CaseResult(t.file.source.file, t.place.line or 0, t.case.name, tuple(t.expect),
                       tuple(differences(t, came[t])), t, came[t])
            for t in chosen
        ]

    def _records(self, plan: Plan, group: list[CaseInstance]) -> list[dict[str, ActualOutcome]]:
        """Judge records that each stand alone in their ledger; beyond the scope none applies."""
        asked = [Asked(read_record(task.record, self._mapping)[0], frozenset(task.expect),
                       task.open) for task in group]
        found: list[dict[str, ActualOutcome]] = [{} for _ in group]
        for row, number, v in judge_alone(plan, self.backend, asked):
            rule = plan.rules[number]
            found[row][rule.id] = ActualOutcome(
                v.outcome, v.clause or rule.clause, None if v.due is None else from_day(v.due),
                v.late, v.missing)
        return found

    def _ledger(self, task: CaseInstance, plan: Plan) -> dict[str, ActualOutcome]:
        """Audit a case's record among others, or against a roster."""
        case = task.case
        roster = None
        if case.roster is not None:
            key = self.policy.vocabulary.key
            roster = from_records([{key: value} for value in case.roster],
                                  vocabulary=self.policy.vocabulary)
        ledger = from_records([task.record, *case.others], vocabulary=self.policy.vocabulary)
        run = begin(ledger, plan, self.backend, lang="en", roster=roster,
                    all_outcomes=True)
        whole = {r.id for r in plan.whole}
        found: dict[str, ActualOutcome] = {}
        if roster is not None:
            found.update(dict.fromkeys(whole, ActualOutcome(Outcome.SATISFIED)))
        record = read_record(task.record, self._mapping)[0]
        for f in run:
            if f.share is not None:
                if f.rule in task.expect and is_of_group(
                        record, f.share, plan.fields):
                    found[f.rule] = ActualOutcome(f.outcome, f.clause, missing=f.missing)
            elif f.rule in whole or f.location.row == 1:
                found[f.rule] = ActualOutcome(f.outcome, f.clause, f.due, f.days_late, f.missing)
        return found

    def _by_rule(self, task: CaseInstance,
                 found: Mapping[str, ActualOutcome]) -> dict[str, ActualOutcome]:
        """What rules came to that a case names, or that report something; of editions, one."""
        plan, nothing = self.plan_of(task), ActualOutcome(Outcome.NOT_APPLICABLE)
        record = read_record(task.record, self._mapping)[0] if task.by_date else {}
        editions = self._editions_of(plan)
        names = set(task.expect)
        if not task.open:
            names.update(rule.rule.id for rule in plan.policy.rules
                         if rule.id in found and found[rule.id].outcome in REPORTED)
        out = {}
        for name in sorted(names & self._places.keys(), key=self._places.__getitem__):
            came = [(rule, found.get(rule.id, nothing).weighed(rule, plan.policy))
                    for rule in editions.get(name, ())]
            alone = nothing.weighed(self.policy.rules[self._places[name]], self.policy)
            out[name] = judging_edition(came, record, task.day) if came else alone
        return out

    def _editions_of(self, plan: Plan) -> Mapping[str, Sequence[TypedRule]]:
        """The rules of a plan by what their editions are called."""
        if plan not in self._editions:
            editions: dict[str, list[TypedRule]] = {}
            for rule in plan.policy.rules:
                editions.setdefault(rule.rule.id, []).append(rule)
            self._editions[plan] = editions
        return self._editions[plan]

    def plan_of(self, task: CaseInstance) -> Plan:
        """What judges a case: the pack on its day, with its numbers, before its moment."""
        day, before, params = task.day, task.case.before, tuple(sorted(task.case.numbers.items()))
        key = (day, before, params, task.by_date)
        if key not in self._plans:
            if params not in self._policies:
                self._policies[params] = build_policy(
                    self.policy.chain, {**self.policy.overrides, **task.case.numbers})
            judges = (self._in_time.on(day, task.case.numbers) if task.by_date
                      else self._policies[params])
            self._plans[key] = make_plan(judges, day, before)
        return self._plans[key]


def judging_edition(editions: Sequence[tuple[TypedRule, ActualOutcome]],
                    record: Mapping[str, Any], day: date) -> ActualOutcome:
    """What the edition of a rule came to that judged: none of the others ever applies."""
    for _, found in editions:
        if found.outcome is not Outcome.NOT_APPLICABLE:
            return found
    return next((found for rule, found in editions
                 if rule.edition is None or rule.edition.applies_to(record, day)), editions[-1][1])


def is_asked(rule: TypedRule, task: CaseInstance) -> bool:
    """Whether a case has a rule judged: what a share of so small a ledger comes to matters only
    where the case names it."""
    return rule.shape != "share" or rule.id in task.expect


def differences(task: CaseInstance, came: Mapping[str, ActualOutcome]) -> Iterator[Mismatch]:
    """What came out otherwise than a case expects; `came` may speak of some rules only."""
    for rule, expected in task.expect.items():
        if rule in came:
            yield from _compare(rule, expected, came[rule])
    if not task.open:
        for rule, found in came.items():
            if rule not in task.expect and found.outcome in REPORTED:
                yield Mismatch(rule, UNNAMED, None, str(found.outcome))


def _compare(rule: str, expected: Expectation, came: ActualOutcome) -> Iterator[Mismatch]:
    if came.outcome != expected.outcome:
        yield Mismatch(rule, "outcome", str(expected.outcome), str(came.outcome))
        return
    for aspect in ASPECTS:
        wanted, actual = getattr(expected, aspect), getattr(came, aspect)
        if aspect == "missing" and wanted is not None:
            wanted, actual = sorted(wanted), sorted(actual)
        if wanted is not None and wanted != actual:
            yield Mismatch(rule, aspect, wanted, actual)


def check_tasks(policy: Policy, chosen: Sequence[CaseInstance]) -> None:
    """Refuse names that there are not and values that cannot be read, all of them at once."""
    found: dict[tuple[str, Place], Diagnostic] = {}
    for task in chosen:
        for problem in (*_names(policy, task), *_cells(task, policy.vocabulary)):
            found.setdefault((problem.code, problem.place), problem)
    if found:
        raise PolicyError(*found.values())


def _names(policy: Policy, task: CaseInstance) -> Iterator[Diagnostic]:
    named = (("expect", task.expect, [r.id for r in policy.rules], "pack.unknown-rule"),
             ("params", task.case.params, list(policy.parameters), "pack.case.unknown-parameter"))
    for part, names, known, code in named:
        for name in names:
            if name not in known:
                close = suggest(name, known)
                yield Diagnostic(code, {"name": name, "near": close},
                                 _place(task, (part, name)), "hint.near" if close else None)
    for name, value in task.case.params.items():
        parameter = policy.parameters.get(name)
        if parameter is not None and (parameter.unit == "date") != isinstance(value, date):
            code = "policy.param-date" if parameter.unit == "date" else "policy.param-number"
            yield Diagnostic(code, {"name": name, "value": str(value)},
                             _place(task, ("params", name)))
    if (before := task.case.before) is not None and before not in policy.moments:
        close = suggest(before, policy.moments)
        yield Diagnostic("pack.unknown-moment", {"name": before, "near": close},
                         _place(task, ("before",)), "hint.near" if close else None)
    parties = policy.vocabulary.parties
    for rule, expected in task.expect.items():
        if expected.binds is not None and expected.binds not in parties:
            close = suggest(expected.binds, parties)
            yield Diagnostic("vocabulary.unknown-party", {"name": expected.binds, "near": close},
                             _place(task, ("expect", rule)), "hint.near" if close else None)


def _cells(task: CaseInstance, vocabulary: Vocabulary) -> Iterator[Diagnostic]:
    for part, record in (("record", task.record), *(("others", o) for o in task.case.others)):
        try:
            _, wrong, unknown = read_record(record, HeadingMap(vocabulary))
        except InputError as error:
            args = error.diagnostics[0].args
            # Said at the later of the two: in the case rather than in what its file starts from.
            yield Diagnostic("pack.case.field-twice",
                             {n: args.get(n, "") for n in ("field", "first", "second")},
                             _place(task, (part, str(args.get("second", "")))))
            continue
        for notice in unknown:
            name = notice.args["heading"]
            close = notice.args["near"] or ""
            yield Diagnostic("pack.case.unknown-field", {"name": name, "near": close},
                             _place(task, (part, name)), "hint.near" if close else None)
        for cell in wrong:
            args = {"value": cell.value, "column": cell.column, "field": cell.field, **cell.args}
            yield Diagnostic(cell.code, args, _place(task, (part, cell.column or "")))


def _place(task: CaseInstance, trail: tuple[Key, ...]) -> Place:
    """Where a part of a case stands: in the case, in its row, or in the file's base."""
    source, table = task.file.source, task.file.cases.cases[int(task.trail[1])].table
    if table is not None and trail[-1] in table.columns:  # said once, not for every row
        at = table.columns.index(str(trail[-1]))
        return source.place((*task.trail[:2], "table", "columns", at))
    if (*task.trail[:2], *trail) in source.nodes:
        return source.place((*task.trail[:2], *trail), key=True)
    return source.place(trail, key=True) if trail in source.nodes else task.place
