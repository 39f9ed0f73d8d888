"""What the made-up province's ledgers are about. In: nothing. Out: the fields of its vocabulary."""

from __future__ import annotations

from typing import Final

from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.load import load_vocabulary

VOCABULARY: Final = "party-transfer"
KEY: Final = "member.id"
"""The field that names a record."""


def fields() -> FieldTable:
    """The fields of a record."""
    return load_vocabulary(VOCABULARY).fields
