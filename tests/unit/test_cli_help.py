"""Help is there for every command, in both languages, and fits 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from zhuanjie.cli.help import Command, CommandGroup, Context, Option, define
from zhuanjie.cli.main import group, main
from zhuanjie.cli.session import Session, session_for
from zhuanjie.engine.core.messages import LANGS, Lang, catalogue
from zhuanjie.engine.core.unicode import width


def walk(command: click.Command, path: str, lang: Lang) -> Iterator[tuple[str, Context]]:
    context = Context(command, info_name=path, obj=Session(lang))
    yield path, context
    if isinstance(command, CommandGroup):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, f"{path} {name}"
            yield from walk(found, f"{path} {name}", lang)


EVERY = [(path, lang) for lang in LANGS for path, _ in walk(group, "zhuanjie", lang)]


@pytest.mark.parametrize(("path", "lang"), EVERY)
def test_help_fits_and_speaks_one_language(path: str, lang: Lang) -> None:
    context = dict(walk(group, "zhuanjie", lang))[path]
    text = context.command.get_help(context)
    assert max(map(width, text.splitlines())) <= 80
    han = sum("\u4e00" <= c <= "\u9fff" for c in text)
    assert han > 10 if lang == "zh" else han == 0


def test_help_has_its_names_whoever_asks_first(capsys: pytest.CaptureFixture[str]) -> None:
    @define("policy.list")
    def command() -> int:
        return 0

    plain = click.Context(command)
    assert command.get_help(plain)  # click keeps what it makes of the first context
    with command.make_context("list", ["-h"], obj=Session("en"), resilient_parsing=True) as made:
        named = command.get_help_option(made)
    assert named is not None and set(named.opts) == {"-h", "--help"}
    assert not capsys.readouterr().out


@pytest.mark.parametrize("lang", LANGS)
def test_every_option_has_words(lang: Lang) -> None:
    for path, context in walk(group, "zhuanjie", lang):
        assert isinstance(context.command, Command), path
        for param in context.command.params:
            if isinstance(param, Option):
                assert f"cli.option.{param.help_key}" in catalogue(lang), f"{path} {param.opts}"


def test_no_words_of_the_command_line_are_left_over() -> None:
    used = {"cli.root.help"}
    for _, context in walk(group, "zhuanjie", "en"):
        command = context.command
        assert isinstance(command, Command)
        used |= {f"cli.{command.help_key}.help", f"cli.{command.help_key}.short"}
        used |= {f"cli.option.{p.help_key}" for p in command.params if isinstance(p, Option)}
    there = {code for code in catalogue("en") if code.startswith("cli.option.")
             or (code.startswith("cli.") and code.split(".")[-1] in ("help", "short"))}
    # The first is the help option itself, which click makes; the second a hint of that name.
    assert there - used == {"cli.option.help", "cli.usage.hint.help"}


@pytest.mark.parametrize(("args", "lang"), [
    (["audit", "x", "--lang", "zh"], "zh"), (["--lang=zh", "audit"], "zh"),
    (["audit", "--lang", "en", "--lang", "zh"], "zh"), (["audit", "--", "--lang", "zh"], "en"),
    (["--lang", "fr"], "en"), (["--lang"], "en"), ([], "en"),
])
def test_the_language_is_known_before_options_are_parsed(
    args: list[str], lang: Lang, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert session_for(args).lang == lang


def test_the_locale_sets_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert session_for(["audit"]).lang == "zh"


def test_lang_after_the_command_turns_its_help_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help", "--lang", "zh"]) == 0
    assert "用法：zhuanjie audit [选项]" in capsys.readouterr().out


def test_no_arguments_show_the_help_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "audit" in err
