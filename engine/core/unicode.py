"""What characters are. In: a text. Out: its width on a terminal, and what no encoding can carry."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def half_pair(text: str) -> int | None:
    """Where `text` holds half a surrogate pair, which no encoding can carry; None where nowhere."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


def width(text: str) -> int:
    """Columns `text` takes on a terminal: full-width characters count two."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
