"""Packs for their authors. In: a policy and its cases. Out: what an author wants to know of them.

Each function imports what it needs: only what asks the solver waits for it, or does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import read_source
from zhuanjie.engine.policy.found import find_folder
from zhuanjie.engine.policy.pack_files import CASES, load_cases
from zhuanjie.engine.policy.policy import Policy, TypedRule

if TYPE_CHECKING:
    from datetime import date

    from zhuanjie.engine.authoring.coverage.coverage import Coverage
    from zhuanjie.engine.authoring.diff.impact import Impact
    from zhuanjie.engine.authoring.testing.case_runner import CaseInstance
    from zhuanjie.engine.authoring.testing.report import TestReport
    from zhuanjie.engine.core.messages import Lang
    from zhuanjie.engine.ledger.given_table import GivenTable

__all__ = [
    "FormattedFile",
    "MarkedText",
    "PackCases",
    "coverage",
    "format_pack",
    "law_impact",
    "marked_texts",
    "pack_cases",
    "row_clause",
    "update_cases",
]


def coverage(policy: Policy, since: str | None = None) -> Coverage:
    """What a pack's cases try of its own rules.

    `since` keeps to rules that differ from an earlier state: a pack, `REVISION:path`, or a bare git
    revision. Raises PolicyError for a pack without cases, UsageError where there is nothing to
    measure or no such state.
    """
    from zhuanjie.engine.authoring.coverage.coverage import coverage as measure

    if since is None:
        return measure(policy)
    from zhuanjie.engine.authoring.diff.text_diff import changed_rules
    from zhuanjie.engine.authoring.diff.versions import policy_before

    return measure(policy, changed_rules(policy_before(since, policy), policy))


def update_cases(policy: Policy, report: TestReport) -> int:
    """Rewrite what the first engine of a test found otherwise; how many cases were rewritten."""
    from zhuanjie.engine.authoring.testing.update import update

    first = report.tried[0].backend
    return update([t.result for t in report.failed if t.backend == first],
                  policy.chain[-1].folder / CASES)


class PackCases(Struct, frozen=True):
    """The cases of a pack and of what it builds on, and what its own cases cover, if it has any."""

    cases: Sequence[CaseInstance]
    own: int
    coverage: Coverage | None


def pack_cases(policy: Policy, *, measure: bool = True) -> PackCases:
    """The cases of a policy, each state of the chain's; none are needed.

    What they cover is measured unless it is not asked for, which takes a while.
    """
    from zhuanjie.engine.authoring.testing.case_runner import case_instances

    key = policy.vocabulary.key
    by_pack = [case_instances(load_cases(pack.folder), key) for pack in policy.chain]
    own, manifest = by_pack[-1], policy.chain[-1].manifest
    measured = measure and own and (
        manifest.scope or any(r.pack == manifest.id for r in policy.rules))
    return PackCases([case for each in by_pack for case in each], len(own),
                     coverage(policy) if measured else None)


def law_impact(old: Policy, new: Policy, tables: Sequence[GivenTable], as_of: date, *,
               lang: Lang = "en", waivers: Sequence[Mapping[str, Any]] = (),
               progress: Callable[[int], None] = lambda _done: None) -> Impact:
    """Whom another policy affects, of records that were read before.

    Of `waivers`, entries as their files have them, each policy takes what it allows. `progress` is
    told how many records have been judged.
    """
    from zhuanjie.engine.authoring.diff.impact import impact_on
    from zhuanjie.engine.ledger.ledger import from_tables
    from zhuanjie.engine.waivers.entries import given_waivers

    return impact_on(old, new, [from_tables(tables, vocabulary=p.vocabulary) for p in (old, new)],
                     as_of, lang=lang, waivers=given_waivers(waivers, "waivers"),
                     progress=progress)


class FormattedFile(Struct, frozen=True):
    """A file of a pack in the layout of packs, and whether it stood otherwise."""

    path: Path
    text: str
    changed: bool


def format_pack(pack: str) -> list[FormattedFile]:
    """The files of a pack, given by id or folder, laid out; nothing is written.

    Raises PolicyError where a file is not well-formed YAML, UsageError where there is no such pack.
    """
    from zhuanjie.engine.authoring.editing.layout import formatted, pack_files

    texts = {path: read_source(path, PolicyError).text for path in pack_files(find_folder(pack))}
    laid = {path: formatted(text, str(path)) for path, text in texts.items()}
    return [FormattedFile(path, text, text.encode() != path.read_bytes())
            for path, text in laid.items()]


class MarkedText(Struct, frozen=True):
    """An expression of a rule as its author wrote it, and where its conditions stand.

    `role` is what it is to the rule. A mark is a stretch of the text, from and to, with the
    condition there as coverage calls it: its printed text and its place.
    """

    role: str
    text: str
    marks: tuple[tuple[tuple[int, int], tuple[str, int]], ...] = ()


def marked_texts(rule: TypedRule) -> Iterator[MarkedText]:
    """A rule's expressions, in the order of the rule, with the conditions that cases can try."""
    from zhuanjie.engine.authoring.coverage.coverage import conditional
    from zhuanjie.engine.authoring.coverage.spans import conditions
    from zhuanjie.engine.expr.printer import as_written

    tried = conditional(rule)
    for role, text in _written(rule):
        expr = tried.get(role)
        marks = conditions(expr, text) if expr is not None else ()
        yield MarkedText(role, text, tuple((at, (as_written(e), e.at)) for at, e in marks))


def _written(rule: TypedRule) -> Iterator[tuple[str, str]]:
    from zhuanjie.engine.authoring.mutation.canonical_text import row_names

    model = rule.rule
    if model.when:
        yield "when", model.when
    if model.table is None:
        shape = getattr(model, model.shape).model_dump(exclude_none=True)
        yield from ((role, str(value)) for role, value in shape.items())
        return
    if model.table.when:
        yield "guard", model.table.when
    if model.table.subject:
        yield "subject", model.table.subject
    for name, row in zip(row_names(rule), model.table.rows, strict=True):
        if row.when:
            yield name, row.when


def row_clause(role: str) -> str | None:
    """The clause of the table's row that a role names, None for any other part of a rule."""
    from zhuanjie.engine.authoring.mutation.canonical_text import ROW

    return role.removeprefix(ROW) if role.startswith(ROW) else None
