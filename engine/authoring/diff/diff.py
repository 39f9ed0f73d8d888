"""`policy diff`. In: two policies, perhaps ledgers. Out: what differs: text, meaning, effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from zhuanjie.engine.authoring.diff.impact import Impact, impact
from zhuanjie.engine.authoring.diff.meaning import Meaning, meaning
from zhuanjie.engine.authoring.diff.text_diff import TextEdit, text_diff
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class PolicyDiff:
    """The three views; `impact` only where there is a ledger."""

    text: tuple[TextEdit, ...]
    meaning: Mapping[str, Meaning]
    impact: Impact | None

    @property
    def differs(self) -> bool:
        """Whether anything does, or is not proved not to."""
        return bool(self.text) or any(m.verdict != "equal" for m in self.meaning.values()) or (
            self.impact is not None and bool(self.impact.changes))


def diff(old: Policy, new: Policy, ledgers: Sequence[str | Path] = (),
         as_of: date | None = None, lang: Lang = "en") -> PolicyDiff:
    """Compare two policies.

    `as_of` is the day the ledgers are judged on (default: today), `lang` that of the notices.
    """
    affected = impact(old, new, ledgers, as_of or office_day(), lang=lang) if ledgers else None
    return PolicyDiff(tuple(text_diff(old, new)), meaning(old, new), affected)
