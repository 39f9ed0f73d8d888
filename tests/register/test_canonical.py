"""One way to write a value: as another implementation of RFC 8785 has it."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from zhuanjie.web.trail.canonical import EXACT, canonical

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(max_codepoint=127))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-EXACT, EXACT) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(names, inner))


@given(plain)
def test_is_the_scheme_of_the_standard(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.0, EXACT + 1, {"é": 1}, {1: 1}, b"x", [object()]])
def test_refuses_what_could_be_written_in_two_ways(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(value)
