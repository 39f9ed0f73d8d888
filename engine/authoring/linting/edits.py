"""Changes of a file's text. In: a YAML file and what to take out. Out: edits, and texts with them.

Nothing is laid out anew: what an edit does not name stays letter for letter.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from msgspec import Struct

from zhuanjie.engine.core.yaml_source import Key, YamlSource


class FileEdit(Struct, frozen=True):
    """A stretch of a file's text, from and to (in characters), and what stands there instead."""

    start: int
    end: int
    text: str = ""


def edited(text: str, edits: Sequence[FileEdit]) -> str:
    """The text with edits made; one that reaches into another before it is left out."""
    out, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start >= at:
            out += [text[at:edit.start], edit.text]
            at = edit.end
    return "".join((*out, text[at:]))


def without_key(source: YamlSource, trail: Sequence[Key]) -> FileEdit | None:
    """Take out a key and what it holds; comments stay. None where that cannot be told safely."""
    trail = tuple(trail)
    parent, node, key = (source.nodes.get(trail[:-1]), source.nodes.get(trail),
                         source.keys.get(trail))
    if not isinstance(parent, yaml.MappingNode) or node is None or key is None:
        return None
    if len(parent.value) == 1:
        return without_key(source, trail[:-1])
    if parent.flow_style:
        return _from_braces(source.text, parent, key)
    return _lines(source.text, key.start_mark.index, node.end_mark.index)


def without_lines(text: str, start: int, end: int) -> FileEdit:
    """Take out the lines from one place to another, whole."""
    first = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    return FileEdit(first, len(text) if stop < 0 else stop + 1)


def _from_braces(text: str, parent: yaml.MappingNode, key: yaml.Node) -> FileEdit | None:
    at = next(i for i, (k, _) in enumerate(parent.value) if k is key)
    if at + 1 < len(parent.value):
        edit = FileEdit(key.start_mark.index, parent.value[at + 1][0].start_mark.index)
    else:
        edit = FileEdit(parent.value[at - 1][1].end_mark.index, parent.value[at][1].end_mark.index)
    return None if "\n" in (gone := text[edit.start:edit.end]) and "#" in gone else edit


def _lines(text: str, start: int, end: int) -> FileEdit | None:
    first = text.rfind("\n", 0, start) + 1
    if text[first:start].strip():  # the key shares its line, with a dash for instance
        return None
    lines = text[first:end].split("\n")
    # What ends a block is counted up to the next one: comments and blank lines before it stay.
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    whole = without_lines(text, start, first + len("\n".join(lines)))
    return FileEdit(first, whole.end)
