"""Smaller inputs with the same fault. In: an input and a test. Out: the smallest that was found.

Delta debugging: parts are left out as long as the fault stays; of a package first whole parts of the
archive, then bytes of each; of text lines, then bytes; of a call, arguments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fuzz.inputs import FuzzInput
from fuzz.kinds.workbooks import packed, unpacked

Test = Callable[[FuzzInput], bool]


class _Shrinker:
    def __init__(self, holds: Test, seconds: float) -> None:
        self.holds = holds
        self.end = time.monotonic() + seconds

    @property
    def spent(self) -> bool:
        return time.monotonic() > self.end

    def without(self, parts: Sequence[Any], rebuilt: Callable[[list[Any]], FuzzInput]) -> list[Any]:
        """The fewest of `parts` with which the fault stays."""
        kept = list(parts)
        size = max(1, len(kept) // 2)
        while size and not self.spent:
            at = 0
            while at < len(kept) and not self.spent:
                fewer = kept[:at] + kept[at + size:]
                if self.holds(rebuilt(fewer)):
                    kept = fewer
                else:
                    at += size
            size //= 2
        return kept

    def file(self, given: FuzzInput, name: str) -> FuzzInput:
        data = given.files[name]

        def put(changed: bytes) -> FuzzInput:
            return replace(given, files={**given.files, name: changed})

        parts = unpacked(data)
        if parts and self.holds(put(packed(parts))):
            kept = self.without(list(parts), lambda names: put(packed({n: parts[n] for n in names})))
            parts = {n: parts[n] for n in kept}
            for part in kept:
                rest = dict(parts)
                parts[part] = self.bytes(parts[part], lambda new, part=part, rest=rest: put(
                    packed({**rest, part: new})))
            return put(packed(parts))
        return put(self.bytes(data, put))

    def bytes(self, data: bytes, put: Callable[[bytes], FuzzInput]) -> bytes:
        for cut in (b"\n", b"<", b","):
            pieces = data.split(cut)
            if 1 < len(pieces) <= 4_000:
                data = cut.join(self.without(pieces, lambda kept, cut=cut: put(cut.join(kept))))
        if len(data) <= 2_000:
            units = [data[i : i + 1] for i in range(len(data))]
            data = b"".join(self.without(units, lambda kept: put(b"".join(kept))))
        return data


def minimise(given: FuzzInput, holds: Test, seconds: float = 30) -> FuzzInput:
    """The smallest input found in `seconds` for which `holds` is still true."""
    small = _Shrinker(holds, seconds)
    for bare in (replace(given, rows=None, blank=0), replace(given, rows=None, blank=0, form="")):
        given = bare if holds(bare) else given
    if len(given.files) > 1:
        kept = small.without(list(given.files), lambda names: replace(
            given, files={n: given.files[n] for n in names}))
        given = replace(given, files={n: given.files[n] for n in kept})
    args = small.without(given.args, lambda kept: replace(given, args=tuple(kept)))
    given = replace(given, args=tuple(args))
    if given.rows is None:
        for name in list(given.files):
            given = small.file(given, name)
        if given.stdin:
            given = replace(given, stdin=small.bytes(given.stdin, lambda new: replace(given, stdin=new)))
    return given
