"""`policy test`. In: a policy, the engines to try, a filter. Out: which cases failed, and how.

What would test nothing is an error: a pack without cases, a filter that selects none.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from zhuanjie.engine.authoring.testing.case_runner import (
    CaseInstance,
    CaseResult,
    CaseRunner,
    case_instances,
)
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.policy.pack_files import CASES, load_cases
from zhuanjie.engine.policy.policy import Policy


class CaseRun(Struct, frozen=True):
    """A case as one engine judged it."""

    backend: str
    result: CaseResult

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.result.mismatches


class TestReport(Struct, frozen=True):
    """Every case on every engine, in the order of the files."""

    tried: tuple[CaseRun, ...]
    cases: int

    @property
    def failed(self) -> tuple[CaseRun, ...]:
        """The cases that did not come out as written."""
        return tuple(t for t in self.tried if not t.passed)

    @property
    def passed(self) -> int:
        """How many cases came out as written on every engine."""
        return self.cases - len({t.result.task for t in self.failed})


def run_tests(policy: Policy, backends: Sequence[str], text: str | None = None) -> TestReport:
    """Run a pack's own cases, or those whose name, file, rules or clauses contain `text`.

    Raises PolicyError for a pack without cases or with broken ones, UsageError for a `text` that
    is blank or that no case contains.
    """
    chosen = own_tasks(policy)
    if text is not None:
        if not text.strip():
            raise fail(UsageError, "author.no-filter", hint="author.no-match.hint")
        clauses = {r.id: r.clauses for r in policy.rules}
        chosen = [t for t in chosen if _contains(t, text.lower(), clauses)]
        if not chosen:
            raise fail(UsageError, "author.no-match", hint="author.no-match.hint", text=text,
                       id=policy.id)
    tried = [CaseRun(name, result) for name in backends
             for result in CaseRunner(policy, backend(name)).run_tasks(chosen)]
    return TestReport(tuple(tried), len(chosen))


def own_tasks(policy: Policy) -> list[CaseInstance]:
    """The cases of a policy's own pack; raises PolicyError where it has none."""
    folder = policy.chain[-1].folder
    chosen = case_instances(load_cases(folder), policy.vocabulary.key)
    if not chosen:
        raise fail(PolicyError, "author.no-cases", Place(policy.chain[-1].source.file),
                   "author.no-cases.hint", id=policy.id, folder=CASES)
    return chosen


def _contains(task: CaseInstance, text: str, clauses: dict[str, tuple[str, ...]]) -> bool:
    words = [task.case.name, task.file.source.file, *task.expect]
    words += [c for rule in task.expect for c in clauses.get(rule, ())]
    return any(text in word.lower() for word in words)
