"""The page about the tests keeps up: its folders are there, and its table has every comparison."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGE = (TESTS / "README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    lines = re.findall(r"^\|(.*)\|$", section(heading), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def test_every_folder_has_its_line() -> None:
    folders = {f"`{p.name}/`" for p in TESTS.iterdir() if any(p.glob("*.py"))}
    assert {row[0] for row in rows("Layers")} == folders


def test_every_comparison_has_its_line_and_says_what_it_holds() -> None:
    written = {(file.name, node.name) for file in (TESTS / "differential").glob("test_*.py")
               for node in ast.parse(file.read_text(encoding="utf-8")).body
               if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    told = []
    for first, *others in rows("What the differential tests hold"):
        file, *names = re.findall(r"`([^`]+)`", first)
        told += [(file, name) for name in names]
        assert all(others), first
    assert not written - set(told), "tests/README.md says of these not what they hold"
    assert not set(told) - written, "tests/README.md names what is not there"
    assert len(told) == len(set(told))


def test_every_mark_has_its_line() -> None:
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"^markers = \[$(.*?)^\]$", config, re.MULTILINE | re.DOTALL)
    marks = set(re.findall(r'^  "(\w+)', block, re.MULTILINE))
    told = {re.match(r"`(\w+)", row[0])[1] for row in rows("Marks")}  # type: ignore[index]
    assert told == marks
