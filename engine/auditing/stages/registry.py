"""The stages there are, in their order. In: nothing. Out: a tuple; another stage is a line here."""

from __future__ import annotations

from zhuanjie.engine.auditing.stages.absences import absences
from zhuanjie.engine.auditing.stages.base import Stage
from zhuanjie.engine.auditing.stages.baseline import baseline
from zhuanjie.engine.auditing.stages.clause_filter import clause_filter
from zhuanjie.engine.auditing.stages.edition_filter import edition_filter
from zhuanjie.engine.auditing.stages.not_judged import not_judged
from zhuanjie.engine.auditing.stages.shares import shares
from zhuanjie.engine.auditing.stages.waivers import waivers

STAGES_BEFORE_WAIVERS: tuple[Stage, ...] = (edition_filter, clause_filter, absences,
                                             shares)
"""What tells which violations there are, whoever may have waived them."""
STAGES: tuple[Stage, ...] = (*STAGES_BEFORE_WAIVERS, waivers, not_judged, baseline)
"""What the verdicts of every audit pass through."""
