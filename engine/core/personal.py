"""Numbers that tell a person apart. In: a text that is shown. Out: the text, their middles hidden.

A masked field hides its own values wherever they are shown; a number that was typed into another
column, or on the command line, is known here by how it is made: eighteen characters with a day of
birth in their midst (GB 11643).
"""

from __future__ import annotations

import re

from zhuanjie.engine.core.patterns import late

LEAST = 18
"""Characters of such a number: a shorter text has none."""
_DIGITS = late(r"[0-9]{17}")
_NUMBER = late(
    r"(?<![0-9])([1-9][0-9]{5})(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"[0-9]{2}([0-9][0-9Xx])(?![0-9A-Za-z])", re.ASCII)


def hide_numbers(text: str) -> str:
    """`text` with the first six and the last two characters left of each such number."""
    if len(text) < LEAST or _DIGITS.search(text) is None:  # so nearly always, and soon seen
        return text
    return _NUMBER.sub(lambda found: f"{found[1]}{'*' * 10}{found[2]}", text)
