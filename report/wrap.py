"""Line breaking for Chinese and English. In: text and a width. Out: lines that fit.

A full-width character takes two columns; Chinese breaks between any two characters, but no line
starts with closing punctuation or ends with an opening bracket.
"""

from __future__ import annotations

import re
from functools import lru_cache

from zhuanjie.engine.core.unicode import width

_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff"
    "\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003ffff"
)
_OPEN = "（《「『【〔〈"
_CLOSE = "，。；：、？！）》」』】〕〉…”’"
_TOKEN = re.compile(rf"\s+|[{_OPEN}]*(?:[^\s{_WIDE}]+|[{_WIDE}])[{_CLOSE}]*")


_CONTROLS = dict.fromkeys(
    (*(c for c in range(0xA0) if c < 0x20 or c >= 0x7F), *range(0x2028, 0x202F),
     *range(0x2066, 0x206A), 0x061C, 0x200E, 0x200F), "\ufffd",
) | {ord("\n"): "\n", ord("\t"): " "}
_UNSEEN = {char: shown for char, shown in _CONTROLS.items() if char not in (9, 10, 13)}


def printable(text: str) -> str:
    """`text` without what would steer a terminal: a ledger's cell must not move the cursor."""
    return text if text.isprintable() else text.replace("\r\n", "\n").translate(_CONTROLS)


def visible(text: str) -> str:
    """`text` without what a reader cannot see, its line breaks and tabs kept: for data."""
    return text if text.isprintable() else text.translate(_UNSEEN)


@lru_cache(maxsize=1 << 16)  # the same labels and messages come again and again
def columns(text: str) -> int:
    """Columns `text` takes on a terminal."""
    return len(text) if text.isascii() else width(text)


def longest_word(text: str) -> int:
    """Columns of the longest piece of `text` that does not break."""
    return max((columns(token) for token in _TOKEN.findall(text) if not token.isspace()), default=0)


def wrap(text: str, limit: int) -> list[str]:
    """`text` in lines of at most `limit` columns; line breaks of its own are kept."""
    out: list[str] = []
    for paragraph in text.split("\n"):
        out += [paragraph] if columns(paragraph) <= limit else _wrap_line(paragraph, limit)
    return out


def _wrap_line(text: str, limit: int) -> list[str]:
    lines, line, used = [], "", 0
    for token in _TOKEN.findall(text):
        size = columns(token)
        if used + size <= limit:
            line, used = line + token, used + size
            continue
        if line.strip():
            lines.append(line.rstrip())
        line, used = "", 0
        if not token.isspace():
            *full, line = _split(token, limit)
            lines += full
            used = columns(line)
    return [*lines, line.rstrip()] if line.strip() else lines


def _split(token: str, limit: int) -> list[str]:
    """A token in pieces that fit; it is one piece unless it is wider than a whole line."""
    pieces, piece, used = [], "", 0
    for char in token:
        size = columns(char)
        if used + size > limit and piece:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + char, used + size
    return [*pieces, piece]
