"""Policies for callers. In: a pack's id, folder or none. Out: a policy that is fully checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from zhuanjie.engine.checking.pack import broken_rules, build_policy
from zhuanjie.engine.checking.policy import Policy
from zhuanjie.engine.errors import Diagnostic, PolicyError, UsageError, fail
from zhuanjie.engine.load.find import find_folder, in_force, load_chain, manifests
from zhuanjie.engine.load.schema import schemas
from zhuanjie.engine.lower.plan import Plan, make_plan
from zhuanjie.engine.model.pack import Manifest
from zhuanjie.engine.source import near

__all__ = ["PolicyEntry", "lint", "list_policies", "load_policy", "plan_for", "schemas",
           "with_params"]


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """A pack that comes with the program."""

    manifest: Manifest
    path: Path


def load_policy(name: str | Path | None = None, *, as_of: date | None = None,
                params: Mapping[str, int] | None = None) -> Policy:
    """A policy by the id or folder of its pack; without a name, the one in force on `as_of`.

    `params` sets parameter values for this run. Raises PolicyError, with every mistake of the pack
    and its bases, and UsageError for a name or parameter that there is not.
    """
    if name is not None:
        return with_params(_build(find_folder(str(name))), params)
    folder, notice = in_force(as_of or date.today())
    policy = with_params(_build(folder), params)
    return replace(policy, notices=(*policy.notices, notice)) if notice else policy


def _build(folder: Path) -> Policy:
    try:
        chain = load_chain(folder)
    except PolicyError as error:
        raise PolicyError(*error.diagnostics, *broken_rules(error.sources)) from None
    return build_policy(chain)


def with_params(policy: Policy, params: Mapping[str, int] | None) -> Policy:
    """The policy with parameter values set for a run, its bounds proved anew."""
    if not params:
        return policy
    for name in params:
        if name not in policy.parameters:
            close = near(name, list(policy.parameters))
            raise fail(UsageError, "policy.unknown-param",
                       hint="hint.near" if close else "hint.known", name=name, near=close,
                       known=", ".join(policy.parameters))
    return build_policy(policy.chain, {**policy.overrides, **params})


def lint(policy: Policy) -> list[Diagnostic]:
    """What the author of a policy should look at; raises PolicyError for broken case files."""
    # Imported late: cases are run by the column engine, which nothing else here needs.
    from zhuanjie.engine.author import lints

    return lints.lint(policy)


def plan_for(policy: Policy | None, day: date, params: Mapping[str, int] | None = None,
             before: str | None = None) -> Plan:
    """A policy (or the one in force) made ready to judge on `day`, with parameters set."""
    policy = with_params(policy, params) if policy else load_policy(as_of=day, params=params)
    return make_plan(policy, day, before)


def list_policies() -> list[PolicyEntry]:
    """The packs that come with the program."""
    return [PolicyEntry(manifest, path) for manifest, path in manifests()]
