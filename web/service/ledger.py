"""A register as a ledger. In: `sqlite:///file`, `postgresql://…`, perhaps a day. Out: its records.

The engine finds this module by its entry point: `zhuanjie audit register:sqlite:///register.db`.
`?as_of=2026-06-30` asks for the records as they stood at the end of that day. Withdrawn members are
left out; records with the same columns are a table, so that what is absent stays absent.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from urllib.parse import parse_qsl, urlencode

from zhuanjie.engine.api import (
    GivenLedger,
    InputError,
    Place,
    Vocabulary,
    fail,
    lacking,
    missing,
)

AS_OF: Final = "as_of"


def open_ledger(address: str, shown: str, vocabulary: Vocabulary) -> GivenLedger:
    """The records of the register at an address, which messages call `shown`, and its waivers."""
    if lacking("web"):
        raise missing("web")
    # Imported late: the engine asks for this module before it knows whether the extra is there.
    from zhuanjie.web.acts.waiver_rows import waiver_entries
    from zhuanjie.web.judging.given import read_register

    place = Place(file=shown)
    url, day = _parted(address, place)
    return read_register(url, day, place,
                         lambda conn, upto: waiver_entries(conn, vocabulary, upto))


def _parted(address: str, place: Place) -> tuple[str, date | None]:
    """The URL of the database, and the day asked for."""
    head, _, query = address.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    days = [value for name, value in pairs if name == AS_OF]
    rest = [pair for pair in pairs if pair[0] != AS_OF]
    url = f"{head}?{urlencode(rest)}" if rest else head
    if not days:
        return url, None
    try:
        return url, date.fromisoformat(days[-1])
    except ValueError:
        raise fail(InputError, "register.ledger.as-of", place, "register.ledger.as-of.hint",
                   day=days[-1]) from None
