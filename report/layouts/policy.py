"""A pack for people. In: a policy. Out: sections: what it is, its numbers, its rules as written."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.report import json_shape as shape
from zhuanjie.report.layouts.overlay import changes, plain_change, reason, what
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Parameter, Policy, Rule, Text, TypedRule


def present(policy: Policy, rules: Sequence[TypedRule], view: View, *, whole: bool) -> Presentation:
    """A pack, or (not `whole`) some of its rules only."""
    return Presentation(
        lambda: [*(identity(policy, view) if whole else ()), *(rule(r, view) for r in rules),
                 *(() if whole else definitions(policy, view, _used(policy, rules)))],
        lambda: _plain(policy, rules, whole), texts={"csv": lambda: _rows_as_csv(rules)})


def _rows_as_csv(rules: Sequence[TypedRule]) -> Iterator[str]:
    """The rows of the first table, as a file beside a pack has them: nothing in it is disarmed."""
    from zhuanjie.engine.api import written_rows

    kept: list[str] = []
    writer = csv.writer(_Lines(kept))
    table = next(r.rule.table for r in rules if r.rule.table)
    for row in written_rows(table):
        writer.writerow(row)
        yield kept.pop()


class _Lines:
    """What a writer of CSV writes to: a list."""

    def __init__(self, kept: list[str]) -> None:
        self.write = kept.append


def _plain(policy: Policy, rules: Sequence[TypedRule], whole: bool) -> dict[str, Any]:
    """The pack as its files have it, with its digest."""
    told: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_none": True}
    listed = [{**r.rule.model_dump(**told), "written_in": r.pack,
               "history": [plain_change(c) for c in r.history]} for r in rules]
    if not whole:
        return {"policy": shape.policy(policy.ref), "rules": listed, "definitions": {
            name: policy.definitions[name].definition.model_dump(**told)
            for name in _used(policy, rules)}}
    return {"policy": {**policy.manifest.model_dump(**told), "sha256": policy.sha256},
            "changes": [plain_change(c) for c in policy.changes], "rules": listed}


def identity(policy: Policy, view: View) -> Iterator[Section]:
    """What the pack is, where its numbers come from, and its clauses."""
    manifest = policy.manifest
    facts = {
        "pack": policy.id, "version": policy.version, "document": manifest.document.number,
        "issued-on": manifest.document.issued_on.isoformat(),
        "authority": said(manifest.authority, view),
        "in-force": view.period(manifest.in_force.start, manifest.in_force.end),
        "builds-on": manifest.builds_on or "",
        "by-default": view.say("policy.by-default") if manifest.by_default else "",
        "note": said(manifest.document.note, view) if manifest.document.note else "",
        "scope": f"{said(policy.scope_rule.title, view)}\n{policy.scope_rule.when}"
        if policy.scope_rule else "",
        "working-days": ", ".join(map(str, sorted(
            {year for pack in policy.chain for year in pack.manifest.working_days}))),
        "sha256": policy.sha256,
    }
    yield Section(
        title=said(policy.title, view), level=1,
        headers=[view.say("column.what"), view.say("column.value")],
        rows=[(view.say(f"column.{name}"), value) for name, value in facts.items() if value],
    )
    if policy.changes:
        yield changed(policy, view)
    if policy.parameters:
        yield Section(
            title=view.say("policy.parameters"),
            headers=[view.say(f"column.{c}") for c in ("name", "value", "source")],
            rows=[(name, parameter_value(p, view), f"{said(p.source, view)}\n{said(p.note, view)}")
                  for name, p in policy.parameters.items()],
        )
    yield from definitions(policy, view, policy.definitions)
    yield Section(
        title=view.say("policy.clauses"),
        headers=[view.say(f"column.{c}") for c in ("clause", "binds", "text")],
        rows=[(name, view.parties.get(c.binds, c.binds), said(c.text, view))
              for name, c in policy.clauses.items()],
    )
    yield Section(title=view.say("policy.rules", count=len(policy.rules)))


def definitions(policy: Policy, view: View, names: Collection[str]) -> Iterator[Section]:
    """What some names of the pack's own stand for."""
    if names:
        yield Section(
            title=view.say("policy.definitions"),
            headers=[view.say(f"column.{c}") for c in ("definition", "title", "means")],
            rows=[(name, said(policy.definitions[name].title, view), policy.definitions[name].text)
                  for name in names])


def _used(policy: Policy, rules: Sequence[TypedRule]) -> list[str]:
    """The definitions that rules use, by way of others too, in the pack's order."""
    used = set[str]().union(*(r.definitions for r in rules))
    return [name for name in policy.definitions if name in used]


def changed(policy: Policy, view: View) -> Section:
    """What the pack, or one it builds on, changes in those before it, and why."""
    return Section(
        title=view.say("policy.changes"),
        headers=[view.say(f"column.{c}") for c in ("what", "pack", "base", "reason")],
        rows=[(what(c, view), c.pack, c.base, reason(c, view)) for c in policy.changes])


def rule(typed: TypedRule, view: View) -> Section:
    """A rule: when it applies and what it asks, as written, its words, and where it comes from."""
    item = typed.rule
    lines = [view.label(view.say("rule.id"), item.id),
             view.label(view.say("rule.shape"), view.say(f"shape.{item.shape}"))]
    lines += conditions(item, view)
    for key in ("message", "remedy", "late", "late_remedy"):
        if words := getattr(item, key):
            lines.append(view.label(view.say(f"rule.{key}"), said(words, view)))
    if typed.history:
        lines.append(view.label(view.say("rule.written-in"), typed.pack))
    lines += changes(typed.history, view)
    return Section(
        title=view.say("policy.rule", clause=item.clause, title=said(item.title, view),
                       severity=view.severity(item.severity)),
        level=3, tree=lines,
    )


def conditions(item: Rule, view: View) -> Iterator[str]:
    """The rule's expressions as the pack writes them, under their names."""
    for name, text in _conditions(item, view):
        first, *more = text.splitlines()
        yield view.label(name, first)
        yield from (f"  {line}" for line in more)


def _conditions(item: Rule, view: View) -> Iterator[tuple[str, str]]:
    """The rule's expressions by name, as the pack writes them."""
    if item.when:
        yield view.say("rule.when"), item.when
    if item.table:
        if item.table.hit != "any":
            yield view.say("rule.hit"), view.say(f"hit.{item.table.hit}")
        if item.table.when:
            yield view.say("rule.guard"), item.table.when
        if item.table.subject:
            yield view.say("rule.subject"), item.table.subject
        for name, output in item.table.outputs.items():
            default = "" if output.default is None else view.say(
                "rule.default", value=cell_text(output.default))
            yield view.say("rule.gives"), f"{name} ({output.type}){default}"
        for row in item.table.rows:
            given = [f"{name}: {cell_text(value)}" for name, value in row.sets.items()]
            yield (view.say("rule.row", clause=row.clause, title=said(row.title, view)),
                   f"{_row_condition(item.table, row) or view.say('rule.always')}\n"
                   f"→ {', '.join([*row.allow, *given])}")
        return
    for name, text in getattr(item, item.shape).model_dump().items():
        if text is not None:
            yield view.say(f"rule.{name}"), str(text)


def _row_condition(table: Any, row: Any) -> str:
    """A row's cells below what they speak of, and its own condition."""
    cells = [f"{column.expr}: {cell_text(cell)}"
             for column, cell in zip(table.inputs, row.cells, strict=True)
             if cell_text(cell).strip() not in ("", "-")]
    return "\n".join([*cells, *([row.when] if row.when else [])])


def cell_text(cell: bool | int | str) -> str:
    """A cell of a table as it is written."""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def parameter_value(parameter: Parameter, view: View) -> str:
    """A parameter's value with its unit, or its values by the day they start."""
    unit = unit_of(parameter, view)
    if parameter.value is not None:
        return f"{parameter.value} {unit}".strip()
    return "\n".join(f"{v.start or ''} {v.value} {unit}".strip() for v in parameter.values)


def unit_of(parameter: Parameter, view: View) -> str:
    """In what a parameter is counted; a day is counted in nothing.

    What else is counted differs from pack to pack: sums of money, pages, persons.
    """
    return "" if parameter.unit in ("count", "date") else view.say(f"unit.{parameter.unit}")


def said(text: Text, view: View) -> str:
    """A text in the language of the view."""
    words: str = getattr(text, view.lang)
    return words
