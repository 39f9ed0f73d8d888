"""Division of whole numbers as CEL has it. In: whole numbers. Out: quotients, remainders.

A quotient is cut off toward zero, and a remainder has the sign of what was divided; the caller sees
to it that nothing is divided by zero.
"""

from __future__ import annotations


def quotient(number: int, by: int) -> int:
    """`number / by`, cut off toward zero."""
    whole = abs(number) // abs(by)
    return whole if (number < 0) == (by < 0) else -whole


def remainder(number: int, by: int) -> int:
    """What `quotient` leaves over, with the sign of `number`."""
    left = abs(number) % abs(by)
    return -left if number < 0 else left


DIVIDE = {"/": quotient, "%": remainder}
"""The functions by their sign."""
