"""The order of passes: a module imports only from those before its own; heavy libraries late."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path

import pytest
from support.layers import LAYERS

ROOT = Path(__file__).resolve().parents[2]

TOP = ("engine", "report", "synthetic", "web", "cli")
PROGRAMS = ("web", "cli")
"""Folders that are programs for people."""


def modules() -> dict[str, Path]:
    found = {}
    for top in TOP:
        for path in (ROOT / top).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


def layer(name: str) -> int:
    best = max(
        ((len(prefix), index) for index, layer in enumerate(LAYERS) for prefix in layer
         if name == prefix or name.startswith(prefix + ".")),
        default=None,
    )
    assert best is not None, f"{name} belongs to no layer"
    return best[1]


def imports(path: Path) -> set[str]:
    """Our own modules that a module imports: at its head, in a function, or for types only."""
    out = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "zhuanjie" or (node.module or "").startswith("zhuanjie."):
                base = (node.module or "").removeprefix("zhuanjie").lstrip(".")
                names = (f"{base}.{a.name}".lstrip(".") for a in node.names)
                out |= {name if name in MODULES else base for name in names}
        elif isinstance(node, ast.Import):
            out |= {a.name.removeprefix("zhuanjie.") for a in node.names
                    if a.name.startswith("zhuanjie.")}
    return out - {""}


MODULES = modules()
IMPORTS = {name: imports(path) for name, path in MODULES.items()}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The sets of modules that reach one another (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    out: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            at = stack.index(name)
            out.append(sorted(stack[at:]))
            del stack[at:]

    for name in graph:
        if name not in number:
            visit(name)
    return [part for part in out if len(part) > 1]


def test_imports_run_one_way() -> None:
    wrong = [
        f"{name} imports {needed}"
        for name, needs in IMPORTS.items()
        for needed in needs
        if layer(needed) > layer(name)
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_no_imports_run_in_a_circle() -> None:
    assert circles({name: needs & MODULES.keys() for name, needs in IMPORTS.items()}) == []


def test_a_circle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a", "d"}}
    assert circles(graph) == [["b", "c"]]


def test_results_are_written_from_what_the_facade_has() -> None:
    """Formats and layouts know the facade, the ground and how a condition is printed."""
    def allowed(needed: str) -> bool:
        return (needed in ("engine.api", "engine.expr.printer")
                or needed.startswith(("engine.core.", "report.")) or needed == "report")

    wrong = [f"{name} imports {needed}" for name, needs in IMPORTS.items()
             if name.split(".")[0] == "report" for needed in needs if not allowed(needed)]
    assert wrong == []


def test_the_command_line_stands_on_the_facade_and_reports() -> None:
    """Programs for people do as any other program can: by the facade's names, and no others."""
    def allowed(name: str, needed: str) -> bool:
        if needed == "synthetic":
            return name == "cli.commands.generate"
        top, own = needed.split(".", maxsplit=1)[0], name.split(".", maxsplit=1)[0]
        return needed == "engine.api" or top in ("report", own) or (top, own) == ("web", "cli")

    wrong = [f"{name} imports {needed}" for name, needs in IMPORTS.items()
             if name.split(".")[0] in PROGRAMS for needed in needs if not allowed(name, needed)]
    # A table of modules to import late must not be a way round this.
    wrong += [f"{name} names {text}" for name, path in MODULES.items()
              if name.split(".")[0] in PROGRAMS
              for text in re.findall(r"""["']zhuanjie\.(engine\.[\w.]+)""", path.read_text("utf-8"))
              if text != "engine.api"]
    assert wrong == []


def test_nothing_private_is_imported() -> None:
    wrong = [f"{name} imports {alias.name}" for name, path in MODULES.items()
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zhuanjie")
             for alias in node.names if alias.name.startswith("_") and not alias.name.endswith("__")]
    assert wrong == []


def test_the_engine_names_nothing_above_it() -> None:
    """Not by a text either, as `import_module` takes it."""
    above = re.compile(r"""["']zhuanjie\.(?:report|cli|synthetic|web)\b""")
    wrong = [str(p) for p in (ROOT / "engine").rglob("*.py")
             if above.search(p.read_text(encoding="utf-8"))]
    assert not wrong


def test_no_two_classes_share_a_name() -> None:
    named: dict[str, list[str]] = {}
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named.setdefault(node.name, []).append(name)
    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def test_the_contract_can_be_imported() -> None:
    """What programs may rely on, the errors among it, is in the engine itself."""
    errors = {name for name, found in vars(import_module("zhuanjie.engine.core.errors")).items()
              if isclass(found) and issubclass(found, Exception)}
    assert len(errors) > 5
    public = {"load_policy", "audit", "check", "destinations", "evaluate", *errors}
    assert public <= set(dir(import_module("zhuanjie.engine")))


@pytest.mark.parametrize("facade", ["engine", "engine.api", "synthetic"])
def test_a_facade_has_what_it_names(facade: str) -> None:
    """Names are imported when first used; the imports for types say the same."""
    module = import_module(f"zhuanjie.{facade}")
    typed = {
        alias.name: node.module
        for check in ast.walk(ast.parse(MODULES[facade].read_text(encoding="utf-8")))
        if isinstance(check, ast.If) and isinstance(check.test, ast.Name)
        and check.test.id == "TYPE_CHECKING"
        for node in check.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert dir(module) == sorted(typed)
    for name, home in typed.items():
        found = getattr(module, name)
        assert found is getattr(import_module(str(home)), name), name
        if isfunction(found) or isclass(found):
            assert found.__doc__, name


def test_engines_never_import_each_other() -> None:
    wrong = []
    for name, needs in IMPORTS.items():
        parts = name.split(".")
        if parts[:2] != ["engine", "backends"] or len(parts) < 4:
            continue
        wrong += [
            f"{name} imports {needed}" for needed in needs
            if needed.startswith("engine.backends.") and len(needed.split(".")) > 3
            and needed.split(".")[2] != parts[2]
        ]
    assert not wrong


def test_only_one_module_knows_the_cel_library() -> None:
    users = [name for name, path in MODULES.items()
             if "cel_expr_python" in path.read_text(encoding="utf-8")]
    assert users == ["engine.expr.cel_syntax"]


def test_every_package_folder_is_installed() -> None:
    from importlib.util import find_spec

    folders = {
        "zhuanjie." + ".".join(p.parent.relative_to(ROOT).parts)
        for top in (*TOP, "rules") for p in (ROOT / top).rglob("__init__.py")
    }
    assert {name for name in folders if find_spec(name) is None} == set()


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; from zhuanjie.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('polars', 'pydantic', 'tabulate', 'yaml', 'icalendar', 'durable', "
        "'python_calamine', 'cel_expr_python', 'google.protobuf', 'psycopg', 'sqlglot', "
        "'duckdb', 'pyspark') if m in sys.modules], "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_files_are_short() -> None:
    long = {str(p.relative_to(ROOT)): n for p in (f for top in (*TOP, "tests", "bench")
                                                 for f in (ROOT / top).rglob("*.py"))
            if (n := len(p.read_text(encoding="utf-8").splitlines())) > 350}
    assert not long
