"""Which pack is meant. In: an id, a folder or none. Out: the pack and its bases; each by date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import YamlSource, read_source
from zhuanjie.engine.policy.base_ref import base_ref
from zhuanjie.engine.policy.found import MANIFEST, RULES, base_folder, known_packs
from zhuanjie.engine.policy.model import Manifest
from zhuanjie.engine.policy.pack_files import LoadedPack, load_pack


def load_chain(folder: Path, loaded: dict[Path, LoadedPack] | None = None) -> list[LoadedPack]:
    """The pack of `folder` preceded by what it builds on, the root first.

    `loaded` keeps packs by their folder, for chains that share some. Raises PolicyError with every
    mistake of every pack of the chain; its `sources` are the files.
    """
    problems: list[Diagnostic] = []
    sources: list[YamlSource] = []
    chain: list[LoadedPack] = []
    seen: list[str] = []
    here: Path | None = folder
    while here is not None:
        pack = (loaded or {}).get(here) or load_pack(here, problems, sources)
        if pack is None:
            break
        if loaded is not None:
            loaded[here] = pack
        chain.insert(0, pack)
        if (above := chain[1:2]) and (unfit := _unfit(above[0], pack)) is not None:
            problems.append(unfit)
        base = pack.manifest.base
        if base in seen or base == pack.manifest.id:
            problems.append(Diagnostic("pack.base-loop", {"base": base},
                                       pack.source.place(("builds_on",))))
            break
        seen.append(pack.manifest.id)
        here = _base(pack, problems) if base else None
    if problems:
        error = PolicyError(*problems)
        error.sources = sources
        raise error
    return chain


def _unfit(pack: LoadedPack, base: LoadedPack) -> Diagnostic | None:
    """That the version there is of a base is not one that a pack builds on."""
    written, version = pack.manifest.builds_on or "", base.manifest.version
    if base_ref(written).holds(version):
        return None
    return Diagnostic("pack.base-version", {
        "written": written, "base": base.manifest.id, "there": version,
        "file": base.source.file}, pack.source.place(("builds_on",)), "pack.hint.base-version")


def _base(pack: LoadedPack, problems: list[Diagnostic]) -> Path | None:
    name = pack.manifest.base or ""
    known = known_packs()
    if (found := base_folder(pack.folder, name, known)) is not None:
        return found
    close = suggest(name, list(known))
    problems.append(Diagnostic(
        "pack.no-base", {"base": name, "near": close, "known": ", ".join(known)},
        pack.source.place(("builds_on",)), "hint.near" if close else "hint.known"))
    return None


def manifests(*, by_default: bool = False) -> list[tuple[Manifest, Path]]:
    """The manifest and folder of every pack that has an id; only those that judge `by_default`.

    Raises PolicyError with every mistake of the manifests asked for. A file that is no YAML at all
    is among them: nobody can tell whether it judges.
    """
    out = []
    problems: list[Diagnostic] = []
    for folder in known_packs().values():
        try:
            source = read_source(folder / MANIFEST, PolicyError, short_path(folder / MANIFEST))
        except PolicyError as error:
            problems += error.diagnostics
            continue
        if by_default and not (isinstance(source.data, dict) and source.data.get("by_default")):
            continue
        manifest = validate(Manifest, source, problems)
        if manifest is not None:
            out.append((manifest, folder))
    if problems:
        raise PolicyError(*problems)
    return out


class PolicyPeriod(Struct, frozen=True):
    """The days on which one pack is the one that stands for choice; open ends are None."""

    start: date | None
    end: date | None
    manifest: Manifest
    folder: Path


def policy_periods(packs: Sequence[tuple[Manifest, Path]]) -> list[PolicyPeriod]:
    """Which of some packs stands for choice when, without a gap.

    Of several in force the latest to come into force does. On a day without any the one that went
    out of force last goes on; before the first pack's day the first is taken.
    """
    days = {d for m, _ in packs for d in (m.in_force.start, _after(m.in_force.end)) if d}
    cuts: list[date | None] = [None, *sorted(days)]
    out: list[PolicyPeriod] = []
    for start, following in pairwise([*cuts, None]):
        manifest, folder = _standing(packs, start or date.min)
        end = following - timedelta(days=1) if following else None
        if out and out[-1].folder == folder:
            out[-1] = replace(out[-1], end=end)
        else:
            out.append(PolicyPeriod(start, end, manifest, folder))
    return out


def _standing(packs: Sequence[tuple[Manifest, Path]], day: date) -> tuple[Manifest, Path]:
    held = [p for p in packs if p[0].in_force.holds(day)]
    if held:
        return max(held, key=lambda p: p[0].in_force.start or date.min)
    gone = [p for p in packs if p[0].in_force.end and p[0].in_force.end < day]
    if gone:
        return max(gone, key=lambda p: p[0].in_force.end or date.min)
    return min(packs, key=lambda p: p[0].in_force.start or date.min)


def _after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day and day < date.max else None


def by_default() -> list[PolicyPeriod]:
    """When each pack that says `by_default` judges where none is named.

    Raises UsageError where no pack says so: every other one is meant when it is named.
    """
    standing = manifests(by_default=True)
    if not standing:
        raise fail(UsageError, "policy.none", Place(str(RULES)))
    return policy_periods(standing)
