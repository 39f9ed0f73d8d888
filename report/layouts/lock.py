"""A pack's lock. In: a policy, what changed of its bases. Out: sections, JSON, annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import Diagnostic, Lang, locked_bases, say, say_diagnostic
from zhuanjie.report import json_shape as shape
from zhuanjie.report.formats.github import line
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy


def present(policy: Policy, changed: Sequence[Diagnostic], view: View, *,
            only_check: bool) -> Presentation:
    """A lock that was written, or (`only_check`) what is otherwise than it says."""
    return Presentation(
        lambda: [_section(policy, changed, view, only_check)],
        lambda: {"policy": shape.policy(policy.ref),
                 "bases": [b.model_dump() for b in locked_bases(policy)],
                 "written": not only_check and bool(locked_bases(policy)),
                 "changed": [_plain(each, view.lang) for each in changed]},
        texts={"github": lambda: _annotations(policy, changed, view, only_check)})


def _section(policy: Policy, changed: Sequence[Diagnostic], view: View,
             only_check: bool) -> Section:
    bases = [f"{b.id} {b.version} {b.sha256[:12]}" for b in locked_bases(policy)]
    told = [text for each in changed for text in say_diagnostic(each, view.lang).splitlines()]
    bad = only_check and bool(changed)
    return Section(title=_title(policy, changed, view, only_check),
                   tone="warn" if bad else "good", tree=told if bad else bases)


def _title(policy: Policy, changed: Sequence[Diagnostic], view: View, only_check: bool) -> str:
    if not locked_bases(policy):
        return view.say("lock.nothing", id=policy.id)
    code = ("lock.changed" if changed else "lock.same") if only_check else "lock.written"
    return view.say(code, id=policy.id, count=len(changed))


def _plain(each: Diagnostic, lang: Lang) -> dict[str, Any]:
    return {"kind": each.code, "message": say(each.code, lang, **each.args),
            "file": each.place.file, "line": each.place.line}


def _annotations(policy: Policy, changed: Sequence[Diagnostic], view: View,
                 only_check: bool) -> Iterator[str]:
    for each in changed if only_check else ():
        said = _plain(each, view.lang)
        yield line("error", each.place.file, said["kind"], said["message"], each.place.line)
    yield _title(policy, changed, view, only_check) + "\n"
