"""Every answer that judges, as an event. In: a judge, what it said. Out: a draft for the trail.

A decision says by which policy and as of which day, how many outcomes of each kind came, and a
salted hash of what was judged: whoever has that and the salt can show that it was this.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson

from zhuanjie.engine.api import CaseJudge, Outcome, PolicyRef
from zhuanjie.web.store.event import EventDraft

DECISION: Final = "decision.made"
SALT: Final = "#salt"
"""The name under which a decision's salt is kept among its values, so that it can be erased."""
_SALT_BYTES: Final = 16


def decision_draft(judge: CaseJudge, given: Any, outcomes: Iterable[Outcome | str], *,
                   records: int, why: Sequence[str] = (), moment: str | None = None,
                   about: str | None = None) -> EventDraft:
    """The event of a judgement of `given` (plain data) that came to `outcomes`.

    `why` says what it was judged for, `moment` before which act, `about` which member.
    """
    return made_decision(judge.plan.policy.ref, judge.day, given, outcomes, records=records,
                         why=why, moment=moment, about=about)


def made_decision(ref: PolicyRef, day: date, given: Any, outcomes: Iterable[Outcome | str], *,
                  records: int, why: Sequence[str] = (), moment: str | None = None,
                  about: str | None = None,
                  params: Mapping[str, str] | None = None) -> EventDraft:
    """The same of what was judged by a policy as of a day, without a judge.

    `params` are values of its parameters that are others than the policy's, which its hash tells
    nothing of.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    data: dict[str, Any] = {
        "policy": ref.id, "version": ref.version, "sha256": ref.sha256,
        "as_of": day.isoformat(), "records": records,
        "outcomes": dict(sorted(Counter(map(str, outcomes)).items())),
        "input": input_hash(salt, given)}
    more: Mapping[str, Any] = {"why": list(why), "moment": moment, "about": about,
                               "params": dict(params or {})}
    return EventDraft(DECISION, data=data | {n: v for n, v in more.items() if v},
                      values={SALT: (None, salt.hex())})


def input_hash(salt: bytes, given: Any) -> str:
    """What a decision keeps of its input."""
    text = orjson.dumps(given, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(salt + text).hexdigest()
