"""Regular expressions every engine reads alike. In: a pattern. Out: the pattern, normalised.

Python, RE2 and Rust differ on `\\d`, `$`, look-around, back-references and class algebra. Only what
means the same in all of them is let through; `\\d`, `\\w` and `\\s` are spelt out as ASCII classes.
"""

from __future__ import annotations

import re

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_LETTER_ESCAPES = "tnfr"
_META = frozenset("\\.+*?()|[]{}^$#&-~")
_MAX_REPEAT = 1000  # RE2's own limit, for repeats within repeats too
_MAX_WEIGHT = 5000  # Rust gives up beyond 10 MB, some 10,000 atoms
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
    at, repeatable = 0, False
    groups = [_Part()]  # the open groups, the whole first
    atom = _Part()  # what a quantifier would repeat
    while at < len(pattern):
        char = pattern[at]
        if char == "(":
            if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
                raise RegexError(at, pattern[at : at + 3])
            opener = "(?:" if pattern.startswith("(?:", at) else "("
            out.append("(?:")
            groups.append(_Part())
            at, repeatable = at + len(opener), False
            continue
        if char in "*+?{":
            if not repeatable:
                raise RegexError(at, char)
            at, text, more = _quantifier(pattern, at, atom)
            groups[-1].add(more)
            out.append(text)
            repeatable = False
            continue
        repeatable = char not in "^$|"
        atom = _Part(weight=1)
        if char == ")":
            atom = groups.pop()
            if not groups:
                raise RegexError(at, ")")
            out.append(")")
        elif char == "[":
            at, text = _class(pattern, at)
            out.append(text)
        elif char == "\\":
            out.append(_escape(pattern, at, inside=False))
            at += 1
        elif char in "]}":
            raise RegexError(at, char)
        else:
            out.append(char)
        groups[-1].add(atom)
        at += char != "["
    if len(groups) > 1:
        raise RegexError(len(pattern), "(")
    if groups[0].weight > _MAX_WEIGHT:
        raise RegexError(0, pattern)
    return "".join(out)


class _Part(Struct):
    """What a part of a pattern comes to: its atoms written out, its repeats, one without end."""

    weight: int = 0
    repeats: int = 1
    endless: bool = False

    def add(self, other: _Part) -> None:
        self.weight += other.weight
        self.repeats = max(self.repeats, other.repeats)
        self.endless |= other.endless


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


def _quantifier(pattern: str, start: int, atom: _Part) -> tuple[int, str, _Part]:
    """The quantifier of `atom`: the offset after it, its text, what repeating adds to the group."""
    text, low, high = pattern[start], 0, 1
    if text == "{" and (found := _COUNT.match(pattern, start)):
        text, low, high = found[0], _times(found[1]), _times(found[3] or found[1])
    endless = text in ("*", "+") or text.endswith(",}")
    most = max(low, high, 1)
    # Of `(a*)*` Python would try every way to split a text before it gives up.
    if (text == "{" or high < low or (endless and atom.endless)
            or most * atom.repeats > _MAX_REPEAT):
        raise RegexError(start, text)
    at = start + len(text)
    # A lazy quantifier finds the same texts; whether there is a match is all that is asked.
    at += pattern.startswith("?", at)
    return at, text, _Part(atom.weight * (most - 1), atom.repeats * most, endless)


def _times(digits: str) -> int:
    """How many times; of a number that is far too large only that it is so."""
    return int(digits) if len(digits) < 9 else _MAX_REPEAT + 1


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
            if pattern[at + 1 : at + 2] in _CLASSES and _in_range(pattern, start, at):
                raise RegexError(start, pattern[start : at + 3])
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


def _in_range(pattern: str, start: int, at: int) -> bool:
    """Whether the `\\d` at `at` looks like an end of a range: written out, it would become one."""
    before = pattern[at - 1] == "-" and pattern[at - 2] != "\\" and at - 1 > start + 1
    return before or (pattern[at + 2 : at + 3] == "-" and pattern[at + 3 : at + 4] != "]")
