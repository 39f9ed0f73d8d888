"""Where a cursor stands. In: a text, well formed or not, and an offset. Out: the trail to there.

Only indents, dashes, keys and brackets before the cursor are looked at: what is being typed is
seldom YAML at that moment.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from zhuanjie.engine.authoring.editor.text_map import TextMap
from zhuanjie.engine.core.yaml_source import Key, Trail

_KEY: Final = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#:,{}\[\]"'&*!|>-][^:#{}\[\]]*?|-[^\s:#]+)\s*:(?=\s|$)""")
_DASH: Final = re.compile(r"-(?=\s|$)[ ]*")
_MOST: Final = 100_000
"""Lines that are looked at above the cursor."""


class Cursor(Struct, frozen=True):
    """A place in a file: the trail that leads there, and what stands before it.

    On a key, `trail` leads to the mapping it is a key of; else to the value. `before` is what is
    typed of either up to the cursor, without an opening quote (`quote`); it begins at `start`.
    """

    trail: Trail
    on_key: bool
    before: str
    start: int
    quote: str = ""
    in_flow: bool = False
    column: int = 0


class _Part(Struct, frozen=True):
    column: int
    key: str | None  # None is a dash


def cursor_at(text: TextMap, offset: int) -> Cursor:
    """What is at an offset."""
    number, begin = text.line_of(offset)
    line = text.line(number)
    column = min(offset - begin, len(line))
    parts, value = _parts(line)
    colon = len(line[:value].rstrip(" "))  # a value may begin where the cursor is, or further on
    held = [part for part in parts if part.column < column or (
        part.column == column and part.key is None and column > 0)]
    last = parts[-1] if parts else None
    blank = not line[:column].strip()
    if last is not None and last.key is not None and colon < column and not blank:
        trail = _trail(text, number, held, held[0].column)
        return _value(text, trail, begin + min(value, column), offset)
    if blank and line.strip() and parts:
        blank = False
        held = []
        trail = _trail(text, number, [], parts[0].column)
        return Cursor(trail, True, "", offset, column=parts[0].column)
    dashes = [part for part in held if part.key is None]
    inner = last is not None and last.key is not None and last.column <= column
    if inner and last is not None:  # within the key itself
        trail = _trail(text, number, dashes, dashes[0].column if dashes else last.column)
        start = begin + last.column
        quote = line[last.column] if line[last.column] in "'\"" else ""
        start += len(quote)
        return Cursor(trail, True, text.text[start:max(offset, start)], start, quote,
                      column=last.column)
    first = _first(line, column)
    above = _above(text, number, dashes, first)
    if above is not None and not dashes:
        trail, start = above
        return _value(text, trail, start, offset)
    trail = _trail(text, number, dashes, dashes[0].column if dashes else first)
    start = begin + _first(line, column, past_dashes=True)
    typed = text.text[start:offset]
    if typed[:1] in ("{", "["):
        return _value(text, trail, start, offset)
    quote = typed[:1] if typed[:1] in ("'", '"') else ""
    # A word by itself may become a key, or be what a list holds: whoever asks knows which.
    return Cursor(trail, True, typed[len(quote):], start + len(quote), quote,
                  column=start - begin)


def _first(line: str, column: int, *, past_dashes: bool = False) -> int:
    """Where what is typed on a line begins; on a blank one that is the cursor."""
    at = len(line[:column]) - len(line[:column].lstrip(" "))
    while past_dashes and (found := _DASH.match(line, at)) and found.end() <= max(column, 1):
        at = found.end()
    return min(at, column) if line[:column].strip() else column


def _parts(line: str) -> tuple[list[_Part], int]:
    """The dashes and the key that a line begins with, and where its value begins."""
    at = len(line) - len(line.lstrip(" "))
    parts = []
    if line[at:at + 1] == "#":
        return [], at
    while found := _DASH.match(line, at):
        parts.append(_Part(at, None))
        at = found.end()
    if found := _KEY.match(line, at):
        parts.append(_Part(at, found[1].strip("'\"")))
        at = found.end()
        at += len(line[at:]) - len(line[at:].lstrip(" "))
    return parts, at


def _trail(text: TextMap, number: int, parts: list[_Part], limit: int) -> Trail:
    """The trail down to some parts of a line, of which the first stands in column `limit`."""
    trail: list[Key] = [0 if part.key is None else part.key for part in parts]
    is_dash = bool(parts) and parts[0].key is None
    counted = 0 if is_dash else None
    for above in range(number - 1, max(number - _MOST, -1), -1):
        if limit < 0 or (limit == 0 and not is_dash):
            break
        line = text.line(above)
        if not line.strip():
            continue
        for part in reversed(_parts(line)[0]):
            if is_dash and part.column == limit and part.key is None:
                counted = (counted or 0) + 1
            elif part.column < limit or (is_dash and part.column == limit
                                         and part.key is not None):
                if counted is not None:
                    trail[0] = counted
                trail.insert(0, 0 if part.key is None else part.key)
                limit, is_dash = part.column, part.key is None
                counted = 0 if is_dash else None
    if counted:
        trail[0] = counted
    return tuple(trail)


def _above(text: TextMap, number: int, parts: list[_Part], column: int) -> tuple[Trail, int] | None:
    """The value that a line goes on with: one that was begun above and is not ended there."""
    for above in range(number - 1, max(number - 200, -1), -1):
        line = text.line(above)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found, value = _parts(line)
        keys = [part for part in found if part.key is not None]
        if not keys:
            if len(line) - len(line.lstrip(" ")) < column and found:
                start = text.line_start(above) + value
                is_open = _is_open(text.text[start:text.line_start(number)])
                return (_trail(text, above, found, found[0].column), start) if is_open else None
            continue
        start = text.line_start(above) + value
        begun = text.text[start:text.line_start(number)]
        is_text = bool(line[value:].strip()) and not line[value:].lstrip().startswith("#")
        if is_text and (_is_open(begun) or (keys[-1].column < column
                                            and line[value] not in "{[&*")):
            return _trail(text, above, found, found[0].column), start
        return None
    return None


def _is_open(begun: str) -> bool:
    """Whether brackets, or a quote, are still to be closed."""
    depth, quote = 0, ""
    for char in begun:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and depth:
            quote = char
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
    return depth > 0


def _value(text: TextMap, trail: Trail, start: int, offset: int) -> Cursor:
    """A cursor within the value that begins at `start`, in braces or brackets of it perhaps."""
    typed = text.text[start:max(offset, start)]
    if typed[:1] not in ("{", "["):
        quote = typed[:1] if typed[:1] in ("'", '"') else ""
        return Cursor(trail, False, typed[len(quote):], start + len(quote), quote)
    stack: list[list[Key | None]] = []  # for each bracket its index, or the key before the cursor
    kinds: list[str] = []
    at, token, quote = 0, 0, ""
    while at < len(typed):
        char = typed[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and not typed[token:at].strip():
            quote, token = char, at
        elif char in "{[":
            kinds.append(char)
            stack.append([0 if char == "[" else None])
            token = at + 1
        elif char in "}]" and kinds:
            kinds.pop()
            stack.pop()
            token = at + 1
        elif char == "," and kinds:
            here = stack[-1]
            here[0] = here[0] + 1 if kinds[-1] == "[" and isinstance(here[0], int) else None
            token = at + 1
        elif (char == ":" and kinds and kinds[-1] == "{" and stack[-1][0] is None
              and typed[at + 1:at + 2] in ("", " ", "\n")):
            stack[-1][0] = typed[token:at].strip().strip("'\"")
            token = at + 1
        at += 1
    inner = tuple(key[0] for key in stack if key[0] is not None)
    on_key = bool(kinds) and kinds[-1] == "{" and stack[-1][0] is None
    part = typed[token:]
    lead = len(part) - len(part.lstrip())
    begins = start + token + lead + (1 if quote else 0)
    return Cursor((*trail, *inner), on_key, text.text[begins:max(offset, begins)], begins, quote,
                  in_flow=bool(kinds))
