"""Where a command's result meets its form. In: target, session, pack. Out: a stream and a view."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from zhuanjie.cli.files import opened
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, use_colour
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import REPORTED, Outcome
from zhuanjie.report import SECTION_FORMATS
from zhuanjie.report.view import WIDTH, View

if TYPE_CHECKING:
    from zhuanjie.engine.policy.policy import Policy

_NARROWEST: Final = 60


def view_of(session: Session, target: Target, policy: Policy | None = None, *,
            all_outcomes: bool = False) -> View:
    """The view for a target: a terminal's width and colours, or a file's lack of them."""
    to_stdout = target.output is None
    width = shutil.get_terminal_size((WIDTH, 24)).columns if to_stdout else WIDTH
    return View(
        lang=session.lang,
        width=max(width, _NARROWEST),
        colour=to_stdout and use_colour(sys.stdout),
        policy_title=getattr(policy.title, session.lang) if policy else "",
        titles={r.id: getattr(r.title, session.lang) for r in policy.rules} if policy else {},
        clauses={c: getattr(clause.text, session.lang) for c, clause in policy.clauses.items()}
        if policy else {},
        outcomes=tuple(Outcome) if all_outcomes else REPORTED,
        **_vocabulary(policy, session.lang),
    )


def _vocabulary(policy: Policy | None, lang: Lang) -> dict[str, Any]:
    """The words that the policy's vocabulary has for fields and parties."""
    if policy is None:
        return {}
    vocabulary = policy.vocabulary
    return {"fields": vocabulary.fields,
            "parties": {name: getattr(text, lang) for name, text in vocabulary.parties.items()}}


@contextmanager
def result(target: Target) -> Iterator[TextIO]:
    """The stream a target names, in the encoding its format asks for."""
    machine = target.format not in SECTION_FORMATS
    with opened(target.output, machine=machine, bom=target.format == "csv") as out:
        yield out
