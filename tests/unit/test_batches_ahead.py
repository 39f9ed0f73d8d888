"""What is made ahead in a thread: the same, in order, and no further than it is taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from zhuanjie.engine.ledger.readers.batches import WAITING, ahead

_WORD: ContextVar[str] = ContextVar("word", default="none")


def test_items_come_in_order_with_what_holds_where_they_are_asked_for() -> None:
    token = _WORD.set("ours")
    try:
        assert [*ahead((number, _WORD.get()) for number in range(50))] == [
            (number, "ours") for number in range(50)]
    finally:
        _WORD.reset(token)


def test_what_is_raised_comes_after_what_was_made() -> None:
    def made() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    items = ahead(made())
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_no_more_is_made_than_may_wait_and_nothing_is_left_open() -> None:
    made: list[int] = []
    closed = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            for number in range(1000):
                made.append(number)
                yield number
        finally:
            closed.set()

    items = ahead(numbers())
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]  # a generator
    assert closed.wait(10)
    assert len(made) <= WAITING + 3
