"""The options commands share. In: words of the call. Out: decorators and the values they gather.

Options that travel together reach a command as one value: `Selection` (what judges what) and
`Target` (where the result goes and in what form).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click
from click.core import ParameterSource
from msgspec import Struct

from zhuanjie.cli import complete, exit_codes
from zhuanjie.cli.help import Decorator, option
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import LANGS, UsageError, fail
from zhuanjie.report import FORMATS, OFFERED, endings, fitting

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy


class Choice(click.ParamType[str]):
    """One of a few words."""

    name = "choice"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The words, as help shows them."""
        return "[" + "|".join(self.words) + "]"

    def convert(self, value: Any, param: click.Parameter | None,
                ctx: click.Context | None) -> str:
        """The word itself; any other is refused with the nearest one."""
        if value in self.words:
            return str(value)
        from difflib import get_close_matches

        near = get_close_matches(str(value), self.words, n=1)
        raise fail(UsageError, "cli.usage.choice", value=value, name=_written(param),
                   hint="cli.usage.hint.near" if near else "cli.usage.hint.choices",
                   near=near[0] if near else "", choices=", ".join(self.words))

    def shell_complete(self, ctx: click.Context, param: click.Parameter,
                       incomplete: str) -> list[Any]:
        """The words that start so."""
        return complete.items(self.words, incomplete)


class Day(click.ParamType[date]):
    """A date in any form a ledger may use."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None,
                ctx: click.Context | None) -> date:
        """The date `value` means."""
        from zhuanjie.engine.api import CellError, read_day

        try:
            return read_day(value)
        except CellError as error:
            beyond = error.code == "records.cell.date-range"
            args: dict[str, Any] = {**error.values, "value": value, "name": _written(param)}
            raise fail(UsageError, "cli.usage.date-range" if beyond else "cli.usage.date",
                       hint="cli.usage.hint.date", **args) from error


class Count(click.ParamType[int]):
    """A whole number, not below a least one."""

    name = "count"

    def __init__(self, least: int) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None,
                ctx: click.Context | None) -> int:
        """The number `value` writes."""
        number = whole(str(value))
        if number is None or number < self.least:
            raise fail(UsageError, "cli.usage.count", hint="cli.usage.hint.count", value=value,
                       name=_written(param), least=self.least)
        return number


class Pair(click.ParamType[tuple[str, Any]]):
    """`name=value`, the value read by `read`, which returns None for what it cannot read."""

    name = "pair"

    def __init__(self, read: Callable[[str], Any], code: str) -> None:
        self.read = read
        self.code = code

    def convert(self, value: Any, param: click.Parameter | None,
                ctx: click.Context | None) -> tuple[str, Any]:
        """The name and its value."""
        if isinstance(value, tuple):
            return value
        name, _, text = str(value).partition("=")
        read = self.read(text.strip())
        if not name.strip() or read is None or "=" not in str(value):
            raise fail(UsageError, self.code, hint=f"{self.code}.hint", value=value)
        return name.strip(), read


def whole_or_day(text: str) -> int | date | None:
    """The whole number or the day (as ISO 8601 writes it) that `text` writes, or None."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def whole(text: str) -> int | None:
    """The whole number `text` writes, or None."""
    try:
        return int(text)
    except ValueError:
        return None


class Selection(Struct, frozen=True):
    """Which pack judges, as of which day, with which numbers and headings."""

    as_of: date | None
    params: tuple[tuple[str, int | date], ...]
    policy: str | None = None
    backend: str | None = None
    roster: str | None = None
    columns: str | None = None
    absent: Literal["unknown", "blank"] = "unknown"
    column: tuple[tuple[str, str], ...] = ()
    join: bool = False
    waivers: tuple[str, ...] = ()
    table_version: str | None = None

    @property
    def day(self) -> date:
        """The as-of day: today where none is given."""
        from zhuanjie.engine.api import office_day

        return self.as_of or office_day()

    @property
    def files(self) -> tuple[str | None, ...]:
        """What is read beside the ledger."""
        return self.roster, self.columns, *self.waivers

    def load(self) -> Policy:
        """The policy, with the parameters set for this run."""
        from zhuanjie.engine.api import keep_policies, kept_policy

        keep_policies()
        return kept_policy(self.policy, as_of=self.day, params=dict(self.params))

    def engine(self, session: Session) -> str:
        """The engine for single records: the one asked for, else the usual; a stand-in is said."""
        from zhuanjie.engine import api

        session.notices(api.stand_in(self.backend))
        return self.backend or api.single_engine()

    def headings(self, policy: Policy,
                 office: Mapping[str, str] | None = None) -> Mapping[str, str] | None:
        """The ledger's own headings and the fields they stand for, where anything maps them.

        `office` is what a register keeps of them.
        """
        from zhuanjie.engine.api import columns_wanted

        return columns_wanted(policy, self.columns, self.column, office)


class Target(Struct, frozen=True):
    """In what form the result is wanted, and where; `force` writes over any file.

    A `private` file holds what ledgers hold, and is its owner's alone.
    """

    format: str
    output: Path | None
    force: bool = False
    private: bool = True

    @classmethod
    def of(cls, command: str, format: str | None, output: Path | None, *,
           force: bool = False) -> Target:
        """The target of a command: the format asked for, else the one that the ending asks for.

        Raises UsageError where the two differ, and for an ending that no format of the command has.
        """
        offered = OFFERED[command]
        private = command != "fields" and not command.startswith("policy.")
        if output is None or (output.exists() and not output.is_file()):
            return cls(format or offered[0], output, force, private)
        fits, suffix = fitting(output, command), output.suffix.lower()
        if format is not None and (format in fits or not suffix or not FORMATS[format].endings):
            return cls(format, output, force, private)
        args: dict[str, Any] = {
            "path": str(output), "suffix": suffix, "endings": " ".join(endings(command)),
            "format": format, "wanted": "/".join(fits)}
        if format is not None and fits:
            raise fail(UsageError, "cli.usage.ending-other", hint="cli.usage.ending-other.hint",
                       **args)
        if not fits:
            raise fail(UsageError, "cli.usage.ending" if suffix else "cli.usage.no-ending",
                       hint="cli.usage.ending.hint", **args)
        return cls(fits[0], output, force, private)


def gather(kind: type[Struct], name: str, *options: Decorator,
           make: Callable[..., Any] | None = None) -> Decorator:
    """Apply `options` to a command and hand it their values as one `kind` called `name`.

    `make` makes it, where it is more than its values.
    """
    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def gathered(*args: Any, **kwargs: Any) -> Any:
            kwargs[name] = (make or kind)(**{
                k: kwargs.pop(k) for k in kind.__struct_fields__ if k in kwargs})
            return command(*args, **kwargs)

        wrapped: Callable[..., Any] = gathered
        for each in reversed(options):
            wrapped = each(wrapped)
        return wrapped

    return decorate


def _written(param: click.Parameter | None) -> str:
    """The longest name of an option, as the user writes it."""
    return max(param.opts, key=len) if param else ""


def _set_lang(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    session = session_of(ctx)
    settled = ctx.get_parameter_source(param.name or "") is ParameterSource.DEFAULT_MAP
    if value in LANGS and not (settled and session.lang_asked):
        session.lang = value


class Extent(Struct, frozen=True):
    """What of an audit is asked for: which clauses, grouped by what, with or without findings."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    summary: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """As the engine takes it."""
        return {"only": self.only, "skip": self.skip, "by": self.by}


def _engines() -> str:
    """The engines by name."""
    from zhuanjie.engine import api

    return " ".join(api.backends())


def _set_quiet(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    session_of(ctx).quiet = value
    return value


FILE: Final = click.Path()  # says nothing about existence: the engine does, in our words

lang = option("--lang", help_key="lang", type=Choice(LANGS), expose_value=False, is_eager=True,
              callback=_set_lang)
quiet = option("--quiet", "-q", help_key="quiet", is_flag=True, is_eager=True,
               callback=_set_quiet)
fail_on = option("--fail-on", help_key="fail-on", type=Choice(tuple(exit_codes.LEVELS)),
                 default="error")
all_outcomes = option("--all", "all_outcomes", help_key="all", is_flag=True)
with_values = option("--with-values", help_key="with-values", is_flag=True)
policy = option("--policy", help_key="policy", metavar="PACK", shell_complete=complete.packs)
as_of = option("--as-of", help_key="as-of", type=Day(), metavar="DATE")
params = option("--set", "params", help_key="set", multiple=True, metavar="NAME=VALUE",
                type=Pair(whole_or_day, "cli.usage.set"))
backend = option("--backend", help_key="backend", metavar="NAME",
                 help_args={"engines": _engines}, shell_complete=complete.backends)
roster = option("--roster", help_key="roster", type=FILE, metavar="FILE")
columns = option("--columns", help_key="columns", type=FILE, metavar="FILE")
only = option("--only", help_key="only", multiple=True, metavar="CLAUSE")
skip = option("--skip", help_key="skip", multiple=True, metavar="CLAUSE")
by = option("--by", help_key="by", multiple=True, metavar="FIELD")
summary = option("--summary", help_key="summary", is_flag=True)
extent = gather(Extent, "extent", only, skip, by, summary)
absent = option("--absent", help_key="absent", type=Choice(("unknown", "blank")),
                default="unknown")
column = option("--column", help_key="column", multiple=True, metavar="HEADING=FIELD",
                type=Pair(str, "cli.usage.column"))
join = option("--join", help_key="join", is_flag=True)
baseline = option("--baseline", help_key="baseline", type=FILE, metavar="FILE")
waivers = option("--waivers", help_key="waivers", multiple=True, type=FILE, metavar="FILE")
table_version = option("--table-version", help_key="table-version", metavar="VERSION")
before = option("--before", help_key="before", metavar="MOMENT", shell_complete=complete.moments)
journal = option("--journal", help_key="journal", metavar="FILE", type=click.Path(path_type=Path))
follow = option("--follow", help_key="follow", is_flag=True)
force = option("--force", help_key="force", is_flag=True)


def _output(command: str) -> Decorator:
    return option("--output", "-o", help_key="output", metavar="FILE",
                  help_args={"endings": " ".join(endings(command))},
                  type=click.Path(path_type=Path))


def target(command: str) -> Decorator:
    """`--format`, as it is offered for a command, and `--output`, gathered as `target`."""
    choice = option("--format", "-f", help_key="format", type=Choice(OFFERED[command]))
    return gather(Target, "target", choice, _output(command), force,
                  make=functools.partial(Target.of, command))


ledger_selection = gather(Selection, "selection", policy, as_of, params, backend, roster, columns,
                          column, absent, join, waivers, table_version)
check_selection = gather(Selection, "selection", policy, as_of, params, backend, columns, column,
                         waivers)
column_selection = gather(Selection, "selection", policy, as_of, params, columns, column)
watch_selection = gather(Selection, "selection", policy, as_of, params, backend, waivers)
record_selection = gather(Selection, "selection", policy, as_of, params, backend, waivers)
trial_selection = gather(Selection, "selection", as_of, params, columns, column)
expression_selection = gather(Selection, "selection", as_of, params, backend)
