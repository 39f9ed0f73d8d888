"""Which messages speak of a vocabulary's `register.yaml`. In: codes. Out: those."""

from __future__ import annotations

from collections.abc import Iterable

OF_REGISTERS = ("vocabulary.act-", "vocabulary.series-", "vocabulary.paper-", "vocabulary.awaited-",
                *(f"vocabulary.unknown-{what}" for what in
                  ("request", "series", "group", "blank", "act")))


def codes_of_registers(codes: Iterable[str]) -> set[str]:
    """The codes of messages about what a register does, shows and prints."""
    return {code for code in codes if code.startswith(OF_REGISTERS)}
