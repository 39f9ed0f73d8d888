"""What names a table of a lakehouse. In: a name as given. Out: whether it is one."""

from __future__ import annotations

from typing import Final

FORMATS: Final = ("delta", "iceberg")


def is_lakehouse(item: str) -> bool:
    """Whether what a caller names is a table of a lakehouse and no file: `delta:PLACE`."""
    return item.lower().startswith(tuple(f"{form}:" for form in FORMATS))


def delta_folder(item: str) -> str | None:
    """The folder in which a Delta table is to be; None where no such is named."""
    head, _, where = item.partition(":")
    return where if head.lower() == FORMATS[0] else None
