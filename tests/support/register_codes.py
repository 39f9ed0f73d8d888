"""Which messages speak of a vocabulary's `register.yaml`. In: codes. Out: those."""

from __future__ import annotations

from collections.abc import Iterable

OF_REGISTERS = ("vocabulary.act-", "vocabulary.series-", "vocabulary.unknown-request",
                "vocabulary.unknown-series", "vocabulary.unknown-group")


def codes_of_registers(codes: Iterable[str]) -> set[str]:
    """The codes of messages about acts, requests and series of numbers."""
    return {code for code in codes if code.startswith(OF_REGISTERS)}
