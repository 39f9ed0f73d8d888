"""The names of the program: its version, the module that runs, and the short options."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import click
import pytest
from support.cli_command import run

import zhuanjie
from zhuanjie.cli.help import Context
from zhuanjie.cli.main import group


def paths(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    out = [path]
    if isinstance(command, click.Group):
        context = Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            out += paths(found, (*path, name))
    return out


def test_the_package_knows_its_version() -> None:
    assert zhuanjie.__version__ == version("zhuanjie")
    assert not hasattr(zhuanjie, "version")


def test_it_runs_as_a_module() -> None:
    def module(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "zhuanjie", *args], capture_output=True,
                              encoding="utf-8", check=False)

    assert module("--version").stdout == f"zhuanjie {zhuanjie.__version__}\n"
    assert module("eval", "6 * 7").stdout == run("eval", "6 * 7").stdout == "42\n"
    wrong = module("audti", "--lang", "en")
    assert wrong.returncode == 2
    assert "audit" in wrong.stderr


def test_the_version_has_a_short_option() -> None:
    assert run("-V").stdout == run("--version").stdout == f"zhuanjie {zhuanjie.__version__}\n"


@pytest.mark.parametrize("path", paths(group), ids=" ".join)
def test_help_has_a_short_option(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    from zhuanjie.cli.main import main

    assert main([*path, "-h", "--lang", "en"]) == 0
    short = capsys.readouterr().out
    assert main([*path, "--help", "--lang", "en"]) == 0
    assert short == capsys.readouterr().out
    assert "-h, --help" in short
