"""The difference of two packs, for people and programs. In: a diff. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome, plain
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Impact, PolicyDiff, TextEdit


def present(found: PolicyDiff, title: str, view: View) -> Presentation:
    """A difference, for any of the formats of `policy diff`."""
    return Presentation(lambda: sections(found, title, view), lambda: plain_data(found))


def plain_data(found: PolicyDiff) -> dict[str, Any]:
    """The three views as the contract has them."""
    out: dict[str, Any] = {
        "text": [{"kind": e.kind, "name": e.name, "change": e.change, "key": e.key or None,
                  "was": e.was, "is": e.now,
                  "reason": e.reason.model_dump() if e.reason else None} for e in found.text],
        "meaning": {
            clause: {"verdict": m.verdict, "witness": _record(m.witness), "as_of": plain(m.as_of),
                     "rule": m.rule, "was": m.was, "is": m.now,
                     "others": [_record(r) for r in m.others]}
            for clause, m in found.meaning.items()
        },
        "impact": None,
    }
    if found.impact is not None:
        out["impact"] = {
            "records": found.impact.records,
            "records_changed": found.impact.records_changed,
            "counts": [{"clause": c, "was": was.value, "is": now.value, "count": n}
                       for (c, was, now), n in found.impact.counts.items()],
            "changes": [{"record": c.record, "clause": c.clause, "was": c.was.value,
                         "is": c.now.value, "rule": c.rule, "file": c.file, "row": c.row}
                        for c in found.impact.changes],
        }
    return out


def sections(found: PolicyDiff, title: str, view: View) -> Iterator[Section]:
    """The three views for people; clauses that mean the same are only counted."""
    changed = {c: m for c, m in found.meaning.items() if m.verdict != "equal"}
    code = "author.diff.differs" if found.differs else "author.diff.same"
    yield Section(title=_say(view, code, title=title), level=1,
                  tone="warn" if found.differs else "good")
    if found.text:
        yield Section(
            title=_say(view, "author.diff.text"),
            headers=_headers(view, "what", "key", "was", "is", "reason"),
            rows=list(_edits(found.text, view)))
    yield Section(
        title=_say(view, "author.diff.meaning"),
        notes=[_say(view, "author.diff.equal", equal=len(found.meaning) - len(changed),
                    count=len(found.meaning))],
        headers=_headers(view, "clause", "verdict", "witness", "was", "is"),
        rows=[(clause, _say(view, f"author.verdict.{m.verdict}"),
               _witness(m.witness, plain(m.as_of), view), _outcome(m.was, view),
               _outcome(m.now, view)) for clause, m in changed.items()])
    if found.impact is not None:
        yield from _impact(found.impact, view)


def _impact(found: Impact, view: View) -> Iterator[Section]:
    yield Section(
        title=_say(view, "author.diff.impact", changed=found.records_changed,
                   records=found.records),
        headers=_headers(view, "clause", "was", "is", "count"),
        rows=[(clause, view.outcome(was), view.outcome(now), str(n))
              for (clause, was, now), n in found.counts.items()])
    if found.changes:
        yield Section(
            title=_say(view, "author.diff.records"), level=3,
            headers=_headers(view, "record", "clause", "was", "is"),
            rows=[(c.record or str(c.row or ""), c.clause, view.outcome(c.was), view.outcome(c.now))
                  for c in found.changes])


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
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()  # as it stands in the pack
    return "" if value is None else str(value)


def _headers(view: View, *names: str) -> list[str]:
    return [_say(view, f"author.column.{name}") for name in names]


def _say(view: View, code: str, **args: Any) -> str:
    return say(code, view.lang, **args)
