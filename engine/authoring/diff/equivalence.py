"""Two rules, compared for every record and every day. In: rules, parameters. Out: a verdict.

The solver decides; what it claims to have found is tried on the reference evaluator before it is
handed out. Where the two disagree the verdict is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.diff.case_yaml import as_values
from zhuanjie.engine.authoring.diff.share_verdicts import share_verdict
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, judged
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.reference.rules import Judgement
from zhuanjie.engine.backends.smt.encode import Formula, filled, some
from zhuanjie.engine.backends.smt.query import USUAL_DAY, Answer, Query, Situation
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule, differ, same_lowering
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.results import ALL_OUTCOMES, DUE_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import FieldRef, Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

Verdict = Literal["equal", "stricter", "laxer", "different", "unknown"]
TIMEOUT_MS = 15000
"""How long the solver may think about one question: long enough for a machine that is busy."""
_NEVER = Lit(False, BOOL)


class Comparison(Struct, frozen=True):
    """How the second rule stands to the first, and the smallest record on which they differ.

    `others` are further records of the same ledger, where a rule looks across records. `came` is
    what the record comes out as, where whole clauses are compared.
    """

    verdict: Verdict
    witness: dict[str, Any] | None = None
    as_of: date | None = None
    others: tuple[dict[str, Any], ...] = ()
    came: tuple[str, str] | tuple[()] = ()


Params = Mapping[str, int] | Parameters


def compare_rules(old: TypedRule | None, new: TypedRule | None, old_params: Params,
                  new_params: Params, vocabulary: Vocabulary, *, timeout_ms: int = TIMEOUT_MS,
                  near: int = USUAL_DAY,
                  encoded: SymbolicRule | None = None) -> Comparison:
    """Whether `new` means the same as `old` on every record and day, is stricter or laxer.

    Stricter: it is violated wherever the old one is, and somewhere else besides. None stands for
    no rule: one that never applies. `vocabulary` has the fields of both. `near` is a day that the
    witness is to stand near. `encoded` is the old rule with its parameters, where many are held
    up against it.
    """
    if old is None or new is None:
        given = old or new
        if given is None:
            return Comparison("equal")
        nothing = replace(given, when=_NEVER)
        old, new = old or nothing, new or nothing
    if "share" in (old.shape, new.shape):
        return Comparison(share_verdict(
            old, new, _parameters(old_params), _parameters(new_params)))
    if "reconcile" in (old.shape, new.shape):
        return _whole(old, new)
    pair = _Pair(old, new, _parameters(old_params), _parameters(new_params), vocabulary, timeout_ms,
                 near, encoded)
    if same_lowering(pair.old, pair.new):
        return Comparison("equal")
    if old.counts_keys and new.counts_keys and (old.key, old.within) != (new.key, new.within):
        return pair.keys()
    return pair.compare()


def same_outcomes(old: TypedRule, new: TypedRule, old_params: Params, new_params: Params,
                  vocabulary: Vocabulary, *, timeout_ms: int = TIMEOUT_MS) -> bool | None:
    """Whether the two come out the same on every record and day; None where that is not known."""
    pair = _Pair(old, new, _parameters(old_params), _parameters(new_params), vocabulary, timeout_ms,
                 USUAL_DAY)
    if same_lowering(pair.old, pair.new):
        return True
    if (old.key, old.within) != (new.key, new.within):
        return False
    answer = Query([differ(pair.old, pair.new)], timeout_ms).check()
    return None if answer is Answer.UNKNOWN else answer is Answer.NO




def compare_clauses(old: Sequence[TypedRule], new: Sequence[TypedRule], old_params: Parameters,
                    new_params: Parameters, vocabulary: Vocabulary, *,
                    timeout_ms: int = TIMEOUT_MS, near: int = USUAL_DAY) -> Comparison:
    """As `compare_rules`, of all the rules of a clause: by the worst that any comes to."""
    was = [SymbolicRule(r, old_params, vocabulary.fields) for r in old]
    now = [SymbolicRule(r, new_params, vocabulary.fields) for r in new]
    levels = [[some(r.outcome(o) for r in side for o in ALL_OUTCOMES[:most]) for side in (was, now)]
              for most in range(1, len(ALL_OUTCOMES))]
    apart = some((a & ~b) | (b & ~a) for a, b in levels)
    stricter, laxer = levels[0][1] & ~levels[0][0], levels[0][0] & ~levels[0][1]
    answers = [Query([f], timeout_ms).check() for f in (apart, stricter, laxer)]
    if answers[0] is Answer.NO:
        return Comparison("equal")
    if Answer.UNKNOWN in answers:
        return Comparison("unknown")
    verdict: Verdict = "different"
    if answers[1] is not answers[2]:
        verdict, apart = (("stricter", stricter) if answers[1] is Answer.YES
                          else ("laxer", laxer))
    query = Query([apart], timeout_ms, samples=vocabulary.samples)
    if query.smallest(near) is not Answer.YES or query.found is None:
        return Comparison("unknown")
    came = [_worst(rules, _setting(query.found, params, vocabulary))
            for rules, params in ((old, old_params), (new, new_params))]
    if came[0] is came[1]:
        return Comparison("unknown")
    return Comparison(
        verdict,
        as_values(query.found.record, vocabulary.fields),
        from_day(query.found.today),
        came=(str(came[0]), str(came[1])),
    )


def _worst(rules: Sequence[TypedRule], setting: EvaluationContext) -> Outcome:
    return min((judged(r, setting).outcome for r in rules), key=ALL_OUTCOMES.index)


def _setting(found: Situation, params: Parameters,
             vocabulary: Vocabulary) -> EvaluationContext:
    """What the solver found, as the reference evaluator judges it."""
    return EvaluationContext(vocabulary, (found.record,) * found.copies, found.today,
                             params.on(found.today))


def _parameters(params: Params) -> Parameters:
    return params if isinstance(params, Parameters) else Parameters.fixed(params)


def _whole(old: TypedRule, new: TypedRule) -> Comparison:
    """A rule on the ledger as a whole speaks of no record."""
    if old.shape != new.shape:
        return Comparison("different")
    if old.when == new.when:
        return Comparison("equal" if old.key == new.key else "different")
    return Comparison("stricter" if old.when is not None else "laxer")


class _Pair:
    """Two rules, lowered for every day, with the parameters of each."""

    def __init__(self, old: TypedRule, new: TypedRule, old_params: Parameters,
                 new_params: Parameters, vocabulary: Vocabulary, timeout_ms: int,
                 near: int, encoded: SymbolicRule | None = None) -> None:
        self.vocabulary, fields = vocabulary, vocabulary.fields
        self.old = encoded or SymbolicRule(old, old_params, fields)
        self.new = SymbolicRule(new, new_params, fields)
        self.old_params, self.new_params = old_params, new_params
        self.timeout_ms, self.near = timeout_ms, near

    def compare(self) -> Comparison:
        """The verdict on two rules of which each record is judged by itself."""
        apart = differ(self.old, self.new)
        stricter = self.new.violation & ~self.old.violation
        laxer = self.old.violation & ~self.new.violation
        outcomes = differ(self.old, self.new, fully=False)
        query = Query([apart], self.timeout_ms, [stricter, laxer, outcomes])
        answer = query.check()
        if answer is not Answer.YES:
            return Comparison("equal" if answer is Answer.NO else "unknown")
        more, less = query.check(stricter.expr), query.check(laxer.expr)
        if Answer.UNKNOWN in (more, less):
            return self._shown("unknown", apart)
        if more is not less:
            return self._shown("stricter", stricter) if more is Answer.YES else self._shown(
                "laxer", laxer)
        if more is Answer.YES:
            return self._shown("different", stricter)
        # Another outcome tells more than another day or clause.
        told = query.check(outcomes.expr) is Answer.YES
        return self._shown("different", outcomes if told else apart)

    def _ask(self, formula: Formula) -> Answer:
        return Query([formula], self.timeout_ms).check()

    def _shown(self, verdict: Verdict, formula: Formula) -> Comparison:
        """The verdict with its smallest witness, once the reference evaluator has seen it."""
        query = Query([formula], self.timeout_ms, samples=self.vocabulary.samples)
        if query.smallest(self.near) is not Answer.YES or query.found is None:
            return Comparison("unknown")
        found = query.found
        was = judged(self.old.rule, _setting(found, self.old_params, self.vocabulary))
        now = judged(self.new.rule, _setting(found, self.new_params, self.vocabulary))
        if not _as_claimed(verdict, was, now):
            return Comparison("unknown")
        record = as_values(found.record, self.vocabulary.fields)
        return Comparison(verdict, record, from_day(found.today), (record,) * (found.copies - 1))

    def keys(self) -> Comparison:
        """The verdict on two rules that count the values of different fields."""
        old, new = self.old.rule, self.new.rule
        reached = some(~r.outcome(Outcome.NOT_APPLICABLE) for r in (self.old, self.new))
        if self._ask(reached) is Answer.NO:
            return Comparison("equal")
        names = sorted({f.name for f in (old.key, old.within, new.key, new.within)
                        if isinstance(f, FieldRef)})
        query = Query([self.old.applies, self.new.applies,
                       filled(self.vocabulary.fields[n] for n in names)], self.timeout_ms,
                      samples=self.vocabulary.samples)
        if query.smallest(self.near) is not Answer.YES or query.found is None:
            return Comparison("unknown")
        found = query.found
        # With so many others a record shares its key with more than either allows.
        many = max(_allowed(rule, params.on(found.today)) for rule, params in (
            (old, self.old_params), (new, self.new_params)))
        clashes: dict[str, Comparison] = {}
        for name in names:
            other = {**found.record, name: _another(found.record[name])}
            ledger = (found.record, *(other,) * many)
            was = judged(
                old,
                EvaluationContext(
                    self.vocabulary, ledger, found.today, self.old_params.on(found.today)
                ),
            )
            now = judged(
                new,
                EvaluationContext(
                    self.vocabulary, ledger, found.today, self.new_params.on(found.today)
                ),
            )
            if was.outcome != now.outcome:
                stricter = now.outcome is Outcome.VIOLATION
                clashes.setdefault(
                    "stricter" if stricter else "laxer",
                    Comparison(
                        "different",
                        as_values(found.record, self.vocabulary.fields),
                        from_day(found.today),
                        (as_values(other, self.vocabulary.fields),) * many,
                    ),
                )
        same_when = Query([_conditions(self.old, self.new)], self.timeout_ms).check()
        if len(clashes) != 1 or same_when is not Answer.NO:
            return next(iter(clashes.values()), Comparison("unknown"))
        verdict, shown = next(iter(clashes.items()))
        return replace(shown, verdict="stricter" if verdict == "stricter" else "laxer")


def _conditions(old: SymbolicRule, new: SymbolicRule) -> Formula:
    """The two do not apply to the same records."""
    return (old.applies & ~new.applies) | (new.applies & ~old.applies)


def _allowed(rule: TypedRule, params: Mapping[str, int]) -> int:
    """How many records may have one key."""
    if rule.limit is None:
        return 1
    return int(Evaluator({}, 0, params).trace(rule.limit).value)


def _another(value: Any) -> Any:
    if isinstance(value, str):
        return f"{value}2"
    return not value if isinstance(value, bool) else value + 1


def _as_claimed(verdict: Verdict, was: Judgement, now: Judgement) -> bool:
    old, new = was.outcome is Outcome.VIOLATION, now.outcome is Outcome.VIOLATION
    if verdict == "stricter":
        return new and not old
    if verdict == "laxer":
        return old and not new
    return _told(was) != _told(now)


def _told(found: Judgement) -> tuple[Any, ...]:
    due = found.due if found.outcome in DUE_OUTCOMES else None
    return found.outcome, found.clause, due
