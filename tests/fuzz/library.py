"""Calls of the library in a forked process. In: a name and arguments as text. Out: an exit code.

2 stands for an error of ours, as the command has it; any other error passes through, and is a fault.
"""

from __future__ import annotations

import io
import sys
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID


class Endless(Mapping[str, Any]):
    """A mapping whose length is not what it gives."""

    def __getitem__(self, key: str) -> Any:
        return key

    def __iter__(self) -> Iterator[str]:
        return iter(["学号", "姓名"])

    def __len__(self) -> int:
        return 0


class Liar:
    """A value whose every word fails."""

    def __repr__(self) -> str:
        raise ValueError("no")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise ValueError("no")

    __hash__ = None  # type: ignore[assignment]


def loop() -> list[Any]:
    """A list that holds itself."""
    held: list[Any] = []
    held.append(held)
    return held


def deep(depth: int) -> Any:
    """A list that lies deep."""
    held: Any = 1
    for _ in range(depth):
        held = [held]
    return held


def run(name: str, args: Sequence[str]) -> int:
    """Make the call, and look at what it gives as a program would."""
    import polars as pl

    from zhuanjie import engine
    from zhuanjie.engine.api import with_params

    names = {"UTC": UTC, "date": date, "datetime": datetime, "timedelta": timedelta, "Decimal": Decimal,
             "Enum": Enum, "Fraction": Fraction, "Path": Path, "MappingProxyType": MappingProxyType,
             "UUID": UUID, "OrderedDict": OrderedDict, "io": io, "pl": pl, "Endless": Endless,
             "Liar": Liar, "loop": loop, "deep": deep, "load_policy": engine.load_policy}
    call = with_params if name == "with_params" else getattr(engine, name)
    try:
        found = eval(f"call({', '.join(args)})", {**names, "call": call})  # the fuzzer's own text
        repr(found)
        if hasattr(found, "to_dict"):
            found.to_dict()
        elif isinstance(found, Iterator):
            list(found)
    except engine.ZhuanjieError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - stands for the command's own
        return 2
    except TypeError as error:
        frames = traceback.extract_tb(error.__traceback__)
        unknown = "unexpected keyword argument" in str(error)
        if not unknown and any("/engine/" in frame.filename for frame in frames):
            raise
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - Python's own, for a word there is not
        return 2
    return 0
