"""The difference of two packs, for people and programs. In: a diff. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.aspects import Aspect
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome, Severity, plain
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Impact, PolicyDiff, TextEdit


def present(found: PolicyDiff, title: str, view: View, *, summary: bool = False) -> Presentation:
    """A difference, for any of the formats of `policy diff`; with `summary` no single records."""
    return Presentation(lambda: sections(found, title, view, summary=summary),
                        lambda: plain_data(found, summary=summary))


def plain_data(found: PolicyDiff, *, summary: bool = False) -> dict[str, Any]:
    """The three views as the contract has them."""
    places = found.edit_places or (Place(),) * len(found.text)
    out: dict[str, Any] = {
        "text": [{"kind": e.kind, "name": e.name, "change": e.change, "key": e.key or None,
                  "was": e.was, "is": e.now,
                  "reason": e.reason.model_dump() if e.reason else None,
                  "file": place.file, "line": place.line}
                 for e, place in zip(found.text, places, strict=True)],
        "meaning": {
            clause: {"verdict": m.verdict, "witness": _record(m.witness), "as_of": plain(m.as_of),
                     "rule": m.rule, "was": m.was, "is": m.now,
                     "others": [_record(r) for r in m.others],
                     **_at(found, m.rule)}
            for clause, m in found.meaning.items()
        },
        "impact": None,
    }
    if found.impact is not None:
        out["impact"] = {
            "records": found.impact.records,
            "records_changed": found.impact.records_changed,
            "by_aspect": {aspect.value: {
                "changes": len(found.impact.of(aspect)),
                "records": found.impact.records_of(found.impact.of(aspect)),
            } for aspect in Aspect},
            "counts": [{"aspect": aspect.value, "clause": c, "was": _told(was), "is": _told(now),
                        "days": days, "count": n}
                       for (aspect, c, was, now, days), n in found.impact.counts.items()],
            "changes": [] if summary else [
                {"aspect": c.aspect.value, "record": c.record, "clause": c.clause,
                 "was": _told(c.was), "is": _told(c.now), "rule": c.rule, "file": c.file,
                 "row": c.row, "rule_file": (at := _at(found, c.rule))["file"],
                 "rule_line": at["line"]} for c in found.impact.changes],
        }
    return out


def _at(found: PolicyDiff, rule: str | None) -> dict[str, Any]:
    """The file and line of a rule."""
    place = found.rule_places.get(rule or "", Place())
    return {"file": place.file, "line": place.line}


def _told(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else plain(value)


def sections(found: PolicyDiff, title: str, view: View, *,
             summary: bool = False) -> Iterator[Section]:
    """The three views for people; clauses that mean the same are only counted."""
    changed = {c: m for c, m in found.meaning.items() if m.verdict != "equal"}
    code = "author.diff.differs" if found.differs else "author.diff.same"
    yield Section(title=_say(view, code, title=title), level=1,
                  tone="warn" if found.differs else "good")
    if found.text:
        yield Section(
            title=_say(view, "author.diff.text"),
            headers=_headers(view, "what", "key", "was", "is", "reason", "place"),
            rows=[(*row, _place(place)) for row, place in zip(
                _edits(found.text, view), found.edit_places or (Place(),) * len(found.text),
                strict=True)])
    yield Section(
        title=_say(view, "author.diff.meaning"),
        notes=[_say(view, "author.diff.equal", equal=len(found.meaning) - len(changed),
                    count=len(found.meaning))],
        headers=_headers(view, "clause", "verdict", "witness", "was", "is", "place"),
        rows=[(clause, _say(view, f"author.verdict.{m.verdict}"),
               _witness(m.witness, plain(m.as_of), view), _outcome(m.was, view),
               _outcome(m.now, view), _place(found.rule_places.get(m.rule or "", Place())))
              for clause, m in changed.items()])
    if found.impact is not None:
        yield from _impact(found, found.impact, view, summary=summary)


def _impact(found: PolicyDiff, impact: Impact, view: View, *,
            summary: bool) -> Iterator[Section]:
    yield Section(
        title=_say(view, "author.diff.impact", changed=impact.records_changed,
                   records=impact.records),
        notes=[_say(view, "author.diff.aspects", **{
            aspect.value: len(impact.of(aspect)) for aspect in Aspect})],
        headers=_headers(view, "aspect", "clause", "was", "is", "count"),
        rows=[(_aspect(aspect, view), clause, *(
            (_say(view, "author.diff.moved", days=f"{days:+d}"), "")
            if days is not None else (_value_of(was, view), _value_of(now, view))), str(n))
              for (aspect, clause, was, now, days), n in impact.counts.items()])
    if impact.changes and not summary:
        yield Section(
            title=_say(view, "author.diff.records"), level=3,
            headers=_headers(view, "record", "clause", "aspect", "was", "is", "rule", "place"),
            rows=[(c.record or str(c.row), c.clause, _aspect(c.aspect, view),
                   _value_of(c.was, view), _value_of(c.now, view), c.rule,
                   _place(found.rule_places.get(c.rule, Place())))
                  for c in impact.changes])


def _aspect(aspect: Aspect, view: View) -> str:
    return _say(view, f"author.aspect.{aspect.value}")


def _value_of(value: Any, view: View) -> str:
    match value:
        case Outcome():
            return view.outcome(value)
        case Severity():
            return view.severity(value)
        case _:
            return "" if value is None else str(plain(value))


def _place(place: Place) -> str:
    """The pack's folder, the file and the line; data have the whole path."""
    if not place.file:
        return ""
    return f"{'/'.join(PurePath(place.file).parts[-2:])}:{place.line or 1}"


def _edits(edits: Sequence[TextEdit], view: View) -> Iterator[tuple[str, ...]]:
    """A row for each edit; why is said once for each thing that changed."""
    told: set[tuple[str, str]] = set()
    for edit in edits:
        what = _say(view, f"author.kind.{edit.kind}", name=edit.name)
        why = getattr(edit.reason, view.lang) if edit.reason else ""
        why = "" if (edit.kind, edit.name) in told else why
        told.add((edit.kind, edit.name))
        if edit.change == "changed":
            yield what, edit.key, _value(edit.was), _value(edit.now), why
        else:
            yield f"{what} {_say(view, f'author.change.{edit.change}')}", "", "", "", why


def _witness(record: Mapping[str, Any] | None, as_of: Any, view: View) -> str:
    if record is None:
        return ""
    lines = [f"{view.field(k)}: {view.value(k, v)}" for k, v in record.items()]
    return "\n".join([*lines, _say(view, "author.diff.as-of", day=as_of)])


def _outcome(name: str | None, view: View) -> str:
    return view.outcome(Outcome(name)) if name else ""


def _record(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if record is None else {k: plain(v) for k, v in record.items()}


def _value(value: Any) -> str:
    if isinstance(value, list):  # of what has keys, such as values by period, one a line
        return ("\n" if any(isinstance(v, dict) for v in value) else ", ").join(map(_value, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value(part)}" for key, part in value.items())
    if isinstance(value, bool):
        return str(value).lower()  # as it stands in the pack
    return "" if value is None else str(value)


def _headers(view: View, *names: str) -> list[str]:
    return [_say(view, f"author.column.{name}") for name in names]


def _say(view: View, code: str, **args: Any) -> str:
    return say(code, view.lang, **args)
