"""`policy diff`. In: two policies, perhaps ledgers. Out: what differs: text, meaning, effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from msgspec import Struct, field

from zhuanjie.engine.authoring.diff.impact import Impact, impact
from zhuanjie.engine.authoring.diff.meaning import Meaning, meaning
from zhuanjie.engine.authoring.diff.places import edit_places, rule_places
from zhuanjie.engine.authoring.diff.text_diff import TextEdit, text_diff
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.policy.policy import Policy


class PolicyDiff(Struct, frozen=True):
    """The three views; `impact` only where there is a ledger.

    `edit_places` says where each difference of the text stands, `rule_places` where each rule does.
    """

    text: tuple[TextEdit, ...]
    meaning: Mapping[str, Meaning]
    impact: Impact | None
    edit_places: tuple[Place, ...] = ()
    rule_places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether anything does, or is not proved not to."""
        return bool(self.text) or any(m.verdict != "equal" for m in self.meaning.values()) or (
            self.impact is not None and bool(self.impact.changes))


def diff(old: Policy, new: Policy, ledgers: Sequence[str | Path] = (),
         as_of: date | None = None, lang: Lang = "en", *,
         columns: Mapping[str, str] | None = None,
         roster: str | Path | None = None) -> PolicyDiff:
    """Compare two policies.

    `as_of` is the day the ledgers are judged on (default: today), `lang` that of the notices.
    `columns` maps the ledgers' own headings to fields, `roster` is who has to be in them.
    """
    affected = impact(old, new, ledgers, as_of or office_day(), columns, lang=lang,
                      roster=roster) if ledgers else None
    text = tuple(text_diff(old, new))
    return PolicyDiff(text, meaning(old, new), affected, edit_places(old, new, text),
                      rule_places(old, new))
