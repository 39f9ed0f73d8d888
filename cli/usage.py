"""What is wrong with a call. In: click's exceptions. Out: diagnostics in our own words.

Click words its errors in English only; here each kind becomes a message of the catalogue.
"""

from __future__ import annotations

import click

from zhuanjie.engine.api import Diagnostic


def diagnose(error: click.ClickException) -> Diagnostic:
    """The diagnostic that says what `error` says."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "zhuanjie"
    match error:
        case click.NoSuchOption():
            near = next(iter(error.possibilities or ()), "")
            return _diagnostic("option", command, hint="near" if near else "help",
                               name=error.option_name, near=near)
        case click.MissingParameter():
            return _diagnostic("missing", command, name=_name(error))
        case click.BadParameter():
            return _diagnostic("value", command, name=_name(error), reason=error.message)
        case click.BadOptionUsage():
            return _diagnostic("option-value", command, name=error.option_name)
        case _:
            return _diagnostic("call", command, reason=error.message)


def _diagnostic(code: str, command: str, hint: str = "help", **args: str) -> Diagnostic:
    return Diagnostic(f"cli.usage.{code}", {**args, "command": command},
                      hint=f"cli.usage.hint.{hint}")


def _name(error: click.BadParameter) -> str:
    """How the user writes the parameter that `error` is about."""
    match error.param:
        case click.Option(opts=opts):
            return max(opts, key=len)
        case click.Argument() as argument if error.ctx:
            return argument.make_metavar(error.ctx)
        case _:
            return str(error.param_hint or "")
