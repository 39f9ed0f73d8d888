"""What is said of the program's own files and names is so: each path and dotted name is there.

Looked at are the documentation, and docstrings and comments of the code. A part that stands for
any other is in angle brackets, braces or a star: `engine/core/catalogue/<lang>/*.json`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("engine", "report", "synthetic", "cli", "package", "tests", "bench", "fixtures")
# What a reader's own repository may hold too (`rules/my-pack`) is not looked for here.
PATH = re.compile(
    r"(?<![\w/.\-])(?:engine|report|synthetic|cli|fixtures|tests|docs|bench|package)"
    r"/[\w./*<>{}\-]*[\w*>}]"
    r"|(?<=`)[\w/\-]+/[\w\-]+\.py(?=`)"
    r"|(?<![\w/.\-])rules/_[\w./*<>{}\-]*[\w*>}]")
NAME = re.compile(r"(?<![\w./\-])zhuanjie(?:\.[A-Za-z_]\w*)+")
FILES = ("zhuanjie.toml",)
"""Files that are called like a name."""

# A page of history speaks of what was.
PAGES = [p for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile",
                     ROOT / "pyproject.toml", *ROOT.glob("*.yml"), *ROOT.glob(".*.yaml"),
                     *(ROOT / ".github").rglob("*.yml")) if p.name != "CHANGELOG.md"]
MODULES = [p for top in CODE for p in (ROOT / top).rglob("*.py")]


def is_there(path: str) -> bool:
    pattern = re.sub(r"<[^>]*>|\{[^}]*\}", "*", path)
    if any(ROOT.glob(pattern)):
        return True
    return path.endswith(".py") and any(
        any((ROOT / top).glob(f"**/{pattern}")) for top in CODE)


def means_something(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def dead(text: str) -> list[str]:
    """The paths and names in a text that lead nowhere."""
    return [*(found for found in dict.fromkeys(PATH.findall(text)) if not is_there(found)),
            *(found for found in dict.fromkeys(NAME.findall(text))
              if found not in FILES and not means_something(found))]


def prose(path: Path) -> Iterator[str]:
    """The docstrings and comments of a module; also what stands under a constant to explain it."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(
                node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_in_the_documentation_lead_somewhere(page: Path) -> None:
    assert dead(page.read_text(encoding="utf-8")) == []


def test_names_in_the_code_lead_somewhere() -> None:
    wrong = {str(path.relative_to(ROOT)): found for path in MODULES
             if (found := [name for text in prose(path) for name in dead(text)])}
    assert wrong == {}


@pytest.mark.parametrize(("text", "found"), [
    ("see `engine/nowhere.py` and `zhuanjie.engine.nothing`",
     ["engine/nowhere.py", "zhuanjie.engine.nothing"]),
    ("see `nowhere/backend.py`, not `polars/backend.py`", ["nowhere/backend.py"]),
    ("`engine/core/catalogue/<lang>/*.json`, `engine/backends/<name>/`, `zhuanjie.toml`", []),
    ("`engine/core/nowhere/<lang>.json`", ["engine/core/nowhere/<lang>.json"]),
    ("`zhuanjie.engine.api.audit`, `zhuanjie.engine.core.errors.UsageError.exit_code`", []),
    ("`rules/my-pack`, `rules/_nothing`", ["rules/_nothing"]),
])
def test_a_dead_name_is_seen(text: str, found: list[str]) -> None:
    assert dead(text) == found
