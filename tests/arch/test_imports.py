"""The order of passes: a module imports only from those before its own; heavy libraries late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from support.layers import LAYERS

ROOT = Path(__file__).resolve().parents[2]

TOP = ("engine", "report", "synthetic", "cli")


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
    """Our own modules that a module needs at run time (not for types only)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    out = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module and node.module.startswith("zhuanjie."):
                base = node.module.removeprefix("zhuanjie.")
                out |= {f"{base}.{a.name}" if (ROOT / Path(*base.split(".")) / f"{a.name}.py")
                        .exists() else base for a in node.names}
        elif isinstance(node, ast.Import):
            out |= {a.name.removeprefix("zhuanjie.") for a in node.names
                    if a.name.startswith("zhuanjie.")}
    return out


def test_imports_run_one_way() -> None:
    wrong = [
        f"{name} imports {needed}"
        for name, path in modules().items()
        for needed in imports(path)
        if layer(needed) > layer(name)
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_engines_never_import_each_other() -> None:
    wrong = []
    for name, path in modules().items():
        parts = name.split(".")
        if parts[:2] != ["engine", "backends"] or len(parts) < 4:
            continue
        wrong += [
            f"{name} imports {needed}" for needed in imports(path)
            if needed.startswith("engine.backends.") and len(needed.split(".")) > 3
            and needed.split(".")[2] != parts[2]
        ]
    assert not wrong


def test_only_one_module_knows_the_cel_library() -> None:
    users = [name for name, path in modules().items()
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
