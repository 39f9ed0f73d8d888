"""What `policy verify` found. In: a verification. Out: sections, JSON, annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import stale_message
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Severity, plain
from zhuanjie.report.formats.github import line
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Acceptance, Policy, Verification, VerifyFinding


def present(found: Verification, policy: Policy, view: View) -> Presentation:
    """A verification, for any of the formats of `policy verify`."""
    return Presentation(lambda: _sections(found, policy, view), lambda: _plain(found, view),
                        texts={"github": lambda: _annotations(found, policy, view)})


def _plain(found: Verification, view: View) -> dict[str, Any]:
    return {
        "proved": [{"kind": s.kind, "rules": list(s.rules), "message": s.message(view.lang)}
                   for s in found.proved],
        "findings": [_finding(f, view) for f in found.findings],
        "accepted": [
            {**_finding(a.finding, view), "reason": getattr(a.acceptance.reason, view.lang)}
            for a in found.accepted
        ],
        "not_verified": [{"kind": n.kind, "rules": list(n.rules)} for n in found.left],
        "stale": [{"kind": a.kind, "rules": list(a.rules), "clauses": list(a.clauses),
                   "message": stale_message(a, view.lang)} for a in found.stale],
    }


def _finding(found: VerifyFinding, view: View) -> dict[str, Any]:
    witness = found.witness
    return {
        "kind": found.kind, "rules": list(found.rules), "clauses": list(found.clauses),
        "severity": found.severity.value,
        "witness": None if witness is None else {k: plain(v) for k, v in witness.items()},
        "as_of": plain(found.as_of), "message": found.message(view.lang),
        "file": found.places[0].file if found.places else None,
        "line": found.places[0].line if found.places else None,
        "places": [{"rule": rule, "file": place.file, "line": place.line}
                   for rule, place in zip(found.rules, found.places, strict=False)],
    }


def _sections(found: Verification, policy: Policy, view: View) -> list[Section]:
    code = "verify.broken-off" if found.left else "verify.faulty" if found.severities else (
        "verify.clean-accepted" if found.accepted else "verify.clean")
    proved = Counter(s.kind for s in found.proved)
    sections = [Section(
        title=say(code, view.lang, id=policy.id, proved=len(found.proved),
                  findings=len(found.findings) + len(found.stale), accepted=len(found.accepted)),
        tone="bad" if found.severities or found.left else "good")]
    if found.left:
        sections.append(Section(
            title=say("verify.left-heading", view.lang), level=3, tone="bad",
            headers=[say(f"verify.column.{c}", view.lang) for c in ("left", "rules")],
            rows=[(_kind(n.kind, view), _some(n.rules, view)) for n in found.left]))
    sections += [Section(title=_title("verify.finding", f, view), level=3, tree=_shown(f, view),
                         tone="bad" if f.severity is Severity.ERROR else "warn")
                 for f in found.findings]
    sections += [Section(title=_stale_title(a, view), level=3, tree=[stale_message(a, view.lang)],
                         tone="warn") for a in found.stale]
    for accepted in found.accepted:
        reason = say("verify.reason", view.lang,
                     reason=getattr(accepted.acceptance.reason, view.lang))
        sections.append(Section(title=_title("verify.accepted", accepted.finding, view), level=3,
                                tree=[*_shown(accepted.finding, view), reason]))
    sections.append(Section(
        title=say("verify.proved-heading", view.lang), level=3,
        headers=[say(f"verify.column.{c}", view.lang) for c in ("kind", "count")],
        rows=[(_kind(kind, view), str(count)) for kind, count in proved.items()]))
    return sections


_SHOWN = 12
"""Rules that are named where it is said what was not verified; of more the number is said."""


def _some(rules: Sequence[str], view: View) -> str:
    if len(rules) <= _SHOWN:
        return view.join(rules)
    return say("verify.and-more", view.lang, first=view.join(rules[:_SHOWN]),
               count=len(rules))


def _title(code: str, found: VerifyFinding, view: View) -> str:
    rules = view.join((*found.rules, *found.clauses))
    return say(code, view.lang, severity=view.severity(found.severity),
               kind=_kind(found.kind, view), rules=rules).rstrip(": ：")


def _stale_title(stale: Acceptance, view: View) -> str:
    rules = view.join((*stale.rules, *stale.clauses))
    return say("verify.finding", view.lang, severity=view.severity(Severity.WARNING),
               kind=_kind("stale-acceptance", view), rules=rules)


def _kind(kind: str, view: View) -> str:
    return say(f"verify.kind.{kind}", view.lang)


def _shown(found: VerifyFinding, view: View) -> list[str]:
    """The finding in words, then the record that shows it."""
    lines = [found.message(view.lang)]
    lines += [say("verify.at", view.lang, rule=rule, place=f"{place.file}:{place.line or 1}")
              for rule, place in zip(found.rules, found.places, strict=False)]
    if found.witness is not None and found.as_of is not None:
        lines.append(say("verify.shown", view.lang, day=found.as_of.isoformat()))
        lines += [f"  {view.label(view.field(n), view.value(n, v))}"
                  for n, v in found.witness.items()] or [
                      f"  {say('verify.blank', view.lang)}"]
    return lines


def _annotations(found: Verification, policy: Policy, view: View) -> Iterator[str]:
    """Annotations of GitHub's workflow commands, then the counts."""
    manifest = policy.chain[-1].source.file
    for each in found.findings:
        place = each.places[0] if each.places else Place(manifest)
        yield line(each.severity.value, place.file, _title("verify.finding", each, view),
                   "\n".join(_shown(each, view)), place.line)
    for left in found.left:
        yield line("error", manifest, say("verify.left-heading", view.lang),
                   f"{_kind(left.kind, view)}: {_some(left.rules, view)}")
    for stale in found.stale:
        yield line("warning", manifest, _stale_title(stale, view),
                   stale_message(stale, view.lang))
    yield say("verify.github", view.lang, proved=len(found.proved),
              findings=len(found.findings), accepted=len(found.accepted)) + "\n"
