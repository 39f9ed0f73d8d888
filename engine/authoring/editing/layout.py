"""`policy fmt`. In: YAML text. Out: the same, evenly indented; comments stay where they are.

Only blanks at either end of lines change, and blank lines: quotes, line breaks and the inside of
texts are the author's. Whatever would mean anything else is left as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import YamlSource, parse_source
from zhuanjie.engine.policy.pack_files import CASES

_STEP = 2


def pack_files(folder: Path) -> list[Path]:
    """The YAML files of a pack's folder: manifest and topics, then cases."""
    return [*sorted(folder.glob("*.yaml")), *sorted((folder / CASES).glob("*.yaml"))]


def formatted(text: str, name: str) -> str:
    """`text` in the layout of packs; raises PolicyError where it is not well-formed YAML."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = parse_source(plain, PolicyError, name)
    new = "\n".join(_lines(source)) + "\n"
    try:
        same = parse_source(new, PolicyError, name).data == source.data
    except PolicyError:
        same = False
    return new if same else text


def _lines(source: YamlSource) -> Iterator[str]:
    lines = source.text.split("\n")
    root = source.nodes[()]
    indents: dict[int, int] = {}
    inside: dict[int, int] = {}
    _place(root, 0, lines, indents)
    for node in source.nodes.values():
        _claim(node, lines, inside)
    blank = True  # at the top too, blank lines are dropped
    for at, line in enumerate(lines):
        if at in inside:
            owner = inside[at]
            yield _shifted(line, indents.get(owner, _indent(lines[owner])) - _indent(lines[owner]))
            blank = False
        elif line.strip():
            yield " " * _wanted(at, lines, indents) + line.strip()
            blank = False
        elif not blank and any(map(str.strip, lines[at:])):
            yield ""
            blank = True


def _place(node: yaml.Node, indent: int, lines: list[str], indents: dict[int, int]) -> None:
    """The indent of each line that begins with a key, an item, or a value of its own."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        for key, value in node.value:
            _first(key, indent, lines, indents)
            if value.start_mark.line > key.start_mark.line:
                _first(value, indent + _STEP, lines, indents)
            _place(value, indent + _STEP, lines, indents)
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
        dash = node.start_mark.column
        for item in node.value:
            line, gap = item.start_mark.line, item.start_mark.column - dash
            if _indent(lines[line]) == dash:
                indents[line] = indent
            _place(item, indent + gap, lines, indents)


def _first(node: yaml.Node, indent: int, lines: list[str], indents: dict[int, int]) -> None:
    at = node.start_mark
    if _indent(lines[at.line]) == at.column:
        indents.setdefault(at.line, indent)


def _claim(node: yaml.Node, lines: list[str], inside: dict[int, int]) -> None:
    """The lines after its first that a text or a bracketed list takes up go with the first."""
    start, end = node.start_mark, node.end_mark
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return
    # A block text's mark stands at the start of what follows it.
    last = end.line - 1 if end.column == 0 or not lines[end.line][:end.column].strip() else end.line
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        while last > start.line and _ends_block(lines, last, start.line):
            last -= 1
    for at in range(start.line + 1, last + 1):
        inside.setdefault(at, start.line)


def _ends_block(lines: list[str], at: int, head: int) -> bool:
    """Whether a line after a block text is blank or a comment that stands outside of it."""
    text = lines[at].strip()
    return not text or (text.startswith("#") and _indent(lines[at]) <= _indent(lines[head]))


def _wanted(at: int, lines: list[str], indents: dict[int, int]) -> int:
    """The indent of a line; a comment's is that of the next line that has one."""
    if at in indents:
        return indents[at]
    if lines[at].lstrip().startswith("#"):
        here = _indent(lines[at])
        after = [i for i in sorted(indents) if i > at]
        before = [i for i in sorted(indents, reverse=True) if i < at]
        for line in [*after[:1], *before]:
            if _indent(lines[line]) == here:
                return indents[line]
    return _indent(lines[at])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, by: int) -> str:
    """A line of a text or list, moved; what stands at its end may be meant."""
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, _indent(line)):]
