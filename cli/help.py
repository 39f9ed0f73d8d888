"""Commands that speak two languages and load late. In: message codes. Out: click classes.

Help is put into words when it is shown, never when a module is read. A group knows its commands
by name and module: only the one that is called is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final

import click

from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail
from zhuanjie.report.wrap import columns, wrap

ROOT: Final = "root"
"""The top group; the commands in it go by their own name alone."""

HELP: Final = ("-h", "--help")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Formatter(click.HelpFormatter):
    """Lays help out by the columns text really takes."""

    def write_text(self, text: str) -> None:
        """Paragraphs, wrapped and indented; a line that starts with a space is kept as it is."""
        indent = " " * self.current_indent
        for line in text.split("\n"):
            fit = [line] if line.startswith(" ") else wrap(line, self.width - self.current_indent)
            self.write("".join(f"{indent}{part}".rstrip() + "\n" for part in fit))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 26,
                 col_spacing: int = 2) -> None:
        """Terms and what they mean, in two columns."""
        rows, indent = list(rows), " " * self.current_indent
        first = min(max(columns(term) for term, _ in rows), col_max) + col_spacing
        for term, text in rows:
            own_line = columns(term) > first - col_spacing
            lines = wrap(text, self.width - self.current_indent - first)
            if own_line:
                lines = ["", *lines]
            # Many choices take more than one line themselves.
            *above, last = _choices(term, self.width - self.current_indent)
            for part in above:
                self.write(f"{indent}{part}\n")
            for number, line in enumerate(lines):
                head = "" if number else last
                pad = " " * (first - columns(head))
                self.write(f"{indent}{head}{pad}{line}".rstrip() + "\n")


def _choices(term: str, limit: int) -> list[str]:
    """A term in lines of at most `limit` columns, broken after a `|`."""
    lines = [""]
    for part in term.replace("|", "|\0").split("\0"):
        if lines[-1] and columns(lines[-1] + part) > limit:
            lines.append("      ")
        lines[-1] += part
    return lines


class Context(click.Context):
    """A click context whose help is laid out by `Formatter`."""

    formatter_class = Formatter


class Option(click.Option):
    """An option; its help is the message `cli.option.<key>`.

    One of the root that goes `everywhere` is taken by every command, and listed at the root.
    `help_args` are what its message quotes: texts, or what makes them when help is shown.
    """

    def __init__(self, *args: Any, help_key: str, everywhere: bool = False,
                 help_args: Mapping[str, str | Callable[[], str]] | None = None,
                 **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.help_args = help_args or {}
        self.help_key = help_key
        self.everywhere = everywhere

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """How it is written, and what it does."""
        return self.get_help_spec(ctx), session_of(ctx).say(
            f"cli.option.{self.help_key}",
            **{name: made if isinstance(made, str) else made()
               for name, made in self.help_args.items()})


class Command(click.Command):
    """A command; its help is `cli.<path>.help`, its line in a list `cli.<path>.short`."""

    context_class = Context
    allow_extra_args = True  # refused below, in our words

    def __init__(self, *args: Any, help_key: str, **kwargs: Any) -> None:
        kwargs.setdefault("context_settings", {})["help_option_names"] = list(HELP)
        super().__init__(*args, **kwargs)
        self.help_key = help_key

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Ways to ask for help: the same whatever context asks first, for click keeps them."""
        return list(HELP)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, and those of the root that go everywhere."""
        own, root = super().get_params(ctx), ctx.find_root().command
        shared = [p for p in root.params if isinstance(p, Option) and p.everywhere]
        # Those of the root come first: what the settings say must be known to the others.
        return own if root is self else [*shared, *own]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; one too many is refused."""
        rest = super().parse_args(ctx, args)
        if rest and not isinstance(self, click.Group) and not ctx.resilient_parsing:
            raise fail(UsageError, "cli.usage.extra", hint="cli.usage.hint.help", name=rest[0],
                       command=ctx.command_path)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The usage line."""
        session = session_of(ctx)
        self.options_metavar = session.say("cli.help.options-metavar")
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=session.say("cli.help.usage"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(session_of(ctx).say(f"cli.{self.help_key}.help"))

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: the help text speaks of the arguments."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options."""
        records = [p.get_help_record(ctx) for p in self.params if isinstance(p, Option)]
        session = session_of(ctx)
        with formatter.section(session.say("cli.help.options")):
            formatter.write_dl([
                *(r for r in records if r), (", ".join(HELP), session.say("cli.option.help")),
            ])

    def get_short_help_str(self, limit: int = 45) -> str:
        """The command in a line (for shell completion, which runs in the locale's language)."""
        context = click.get_current_context(silent=True)
        return session_of(context or Context(self)).say(f"cli.{self.help_key}.short")


class CommandGroup(Command, click.Group):
    """A group that imports a command's module when the command is called."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the table."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, imported now."""
        module = self.modules.get(cmd_name)
        found: click.Command | None = import_module(module).command if module else None
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str],
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command `args` start with; an unknown one is refused with the nearest names."""
        if args[0] not in self.modules and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.modules, n=1)
            hint = "cli.usage.hint.near" if near else "cli.usage.hint.help"
            raise fail(UsageError, "cli.usage.command", hint=hint, name=args[0],
                       near=near[0] if near else "", command=ctx.command_path)
        return super().resolve_command(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The pieces of the usage line."""
        self.subcommand_metavar = session_of(ctx).say("cli.help.command-metavar")
        return super().collect_usage_pieces(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, from the catalogue alone."""
        session = session_of(ctx)
        prefix = "cli." if self.help_key == ROOT else f"cli.{self.help_key}."
        with formatter.section(session.say("cli.help.commands")):
            formatter.write_dl([(n, session.say(f"{prefix}{n}.short")) for n in self.modules])


def define(path: str) -> Callable[[Callable[..., Any]], Command]:
    """Make a function the command `path` (`audit`, `policy.list`)."""
    return click.command(path.rsplit(".", 1)[-1], cls=Command, help_key=path)


def option(*names: str, help_key: str, **kwargs: Any) -> Decorator:
    """An option whose help is the message `cli.option.<help_key>`."""
    return click.option(*names, cls=Option, help_key=help_key, **kwargs)
