"""What an author should look at. In: lints of a pack. Out: sections, JSON, annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import Lang, say, say_diagnostic
from zhuanjie.report import json_shape as shape
from zhuanjie.report.formats.github import line
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy


def present(policy: Policy, lints: Sequence[Diagnostic], view: View) -> Presentation:
    """Lints, for any of the formats of `policy lint`."""
    return Presentation(
        lambda: [_section(policy, lints, view)],
        lambda: {"policy": shape.policy(policy.ref),
                 "lints": [_plain(lint, view.lang) for lint in lints]},
        texts={"github": lambda: _annotations(policy, lints, view)})


def _section(policy: Policy, lints: Sequence[Diagnostic], view: View) -> Section:
    return Section(
        title=_title(policy, lints, view), tone="warn" if lints else "good",
        tree=[line for lint in lints for line in say_diagnostic(lint, view.lang).splitlines()])


def _title(policy: Policy, lints: Sequence[Diagnostic], view: View) -> str:
    code = "lint.found" if lints else "lint.clean"
    return view.say(code, id=policy.id, rules=len(policy.rules), count=len(lints))


def _plain(lint: Diagnostic, lang: Lang) -> dict[str, Any]:
    at = lint.place
    return {
        "kind": lint.code, "message": say(lint.code, lang, **lint.args),
        "remedy": say(lint.hint, lang, **lint.args) if lint.hint else "",
        "file": at.file, "line": at.line, "column": at.column, "path": at.path,
    }


def _annotations(policy: Policy, lints: Sequence[Diagnostic], view: View) -> Iterator[str]:
    """Annotations of GitHub's workflow commands, then the count."""
    for lint in lints:
        said = _plain(lint, view.lang)
        text = said["message"] + (f" → {said['remedy']}" if said["remedy"] else "")
        yield line("warning", lint.place.file, said["kind"], text, lint.place.line)
    yield _title(policy, lints, view) + "\n"
