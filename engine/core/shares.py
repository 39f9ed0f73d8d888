"""What a share comes to. In: how many records are how. Out: a range, and how it stands.

Some records count surely and some perhaps, and of some it is not known whether they meet what is
asked. The share then is a range: `lowest` is what it comes to if all that is unknown turns out for
the worst, `highest` if for the best. Nothing is rounded to decide; what is shown is cut off after
one decimal, so that it never shows as reached what is not.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Standing = Literal["not_applicable", "satisfied", "violation", "undetermined"]


class ShareFigures(Struct, frozen=True):
    """Records by how they are, and how many per cent are needed.

    `met`, `failed` and `open` are asked surely: the last may meet it or not. The `perhaps` ones may
    not be asked at all. `group` is the value that they have in common, None for a blank one;
    `by` the field that it is of, None where the whole ledger is one group.
    """

    met: int
    failed: int
    open: int
    perhaps_met: int
    perhaps_failed: int
    perhaps_open: int
    at_least: int
    by: str | None = None
    group: str | None = None

    @property
    def asked(self) -> int:
        """Records that are surely asked."""
        return self.met + self.failed + self.open

    @property
    def unknown(self) -> int:
        """Records that are perhaps asked, or of which it is not known whether they meet it."""
        return self.open + self.perhaps_met + self.perhaps_failed + self.perhaps_open

    @property
    def lowest(self) -> float:
        """The least that the share may be, in per cent."""
        return _shown(*self._worst)

    @property
    def highest(self) -> float:
        """The most that the share may be, in per cent."""
        return _shown(*self._best)

    @property
    def standing(self) -> Standing:
        """How the share stands: violated only where it is however the unknown turns out."""
        if not self.asked + self.unknown:
            return "not_applicable"
        if not self._reached(*self._best):
            return "violation"
        return "satisfied" if self._reached(*self._worst) else "undetermined"

    @property
    def _worst(self) -> tuple[int, int]:
        return self.met, self.asked + self.perhaps_failed + self.perhaps_open

    @property
    def _best(self) -> tuple[int, int]:
        found = self.met + self.open + self.perhaps_met + self.perhaps_open
        return found, found + self.failed

    def _reached(self, met: int, of: int) -> bool:
        return met * 100 >= self.at_least * of

    def shown(self, name: str) -> int | str:
        """A figure as tables have it: a count, or a text with one decimal."""
        found = getattr(self, name)
        return f"{found:.1f}" if isinstance(found, float) else int(found)

    def plain(self) -> dict[str, int | float | str | None]:
        """The figures as JSON has them."""
        return {"by": self.by, "group": self.group, "asked": self.asked, "met": self.met,
                "unknown": self.unknown, "lowest": self.lowest, "highest": self.highest,
                "at_least": self.at_least}

    def said(self) -> dict[str, str]:
        """What texts may quote."""
        return {"asked": str(self.asked), "met": str(self.met), "unknown": str(self.unknown),
                "lowest": f"{self.lowest:.1f}", "highest": f"{self.highest:.1f}",
                "at_least": str(self.at_least)}


QUOTED = ("asked", "met", "unknown", "lowest", "highest", "at_least")
"""What the texts of a rule on a share may quote besides."""


SHARE_COLUMNS = ("share_asked", "share_met", "share_unknown", "share_lowest", "share_highest")
"""The columns of a table of findings that are on shares alone."""


def _shown(met: int, of: int) -> float:
    return met * 1000 // of / 10 if of else 100.0
