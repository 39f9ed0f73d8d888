"""A prompt to try expressions at. In: lines. Out: what each comes to; what is wrong, on stderr.

A line is an expression, the id of a rule, a clause, or a command that begins with a colon.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TextIO

from zhuanjie.cli.options import whole, whole_or_day
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import UsageError, ZhuanjieError, fail
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import TrialBench, TriedRecord

FindRecord = Callable[[int | None, str | None], "TriedRecord"]
"""Finds another record by its row or its id."""

COMMANDS: Final = (":row", ":id", ":record", ":as-of", ":set", ":fields", ":rules", ":definitions",
                   ":parameters", ":help", ":quit")


class Prompt:
    """Answers lines about one bench; `find` finds other records, where there is a ledger."""

    def __init__(self, bench: TrialBench, session: Session, out: TextIO,
                 find: FindRecord | None) -> None:
        self.bench, self.session, self.out, self.find = bench, session, out, find
        self.done = False
        """Whether the end was asked for."""

    @property
    def view(self) -> View:
        """The words of the policy that is tried."""
        return View.of(self.bench.policy, self.session.lang)

    def answer(self, line: str) -> bool:
        """Write what a line comes to; False where it was wrong, which is said."""
        text = line.strip()
        if not text or text.startswith("#"):
            return True
        try:
            lines = self._command(text) if text.startswith(":") else self._tried(text)
            for each in lines:
                self.out.write(each + "\n")
        except ZhuanjieError as error:
            for diagnostic in error.diagnostics:
                self.session.error(diagnostic)
            return False
        finally:
            self.out.flush()
        return True

    def answer_all(self, lines: Iterable[str]) -> bool:
        """Answer lines until the end is asked for; False where one was wrong."""
        sound = True
        for line in lines:
            sound = self.answer(line) and sound
            if self.done:
                break
        return sound

    def use(self, record: TriedRecord) -> Iterator[str]:
        """Try on another record from now on; what could not be read in it is said."""
        from zhuanjie.report.layouts import trial

        self.bench.record = record
        for found in record.input:
            self.session.unreadable(found)
        yield from trial.record(record, self.view)

    def _tried(self, text: str) -> Iterator[str]:
        from zhuanjie.report.layouts import trial

        bench = self.bench
        if text not in bench.policy.definitions and bench.rules(text):
            return self._rule(text)
        return trial.trial(bench.expression(text), bench.record, bench.day, self.view)

    def _rule(self, name: str) -> Iterator[str]:
        from zhuanjie import report
        from zhuanjie.report.layouts import explain as layout

        bench = self.bench
        if any(rule.counts_keys for rule in bench.rules(name)):
            self.session.tell(self.session.say("try.alone"))
        found = bench.rule(name, self.session.lang)
        shown = layout.present(bench.policy, bench.day, found, None, self.view, whole=True)
        report.write(shown, "table", self.out, self.view)
        return iter(())

    def _command(self, text: str) -> Iterable[str]:
        from zhuanjie.report.layouts import trial

        word, _, rest = text.partition(" ")
        rest, bench, view = rest.strip(), self.bench, self.view
        policy = bench.policy
        match word:
            case ":row" | ":id":
                return self.use(self._found(word, rest))
            case ":record":
                return trial.record(bench.record, view, whole=True)
            case ":as-of":
                bench.use_day(self._day(rest))
                return [self.session.say("try.as-of", day=bench.day)]
            case ":set":
                name, value = self._pair(rest)
                bench.use_parameter(name, value)
                return [f"params.{name} = {value}"]
            case ":fields":
                return trial.fields(policy, rest, view)
            case ":rules":
                return trial.rules(policy, rest, view)
            case ":definitions":
                return trial.definitions(policy, rest, view)
            case ":parameters":
                return trial.parameters(policy, bench.values(), rest, view)
            case ":help" | ":h" | ":?":
                return [self.session.say("try.help")]
            case ":quit" | ":q" | ":exit":
                self.done = True
                return ()
        near = "".join(get_close_matches(word, COMMANDS, n=1))
        raise fail(UsageError, "try.no-command", hint="hint.near" if near else "hint.known",
                   name=word, near=near, known=" ".join(COMMANDS))

    def _found(self, word: str, rest: str) -> TriedRecord:
        if self.find is None:
            raise fail(UsageError, "try.no-ledger", hint="try.no-ledger.hint")
        if word == ":id" and rest:
            return self.find(None, rest)
        row = whole(rest)
        if row is None or row < 1:
            raise fail(UsageError, "try.argument", hint="try.argument.hint", name=word, value=rest)
        return self.find(row, None)

    def _day(self, rest: str) -> date:
        from zhuanjie.engine.api import CellError, read_day

        try:
            return read_day(rest)
        except CellError:
            raise fail(UsageError, "try.argument", hint="try.argument.hint", name=":as-of",
                       value=rest) from None

    def _pair(self, rest: str) -> tuple[str, int | date]:
        name, _, text = rest.partition("=")
        value = whole_or_day(text.strip())
        if not name.strip() or value is None:
            raise fail(UsageError, "try.argument", hint="try.argument.hint", name=":set",
                       value=rest)
        return name.strip().removeprefix("params."), value


def talk(prompt: Prompt) -> None:
    """Ask for lines at a terminal until its end, Ctrl-D or `:quit`; Ctrl-C gives up a line."""
    with_completion(prompt)
    while not prompt.done:
        try:
            line = input("> ")
        except EOFError:
            prompt.out.write("\n")
            return
        except KeyboardInterrupt:
            prompt.out.write("\n")
            continue
        try:
            prompt.answer(line)
        except KeyboardInterrupt:
            prompt.session.tell(prompt.session.say("cli.interrupted"))


def with_completion(prompt: Prompt) -> None:
    """Complete names with Tab and keep the lines of this session, where there is readline."""
    try:
        import readline
    except ImportError:  # Windows
        return
    readline.set_completer(Completer(prompt).word)
    readline.set_completer_delims(" \t\n()[]!=<>&|?,+*%")
    bind = "bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete"
    readline.parse_and_bind(bind)


class Completer:
    """Knows the words that a line may go on with."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._found: list[str] = []

    def word(self, begun: str, number: int) -> str | None:
        """The word at a place among those that begin so, as readline asks for them."""
        if number == 0:
            self._found = [w for w in self.words() if w.startswith(begun)]
        return self._found[number] if number < len(self._found) else None

    def words(self) -> Iterator[str]:
        """Commands, rules, definitions, parameters and fields."""
        policy = self._prompt.bench.policy
        yield from chain(COMMANDS, (r.id for r in policy.rules), policy.definitions,
                         (f"params.{name}" for name in policy.parameters if "@" not in name),
                         (f.name for f in policy.vocabulary.fields), ("as_of", "has("))


def is_terminal() -> bool:
    """Whether somebody sits at both ends."""
    streams: tuple[Any, ...] = (sys.stdin, sys.stdout)
    return all(stream is not None and stream.isatty() for stream in streams)


def piped_lines() -> Iterator[str]:
    """The lines of standard input."""
    for line in sys.stdin.buffer if sys.stdin is not None else ():
        yield line.decode(errors="replace").lstrip("\ufeff")
