"""Mistakes that overlays bring about. In: mistakes, a chain of packs. Out: the same, said at their

cause. What a withdrawal takes from under something that still uses it is wrong in the withdrawal,
and a base that is sound by itself is not where an author should look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import YamlSource
from zhuanjie.engine.policy.overlay import Merged, WithdrawnPart
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.policy.policy import OverlayChange

Build = Callable[[Sequence[LoadedPack]], object]
_PARAMETER: Final = "params."
_OUTPUT: Final = "outputs."
_NAMES: Final = {"pack.unknown-clause": "clause", "pack.no-base-rule": "rule",
                 "pack.no-base-clause": "clause", "pack.no-base-parameter": "parameter",
                 "pack.no-base-definition": "definition"}
"""What is said of names that are not there, and what they would be."""
_IN_EXPRESSIONS: Final = ("cel.unknown-name", "pack.placeholder")
_PATH = re.compile(r"(rules|rows)\[([0-9]+)\]")


def at_their_cause(chain: Sequence[LoadedPack], merged: Merged, problems: Sequence[Diagnostic],
                   build: Build) -> list[Diagnostic]:
    """The mistakes of a chain, each where it was brought about.

    `build` makes a policy of the packs of a chain, or raises PolicyError.
    """
    files = {source.file: (at, source) for at, pack in enumerate(chain) for source in (
        pack.source, *(topic.source for topic in pack.topics))}
    order = {pack.manifest.id: at for at, pack in enumerate(chain)}
    users: dict[tuple[str, str], list[Diagnostic]] = {}
    rest: list[Diagnostic] = []
    for problem in problems:
        key = _missing(problem)
        gone = merged.withdrawn.get(key) if key else None
        at, source = files.get(problem.place.file or "", (len(chain), None))
        if gone is None or key is None:
            rest.append(problem)
        elif source is None or at > order[gone.pack] or _is_withdrawal(problem):
            rest.append(replace(problem, hint=None, related=(_withdrawn_here(key, gone),)))
        else:
            users.setdefault(key, []).append(_use(problem, source))
    refused = [
        Diagnostic(f"pack.withdrawn-used.{kind}", {"name": name, "count": len(uses)},
                   gone.source.place(gone.trail), "pack.hint.withdrawn-used", tuple(uses))
        for (kind, name), uses in users.items()
        if (gone := merged.withdrawn[kind, name])]
    return [*refused, *_blamed(chain, merged, rest, {f: at for f, (at, _) in files.items()}, build)]


def _missing(problem: Diagnostic) -> tuple[str, str] | None:
    """What a mistake misses, by its kind and name."""
    name = str(problem.args.get("name", ""))
    if problem.code in _IN_EXPRESSIONS:
        if name.startswith(_PARAMETER):
            return "parameter", name.removeprefix(_PARAMETER)
        if name.startswith(_OUTPUT):
            return "output", name.removeprefix(_OUTPUT)
        return None if "." in name else ("definition", name)
    return (_NAMES[problem.code], name) if problem.code in _NAMES else None


def _is_withdrawal(problem: Diagnostic) -> bool:
    return (problem.place.path or "").startswith("withdraws")


def _withdrawn_here(key: tuple[str, str], gone: WithdrawnPart) -> Diagnostic:
    kind, name = key
    return Diagnostic(f"pack.withdrawn-here.{kind}", {"name": name, "pack": gone.pack},
                      gone.source.place(gone.trail))


def _use(problem: Diagnostic, source: YamlSource) -> Diagnostic:
    """Who uses what is gone: a rule, a row for a table, another part of a manifest."""
    found = _PATH.match(problem.place.path or "")
    if found is None:
        return Diagnostic("pack.used-here", {}, problem.place)
    part = source.data[found[1]][int(found[2])]
    name = part.get("id" if found[1] == "rules" else "table", "")
    return Diagnostic(f"pack.used-here.{found[1]}", {"name": str(name)}, problem.place)


def _blamed(chain: Sequence[LoadedPack], merged: Merged, problems: Iterable[Diagnostic],
            files: dict[str, int], build: Build) -> list[Diagnostic]:
    """Mistakes that show in a base's file, with the overlay without which they would not."""
    known: dict[int, list[Diagnostic]] = {}

    def problems_of(length: int) -> list[Diagnostic]:
        if length not in known:
            try:
                build(chain[:length])
                known[length] = []
            except PolicyError as error:
                known[length] = [_bare(d) for d in error.diagnostics]
        return known[length]

    out = []
    for problem in problems:
        at = files.get(problem.place.file or "", len(chain) - 1)
        lengths = range(at + 1, len(chain))
        first = next((n for n in lengths if _bare(problem) in problems_of(n)), len(chain))
        causes = (_cause(chain[first - 1], merged, problem),) if first > at + 1 else ()
        out.append(replace(problem, related=(*problem.related, *causes)))
    return out


def _bare(problem: Diagnostic) -> Diagnostic:
    return replace(problem, related=(), hint=None)


def _cause(pack: LoadedPack, merged: Merged, problem: Diagnostic) -> Diagnostic:
    """What of an overlay a mistake comes from, as far as it is to be seen."""
    said = " ".join([problem.place.snippet or "", *map(str, problem.args.values())])
    changed = next((c for c in reversed(merged.changes)
                    if c.pack == pack.manifest.id and _is_named(c, said)), None)
    return Diagnostic("pack.because-of-overlay", {"pack": pack.manifest.id},
                      _place(pack, changed))


def _is_named(change: OverlayChange, said: str) -> bool:
    name = _PARAMETER + change.name if change.kind == "parameter" else change.name
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", said) is not None


def _place(pack: LoadedPack, change: OverlayChange | None) -> Place:
    """Where a pack's manifest makes a change; where it builds on its base, if that is not there."""
    trail = (f"{change.kind}s", change.name) if change else ("builds_on",)
    return pack.source.place(trail if trail in pack.source.keys else ("builds_on",), key=True)
