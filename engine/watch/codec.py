"""Lines of JSON, as the journal keeps them. In: plain values. Out: bytes, and back."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import orjson


def dumps(data: Any) -> bytes:
    """One line of JSON, without its end."""
    try:
        return orjson.dumps(data)
    except TypeError:  # whole numbers beyond 64 bits
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"),
                          default=date.isoformat).encode()


def loads(text: bytes) -> Any:
    """What `dumps` wrote; raises ValueError for what is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)
