"""What told mutants apart, kept between calls. In: two rules. Out: a record, or that none is.

Kept under a hash of what both rules say and of all that they hang on: the numbers they read, their
scopes, the cells that the vocabulary allows, the program; not of cases, nor of what else the pack
says. That two are equal is taken as it was kept; a record only where it still tells them apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from zhuanjie.engine.authoring.diff.counterexample import RulePair, Side
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext
from zhuanjie.engine.authoring.verification.kept_answers import hash_of
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import kind_of
from zhuanjie.engine.backends.smt.rules import Parameters
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.kept_files import kept_files, name_of
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.fingerprint import program_hash
from zhuanjie.engine.policy.policy import Policy

EQUAL: Final = "equal"
_FOLDERS: Final = ("authoring/diff", "authoring/verification", "backends/smt",
                   "backends/reference", "authoring/testing", "lowering")


class KeptWitnesses:
    """The answers that were kept of a policy; `used` are those that this call asked for."""

    def __init__(self, policy: Policy, old: Mapping[str, Any] | None = None) -> None:
        """`old` are answers as they were written; else they are read where they are kept."""
        self.vocabulary = policy.vocabulary
        self.name = self._base = ""
        with suppress(OSError):
            program = program_hash(*_FOLDERS)
            self.name = name_of("mutated", program, policy.id, str(policy.chain[-1].folder))
            self._base = hash_of(repr((
                program, z3.get_version_string(), [repr(f) for f in policy.vocabulary.fields],
                policy.vocabulary.samples, policy.start)))
        self.old: Mapping[str, Any] = self._read() if old is None else old
        self.used: dict[str, Any] = {}

    def key(self, old: Side, new: Side) -> str:
        """What the answer on two rules is kept under."""
        return hash_of(repr((self._base, _content(old), _content(new))))

    def answer(self, key: str, old: Side, new: Side) -> EvaluationContext | str | None:
        """What was found; None where nothing sound is kept."""
        kept = self.old.get(key)
        found: EvaluationContext | str | None = EQUAL if kept == EQUAL else None
        match kept:
            case [int() as today, [dict(), *_] as ledger] if all(map(self._is_record, ledger)):
                with suppress(ValueError, OverflowError):
                    from_day(today)
                    setting = EvaluationContext(self.vocabulary, tuple(ledger), today,
                                                old.values(today))
                    pair = RulePair(old, new)
                    found = setting if pair.outcome(setting) or pair.fully(setting) else None
        if found is not None:
            self.used[key] = kept
        return found

    def note(self, key: str, found: EvaluationContext | str) -> None:
        """Keep an answer for calls to come."""
        self.used[key] = found if isinstance(found, str) else [
            found.today, [dict(record) for record in found.ledger]]

    def write(self) -> None:
        """Keep what this call asked, and nothing that is asked no more."""
        files = kept_files()
        if files is not None and self.name:
            files.write(self.name, json.dumps(self.used, ensure_ascii=False,
                                              separators=(",", ":")))

    def _read(self) -> Mapping[str, Any]:
        files = kept_files()
        text = files.read(self.name) if files is not None and self.name else None
        if text is not None:
            with suppress(ValueError, RecursionError):
                kept = json.loads(text)
                if isinstance(kept, dict):
                    return kept
        return {}

    def _is_record(self, record: Any) -> bool:
        return isinstance(record, dict) and all(
            name in self.vocabulary.fields
            and _fits(value, kind_of(self.vocabulary.fields[name]))
            for name, value in record.items())


def _content(side: Side) -> tuple[object, ...]:
    """A rule by what it says and the numbers it reads; neither its id nor its words."""
    rule = side.rule
    steps = Parameters.of(side.policy, side.params).steps
    return (rule.shape, rule.hit, list(rule.expressions().items()),
            [(r.clause, r.when, r.allow) for r in rule.rows], rule.clause,
            repr(rule.rule.share) if rule.shape == "share" else None,
            side.policy.scope, sorted(steps.items()))


def _fits(value: Any, kind: Kind) -> bool:
    if kind is Kind.STRING:
        return isinstance(value, str) and bool(value)
    return isinstance(value, bool) if kind is Kind.BOOL else type(value) is int
