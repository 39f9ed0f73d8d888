"""What each lint is for. In: the id of a lint. Out: its page, with examples that are tried.

The pages are data (`pages/*.yaml`). Their examples are parts of a sound pack: what is bad stands in
the place of what is good, and is what the lint finds.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.lint_ids import LINTS, Weight
from zhuanjie.engine.core.models import Strict, Text
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import read_source

PAGES: Final = Path(__file__).resolve().parent / "pages"


class LintPage(Strict):
    """A lint as people read of it: why it matters, an example, and what `--fix` does, if anything.

    `good` is a part of the example's `file`; with `bad` in its place the lint finds something.
    """

    id: str
    title: Text
    why: Text
    file: str
    bad: str
    good: str
    fix: Text | None = None

    @property
    def weight(self) -> Weight:
        """What the lint weighs where the settings do not say."""
        return LINTS[self.id]


@cache
def lint_page(name: str) -> LintPage:
    """The page of a lint; raises UsageError, with the nearest id, where there is no such lint."""
    if name not in LINTS:
        near = suggest(name, LINTS)
        raise fail(UsageError, "lint-id.unknown", hint="hint.near" if near else "hint.known",
                   id=name, near=near, known=", ".join(LINTS))
    return LintPage.model_validate(read_source(PAGES / f"{name}.yaml", PolicyError).data)
