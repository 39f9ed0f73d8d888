"""`zhuanjie register audit`: the register against a pack. In: a register. Out: a report."""

from __future__ import annotations

from typing import Any

from zhuanjie.cli.commands import audit
from zhuanjie.cli.commands.register.opening import address, database
from zhuanjie.cli.help import Command

_NOT: frozenset[str] = frozenset({"ledgers", "columns", "column", "join", "table_version"})
"""What is asked of files alone: a register's columns are known, and its records whole."""


def _call(**given: Any) -> int:
    """Audit the register as it is, or as it was at the end of the as-of day."""
    url = given.pop("database")
    inner: Any = audit.command.callback
    code: int = inner(ledgers=(address(url, given.get("as_of")),), **given)
    return code


command = Command(
    "audit", help_key="register.audit", callback=_call,
    params=[*(p for p in audit.command.params if p.name not in _NOT)])
database(command)
