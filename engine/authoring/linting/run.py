"""`policy lint`. In: a policy, what each lint weighs. Out: what to look at, and what is ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from zhuanjie.engine.authoring.editing.lints import lint as find
from zhuanjie.engine.authoring.linting.ignores import BAD, UNUSED, Ignore, ignores
from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.lint_ids import LINTS, Weight, lint_id
from zhuanjie.engine.core.yaml_source import YamlSource
from zhuanjie.engine.policy.lint import lint as sense
from zhuanjie.engine.policy.pack_files import LoadedPack, load_cases
from zhuanjie.engine.policy.policy import Policy

_OF_CASES = ("boundary",)
"""Lints that only running the cases finds."""


class Lint(Struct, frozen=True):
    """One thing to look at: under which id, how much it weighs, what is said of it and where."""

    id: str
    severity: Literal["error", "warning"]
    diagnostic: Diagnostic

    @property
    def rule(self) -> str | None:
        """The rule it is about, where it is about one."""
        named = self.diagnostic.args.get("rule")
        return None if named is None else str(named)


class IgnoredLint(Struct, frozen=True):
    """What would be a lint but for a comment, and the reason given there."""

    id: str
    diagnostic: Diagnostic
    reason: str


class LintReport(Struct, frozen=True):
    """What an author should look at, and what the pack says is to be ignored."""

    lints: tuple[Lint, ...] = ()
    ignored: tuple[IgnoredLint, ...] = ()
    unused: tuple[tuple[Ignore, tuple[str, ...]], ...] = ()
    """Ignores, and which of their ids ignore nothing."""


def lint_report(policy: Policy, weights: Mapping[str, Weight] | None = None, *,
                with_cases: bool = True) -> LintReport:
    """Every lint of a policy that is not off, apart from those a comment ignores.

    `weights` is what the settings say of ids. Without `with_cases` no case is run, and nothing is
    said that only running them tells. What is off is not looked at for unused ignores
    either. Raises PolicyError where a case file is not well formed.
    """
    weighs = {**LINTS, **(weights or {})}
    comments: list[Ignore] = []
    own: list[Ignore] = []
    problems: list[Diagnostic] = []
    for pack in policy.chain:
        is_top = pack is policy.chain[-1]
        for source in sources(pack):
            found = ignores(source, problems if is_top else [])
            comments += found
            own += found if is_top else ()
    lints: list[Lint] = []
    ignored: list[IgnoredLint] = []
    used: set[tuple[int, str]] = set()
    for found_lint in (find if with_cases else sense)(policy):
        name = lint_id(found_lint.code)
        by = [c for c in comments if c.covers(name, found_lint.place)]
        used |= {(id(c), name) for c in by}
        if by:
            ignored.append(IgnoredLint(name, found_lint, by[0].reason))
        else:
            lints += _weighed(name, found_lint, weighs)
    idle = [(c, names) for c in own
            if (names := tuple(n for n in c.ids if (id(c), n) not in used and weighs[n] != "off"
                               and (with_cases or n not in _OF_CASES)))]
    for problem in problems:
        lints += _weighed(BAD, problem, weighs)
    for comment, names in idle:
        place = Place(comment.file, line=comment.line, column=comment.column)
        lints += _weighed(UNUSED, Diagnostic("lint.unused-ignore", {"id": ", ".join(names)}, place),
                          weighs)
    return LintReport(tuple(lints), tuple(ignored), tuple(idle))


def sources(pack: LoadedPack) -> Iterator[YamlSource]:
    """The files of a pack, its cases too, with the positions of their parts."""
    yield pack.source
    yield from (topic.source for topic in pack.topics)
    yield from (file.source for file in load_cases(pack.folder))


def _weighed(name: str, diagnostic: Diagnostic, weighs: Mapping[str, Weight]) -> Iterator[Lint]:
    severity = weighs[name]
    if severity != "off":
        yield Lint(name, severity, diagnostic)
