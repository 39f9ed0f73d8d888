"""Answers that are kept between calls. In: questions and answers. Out: those that still hold.

An answer is kept under a hash of the question and of everything that it hangs on: the rules that
it names, by what they say and not by their names, the numbers they read, the scope, the cells that
the vocabulary allows, the program. So a rule that did not change is not asked about again, and one
that did has no answer yet. That there is no such record is taken as it was kept; a record is only
taken where it shows once more what was asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import kind_of
from zhuanjie.engine.backends.smt.query import Situation
from zhuanjie.engine.backends.smt.rules import Parameters
from zhuanjie.engine.core.kept_files import kept_files, name_of
from zhuanjie.engine.expr.nodes import param_names
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.fingerprint import program_hash
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable

NONE: Final = "none"
"""The answer that there is no such record."""
EVERY: Final = "*"
"""Stands in a question for all the rules of the policy."""
_FOLDERS: Final = (
    "authoring/verification", "backends/smt", "backends/reference", "authoring/testing")

_SET: Final = re.compile(r"frozenset\(\{([^{}]*)\}\)")

Kept = Mapping[str, Any]
"""Answers as they are written: nothing, or a record with its day and how often it stands."""


class KeptAnswers:
    """The answers of earlier calls, and those of this one."""

    def __init__(self, policy: Policy, old: Kept | None = None) -> None:
        """`old` are answers as they were written; else they are read where they are kept."""
        params = Parameters.of(policy)
        self.fields = policy.vocabulary.fields
        self.name, base = _names(policy, params)
        self._rules = {r.id: _content(r, params, policy) for r in policy.rules}
        self._rules[EVERY] = hash_of(repr([self._rules[r.id] for r in policy.rules]))
        self._base = base
        self.old: Kept = _read(self.name) if old is None else old
        self.new: dict[str, Any] = {}

    def answer(self, how: str, period: object, about: tuple[str, ...]) -> Situation | str | None:
        """What was answered; None where nothing sound is kept."""
        key = self._key(how, period, about)
        if key not in self.old:
            return None
        kept = self.old[key]
        return NONE if kept is None else _situation(kept, self.fields)

    def has(self, how: str, period: object, about: tuple[str, ...]) -> bool:
        """Whether an answer is kept, sound or not."""
        return self._key(how, period, about) in self.old

    def note(self, how: str, period: object, about: tuple[str, ...],
             found: Situation | str) -> None:
        """Keep an answer for calls to come."""
        self.new[self._key(how, period, about)] = (
            [dict(found.record), found.today, found.copies] if isinstance(found, Situation)
            else None)

    def write(self) -> None:
        """Keep what this call asked, and nothing that is asked no more."""
        files = kept_files()
        if files is not None and self.name:
            files.write(self.name, json.dumps(self.new, ensure_ascii=False,
                                              separators=(",", ":")))

    def _key(self, how: str, period: object, about: tuple[str, ...]) -> str:
        parts = [self._rules.get(part, part) for part in about]
        return hash_of(repr((self._base, how, period, parts)))


def _names(policy: Policy, params: Parameters) -> tuple[str, str]:
    """Where answers on this policy are kept, and what each of them hangs on beside its rules."""
    try:
        program = program_hash(*_FOLDERS)
    except OSError:
        return "", ""
    read = sorted(param_names(policy.scope))
    shared = repr((program, z3.get_version_string(), [repr(f) for f in policy.vocabulary.fields],
                   policy.vocabulary.samples, policy.scope, policy.start,
                   [params.steps.get(n) for n in read]))
    return name_of("verified", program, policy.id, str(policy.chain[-1].folder)), hash_of(shared)


def _content(rule: TypedRule, params: Parameters, policy: Policy) -> str:
    """A rule by what it says and the numbers it reads; neither its id nor its words."""
    return hash_of(repr((
        rule.shape, rule.hit, list(rule.expressions().items()),
        [(r.when, r.allow) for r in rule.rows], rule.severity,
        [policy.moments[m].sets for m in rule.rule.moments],
        [(n, params.steps.get(n)) for n in sorted(rule.params)])))


def hash_of(text: str) -> str:
    """A hash of what was written out of expressions; sets in it stand in no order."""
    plain = _SET.sub(lambda found: str(sorted(found[1].split(", "))), text)
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(name: str) -> Kept:
    files = kept_files()
    text = files.read(name) if files is not None and name else None
    if text is not None:
        with suppress(ValueError, RecursionError):
            kept = json.loads(text)
            if isinstance(kept, dict):
                return kept
    return {}


def _situation(kept: Any, fields: FieldTable) -> Situation | None:
    """A record that was kept, if it can be one."""
    match kept:
        case [dict() as record, int() as today, int() as copies] if 1 <= copies <= 1000:
            if all(name in fields and _fits(value, kind_of(fields[name]))
                   for name, value in record.items()):
                return Situation(record, today, copies)
    return None


def _fits(value: Any, kind: Kind) -> bool:
    if kind is Kind.STRING:
        return isinstance(value, str) and bool(value)
    return isinstance(value, bool) if kind is Kind.BOOL else type(value) is int
