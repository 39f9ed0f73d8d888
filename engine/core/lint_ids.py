"""The lints there are. In: the code of a lint's words. Out: its id, and how much it weighs.

An id is what settings, comments and pages call a lint by; it stays what it is. Whoever adds one
adds a line here, its words in both languages and its page (`engine/authoring/linting/pages`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Weight = Literal["error", "warning", "off"]
WEIGHTS: Final[tuple[Weight, ...]] = get_args(Weight)
LINTS: Final[Mapping[str, Weight]] = {
    "unused-parameter": "warning",
    "unused-definition": "warning",
    "unused-output": "warning",
    "unit": "warning",
    "clause-without-rule": "warning",
    "text-not-read": "warning",
    "no-cases": "warning",
    "not-translated": "warning",
    "boundary": "warning",
    "duplicate-case": "warning",
    "case-name": "warning",
    "left-over": "warning",
    "overlap": "warning",
    "base-changed": "warning",
    "bad-ignore": "warning",
    "unused-ignore": "warning",
}
"""The ids of lints, and what each weighs where the settings do not say."""
_WORDS: Final = "lint."
_OTHER: Final[Mapping[str, str]] = {"unused-base-parameter": "unused-parameter",
                                    "unused-base-definition": "unused-definition"}
"""Words that stand under another id than their code begins with."""


def lint_id(code: str) -> str:
    """The id of the lint that says `code`: `lint.overlap-both` is one of `overlap`."""
    name = code.removeprefix(_WORDS)
    if name in LINTS:
        return name
    return _OTHER.get(name) or max((i for i in LINTS if name.startswith(f"{i}-")),
                                   key=len, default=name)
