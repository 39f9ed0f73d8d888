"""Policies for callers. In: a pack's id, folder or none. Out: a policy that is fully checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.kept_files import KeptFiles, kept_files
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.policy.base_ref import base_id
from zhuanjie.engine.policy.found import MANIFEST, find_folder, pack_folders
from zhuanjie.engine.policy.parameter_values import ParamValue, is_value, numbers
from zhuanjie.engine.policy.policy import Policy

if TYPE_CHECKING:
    from zhuanjie.engine.policy.model import Manifest

# What reads and checks packs is imported late: a policy that was kept has no need of it.

__all__ = ["PolicyEntry", "kept_policy", "list_policies", "load_policy", "packs_of",
           "plan_for", "with_params"]


class PolicyEntry(Struct, frozen=True):
    """A pack that comes with the program."""

    manifest: Manifest
    path: Path


def load_policy(name: str | Path | None = None, *, as_of: date | None = None,
                params: Mapping[str, ParamValue] | None = None) -> Policy:
    """A policy by the id or folder of its pack; without a name, those that stand for choice.

    Without a name each record is judged by the pack in force on the date the clause speaks of, and
    on the as-of day (`as_of`, or today) where that is blank. `params` sets parameter values for
    this run. Raises PolicyError, with every mistake of the pack and its bases, and UsageError for
    a name or parameter that there is not.
    """
    day = as_of or office_day()
    return with_params(_loaded(None if name is None else find_folder(str(name)), day), params, day)


def kept_policy(name: str | Path | None = None, *, as_of: date | None = None,
                params: Mapping[str, ParamValue] | None = None) -> Policy:
    """The same policy as of `load_policy`, taken from what this call's folder keeps, if it does.

    What was kept is used where the files of the packs and the program itself are what they were.
    """
    files = kept_files()
    if files is None:
        return load_policy(name, as_of=as_of, params=params)
    day = as_of or office_day()
    folder = None if name is None else find_folder(str(name))
    return with_params(_kept(files, folder, day), params, day)


def _kept(files: KeptFiles, folder: Path | None, day: date) -> Policy:
    from zhuanjie.engine.policy.kept import Wanted, keep_policy, read_policy

    wanted = Wanted(folder, day)
    known = read_policy(files, wanted)
    if known is not None:
        return known
    made = _loaded(folder, day)
    keep_policy(files, wanted, made,
                [made.chain] if made.timeline is None else made.timeline.chains)
    return read_policy(files, wanted) or made


def _loaded(folder: Path | None, day: date) -> Policy:
    from zhuanjie.engine.policy.loading import policies_in_time, policy_in

    return policies_in_time().on(day) if folder is None else policy_in(folder)


def with_params(policy: Policy, params: Mapping[str, ParamValue] | None,
                day: date | None = None) -> Policy:
    """The policy with parameter values set for a run, its bounds proved anew.

    A policy chosen by date is made anew for `day` (default: today).
    """
    if params is None:
        return policy
    if not isinstance(params, Mapping) or not all(map(is_value, params.values())):
        raise fail(UsageError, "api.argument", hint="api.takes.params", name="params",
                   given=type(params).__name__)
    if not params:
        return policy
    params = numbers(params, policy.parameters)
    if policy.timeline is not None:
        return policy.timeline.with_params(params).on(day or office_day())
    from zhuanjie.engine.policy.check import build_policy

    return build_policy(policy.chain, {**policy.overrides, **params})


def plan_for(policy: Policy | None, day: date, params: Mapping[str, ParamValue] | None = None,
             before: str | None = None, **asked: Any) -> Plan:
    """A policy (or those that stand for choice) made ready to judge on `day`.

    `asked` says which clauses, what to group by, and files of waivers; see `make_plan`.
    """
    policy = with_params(policy, params, day) if policy else load_policy(as_of=day, params=params)
    return make_plan(policy, day, before, **asked)


def packs_of(files: Iterable[str | Path]) -> list[Path]:
    """The packs that files belong to, and those beside them that build on them, by path.

    A file that belongs to no pack is passed over.
    """
    found: set[Path] = set()
    for file in files:
        found.update([p for p in Path(file).parents if (p / MANIFEST).is_file()][:1])
    waiting = list(found)
    while waiting:
        pack = waiting.pop()
        name = _manifest_as_written(pack).get("id")
        above = [f for f in pack_folders(pack.parent).values()
                 if f not in found and name
                 and base_id(_manifest_as_written(f).get("builds_on")) == name]
        found.update(above)
        waiting += above
    return sorted(found)


def _manifest_as_written(pack: Path) -> dict[str, object]:
    """What a manifest says; what is wrong with it is said when the pack is loaded."""
    from zhuanjie.engine.core.yaml_source import read_source

    try:
        data = read_source(pack / MANIFEST, PolicyError).data
    except PolicyError:
        return {}
    return data if isinstance(data, dict) else {}


def list_policies() -> list[PolicyEntry]:
    """The packs that come with the program."""
    from zhuanjie.engine.policy.locate import manifests

    return [PolicyEntry(manifest, path) for manifest, path in manifests()]
