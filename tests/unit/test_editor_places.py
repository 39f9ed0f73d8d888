"""Places in texts as an editor counts them, and the trail of keys to a cursor."""

from __future__ import annotations

from collections import Counter

import pytest

from zhuanjie.engine.api import TextMap, TextPosition
from zhuanjie.engine.authoring.editor.cursor import cursor_at
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import parse_source, read_source
from zhuanjie.engine.policy.found import RULES as SHIPPED
from zhuanjie.engine.policy.found import pack_folders

HERE = "¦"


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 11), ("utf-16", 5), ("utf-32", 4)])
def test_columns_are_counted_as_agreed(encoding: str, column: int) -> None:
    text = TextMap("a\r\n中𠮷é文b", encoding)  # type: ignore[arg-type]
    offset = text.text.index("b")
    at = text.position(offset)
    assert (at.line, at.column) == (1, column + (1 if encoding == "utf-8" else 0))
    assert text.offset(at) == offset
    assert text.offset(TextPosition(1, 99)) == len(text.text)
    assert text.offset(TextPosition(9, 0)) == len(text.text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_offset_comes_back(end: str) -> None:
    text = TextMap(end.join(["甲𠮷", "", "b\u2028c\x85d", "é"]))
    for offset in range(len(text.text) + 1):
        if text.text[offset - 1:offset + 1] != "\r\n":
            assert text.offset(text.position(offset)) == offset


def test_places_of_diagnostics_are_found_behind_odd_line_breaks() -> None:
    text = "a: 'x\u2028y'\nb: [\n"
    with pytest.raises(PolicyError) as refused:
        parse_source(text + "c: {}\n", PolicyError, "x")
    assert refused.value.diagnostics
    known = TextMap("a: 'x\u2028y'\nbb: 𠮷 cc\n")
    assert known.text[known.from_yaml(3, 5):].startswith("𠮷")
    assert known.position(known.from_yaml(3, 7)) == TextPosition(1, 7)


@pytest.mark.parametrize(("text", "trail", "on_key", "before"), [
    ("rules:\n  - id: a\n    when: has(lett¦\n", ("rules", 0, "when"), False, "has(lett"),
    ("rules:\n  - id: a\n  - id: b\n    cl¦\n    when: x\n", ("rules", 1), True, "cl"),
    ("rules:\n- id: a\n- id: b\n  deadline:\n    done: ¦\n", ("rules", 1, "deadline", "done"), False, ""),
    ("rules:\n  - id: a\n    title: {zh: x, e¦}\n", ("rules", 0, "title"), True, "e"),
    ('r:\n  - rows:\n      - clause: "2¦\n', ("r", 0, "rows", 0, "clause"), False, "2"),
    ("r:\n  - rows:\n      - allow: [a, b¦]\n", ("r", 0, "rows", 0, "allow", 1), False, "b"),
    ("r:\n  - id: a\n    moments:\n      - x\n      - iss¦\n", ("r", 0, "moments", 1), True, "iss"),
    ("r:\n  - when: has(x.y) &&\n      lett¦\n", ("r", 0, "when"), False, "has(x.y) &&\n      lett"),
    ("r:\n  - id: a\n    ¦\n", ("r", 0), True, ""),
    ("r:\n  - id: a\n¦\n", (), True, ""),
    ("c:\n  - t:\n      columns: [as_of,\n        ex.¦]\n", ("c", 0, "t", "columns", 1), False, "ex."),
    ("c:\n  - expect: {a: ¦}\n", ("c", 0, "expect", "a"), False, ""),
    ("c:\n  - record: {a.b: 1, letter.¦\n", ("c", 0, "record"), True, "letter."),
    ("r:\n  - a: 1\n    b: ¦   c: 2\n", ("r", 0, "b"), False, ""),
    ('c:\n  "1":\n    binds: ¦\n', ("c", "1", "binds"), False, ""),
    ("r:\n  # note: x\n  - a: [[1], {b: ¦", ("r", 0, "a", 1, "b"), False, ""),
    ("¦", (), True, ""), ("a: {¦", ("a",), True, ""), ("- ¦", (0,), True, ""),
])
def test_the_trail_to_a_cursor(text: str, trail: tuple[object, ...], on_key: bool,
                               before: str) -> None:
    found = cursor_at(TextMap(text.replace(HERE, "")), text.index(HERE))
    assert (found.trail, found.on_key, found.before) == (trail, on_key, before)


@pytest.mark.parametrize("name", pack_folders())
def test_the_trail_is_that_of_yaml_wherever_a_value_stands(name: str) -> None:
    """In the shipped packs, at every value on a line of its own key, both readings agree."""
    for path in sorted((SHIPPED / name).glob("**/*.yaml")):
        source = read_source(path, PolicyError)
        text, seen = TextMap(source.text), Counter(map(id, source.nodes.values()))
        for trail, node in list(source.nodes.items())[::7]:
            key = source.keys.get(trail)
            if key is None or seen[id(node)] > 1 or not hasattr(node, "style") or node.style in ("|", ">"):
                continue
            end = node.end_mark.index - (1 if node.style in ("'", '"') else 0)
            if node.value and node.start_mark.line == node.end_mark.line:
                found = cursor_at(text, end)
                assert (found.trail, found.on_key) == (trail, False), (path.name, trail)
