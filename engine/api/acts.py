"""What a register does, for callers. In: a policy, values, records. Out: acts, readings, truths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from msgspec import Struct

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.registry import backend_of
from zhuanjie.engine.core.results import InputFinding, plain
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record_reader import CachedRecordReader
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.policy.register_acts import (
    RegisterActs,
    TypedAct,
    TypedAwaited,
    TypedCondition,
    TypedPaper,
    register_acts,
)
from zhuanjie.engine.vocabulary.paper_file import tells_birth
from zhuanjie.engine.vocabulary.paper_model import (
    BLANK,
    Paper,
    PaperBlank,
    PaperLine,
    PaperPart,
)
from zhuanjie.engine.vocabulary.register_model import Setting as RegisterSetting
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

__all__ = ["BLANK", "Paper", "PaperBlank", "PaperLine", "PaperPart", "PlainReading",
           "RegisterActs", "RegisterSetting", "TypedAct", "TypedAwaited", "TypedCondition",
           "TypedPaper", "condition_holds", "holding", "lists_of", "plain_values", "register_acts",
           "steps_of", "tells_birth"]


class PlainReading(Struct, frozen=True):
    """Values of fields as a register keeps them (days as ISO texts), and what could not be read."""

    values: Mapping[str, Any]
    unread: tuple[InputFinding, ...]


@lru_cache(maxsize=8)
def _reader(vocabulary: Vocabulary) -> CachedRecordReader:
    return CachedRecordReader(HeadingMap(vocabulary))


def plain_values(given: Mapping[str, Any], vocabulary: Vocabulary) -> PlainReading:
    """Values by their fields' names, each read as a cell of its field; blanks are left out."""
    typed, unread, _ = _reader(vocabulary)(given)
    return PlainReading({name: plain(value) for name, value in typed.items()}, tuple(unread))


def condition_holds(condition: Expr, record: Mapping[str, Any], vocabulary: Vocabulary,
                    as_of: date) -> bool | None:
    """Whether a typed condition holds of a record of plain values; None where it is unknown."""
    typed, _, _ = _reader(vocabulary)(record)
    held = backend_of("reference").evaluate(condition, typed, as_of, {})
    return None if held is UNKNOWN else bool(held)


def lists_of(records: Iterable[Mapping[str, Any]], acts: RegisterActs,
             as_of: date) -> Iterator[str | None]:
    """By record of plain values, the first list that definitely takes it; None where none does."""
    codec, judge = ValueCodec(acts.fields), backend_of("reference")
    for record in records:
        typed = codec.decode(record)
        yield next((name for name, each in acts.lists.items()
                    if judge.evaluate(each.holds, typed, as_of, {}) is True), None)


def steps_of(record: Mapping[str, Any], acts: RegisterActs, as_of: date) -> tuple[str, ...]:
    """The steps that a record of plain values has definitely come to, in the domain's order."""
    typed = ValueCodec(acts.fields).decode(record)
    judge = backend_of("reference")
    return tuple(name for name, each in acts.steps.items()
                 if judge.evaluate(each.holds, typed, as_of, {}) is True)


def holding(records: Iterable[Mapping[str, Any]], condition: Expr, acts: RegisterActs,
            as_of: date) -> Iterator[bool]:
    """By record of plain values, whether a condition definitely holds of it."""
    codec, judge = ValueCodec(acts.fields), backend_of("reference")
    for record in records:
        yield judge.evaluate(condition, codec.decode(record), as_of, {}) is True
