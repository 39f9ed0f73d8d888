"""What holds for one call. In: the arguments and the environment. Out: language and streams.

The language is needed before the options are parsed (help and usage errors are said in it), so
it is read off the arguments first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click
from msgspec import Struct

from zhuanjie.engine.api import (
    LANGS,
    Diagnostic,
    InputFinding,
    Lang,
    default_lang,
    say,
    say_diagnostic,
)
from zhuanjie.report import notices
from zhuanjie.report.inert import commandless
from zhuanjie.report.wrap import printable


class Session(Struct):
    """The language of this call; `say` speaks it."""

    lang: Lang
    quiet: bool = False
    """Whether only errors are said."""
    lang_asked: bool = False
    """Whether the call itself names the language."""

    def say(self, code: str, **args: Any) -> str:
        """The message `code` in this call's language."""
        return say(code, self.lang, **args)

    def tell(self, text: str) -> None:
        """Write a line to stderr; a closed stderr is nothing to fail about."""
        try:
            click.echo(text, err=True, color=True)
        except (OSError, ValueError):
            return

    def error(self, diagnostic: Diagnostic) -> None:
        """Say on stderr what is wrong, where, and what to do."""
        self._marked("cli.error", "\033[31m", diagnostic)

    def notice(self, diagnostic: Diagnostic) -> None:
        """Say on stderr what the caller should know though the work goes on."""
        if not self.quiet:
            self._marked("cli.notice", "\033[33m", diagnostic)

    def notices(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Say notices; what is said of several columns of one table is said once."""
        for notice in notices.gathered(diagnostics, self.lang):
            self.notice(notice)

    def unreadable(self, found: InputFinding) -> None:
        """Say on stderr that a cell could not be read."""
        self.notice(notices.unreadable(found, self.lang))

    def _marked(self, label: str, colour: str, diagnostic: Diagnostic) -> None:
        mark = self.say(label)
        if use_colour(sys.stderr):
            mark = f"{colour}{mark}\033[0m"
        self.tell(mark + commandless(printable(say_diagnostic(diagnostic, self.lang))))


def session_of(ctx: click.Context) -> Session:
    """The session of a click context."""
    session: Session = ctx.obj or Session(default_lang())
    return session


def session_for(args: Sequence[str]) -> Session:
    """The session of a call: in the language that `--lang` asks for anywhere, else the locale's."""
    asked: str | None = None
    for at, here in enumerate(args):
        if here == "--":
            break
        if here == "--lang":
            asked = next(iter(args[at + 1 :]), None)
        elif here.startswith("--lang="):
            asked = here.removeprefix("--lang=")
    lang = next((lang for lang in LANGS if lang == asked), None)
    return Session(lang or default_lang(), lang_asked=lang is not None)


def use_colour(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal that wants colours (https://no-color.org)."""
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
