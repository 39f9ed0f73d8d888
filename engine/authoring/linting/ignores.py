"""Comments that ignore lints. In: a YAML file. Out: what each ignores, and which are no ignores.

`# lint-ignore ID: REASON` behind a line speaks of that line. On a line of its own it speaks of what
begins on the next: a whole rule, a parameter, a key with all it holds. A reason is a must.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml
from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.lint_ids import LINTS
from zhuanjie.engine.core.messages import LANGS, say
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import YamlSource

BAD: Final = "bad-ignore"
UNUSED: Final = "unused-ignore"
_COMMENT: Final = re.compile(r"(?:^|(?<=\s))#[ \t]*lint-ignore\b(.*)$")
_ENTRY: Final = re.compile(
    r"[\s:]*([A-Za-z0-9-]+(?:\s*[,，、]\s*[A-Za-z0-9-]+)*)\s*(?:[:：](.*))?$")
_ABOUT_IGNORES: Final = (BAD, UNUSED)
"""Lints that no comment ignores: it would speak of itself."""
_TO_WRITE: Final = tuple(say("lint.bad-ignore-reason-to-write", lang) for lang in LANGS)
"""What stands for a reason that its author is to write."""


class Ignore(Struct, frozen=True):
    """A comment that ignores lints of `ids`, from line `first` to `last`, and why.

    It stands in `line` from `column` on (both from 1).
    """

    file: str
    line: int
    column: int
    ids: tuple[str, ...]
    reason: str
    first: int
    last: int

    def covers(self, name: str, place: Place) -> bool:
        """Whether it ignores a lint of an id at a place."""
        return (name in self.ids and place.file == self.file and place.line is not None
                and self.first <= place.line <= self.last)


def ignores(source: YamlSource, problems: list[Diagnostic]) -> list[Ignore]:
    """The ignores of a file; those that are not written as such go into `problems`."""
    if "lint-ignore" not in source.text:
        return []
    out = []
    lines = source.text.split("\n")
    for at, column, said in _comments(source, lines):
        found = _read(Place(source.file, line=at + 1, column=column + 1), said, problems)
        if found is None:
            continue
        names, reason = found
        first, last = _reach(source, lines, at, column)
        out.append(Ignore(source.file, at + 1, column + 1, names, reason, first, last))
    return out


def _comments(source: YamlSource, lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Line and column (from 0) of every comment that means to ignore, and what follows its word."""
    texts = [node for node in (*source.nodes.values(), *source.keys.values())
             if isinstance(node, yaml.ScalarNode)]
    for at, line in enumerate(lines):
        found = _COMMENT.search(line.rstrip("\r"))
        if found and not any(_holds(node, at, found.start(), lines) for node in texts):
            yield at, found.start(), found[1]


def _holds(node: yaml.ScalarNode, line: int, column: int, lines: list[str]) -> bool:
    """Whether a place is within a text, where `#` is a letter like any other."""
    start, end = node.start_mark, node.end_mark
    if not (start.line, start.column) <= (line, column) < (end.line, end.column):
        return False
    if node.style not in ("|", ">"):
        return True
    # A block's end is counted up to what follows; a comment there stands no deeper than its key.
    return line > start.line and _indent(lines[line]) > _indent(lines[start.line])


def _read(place: Place, said: str,
          problems: list[Diagnostic]) -> tuple[tuple[str, ...], str] | None:
    found = _ENTRY.match(said)
    names = tuple(re.split(r"\s*[,，、]\s*", found[1])) if found else ()
    reason = (found[2] or "").strip() if found else ""
    unknown = next((n for n in names if n not in LINTS or n in _ABOUT_IGNORES), None)
    if unknown is not None:
        ids = [name for name in LINTS if name not in _ABOUT_IGNORES]
        near = suggest(unknown, ids)
        problems.append(Diagnostic(
            "lint.bad-ignore-id", {"id": unknown, "near": near, "known": ", ".join(ids)}, place,
            "hint.near" if near else "hint.known"))
    elif not names or not reason or reason in _TO_WRITE:
        problems.append(Diagnostic("lint.bad-ignore-reason", {"id": ", ".join(names) or "ID"},
                                   place))
    else:
        return tuple(dict.fromkeys(names)), reason
    return None


def _reach(source: YamlSource, lines: list[str], at: int, column: int) -> tuple[int, int]:
    """The lines (from 1) that a comment speaks of."""
    if lines[at][:column].strip():
        return at + 1, at + 1
    here = next((i for i in range(at + 1, len(lines))
                 if lines[i].strip() and not lines[i].lstrip().startswith("#")), at)
    last = here
    for trail, node in source.nodes.items():
        head = source.keys.get(trail, node)
        begins = head.start_mark.line == here and trail
        if begins and (trail in source.keys or isinstance(trail[-1], int)):
            end = node.end_mark
            last = max(last, end.line - (1 if end.column == 0 and end.line > here else 0))
    while last > here and (not lines[last].strip() or lines[last].lstrip().startswith("#")):
        last -= 1
    return here + 1, last + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
