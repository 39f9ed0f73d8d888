"""`policy test --update`. In: cases that failed. Out: their files, expecting what came out.

Only the text of an expectation is replaced; comments and everything else stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from zhuanjie.engine.authoring.testing.case_runner import (
    UNNAMED,
    ActualOutcome,
    CaseInstance,
    CaseResult,
)
from zhuanjie.engine.core.results import plain
from zhuanjie.engine.core.whole_files import write_text
from zhuanjie.engine.core.yaml_source import Trail, YamlSource
from zhuanjie.engine.policy.case_model import ASPECTS

Edit = tuple[int, int, str]
"""A stretch of a file's text, from and to, and what takes its place."""


def update(failed: Iterable[CaseResult], folder: Path) -> int:
    """Rewrite the expectations of cases that failed; how many were rewritten.

    What a case does not name is left alone: whether it may come out is for its author to say.
    """
    edits: dict[str, tuple[YamlSource, dict[tuple[int, int], str]]] = {}
    done = 0
    for result in failed:
        found = list(_edits(result))
        done += bool(found)
        source = result.task.file.source
        for start, end, text in found:
            edits.setdefault(source.file, (source, {}))[1][start, end] = text
    for source, changes in edits.values():
        text = source.text
        for (start, end), new in sorted(changes.items(), reverse=True):
            text = text[:start] + new + text[end:]
        write_text(folder / Path(source.file).name, text)
    return done


def _edits(result: CaseResult) -> Iterable[Edit]:
    task = result.task
    for rule in dict.fromkeys(m.rule for m in result.mismatches if m.aspect != UNNAMED):
        yield from _rule(task, rule, result.came[rule])


def _rule(task: CaseInstance, rule: str, came: ActualOutcome) -> Iterable[Edit]:
    """The edits that make a case expect of `rule` what came out, in the aspects it looks at."""
    source, expected = task.file.source, task.expect[rule]
    actual: dict[str, Any] = {"outcome": str(came.outcome)}
    for aspect in ASPECTS:
        value = getattr(came, aspect)
        if getattr(expected, aspect) is not None and value not in (None, ()):
            actual[aspect] = list(value) if aspect == "missing" else plain(value)
    if len(task.trail) == 2:
        yield from _node(source, (*task.trail, "expect", rule), actual)
        return
    columns = source.data["cases"][task.trail[1]]["table"]["columns"]
    inherited = (*task.trail[:2], "expect", rule)
    if f"expect.{rule}" not in columns and inherited in source.nodes:
        yield from _node(source, inherited, actual)
    for at, column in enumerate(columns):
        if column == f"expect.{rule}" or column.startswith(f"expect.{rule}."):
            aspect = column.removeprefix(f"expect.{rule}").lstrip(".") or "outcome"
            yield from _node(source, (*task.trail, at), actual.get(aspect))


def _node(source: YamlSource, trail: Trail, value: Any) -> Iterable[Edit]:
    node = source.nodes.get(trail)
    if node is None:
        return
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(node, yaml.ScalarNode):
        value = value["outcome"]
    yield node.start_mark.index, _end(node), _flow(value)


def _end(node: yaml.Node) -> int:
    """Where a node's own text ends; a block's mark stands after the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return max(_end(value) for _, value in node.value)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return max(_end(value) for value in node.value)
    return int(node.end_mark.index)


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if value is None or isinstance(value, int):
        return json.dumps(value)
    text = str(value)
    # A clause such as 1.2 would read as a number elsewhere; a day or a name needs no quotes.
    return text if text.replace("-", "").replace("_", "").replace(".", "").isalnum() and not (
        text[:1].isdigit() and "-" not in text) else json.dumps(text, ensure_ascii=False)
