"""What characters are. In: a text. Out: its width, how it is compared, what no encoding carries."""

from __future__ import annotations

from unicodedata import combining, east_asian_width, normalize

INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
BLANKS = "".join(chr(c) for c in range(0x3001) if chr(c).isspace()) + INVISIBLE
"""What is stripped from the ends of a cell: all white space, byte-order marks, zero-width marks."""

_GAPS = str.maketrans("", "", BLANKS)


def comparable(text: str) -> str:
    """`text` as headings and choices are compared: one width, one case, no blanks or marks."""
    return squeeze(normalize("NFKC", text)).casefold()


def squeeze(text: str) -> str:
    """`text` without any white space or invisible marks."""
    return text.translate(_GAPS)


def has_chinese(text: str) -> bool:
    """Whether there is a Chinese character in `text`."""
    return any("\u3400" <= c <= "\u9fff" for c in text)


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
