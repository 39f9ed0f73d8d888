"""YAML with positions. In: a YAML file. Out: plain data, and where each part of it stands.

Scalars follow YAML 1.2's core schema, without floats: only `true`, `false`, `null`, `~` and whole
numbers are anything but text, so that a date, `1.2`, `yes` or `on` stays what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from msgspec import field as preset
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import ZhuanjieError, fail
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.core.unsaved import unsaved_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_DIGITS = 1000
"""Digits of the longest number: a longer one is a text, and no field takes it."""
_LONGEST = 32 << 20
"""Bytes of the longest file."""
_COUNTED = 1 << 20
"""Characters from which on a file's parts are counted before a tree is made of them."""
_MOST = 200_000
"""Parts of the largest file: aliases can make billions of nine lines."""
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_INT = re.compile(r"[-+]?[0-9]+")
_CONSTANTS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False,
              "FALSE": False, "null": None, "Null": None, "NULL": None, "~": None, "": None}

Key = str | int
Trail = tuple[Key, ...]


_KEPT: ContextVar[dict[tuple[str, str], YamlSource] | None] = ContextVar("parsed", default=None)


class YamlSource(Struct):
    """A file's data, and the node of every part of it by its trail of keys and indices."""

    file: str
    text: str
    data: Any
    nodes: dict[Trail, yaml.Node] = preset(default_factory=dict)
    keys: dict[Trail, yaml.Node] = preset(default_factory=dict)
    elsewhere: dict[Trail, Place] = preset(default_factory=dict)
    """Where parts stand that were read from other files."""

    def place(self, trail: Sequence[Key], *, key: bool = False) -> Place:
        """Where the part at `trail` stands (or its key); the nearest part above, if it has none."""
        at = tuple(trail)
        path = path_text(at)
        while at not in self.nodes and at not in self.elsewhere and at:
            at = at[:-1]
        if at in self.elsewhere:
            return replace(self.elsewhere[at], path=path or None)
        node = self.keys.get(at) if key else None
        mark = (node or self.nodes[at]).start_mark
        return Place(self.file, line=mark.line + 1, column=mark.column + 1, path=path or None)

    def within(self, trail: Sequence[Key], snippet: str, caret: int | None) -> Place:
        """Where offset `caret` of the text at `trail` stands, as nearly as YAML tells."""
        place = self.place(trail)
        node = self.nodes.get(tuple(trail))
        line, column = place.line, place.column
        if isinstance(node, yaml.ScalarNode) and caret is not None:
            line, column = _offset(self.text, node, snippet, caret)
        return replace(place, line=line, column=column, snippet=snippet, caret=caret)


def path_text(trail: Sequence[Key]) -> str:
    """A trail as people write it: `rules[2].when`."""
    out = ""
    for key in trail:
        out += f"[{key}]" if isinstance(key, int) else f".{key}" if out else key
    return out


def _offset(text: str, node: yaml.ScalarNode, snippet: str, caret: int) -> tuple[int, int]:
    mark = node.start_mark
    before = snippet[:caret]
    if node.style == "|":
        # The block's text starts on the next line, indented; its first line tells how far.
        first = text.splitlines()[mark.line + 1]
        indent = len(first) - len(first.lstrip(" "))
        return (mark.line + 2 + before.count("\n"), indent + caret - (before.rfind("\n") + 1) + 1)
    if node.start_mark.line == node.end_mark.line and "\n" not in before:
        return mark.line + 1, mark.column + 1 + caret + (1 if node.style in ("'", '"') else 0)
    return _folded(text[mark.index:node.end_mark.index], mark, node.style, before)


def _folded(raw: str, mark: Any, style: str | None, before: str) -> tuple[int, int]:
    """Where something stands that is behind `before` in a text of several lines.

    YAML folds these, so that blanks are no measure: all other characters are.
    """
    left = len("".join(before.split()))
    at = raw.find("\n") + 1 if style == ">" else 1 if style in ("'", '"') else 0
    while at < len(raw):
        if raw[at].isspace() or (style == '"' and raw[at:at + 2] == "\\\n"):
            at += 1 if raw[at].isspace() else 2
            continue
        if left == 0:
            break
        left -= 1
        at += 2 if (style == "'" and raw[at:at + 2] == "''") or (
            style == '"' and raw[at] == "\\") else 1
    breaks = list(_BREAK.finditer(raw, 0, at))
    if not breaks:
        return mark.line + 1, mark.column + 1 + at
    return mark.line + 1 + len(breaks), at - breaks[-1].end() + 1


def read_source(path: Path, kind: type[ZhuanjieError], shown: str | None = None) -> YamlSource:
    """Read a YAML file; raises `kind` with file, line and column where it is not well formed."""
    name = shown or str(path)
    if (unsaved := unsaved_text(path)) is not None:
        return parse_source(unsaved.removeprefix("\ufeff"), kind, name)
    try:
        if path.exists() and not path.is_file():  # a pipe has nobody who writes into it
            raise fail(kind, "source.no-file", Place(name))
        if (size := path.stat().st_size) > _LONGEST:
            raise fail(kind, "source.too-long", Place(name), size=size >> 20, most=_LONGEST >> 20)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail(kind, "source.not-utf8", Place(name), offset=error.start) from None
    except OSError as error:
        raise fail(kind, "source.unreadable", Place(name), reason=error.strerror or "") from None
    return parse_source(text, kind, name)


def parse_source(text: str, kind: type[ZhuanjieError], name: str) -> YamlSource:
    """Like `read_source`, for a text that was read already."""
    kept = _KEPT.get()
    if kept is None:
        return _parsed(text, kind, name)
    known = kept.get((name, text))
    if known is None:
        known = kept[name, text] = _parsed(text, kind, name)
    return known


@contextmanager
def parsed_once(kept: dict[tuple[str, str], YamlSource]) -> Iterator[None]:
    """Parse no text again that is in `kept`, by its file's name; whoever gives it clears it."""
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)


def _parsed(text: str, kind: type[ZhuanjieError], name: str) -> YamlSource:
    try:
        if len(text) > _COUNTED and sum(
                1 for _ in islice(_starts(text), _MOST + 1)) > _MOST:
            raise fail(kind, "source.too-large", Place(name), most=_MOST)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, line=mark.line + 1, column=mark.column + 1) if mark else Place(name)
        raise fail(kind, "source.yaml", place, detail=cause(error.problem or "")) from None
    except yaml.YAMLError as error:
        raise fail(kind, "source.yaml", Place(name),
                   detail=cause(str(error).splitlines()[0])) from None
    except RecursionError:
        raise fail(kind, "source.too-deep", Place(name)) from None
    if root is None:
        raise fail(kind, "source.empty", Place(name))
    source = YamlSource(name, text, None)
    problems: list[Diagnostic] = []
    try:
        source.data = _build(root, (), source, problems, ())
    except RecursionError:
        raise fail(kind, "source.too-deep", Place(name)) from None
    except _TooLargeError:
        raise fail(kind, "source.too-large", Place(name), most=_MOST) from None
    if problems:
        raise kind(*problems)
    return source


def _starts(text: str) -> Iterator[yaml.Event]:
    """Where the parts of a text begin, as they are read."""
    return (event for event in yaml.parse(text, Loader=_LOADER)
            if isinstance(event, yaml.NodeEvent))


class _TooLargeError(Exception):
    """A file has more parts than can be meant."""


def _build(node: yaml.Node, trail: Trail, source: YamlSource, problems: list[Diagnostic],
           above: tuple[int, ...]) -> Any:
    source.nodes[trail] = node
    if len(source.nodes) > _MOST:
        raise _TooLargeError
    if id(node) in above:
        problems.append(Diagnostic("source.loop", place=source.place(trail)))
        return None
    above = (*above, id(node))
    if not node.tag.startswith(_CORE):
        # `when: !x` is a tag and nothing after it: the condition would be gone without a word.
        problems.append(Diagnostic("source.tag", {"tag": node.tag}, source.place(trail)))
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_build(n, (*trail, i), source, problems, above) for i, n in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or key in out:
                mark = key_node.start_mark
                code = "source.key" if key is None else "source.twice"
                problems.append(Diagnostic(code, {"key": key}, Place(
                    source.file, line=mark.line + 1, column=mark.column + 1,
                    path=path_text(trail) or None)))
                continue
            source.keys[(*trail, key)] = key_node
            out[key] = _build(value_node, (*trail, key), source, problems, above)
        return out
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style in ("'", '"', "|", ">"):
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    # A leading zero means a code, not a number.
    if len(text) <= _DIGITS and _INT.fullmatch(text) and not re.fullmatch(r"[-+]?0[0-9]+", text):
        return int(text)
    return text
