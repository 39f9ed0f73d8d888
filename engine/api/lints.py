"""Lints for callers. In: a policy, the settings. Out: what to look at, pages, repairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from zhuanjie.engine.core.settings import settings

if TYPE_CHECKING:
    from zhuanjie.engine.authoring.linting.fixes import LintFixes
    from zhuanjie.engine.authoring.linting.pages import LintPage
    from zhuanjie.engine.authoring.linting.run import LintReport
    from zhuanjie.engine.core.diagnostics import Diagnostic
    from zhuanjie.engine.core.lint_ids import Weight
    from zhuanjie.engine.policy.policy import Policy

__all__ = ["fix_lints", "lint", "lint_page", "lint_report", "lint_weights"]

# Imported late: cases are run by the column engine, which nothing else here needs.


def lint(policy: Policy) -> list[Diagnostic]:
    """What the author of a policy should look at; raises PolicyError for broken case files."""
    return [found.diagnostic for found in lint_report(policy).lints]


def lint_report(policy: Policy) -> LintReport:
    """The same with ids and severities, as the settings have them, and what comments ignore."""
    from zhuanjie.engine.authoring.linting import run

    return run.lint_report(policy, lint_weights())


def fix_lints(policy: Policy) -> LintFixes:
    """What is safe to mend, mended; nothing is written."""
    from zhuanjie.engine.authoring.linting import fixes

    return fixes.fix_lints(policy, lint_weights())


def lint_page(name: str) -> LintPage:
    """Why there is a lint, with an example; raises UsageError where there is no such id."""
    from zhuanjie.engine.authoring.linting import pages

    return pages.lint_page(name)


def lint_weights() -> dict[str, Weight]:
    """What the settings say that lints weigh."""
    said = settings().options.get("lint")
    return cast("dict[str, Weight]", dict(said.value)) if said is not None else {}
