"""What an author should look at. In: lints of a pack. Out: sections, JSON, annotations, SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.lint_ids import LINTS
from zhuanjie.engine.core.messages import Lang, say, say_diagnostic
from zhuanjie.report import json_shape as shape
from zhuanjie.report.formats.github import line
from zhuanjie.report.machine.places import uri
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Lint, LintPage, LintReport, Policy

_PAGES = "docs/lints.md"
_SCHEMA = ("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
           "sarif-schema-2.1.0.json")


def present(policy: Policy, found: LintReport, view: View) -> Presentation:
    """Lints, for any of the formats of `policy lint`."""
    return Presentation(
        lambda: _sections(policy, found, view),
        lambda: {"policy": shape.policy(policy.ref),
                 "lints": [_plain(lint, view.lang) for lint in found.lints],
                 "ignored": [{**_said(each.id, each.diagnostic, view.lang), "reason": each.reason}
                             for each in found.ignored]},
        texts={"github": lambda: _annotations(policy, found, view),
               "sarif": lambda: [_sarif(policy, found, view)]})


def explain(page: LintPage, weight: str, view: View) -> Presentation:
    """The page of a lint."""
    def text(of: Any) -> str:
        return str(getattr(of, view.lang))

    def sections() -> Iterator[Section]:
        fix = text(page.fix) if page.fix else view.say("lint.no-fix")
        yield Section(title=f"{page.id}: {text(page.title)}", level=1, notes=[
            view.say("lint.weight", severity=weight, id=page.id),
            view.say("lint.ignore-how", id=page.id)])
        yield Section(title=view.say("lint.why"), notes=[text(page.why)])
        yield Section(title=view.say("lint.bad", file=page.file), tree=_shown(page.bad))
        yield Section(title=view.say("lint.good"), tree=_shown(page.good))
        yield Section(title=view.say("lint.fix"), notes=[fix])

    return Presentation(sections, lambda: {
        "id": page.id, "severity": weight, "title": text(page.title), "why": text(page.why),
        "file": page.file, "bad": page.bad, "good": page.good,
        "fix": text(page.fix) if page.fix else None})


def _shown(text: str) -> list[str]:
    return [f"  {part}" for part in text.rstrip("\n").split("\n")]


def _sections(policy: Policy, found: LintReport, view: View) -> Iterator[Section]:
    worst = any(lint.severity == "error" for lint in found.lints)
    yield Section(
        title=_title(policy, found, view),
        tone="bad" if worst else "warn" if found.lints else "good",
        tree=[text for lint in found.lints for text in _lines(lint, view.lang)])
    if found.ignored:
        yield Section(title=view.say("lint.ignored", count=len(found.ignored)), tone="muted", tree=[
            view.say("lint.ignored-line", file=each.diagnostic.place.file,
                     line=each.diagnostic.place.line, id=each.id, reason=each.reason)
            for each in found.ignored])


def _lines(lint: Lint, lang: Lang) -> list[str]:
    """What is said of a lint, its id behind its place."""
    first, *rest = say_diagnostic(lint.diagnostic, lang).splitlines()
    name = lint.id if lint.severity == "warning" else f"{lint.severity}: {lint.id}"
    at = lint.diagnostic.place
    head = ":".join(str(part) for part in (at.file, at.line, at.column) if part is not None) + ": "
    if not first.startswith(head):
        return [f"[{name}] {first}", *rest]
    return [f"{head}[{name}] {first.removeprefix(head)}", *rest]


def _title(policy: Policy, found: LintReport, view: View) -> str:
    code = "lint.found" if found.lints else "lint.clean"
    return view.say(code, id=policy.id, rules=len(policy.rules), count=len(found.lints))


def _plain(lint: Lint, lang: Lang) -> dict[str, Any]:
    return {**_said(lint.id, lint.diagnostic, lang), "severity": lint.severity, "rule": lint.rule}


def _said(name: str, lint: Diagnostic, lang: Lang) -> dict[str, Any]:
    at = lint.place
    return {
        "id": name, "kind": lint.code, "message": say(lint.code, lang, **lint.args),
        "remedy": say(lint.hint, lang, **lint.args) if lint.hint else "",
        "file": at.file, "line": at.line, "column": at.column, "path": at.path,
    }


def _whole(said: dict[str, Any]) -> str:
    return str(said["message"]) + (f" → {said['remedy']}" if said["remedy"] else "")


def _annotations(policy: Policy, found: LintReport, view: View) -> Iterator[str]:
    """Annotations of GitHub's workflow commands, then the count."""
    for lint in found.lints:
        said = _plain(lint, view.lang)
        title = f"{lint.id} ({lint.rule})" if lint.rule else lint.id
        yield line(lint.severity, said["file"], title, _whole(said), said["line"])
    yield _title(policy, found, view) + "\n"


def _sarif(policy: Policy, found: LintReport, view: View) -> str:
    """One run: the lints there are, and what they found."""
    from zhuanjie import __version__
    from zhuanjie.engine.api import lint_page

    ids = list(LINTS)
    rules = [{
        "id": name, "name": getattr(page.title, view.lang),
        "shortDescription": {"text": getattr(page.title, view.lang)},
        "fullDescription": {"text": getattr(page.why, view.lang)},
        "help": {"text": f"{getattr(page.why, view.lang)}\n{_PAGES}#{name}"},
        "defaultConfiguration": {"level": LINTS[name]},
    } for name in ids for page in (lint_page(name),)]
    results = [
        *(_result(_plain(lint, view.lang), lint.severity, ids) for lint in found.lints),
        *(_result(_said(each.id, each.diagnostic, view.lang), "warning", ids)
          | {"suppressions": [{"kind": "inSource", "justification": each.reason}]}
          for each in found.ignored)]
    run = {
        "tool": {"driver": {
            "name": "zhuanjie", "version": __version__, "semanticVersion": __version__,
            "language": {"zh": "zh-CN", "en": "en"}[view.lang], "rules": rules}},
        "results": results, "columnKind": "unicodeCodePoints",
        "properties": {"policy": shape.policy(policy.ref)}}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]},
                      ensure_ascii=False, indent=2) + "\n"


def _result(said: dict[str, Any], level: str, ids: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": said["id"], "ruleIndex": ids.index(said["id"]), "level": level,
        "message": {"text": _whole(said)}, "locations": []}
    if said["file"]:
        address, is_relative = uri(said["file"])
        region = {"startLine": said["line"] or 1}
        if isinstance(said["column"], int):
            region["startColumn"] = said["column"]
        made["locations"] = [{"physicalLocation": {
            "artifactLocation": {"uri": address,
                                 **({"uriBaseId": "%SRCROOT%"} if is_relative else {})},
            "region": region}}]
    if said.get("rule"):
        made["properties"] = {"rule": said["rule"]}
    return made
