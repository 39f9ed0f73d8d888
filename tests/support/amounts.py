"""How many random cases a property is tried on. In: how many it usually is. Out: how many now.

`ZHUANJIE_EXAMPLES=5000` asks for so many everywhere, `ZHUANJIE_EXAMPLES=1/4` for that part of what is
usual; unset, what is usual.
"""

from __future__ import annotations

import os
from fractions import Fraction

_SAID = os.environ.get("ZHUANJIE_EXAMPLES")
ASKED = int(_SAID) if _SAID and "/" not in _SAID else None
"""How many cases were asked for, whatever the property; a part of the usual is no such number."""
_PART = Fraction(_SAID) if _SAID and ASKED is None else Fraction(1)


def amount(usual: int) -> int:
    """How many cases to try where `usual` are tried usually: one at least."""
    return ASKED or max(1, int(usual * _PART))
