"""Classes of values are structs; dataclasses stay where a struct cannot say what they say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDED_OUT = {"Report", "Finding", "Location", "TableRef"}
"""What callers of the library are handed."""
ONLY_DATACLASSES_SAY = {"compare", "repr", "init", "order", "hash"}


def _dataclasses(tree: ast.AST) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and any(
        "dataclass" in ast.unparse(each) for each in node.decorator_list)]


def _says(node: ast.ClassDef) -> set[str]:
    calls = [call for part in (*node.decorator_list, *node.body) for call in ast.walk(part)
             if isinstance(call, ast.Call)
             and ast.unparse(call.func).rpartition(".")[2] in ("dataclass", "field", "preset")]
    return {each.arg for call in calls for each in call.keywords if each.arg}


@pytest.mark.parametrize("part", ["engine", "cli", "report"])
def test_values_are_structs_unless_only_a_dataclass_says_what_they_say(part: str) -> None:
    files = sorted((ROOT / part).rglob("*.py"))
    assert files
    odd = [f"{file.relative_to(ROOT)}: {node.name}" for file in files
           for node in _dataclasses(ast.parse(file.read_text("utf-8")))
           if node.name not in HANDED_OUT and not _says(node) & ONLY_DATACLASSES_SAY]
    assert not odd
