"""Policies from their packs. In: a folder, or the packs that stand for choice. Out: a policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.policy.broken_packs import broken_rules, field_forms
from zhuanjie.engine.policy.check import build_policy
from zhuanjie.engine.policy.locate import by_default, load_chain
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.policy.timeline import PackTimeline


def policy_in(folder: Path, overrides: Mapping[str, int] | None = None,
              loaded: dict[Path, LoadedPack] | None = None) -> Policy:
    """The policy of a pack's folder; raises PolicyError with every mistake of its chain."""
    try:
        chain = load_chain(folder, loaded)
    except PolicyError as error:
        raise PolicyError(*field_forms(error.diagnostics, error.sources),
                          *broken_rules(error.sources)) from None
    return build_policy(chain, overrides)


def policies_in_time() -> PackTimeline:
    """The packs that stand for choice, one after the other."""
    build = partial(policy_in, loaded={})  # the packs in time build on one another
    return PackTimeline(by_default(), build)


def policy_on(day: date) -> Policy:
    """Those packs as one policy, as it judges on a day."""
    return policies_in_time().on(day)
