"""Which pack is meant. In: an id, a folder or a day. Out: the pack and its bases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from zhuanjie.engine.errors import Diagnostic, Place, PolicyError, UsageError, fail
from zhuanjie.engine.load.pack import MANIFEST, LoadedPack, load_pack
from zhuanjie.engine.load.validate import validate
from zhuanjie.engine.model.pack import Manifest
from zhuanjie.engine.source import Source, near, read_source

RULES = Path(__file__).resolve().parents[2] / "rules"
"""The packs that come with the program."""


def pack_folders(root: Path = RULES) -> dict[str, Path]:
    """The packs below `root`, by folder name."""
    return {p.parent.name: p.parent for p in sorted(root.glob(f"*/{MANIFEST}"))}


def find_folder(name: str) -> Path:
    """The folder of a pack given by id or by path; raises UsageError if there is none."""
    known = pack_folders()
    if name in known:
        return known[name]
    path = Path(name)
    if path.is_dir():
        return path
    if path.name == MANIFEST and path.is_file():
        return path.parent
    close = near(name, list(known))
    raise fail(UsageError, "policy.not-found", hint="hint.near" if close else "hint.known",
               name=name, near=close, known=", ".join(known))


def load_chain(folder: Path) -> list[LoadedPack]:
    """The pack of `folder` preceded by what it builds on, the root first.

    Raises PolicyError with every mistake of every pack of the chain; its `sources` are the files.
    """
    problems: list[Diagnostic] = []
    sources: list[Source] = []
    chain: list[LoadedPack] = []
    seen: list[str] = []
    here: Path | None = folder
    while here is not None:
        pack = load_pack(here, problems, sources)
        if pack is None:
            break
        chain.insert(0, pack)
        base = pack.manifest.builds_on
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


def _base(pack: LoadedPack, problems: list[Diagnostic]) -> Path | None:
    name = pack.manifest.builds_on or ""
    known = pack_folders()
    beside = pack.folder.resolve().parent / name
    if (beside / MANIFEST).is_file():
        return beside
    if name in known:
        return known[name]
    close = near(name, list(known))
    problems.append(Diagnostic(
        "pack.no-base", {"base": name, "near": close, "known": ", ".join(known)},
        pack.source.place(("builds_on",)), "hint.near" if close else "hint.known"))
    return None


def manifests() -> list[tuple[Manifest, Path]]:
    """The manifest and folder of every pack that comes with the program."""
    out = []
    for folder in pack_folders().values():
        problems: list[Diagnostic] = []
        manifest = validate(Manifest, read_source(folder / MANIFEST, PolicyError), problems)
        if manifest is None:
            raise PolicyError(*problems)
        out.append((manifest, folder))
    return out


def in_force(day: date) -> tuple[Path, Diagnostic | None]:
    """The pack in force on `day`: its folder, and what to tell the user about the choice, if any.

    Only packs that build on no other stand for choice: an institution's overlay is meant when it is
    named. Before the first pack's day the first is taken, and that is said.
    """
    roots = [(m, f) for m, f in manifests() if m.builds_on is None]
    held = [(m, f) for m, f in roots if m.in_force.holds(day)]
    if held:
        return max(held, key=lambda pair: pair[0].in_force.start or date.min)[1], None
    if not roots:
        raise fail(UsageError, "policy.none", Place(str(RULES)))
    manifest, folder = min(roots, key=lambda pair: pair[0].in_force.start or date.min)
    return folder, Diagnostic("policy.before-force", {
        "id": manifest.id, "day": day.isoformat(),
        "start": str(manifest.in_force.start or ""), "end": str(manifest.in_force.end or "")})
