"""Texts: the automata agree with Python's `re`, and a text is found wherever there is one."""

from __future__ import annotations

import re
from random import Random

import pytest
from support.values import replace

from zhuanjie.engine.regex.automaton import automaton
from zhuanjie.engine.regex.portable import RegexError, portable, python_form
from zhuanjie.engine.regex.witness import Constraints, find_text
from zhuanjie.engine.regex.witness import Test as TextTest

PHONE = "^(1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8})$"


def wanted(*tests: tuple[str, str, bool], size: int | None = None,
           taken: frozenset[str] = frozenset()) -> Constraints:
    return Constraints(tuple((TextTest(op, portable(text) if op == "matches" else text), want)
                        for op, text, want in tests), size or 1, size, taken)


def pattern(random: Random, depth: int = 0) -> str:
    kind = random.random()
    if depth > 3 or kind < 0.35:
        return random.choice(["a", "b", ".", "[ab]", "[^a]", "\\d", "1", "\\."])
    inner = pattern(random, depth + 1)
    if kind < 0.55:
        return inner + pattern(random, depth + 1)
    if kind < 0.7:
        return f"({inner}|{pattern(random, depth + 1)})"
    if kind < 0.9:
        return f"({inner})" + random.choice(
            ["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}", "{0}"])
    return f"(^{inner})" if kind < 0.95 else f"({inner}$)"


def test_automata_match_what_python_matches() -> None:
    random = Random(3)
    for _ in range(600):
        try:
            text = portable(pattern(random))
        except RegexError:  # what Python would try for ever is let through nowhere
            continue
        forward, python = automaton(text), re.compile(python_form(text))
        backward = forward.reversed()
        for _ in range(12):
            word = "".join(random.choice("ab1.x") for _ in range(random.randint(0, 6)))
            for machine, read in ((forward, word), (backward, word[::-1])):
                states = machine.start()
                for char in read:
                    states = machine.step(states, ord(char))
                matched = machine.matched(states, not word)
                assert matched is (python.search(word) is not None), (text, word)


@pytest.mark.parametrize("tests", [
    [("matches", PHONE, True)], [("matches", PHONE, False)],
    [("matches", PHONE, False), ("matches", PHONE[1:], True)],
    [("matches", PHONE, False), ("matches", PHONE[:-1], True)],
    [("matches", PHONE, False), ("matches", PHONE.replace("7,8", "7,9"), True)],
    [("contains", "甲.", True), ("endsWith", "x]", True), ("startsWith", "^", False)],
    [("matches", "a.*b", True), ("matches", "b.*a", True), ("contains", "ab", False)],
])
def test_a_text_is_found(tests: list[tuple[str, str, bool]]) -> None:
    want = wanted(*tests)
    found = find_text(want)
    assert found and want.fits(found)


@pytest.mark.parametrize("tests", [
    [("matches", PHONE, True), ("matches", PHONE[1:], False)],
    [("matches", PHONE, True), ("contains", "a", True)],
    [("matches", "aa*", False), ("contains", "a", True)],
    [("startsWith", "ab", True), ("startsWith", "a", False)],
    [("matches", "^$", True)],
])
def test_where_there_is_none_none_is_found(tests: list[tuple[str, str, bool]]) -> None:
    assert find_text(wanted(*tests)) is None


def test_length_and_texts_that_are_taken() -> None:
    phone = find_text(wanted(("matches", PHONE, True), ("startsWith", "0", True), size=12))
    assert phone is not None and len(phone) == 12
    assert find_text(wanted(("matches", PHONE, True), size=9)) is None
    phones = wanted(("matches", PHONE, True))
    assert find_text(replace(phones, least=13)) is not None
    assert find_text(replace(phones, least=14)) is None
    assert find_text(replace(phones, most=9)) is None
    assert find_text(wanted(("matches", "^[ab]$", True), taken=frozenset("a"))) == "b"
    assert find_text(wanted(("matches", "^[ab]$", True), taken=frozenset("ab"))) is None
