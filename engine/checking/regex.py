"""Regular expressions every engine reads alike. In: a pattern. Out: the pattern, normalised.

Python, RE2 and Rust differ on `\\d`, `$`, look-around, back-references and class algebra. Only what
means the same in all of them is let through; `\\d`, `\\w` and `\\s` are spelt out as ASCII classes.
"""

from __future__ import annotations

import re

from zhuanjie.engine.errors import Diagnostic

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_LETTER_ESCAPES = "tnfr"
_META = frozenset("\\.+*?()|[]{}^$#&-~")
_MAX_REPEAT = 1000  # RE2's own limit
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")


class RegexError(Exception):
    """A construct that some engine lacks or reads otherwise; `at` is its offset."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.diagnostic = Diagnostic("cel.regex", {"what": what, "offset": at},
                                     hint="cel.hint.regex")


def portable(pattern: str) -> str:
    """`pattern` in a form that Python, Rust and RE2 match alike; raises RegexError otherwise.

    `$` is the end of the text, never before a last line break (`python_form` makes Python agree).
    """
    out: list[str] = []
    depth, at, repeatable = 0, 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "(":
            if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
                raise RegexError(at, pattern[at : at + 3])
            opener = "(?:" if pattern.startswith("(?:", at) else "("
            out.append("(?:")
            at, depth, repeatable = at + len(opener), depth + 1, False
            continue
        if char == ")":
            depth -= 1
            if depth < 0:
                raise RegexError(at, ")")
            out.append(")")
            repeatable = True
        elif char in "*+?{":
            at, text = _quantifier(pattern, at, repeatable)
            out.append(text)
            repeatable = False
            continue
        elif char == "[":
            at, text = _class(pattern, at)
            out.append(text)
            repeatable = True
            continue
        elif char == "\\":
            out.append(_escape(pattern, at, inside=False))
            at, repeatable = at + 2, True
            continue
        elif char in "]}":
            raise RegexError(at, char)
        else:
            out.append(char)
            repeatable = char not in "^$|"
        at += 1
    if depth:
        raise RegexError(len(pattern), "(")
    return "".join(out)


def python_form(normalised: str) -> str:
    """A pattern of `portable` as Python's `re` must be given it: `$` only at the very end."""
    out: list[str] = []
    escaped = inside = False
    for char in normalised:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            inside = True
        elif char == "]":
            inside = False
        elif char == "$" and not inside:
            out.append(r"\Z")
            continue
        out.append(char)
    return "".join(out)


def _quantifier(pattern: str, at: int, repeatable: bool) -> tuple[int, str]:
    if not repeatable:
        raise RegexError(at, pattern[at])
    text = pattern[at]
    if text == "{":
        found = _COUNT.match(pattern, at)
        if not found:
            raise RegexError(at, "{")
        low, high = int(found[1]), int(found[3] or found[1])
        if max(low, high) > _MAX_REPEAT or high < low:
            raise RegexError(at, found[0])
        text = found[0]
    at += len(text)
    # A lazy quantifier finds the same texts; whether there is a match is all that is asked.
    return (at + 1 if pattern.startswith("?", at) else at), text


def _escape(pattern: str, at: int, inside: bool) -> str:
    char = pattern[at + 1 : at + 2]
    if char in _CLASSES and char:
        return _CLASSES[char] if inside else f"[{_CLASSES[char]}]"
    if char and (char in _LETTER_ESCAPES or char in _META):
        return "\\" + char
    if char.isascii() and char.isprintable() and not char.isalnum() and char not in ("", "_"):
        return char  # no engine needs it escaped, and to some `\\<` is a word's edge
    raise RegexError(at, "\\" + char)


def _class(pattern: str, start: int) -> tuple[int, str]:
    at = start + 1
    out = ["["]
    if pattern.startswith("^", at):
        out.append("^")
        at += 1
    if pattern.startswith("]", at):
        raise RegexError(at, "[]")
    while at < len(pattern) and pattern[at] != "]":
        char = pattern[at]
        if char == "[" or pattern[at : at + 2] in ("&&", "--", "~~", "||"):
            raise RegexError(at, pattern[at : at + 2])
        if char == "\\":
            out.append(_escape(pattern, at, inside=True))
            at += 2
        else:
            out.append(char)
            at += 1
    if at >= len(pattern):
        raise RegexError(start, "[")
    text = "".join(out) + "]"
    try:
        re.compile(text)
    except re.error as error:
        raise RegexError(start, pattern[start : at + 1]) from error
    return at + 1, text
