"""Rules and the cases that try them. In: a pack as read. Out: where each rule begins, its cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

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


class RuleLens(Struct, frozen=True):
    """A rule of a file: where its id stands (in characters), how many cases name it."""

    rule: str
    start: int
    end: int
    cases: int


class FailedCase(Struct, frozen=True):
    """A case that did not come out as written, and in what it differs."""

    case: str
    place: Place
    differs: tuple[str, ...]


class RuleRun(Struct, frozen=True):
    """What a rule's cases came to; `rule` None stands for all cases of the pack."""

    rule: str | None
    cases: int
    failed: tuple[FailedCase, ...]


def lenses(reading: PackReading, path: Path) -> list[RuleLens]:
    """The rules of a file, with the number of cases that name each."""
    file = reading.file(path)
    if file is None or file.kind != "topic":
        return []
    tried: Counter[str] = Counter()
    for other in reading.files.values():
        if other.kind == "cases" and other.path.parent.parent == reading.folder and other.source:
            for named in _named(other.source.data):
                tried.update(named)
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


def _named(data: Any) -> Iterator[set[str]]:
    """For each case of a file, row by row of its tables, the rules that it names."""
    for case in _list(data, "cases"):
        expect = case.get("expect") if isinstance(case, dict) else None
        named = set(expect) if isinstance(expect, dict) else set()
        table = case.get("table") if isinstance(case, dict) else None
        if not isinstance(table, dict):
            yield named
            continue
        columns = [str(column).split(".") for column in _list(table, "columns")]
        for row in _list(table, "rows"):
            cells = zip(columns, row if isinstance(row, list) else (), strict=False)
            yield named | {column[1] for column, cell in cells
                           if cell is not None and len(column) > 1 and column[0] == "expect"}


def _list(data: Any, key: str) -> list[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _sentence(mismatch: Mismatch, lang: Lang) -> str:
    code = "author.unnamed" if mismatch.aspect == UNNAMED else "author.differs"
    return say(code, lang, rule=mismatch.rule, aspect=mismatch.aspect,
               expected=_shown(mismatch.expected), actual=_shown(mismatch.actual))


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


