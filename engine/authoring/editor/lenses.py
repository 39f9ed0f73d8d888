"""Rules and the cases that try them. In: a pack as read. Out: where each rule begins, its cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zhuanjie.engine.authoring.editor.reading import PackReading
from zhuanjie.engine.authoring.testing.case_runner import (
    UNNAMED,
    CaseRunner,
    Mismatch,
    case_instances,
)
from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.unsaved import texts_for_files
from zhuanjie.engine.policy.loading import policy_in
from zhuanjie.engine.policy.pack_files import load_cases


@dataclass(frozen=True, slots=True)
class RuleLens:
    """A rule of a file: where its id stands (in characters), how many cases name it."""

    rule: str
    start: int
    end: int
    cases: int


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A case that did not come out as written, and in what it differs."""

    case: str
    place: Place
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What a rule's cases came to; `rule` None stands for all cases of the pack."""

    rule: str | None
    cases: int
    failed: tuple[FailedCase, ...]


def lenses(reading: PackReading, path: Path) -> list[RuleLens]:
    """The rules of a file, with the number of cases that name each."""
    file = reading.file(path)
    if file is None or file.kind != "topic":
        return []
    tried = Counter(m.name for other in reading.files.values()
                    if other.kind == "cases" and other.path.parent.parent == reading.folder
                    for m in {(m.kind, m.name, _case(other.text, m.start)): m
                              for m in other.mentions}.values()
                    if m.kind == "rule")
    return [RuleLens(m.name, m.start, m.end, tried[m.name])
            for m in file.mentions if m.kind == "rule" and m.declares]


def run_cases(folder: Path, texts: Mapping[Path, str], rule: str | None, lang: Lang) -> RuleRun:
    """Run the cases that name a rule, or all; raises PolicyError where the pack is not in order."""
    with texts_for_files(texts):
        policy = policy_in(folder)
        chosen = [task for task in case_instances(load_cases(folder), policy.vocabulary.key)
                  if rule is None or rule in task.expect]
        results = CaseRunner(policy, backend("polars")).run_tasks(chosen) if chosen else []
    failed = []
    for result in results:
        wrong = [m for m in result.mismatches if rule is None or m.rule == rule]
        if wrong:
            failed.append(FailedCase(result.name, result.task.place,
                                     tuple(_sentence(m, lang) for m in wrong)))
    return RuleRun(rule, len(results), tuple(failed))


def _case(text: str, offset: int) -> int:
    """A number for the case that an offset is in: tables name a rule in one column for all."""
    return text.rfind("\n  - ", 0, offset)


def _sentence(mismatch: Mismatch, lang: Lang) -> str:
    code = "author.unnamed" if mismatch.aspect == UNNAMED else "author.differs"
    return say(code, lang, rule=mismatch.rule, aspect=mismatch.aspect,
               expected=_shown(mismatch.expected), actual=_shown(mismatch.actual))


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


