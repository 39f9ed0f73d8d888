"""What cases cover, for people and programs. In: a coverage. Out: sections, JSON, an HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any, Final

from zhuanjie.engine.api import marked_texts, row_clause
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome
from zhuanjie.report.page.markup import Html
from zhuanjie.report.page.shell import document
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Coverage, MarkedText, Point, Policy, TypedRule


def present(found: Coverage, policy: Policy, title: str, view: View) -> Presentation:
    """A coverage, for any of the formats of `policy coverage`."""
    return Presentation(lambda: sections(found, title, view), lambda: plain_data(found),
                        texts={"html": lambda: [page(found, policy, title, view)]})


def plain_data(found: Coverage) -> dict[str, Any]:
    """The shape of the contract; what is under a rule counts how many cases try it."""
    rules: dict[str, dict[str, Any]] = {}
    for point in found.points:
        if not point.rule:
            continue
        rule = rules.setdefault(point.rule, {"covered": 0, "coverable": 0, "outcomes": {},
                                             "conditions": [], "rows": {}, "moments": {}})
        hits = found.hits[point]
        rule["coverable"] += 1
        rule["covered"] += bool(hits)
        _place(rule, point, hits)
    sides = [p for p in found.points if p.kind == "parameter"]
    dates = [p for p in found.points if p.kind == "dated-by"]
    for rule in rules.values():
        for condition in rule["conditions"]:
            del condition["at"]  # a place in the text, which formatting changes
    return {
        "score": round(found.score, 6), "covered": len(found.points) - len(found.uncovered),
        "coverable": len(found.points), "rules": rules,
        "parameters": {p.part: {q.value: found.hits[q] for q in sides if q.part == p.part}
                       for p in sides},
        "clauses": {p.part: found.hits[p] > 0 for p in found.points if p.kind == "clause"},
        "dates": {p.part: {q.text: found.hits[q] for q in dates if q.part == p.part}
                  for p in dates},
        "uncovered": [{"rule": p.rule or None, "kind": p.kind, "part": p.part or None,
                       "text": p.text or None, "value": p.value or None}
                      for p in found.uncovered],
    }


def _place(rule: dict[str, Any], point: Point, hits: int) -> None:
    if point.kind == "outcome":
        rule["outcomes"][point.value] = hits
    elif point.kind == "condition":
        known = rule["conditions"]
        here = {"role": point.part, "text": point.text, "at": point.at}
        entry = next((c for c in known if {k: c[k] for k in here} == here), None)
        if entry is None:
            entry = {**here, "true": None, "false": None, "unknown": None}
            known.append(entry)
        entry[point.value] = hits
    elif point.kind == "moment":
        rule["moments"][point.part] = hits
    elif point.kind == "row":
        rule["rows"][point.part] = {"held": hits, "allowed": {}}
    else:
        rule["rows"][point.part]["allowed"][point.value] = hits


def sections(found: Coverage, title: str, view: View) -> Iterator[Section]:
    """The score, and what no case tries."""
    lacking = found.uncovered
    yield Section(
        title=say("author.coverage.score", view.lang, title=title, score=percent(found.score),
                  covered=len(found.points) - len(lacking), points=len(found.points)),
        tone="warn" if lacking else "good",
        headers=[say(f"author.column.{c}", view.lang) for c in ("rule", "uncovered")],
        rows=[(p.rule or p.part, sentence(p, view)) for p in lacking])


def sentence(point: Point, view: View) -> str:
    """What a point asks for, in words."""
    value = point.value
    if point.kind == "outcome":
        value = view.outcome(Outcome(value))
    elif point.kind == "condition":
        value = say(f"author.truth.{value}", view.lang)
    elif point.kind == "parameter":
        value = say(f"author.side.{value}", view.lang)
    named = point.kind in ("parameter", "clause", "moment", "dated-by")
    part = point.part if named else _part(point.part, view)
    return say(f"author.point.{point.kind}", view.lang, part=part, text=point.text, value=value)


def _part(role: str, view: View) -> str:
    """A part of a rule by its name for people; what has none is called as in the pack."""
    if (clause := row_clause(role)) is not None:
        return view.say("part.row", clause=clause)
    return view.say(f"rule.{role}") if role else ""


def percent(score: float) -> str:
    """A share, rounded down: only what is whole reads 100 %."""
    return f"{int(score * 1000) / 10:.1f} %"


_WHOLE: Final = ("outcome", "moment")
"""The points of a rule that are none of a part of it."""
_STYLE: Final = """
.full { background: var(--good-ground); } .part { background: var(--warn-ground); }
.none { background: var(--bad-ground); } .part { text-decoration: underline dotted; }
.none { text-decoration: underline double; } h2 small { font-weight: normal; color: var(--soft); }
dt { font-weight: 600; }
"""


def page(found: Coverage, policy: Policy, title: str, view: View) -> str:
    """One page, whole in itself: each rule's own text, coloured by what cases try of it."""
    by_rule: dict[str, list[Point]] = {}
    for point in found.points:
        by_rule.setdefault(point.rule, []).append(point)
    head = say("author.coverage.score", view.lang, title=title, score=percent(found.score),
               covered=len(found.points) - len(found.uncovered), points=len(found.points))
    legend = " ".join(
        f'<span class="{name}">{escape(say(f"author.coverage.{name}", view.lang))}</span>'
        for name in ("full", "part", "none"))
    known = {rule.id for rule in policy.rules}
    parts = [
        f'<header><h1>{escape(head)}</h1><p>{legend}</p></header><main id="main">',
        *(_article(found, rule, by_rule[rule.id], view) for rule in policy.rules
          if rule.id in by_rule),
        _rest(found, [p for name, points in by_rule.items() if name not in known for p in points],
              view),
        "</main>",
    ]
    return "".join(document(head, view.lang, map(Html, parts), more_style=_STYLE))


def _article(found: Coverage, rule: TypedRule, points: list[Point], view: View) -> str:
    tried = sum(found.hits[p] > 0 for p in points)
    title = getattr(rule.title, view.lang)
    lines = [f'<h2 id="{escape(rule.id)}">{escape(rule.clause)} {escape(title)} '
             f"<small>{escape(rule.id)}, {tried}/{len(points)}</small></h2>",
             f"<p>{_marks(found, [p for p in points if p.kind in _WHOLE], view)}</p>", "<dl>"]
    for part in marked_texts(rule):
        own = [p for p in points if p.kind == "condition" and p.part == part.role]
        lines.append(f"<dt>{escape(_part(part.role, view))}</dt>"
                     f"<dd><pre>{_coloured(found, own, part, view)}</pre></dd>")
    rows = [p for p in points if p.kind in ("row", "allowed")]
    lines.append(f"</dl><p>{_marks(found, rows, view)}</p>" if rows else "</dl>")
    return "\n".join(lines)


def _coloured(found: Coverage, points: list[Point], part: MarkedText, view: View) -> str:
    """The text with each condition in a span; one within another is nested in it."""
    opens: dict[int, str] = {}
    closes: dict[int, str] = {}
    for (start, end), condition in part.marks:
        own = [p for p in points if (p.text, p.at) == condition]
        if not own:
            continue
        truth = {p: say(f"author.truth.{p.value}", view.lang) for p in own}
        told = ", ".join(f"{truth[p]} {found.hits[p]}" for p in own)
        tag = f'<span class="{_tone(found, own)}" title="{escape(told)}">'
        opens[start] = opens.get(start, "") + tag
        closes[end] = "</span>" + closes.get(end, "")
    return "".join(closes.get(at, "") + opens.get(at, "") + escape(part.text[at:at + 1])
                   for at in range(len(part.text) + 1))


def _marks(found: Coverage, points: list[Point], view: View) -> str:
    return " · ".join(
        f'<span class="{_tone(found, [p])}">'
        f"{escape(view.label(sentence(p, view), str(found.hits[p])))}</span>" for p in points)


def _rest(found: Coverage, points: list[Point], view: View) -> str:
    """What belongs to no rule: the scope, parameters, clauses."""
    lines = "".join(f"<li>{_marks(found, [p], view)}</li>" for p in points)
    return f"<h2>{escape(say('author.coverage.rest', view.lang))}</h2><ul>{lines}</ul>"


def _tone(found: Coverage, points: list[Point]) -> str:
    tried = sum(found.hits[p] > 0 for p in points)
    return "full" if tried == len(points) else "part" if tried else "none"
