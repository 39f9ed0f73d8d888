"""Traditional characters. In: a text. Out: the same in simplified ones, for comparing only.

The table `traditional.json` is that of single characters in OpenCC (Apache License 2.0), the first
of several where a character has become several.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


def simplified(text: str) -> str:
    """`text` with each traditional character as its simplified one."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, int]:
    data = json.loads(Path(__file__).with_name("traditional.json").read_text("utf-8"))
    return str.maketrans(data["traditional"], data["simplified"])
