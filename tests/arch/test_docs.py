"""The documentation says what is so: its examples run, its tables hold, its links lead somewhere.

Conventions in the Markdown:

- A block after `<!-- file: NAME -->` is written to NAME in a folder of the document's own, in
  which its console blocks then run, from the top of the page to its end.
- In a ```console block each `$ ` line is run and what it prints is compared; a line `…` stands for
  any number of lines. A command that shows nothing only has to end with 0 or 1; `$ echo $?` asks.
  Only `zhuanjie` and `make demo` are run; what else a reader types belongs in ```sh blocks.
- `pytest tests/arch/test_docs.py --update-golden` writes what the commands print today; it keeps
  as many lines before and after a `…` as there were, and fills in a lone `?`.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from support.layers import LAYERS
from support.marks import few

from zhuanjie.cli.main import PROG, group, main
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import load_policy
from zhuanjie.engine.authoring.testing.case_runner import CaseRunner
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.core.finding_columns import COLUMNS
from zhuanjie.engine.expr.operators import OPS
from zhuanjie.engine.policy.lint import lint
from zhuanjie.engine.policy.pack_files import load_cases

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMED = [str(p.relative_to(ROOT)) for p in PAGES]
BLOCK = re.compile(r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


def blocks(page: str) -> Iterator[re.Match[str]]:
    return BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))


def section(page: str, heading: str) -> str:
    """The text under a heading, down to the next heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$(.*?)(?=^#{{1,3}} |\Z)", text,
                      re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no heading {heading}"
    return found[2]


# --- examples --------------------------------------------------------------------------------


def demo() -> list[str]:
    """The commands behind `make demo`, as the Makefile has them."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    values = dict(re.findall(r"^([A-Z]+) := (.*)$", makefile, re.MULTILINE))
    whole = re.sub(r"\$\(([A-Z]+)\)", lambda m: values[m[1]], recipe[1])
    return [line for line in re.sub(r"\t@?(?:\.venv/bin/)?", "", whole).splitlines() if line]


PROGRESS = re.compile(r"(, \d+ s|，\d+ 秒)$")


class Shell:
    """Runs the commands of one page in one folder, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code = folder, 0
        for name in ("fixtures", "rules"):
            (folder / name).symlink_to(ROOT / name)

    def run(self, command: str) -> list[str]:
        """What a command prints, on both streams as they come."""
        if command == "echo $?":
            shown, self.code = str(self.code), 0
            return [shown]
        if command == "make demo":
            return [line for part in demo() for line in self._part(part)]
        return self._part(command)

    def _part(self, command: str) -> list[str]:
        if command.startswith("mkdir -p "):
            (self.folder / command.removeprefix("mkdir -p ")).mkdir(parents=True, exist_ok=True)
            return []
        if command.startswith("echo"):
            return [shlex.split(part)[1] if " " in part.strip() else ""
                    for part in command.split(";")]
        words = shlex.split(command)
        assert words[0] == PROG, f"only {PROG} is run here: {command}"
        both = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        kept, here = (sys.stdout, sys.stderr), Path.cwd()
        os.chdir(self.folder)
        sys.stdout = sys.stderr = both
        try:
            self.code = main(words[1:])
        finally:
            sys.stdout, sys.stderr = kept
            os.chdir(here)
        both.flush()
        assert isinstance(both.buffer, io.BytesIO)
        # A busy machine is told how far the work is; an example does not show that.
        return [line for line in both.buffer.getvalue().decode().splitlines()
                if not PROGRESS.search(line)]


def shown(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown under it."""
    out: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        else:
            assert out, f"a console block begins with a command: {line}"
            out[-1][1].append(line)
    return out


def fits(expected: list[str], actual: list[str]) -> bool:
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line) + "\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)) is not None


def renewed(expected: list[str], actual: list[str]) -> list[str]:
    """What should be shown: all of it, or as much of either end as was."""
    actual = [line.rstrip() for line in actual]
    if not expected or "…" not in expected or expected.count("…") > 1:
        return actual if expected else []
    at = expected.index("…")
    return [*actual[:at], "…", *actual[len(actual) - (len(expected) - at - 1):]]


@pytest.mark.parametrize("page", NAMED)
def test_examples_print_what_is_shown(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                      update_golden: bool) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "ZHUANJIE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("zhuanjie.cli.progress.DELAY", 1_000)  # on a slow machine progress shows
    monkeypatch.setenv("LANG", "zh_CN.UTF-8" if page.endswith(".zh.md") else "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")
    shell, text, wrong = Shell(tmp_path), (ROOT / page).read_text(encoding="utf-8"), []
    fresh = text
    for block in blocks(page):
        if block["file"]:
            target = tmp_path / block["file"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["text"], encoding="utf-8")
        if block["kind"] != "console":
            continue
        commands = shown(block["text"])
        lines: list[str] = []
        for number, (command, expected) in enumerate(commands):
            if command == "make test":  # not from within itself; its first line is checked below
                lines += [f"$ {command}", *expected]
                continue
            actual = [line.rstrip() for line in shell.run(command)]
            asked = commands[number + 1 : number + 2]
            broken = shell.code > 1 and not (asked and asked[0][0] == "echo $?")
            if broken or (expected and not fits(expected, actual)):
                wrong.append(f"$ {command}\nends with {shell.code}:\n" + "\n".join(actual))
            lines += [f"$ {command}", *(expected if broken else renewed(expected, actual))]
        fresh = fresh.replace(f"```console\n{block['text']}```", "```console\n" + "".join(
            f"{line}\n" for line in lines) + "```")
    if update_golden and fresh != text:
        (ROOT / page).write_text(fresh, encoding="utf-8")
        pytest.skip("rewritten")
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_the_readme_shows_the_two_commands() -> None:
    commands = {c: lines for b in blocks("README.md") if b["kind"] == "console"
                for c, lines in shown(b["text"])}
    recipe = re.search(r"^test:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert commands["make demo"]
    assert commands["make test"][0] == recipe[1].replace("$(BIN)", ".venv/bin")
    assert commands["make test"][1:] == ["…"]  # a count of tests would be old at the next change


@pytest.mark.parametrize("page", NAMED)
def test_data_in_examples_is_well_formed(page: str) -> None:
    for block in blocks(page):
        if block["kind"] == "json":
            json.loads(block["text"])
        elif block["kind"] == "yaml":
            list(yaml.safe_load_all(block["text"]))


@pytest.mark.parametrize("page", NAMED)
def test_python_in_examples_runs(page: str, tmp_path: Path) -> None:
    snippets = [b["text"] for b in blocks(page) if b["kind"] == "python"]
    (tmp_path / "ledger.csv").write_text("学号,转出时间\n06018,2007-06-30\n", encoding="utf-8")
    for snippet in snippets:
        # A process of its own: imports must work as they stand, whatever is loaded here.
        done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True,
                              text=True, check=False)
        assert not done.returncode, done.stderr


# On Spark a plan for each day takes too long, on DuckDB long.
@pytest.mark.parametrize("engine", few(
    (n for n in NAMES if n != "spark"), "reference", "polars", "python", "durable"))
@pytest.mark.parametrize("page", ["docs/add-a-pack.md", "docs/add-a-rule.md"])
def test_packs_of_the_guides_pass_their_cases(page: str, engine: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block["file"]:
            target = tmp_path / block["file"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["text"], encoding="utf-8")
    folders = [p.parent for p in tmp_path.glob("*/cases")]
    assert folders
    for folder in folders:
        policy = load_policy(folder)
        assert not lint(policy)
        results = CaseRunner(policy, backend(engine)).run(load_cases(folder))
        assert results
        assert not [(r.name, r.mismatches) for r in results if r.mismatches]


# --- completeness ----------------------------------------------------------------------------


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command of the tree by how it is called."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, obj=Session("en"))
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found
            yield from commands(found, f"{path} {name}")


def test_commands_and_their_options_are_documented() -> None:
    wrong = []
    for path, command in commands(group, PROG):
        text = section("docs/commands.md", f"`{path}`")
        options = [p for p in command.params if isinstance(p, click.Option)]
        there = {name for option in options for name in option.opts}
        said = set(re.findall(r"`(--?[A-Za-z][a-z-]*)", text)) - {"--help"}
        words = {word for option in options for word in getattr(option.type, "words", ())}
        words -= set(re.findall(r"[a-z-]+", " ".join(re.findall(r"`[^`]+`", text))))
        if there != said or words:
            wrong.append(f"{path}: {sorted(there ^ said)} {sorted(words)}")
    assert not wrong, "\n".join(wrong)


def test_the_report_has_the_keys_that_are_documented(tmp_path: Path) -> None:
    def keys(data: object) -> object:
        if isinstance(data, dict):
            return {k: k in ("by_clause", "cells", "fields", "no_column", "rows") or keys(v) for k, v in data.items()}
        return [keys(item) for item in data[:1]] if isinstance(data, list) else True

    ledger = next(b["text"] for b in blocks("README.md") if b["file"] == "ledger.csv")
    (tmp_path / "ledger.csv").write_text(ledger, encoding="utf-8")
    printed = Shell(tmp_path).run("zhuanjie audit ledger.csv --format json --as-of 2007-12-31 -q")
    report = json.loads("\n".join(printed[printed.index("{"):]))
    said = next(b["text"] for b in blocks("docs/formats.md") if b["kind"] == "json")
    assert keys(json.loads(said)) == keys(report)
    columns = re.findall(r"`(\w+)`", section("docs/formats.md", "csv"))
    assert columns == [column.name for column in COLUMNS]


def test_every_command_documented_is_there() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    said = set(re.findall(rf"^#+ `({PROG}[a-z -]*)`$", text, re.MULTILINE))
    assert said == {path for path, _ in commands(group, PROG)}


def test_every_folder_is_in_the_architecture() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = {p.parent for top in ("engine", "cli") for p in (ROOT / top).rglob("__init__.py")}
    parts |= {p for top in ("engine", "cli") for p in (ROOT / top).glob("*.py")
              if p.name != "__init__.py"}
    lacking = [name for p in sorted(parts)
               if f"`{(name := str(p.relative_to(ROOT)))}" not in text]
    assert not lacking


def test_the_layers_are_those_that_are_checked() -> None:
    (block,) = [b["text"] for b in blocks("docs/architecture.md") if b["kind"] == "layers"]
    assert [tuple(line.split()) for line in block.splitlines()] == list(LAYERS)


def test_every_operator_is_in_the_table_of_unknowns() -> None:
    table = section("docs/semantics.md", "Operators and missing values")
    named = set(re.findall(r"`([^`]+)`", table.replace("\\|", "|")))
    assert {"-x" if name == "neg" else name for name in OPS} <= named


def test_decisions_are_numbered_and_headed() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [p.name[:4] for p in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for path in records:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert re.match(rf"# {int(path.name[:4])}\. \S", lines[0]), path
        assert any(re.match(r"Status: (accepted|superseded by)", line) for line in lines), path
        assert len(lines) <= 40, path


@pytest.mark.parametrize("page", NAMED)
def test_links_lead_somewhere(page: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", NAMED)
def test_no_page_names_a_path_of_one_machine(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:home|Users|root|work|tmp|mnt|opt)/\S*|[A-Z]:\\\S*", text)
