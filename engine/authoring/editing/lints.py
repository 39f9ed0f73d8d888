"""`policy lint`, with what only the cases tell. In: a policy. Out: what to look at."""

from __future__ import annotations

from zhuanjie.engine.authoring.coverage.coverage import coverage
from zhuanjie.engine.authoring.editing.case_lints import case_lints, left_over
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.policy import lint as sense
from zhuanjie.engine.policy.pack_files import load_cases
from zhuanjie.engine.policy.policy import Policy


def lint(policy: Policy) -> list[Diagnostic]:
    """Sense and style of a policy and its cases, and boundaries that no case tries.

    Raises PolicyError where a case file is not well formed.
    """
    return [*sense.lint(policy), *_boundaries(policy), *case_lints(policy), *left_over(policy)]


def _boundaries(policy: Policy) -> list[Diagnostic]:
    """Parameters of the pack's own rules of which one more, or one less, makes no case fail."""
    pack = policy.chain[-1]
    own = [r.id for r in policy.rules if r.pack == pack.manifest.id and r.params]
    if not own or not load_cases(pack.folder):
        return []  # a rule without cases is said to have none
    lacking = [p for p in coverage(policy, own).uncovered if p.kind == "parameter"]
    return [Diagnostic(f"lint.boundary-{point.value}", {"name": point.part},
                       pack.source.place(("parameters", point.part))) for point in lacking]
