"""Texts that nothing acts on. In: a text from a ledger. Out: one that is shown and not obeyed.

A cell must not steer a terminal, command a build server that reads its jobs' output, run as a
formula, call on people or link elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from zhuanjie.engine.core.patterns import late
from zhuanjie.report.wrap import printable, visible

_COMMAND: Final = late(r"^(\s*):(?=:)|##(?=\w*\[)", re.MULTILINE)
"""What GitHub, Azure and TeamCity take for a command in a line that a job wrote."""

_FORMULA: Final = late(r"^(?=[\s\"']*[=+\-@＝＋－＠﹢﹣﹦﹫])|^(?=[\t\r\n])"
                             r"|(?<=[;\t\r\n])(?=[ \"']*[=+\-@＝＋－＠﹢﹣﹦﹫])")
"""Where a program that opens CSV begins a formula, also one that parts cells at semicolons."""

_MAY_BE_FORMULA: Final = late(r"^[\s\"'=+\-@＝＋－＠﹢﹣﹦﹫]|[;\t\r\n]")
"""What is found far sooner, wherever there may be one."""

_SPECIAL: Final = late(r"([\\|`*_<>\[\]#~$]|&(?=#?\w+;))")
_LIVE: Final = late(
    r"(@)(?=\w)|(:)(?=//)|((?<![A-Za-z0-9])www)(?=\.)|(#)(?=[0-9])|((?<![A-Za-z0-9])GH-)(?=[0-9])",
    re.IGNORECASE)
"""What Markdown as build servers show it makes a mention or a link of without being asked."""
_NOTHING: Final = "&#8203;"
"""A space without width."""


def commandless(text: str) -> str:
    """`text` without lines that a build server would obey."""
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda m: "# #" if m[1] is None else f"{m[1]}: ", text)


def csv_cell(cell: Any) -> Any:
    """A cell that a spreadsheet shows as text whatever its separator is."""
    return csv_text(cell) if isinstance(cell, str) else cell


@lru_cache(maxsize=1 << 14)  # the same cells come again and again
def csv_text(text: str) -> str:
    """A text that a spreadsheet shows as such whatever its separator is."""
    if text.isalnum():  # found sooner than anything below
        return text
    if _MAY_BE_FORMULA.search(text):
        text = _FORMULA.sub("'", text)
    return visible(commandless(text))


def markdown(text: str) -> str:
    """`text` so that Markdown shows it as it is, on one line."""
    lines = commandless(printable(text)).splitlines()
    return "<br>".join(_LIVE.sub(r"\g<0>" + _NOTHING, _SPECIAL.sub(r"\\\1", line))
                       for line in lines)
