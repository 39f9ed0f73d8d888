"""Passwords that somebody types. In: a terminal, or standard input. Out: a password.

Never an argument: every user of a machine can read the arguments of every process.
"""

from __future__ import annotations

import sys

import click

from zhuanjie.cli.help import option
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import UsageError, fail

from_stdin = option("--password-stdin", help_key="password-stdin", is_flag=True)
_LONGEST_LINE = 4096


def read_password(session: Session, user: str) -> str:
    """The first line of standard input; at a terminal it is asked for twice and not shown."""
    if sys.stdin is None:
        raise fail(UsageError, "register.access.nothing-typed")
    if sys.stdin.isatty():
        try:
            return str(click.prompt(
                session.say("register.access.new-password", id=user), hide_input=True, err=True,
                confirmation_prompt=session.say("register.access.once-more")))
        except click.Abort:
            raise fail(UsageError, "register.access.nothing-typed") from None
    line = sys.stdin.readline(_LONGEST_LINE).rstrip("\r\n")
    if not line:
        raise fail(UsageError, "register.access.nothing-typed")
    return line
