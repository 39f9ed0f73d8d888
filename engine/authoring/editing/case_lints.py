"""Sense of cases, and what a new pack has left over. In: a policy. Out: what to look at."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from zhuanjie.engine.authoring.testing.case_runner import CaseInstance, case_instances
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.messages import LANGS, say
from zhuanjie.engine.core.yaml_source import YamlSource
from zhuanjie.engine.policy.pack_files import load_cases
from zhuanjie.engine.policy.policy import Policy

LEFT_OVER = tuple(say("scaffold.left-over", lang) for lang in LANGS)
"""What stands in the texts of a new pack that its author is to write anew."""


def case_lints(policy: Policy) -> Iterator[Diagnostic]:
    """Cases that try nothing which another does not, and several of one name in a file."""
    files = load_cases(policy.chain[-1].folder)
    for file in files:
        first: dict[str, int] = {}
        for at, case in enumerate(file.cases.cases):
            place = file.source.place(("cases", at, "name"))
            if case.name in first:
                line = file.source.place(("cases", first[case.name])).line
                yield Diagnostic("lint.case-name", {"name": case.name, "line": line}, place)
            first.setdefault(case.name, at)
    there: dict[str, list[CaseInstance]] = {}
    for task in case_instances(files, policy.vocabulary.key):
        before = there.setdefault(_tried(task, policy.vocabulary.key), [])
        # A row shows a boundary within its table: of other rows alone it may be a copy.
        twin = next((t for t in before if _says_no_more(task, t) and (
            t.trail[:-1] == task.trail[:-1] or len(t.trail) == len(task.trail) == 2)), None)
        if twin is not None:
            yield Diagnostic("lint.duplicate-case", {
                "name": task.case.name, "file": twin.place.file, "line": twin.place.line},
                task.place)
        before.append(task)


def _tried(task: CaseInstance, key: str) -> str:
    """What a case gives to be judged; whom it is about by default makes no difference."""
    case = task.case
    record = {k: v for k, v in task.record.items() if v is not None and (
        k != key or not str(v).startswith("case-"))}
    return repr((task.day, case.before, sorted(record.items(), key=repr), case.others, case.roster,
                 sorted(case.params.items())))


def _says_no_more(task: CaseInstance, other: CaseInstance) -> bool:
    """Whether whatever a case expects is expected by another already."""
    if other.open and not task.open:
        return False
    return all(rule in other.expect and all(
        value is None or value == getattr(other.expect[rule], aspect)
        for aspect, value in expected) for rule, expected in task.expect.items())


def left_over(policy: Policy) -> Iterator[Diagnostic]:
    """Texts of a new pack that still wait to be written."""
    pack = policy.chain[-1]
    for source in (pack.source, *(topic.source for topic in pack.topics)):
        yield from _left_over(source)


def _left_over(source: YamlSource) -> Iterator[Diagnostic]:
    said: set[int | None] = set()
    for trail, node in source.nodes.items():
        if isinstance(node, yaml.ScalarNode) and any(mark in node.value for mark in LEFT_OVER):
            place: Place = source.place(trail[:-1])
            if place.line not in said:  # of two languages one is enough
                said.add(place.line)
                yield Diagnostic("lint.left-over", {"text": node.value}, source.place(trail))
