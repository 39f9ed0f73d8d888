"""One table of formats: what commands offer, what endings mean, and who writes what."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from zhuanjie import report
from zhuanjie.cli.help import Command
from zhuanjie.cli.main import group
from zhuanjie.cli.options import Choice
from zhuanjie.report import FORMATS, OFFERED, Presentation, by_ending, spark_forms
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def commands(command: click.Command) -> Iterator[Command]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner)
    else:
        assert isinstance(command, Command)
        yield command


def test_commands_offer_what_the_table_says() -> None:
    offered = {
        command.help_key: tuple(param.type.words)
        for command in commands(group) for param in command.params
        if "--format" in param.opts and isinstance(param.type, Choice)
    }
    assert offered == OFFERED


def test_every_format_offered_is_known_and_written_somewhere() -> None:
    assert set(FORMATS) == {name for names in OFFERED.values() for name in names}
    for name, form in FORMATS.items():
        module = f"zhuanjie.report.formats.{name}"
        assert (find_spec(module) is None) == form.needs_file, name
        if form.findings == "streamed":
            assert hasattr(import_module(module), "lines")


def test_an_ending_asks_for_one_format() -> None:
    endings = Counter(end for form in FORMATS.values() for end in form.endings)
    assert endings and set(endings.values()) == {1}


@pytest.mark.parametrize(("name", "command", "form"), [
    ("a.json", "audit", "json"), ("A.CSV", "audit", "csv"), ("a.b.md", "audit", "markdown"),
    ("a.json", "check", "json"),
    ("a.csv", "check", None),  # which a check is not written as
    ("a.html", "audit", "html"), ("a.txt", "audit", "table"), ("a", "audit", None),
    ("a.xlsx", "audit", "xlsx"), ("a.xlsx", "check", None),
])
def test_the_ending_of_a_file_asks_for_what_the_command_offers(
    name: str, command: str, form: str | None,
) -> None:
    assert by_ending(Path(name), command) == form


def test_spark_writes_what_the_table_says() -> None:
    pytest.importorskip("pyspark")
    from zhuanjie.engine.auditing.strategies.spark import SUFFIXES

    assert spark_forms() == SUFFIXES


def written(shown: Presentation, form: str) -> str:
    out = io.StringIO()
    report.write(shown, form, out, View("en"))
    return out.getvalue()


def test_a_result_is_made_only_into_what_is_asked_for() -> None:
    def never() -> Any:
        raise AssertionError

    people = Presentation(lambda: [Section(title="<head>")], never, texts={"github": never})
    assert written(people, "table") == "<head>\n"
    assert written(people, "markdown") == "## \\<head\\>\n"
    assert "&lt;head&gt;" in written(people, "html")
    assert written(Presentation(never, lambda: {"a": 1}), "json") == '{\n  "a": 1\n}\n'
    own = Presentation(never, never, texts={"github": lambda: ["::notice::", "x\n"]})
    assert written(own, "github") == "::notice::x\n"
