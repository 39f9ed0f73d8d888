"""Packs that are refused, looked at further. In: files as read. Out: what is wrong in their rules.

An author should see all mistakes at once, those of expressions beside those of the layout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.models import FIELD_FORM
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.expr.types import ANY, Kind
from zhuanjie.engine.policy import pack_vocabulary as added
from zhuanjie.engine.policy.base_ref import base_id
from zhuanjie.engine.policy.check import Checker
from zhuanjie.engine.policy.definition_model import Definition
from zhuanjie.engine.policy.definitions import SECTION, TreeSize, WrittenDefinition
from zhuanjie.engine.policy.model import Rule
from zhuanjie.engine.policy.overlay import Item
from zhuanjie.engine.policy.parameter_values import undeclared_type

# The calendar of a pack that has one, whose years are of no matter here.
_ANY_YEARS = WorkCalendar(((1900, 2999),), (), ())


def broken_rules(sources: Sequence[YamlSource]) -> list[Diagnostic]:
    """What is wrong within the rules of files that are refused anyway for other mistakes.

    An author should see all mistakes at once: a rule that is laid out as it should be is checked
    whole, of any other its expressions and its clause. `sources` are all files of the chain, as
    read; where a manifest is not among them, what it would declare is taken to be there.
    """
    maps = [s.data for s in sources if isinstance(s.data, dict)]
    ids = {str(data["id"]) for data in maps if "id" in data}
    whole = bool(ids) and all((base_id(data.get("builds_on")) or str(data.get("id"))) in ids
                              for data in maps if "id" in data)
    parameters = {name: undeclared_type(_dig(parameter, ("unit",))) for data in maps
                  for name, parameter in _mapping(data, "parameters").items()}
    clauses, moments = ([name for data in maps for name in _mapping(data, key)]
                        for key in ("clauses", "moments"))
    additions: list[Diagnostic] = []
    checker = Checker(added.broken_vocabulary(sources, additions), parameters,
                      clauses if whole else _Everything(), moments if whole else _Everything(),
                      _ANY_YEARS if not whole or any("working_days" in m for m in maps) else None)
    _define(checker, sources)
    checker.schema.outputs = {name: partial(_output, name) for data in maps
                              for name in _outputs(data)}
    first: dict[str, str] = {}
    for source in sources:
        data = source.data if isinstance(source.data, dict) else {}
        rules = data.get("rules")
        for i, rule in enumerate(rules if isinstance(rules, list) else ()):
            checker.problems += _twice(source, i, rule, first)
            try:
                checker.rule(_item(source, i, Rule.model_validate(rule)))
            except ValidationError:
                _raw_rule(checker, source, i, rule)
        rows = data.get("rows")
        for i, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(text := _dig(row, ("when",)), str):
                checker.cel(source, ("rows", i, "when"), text, Kind.BOOL)
        for name, clause in _mapping(data, "clauses").items():
            if isinstance(party := _dig(clause, ("binds",)), str):
                checker.party(party, source, ("clauses", name, "binds"))
    found = [d for d in checker.problems
             if whole or not str(d.args.get("name", "")).startswith("params.")]
    root = next((s for s in sources if isinstance(s.data, dict)
                 and "id" in s.data and "builds_on" not in s.data), None)
    return additions + (added.of_another_vocabulary(root, found) if root is not None else found)


def field_forms(problems: Sequence[Diagnostic],
                sources: Sequence[YamlSource]) -> list[Diagnostic]:
    """Mistakes of the layout; where a heading stands in the place of a field, that field is said.
    """
    if not any(_is_field_form(d) for d in problems):
        return list(problems)
    schema = PackSchema(added.broken_vocabulary(sources, []).fields, {})
    return [_field_meant(d, schema) if _is_field_form(d) else d for d in problems]


def _field_meant(found: Diagnostic, schema: PackSchema) -> Diagnostic:
    name = str(found.args["got"])
    near = schema.headed(name)
    return Diagnostic("pack.field-form",
                      {"name": name, "near": ", ".join(f"`{n}`" for n in near)}, found.place,
                      "cel.hint.heading" if near else "pack.hint.field-form")


def _is_field_form(found: Diagnostic) -> bool:
    return found.code == "pack.pattern" and found.args["want"] == FIELD_FORM


def _define(checker: Checker, sources: Sequence[YamlSource]) -> None:
    """Take in the definitions of the files; one that is not laid out as it should be says nothing.
    """
    written: dict[str, WrittenDefinition] = {}
    for source in sources:
        data = source.data if isinstance(source.data, dict) else {}
        for name, definition in _mapping(data, SECTION).items():
            try:
                written[name] = WrittenDefinition("", source,
                                                  Definition.model_validate(definition))
            except ValidationError:
                checker.known.put(name, None, TreeSize(1, 1))
    checker.define(written)


def _outputs(data: Mapping[str, Any]) -> Iterator[str]:
    """The outputs that tables of a file declare."""
    rules = data.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        table = rule.get("table") if isinstance(rule, dict) else None
        outputs = table.get("outputs") if isinstance(table, dict) else None
        yield from map(str, outputs if isinstance(outputs, dict) else ())


def _output(name: str, at: int) -> Expr:
    """An output of which nothing more is known."""
    return FieldRef(f"outputs.{name}", ANY, at)


def _twice(source: YamlSource, index: int, rule: Any, first: dict[str, str]) -> list[Diagnostic]:
    """Whether a rule's id is there already; `first` says in which file, and takes it in."""
    name = _dig(rule, ("id",))
    if not isinstance(name, str) or _dig(rule, ("replaces",)) is not None:
        return []
    if name in first:
        return [Diagnostic("pack.rule-twice", {"id": name, "first": first[name]},
                           source.place(("rules", index, "id")))]
    first[name] = source.file
    return []


def _item(source: YamlSource, index: int, rule: Rule) -> Item:
    """A rule as it stands in its own file."""
    here: tuple[Key, ...] = ("rules", index)
    rows = len(rule.table.rows) if rule.table else 0
    return Item("", source, here, rule,
                tuple((source, (*here, "table", "rows", i)) for i in range(rows)))


def _raw_rule(checker: Checker, source: YamlSource, index: int, rule: Any) -> None:
    """What can be said of a rule that is not laid out as one."""
    clause = _dig(rule, ("clause",))
    if isinstance(clause, str):
        checker.clause(clause, source, ("rules", index, "clause"))
    for trail, want in _RAW.items():
        text = _dig(rule, trail)
        if isinstance(text, str):
            checker.cel(source, ("rules", index, *trail), text, want)


class _Everything(Collection[str]):
    """Names nobody knows all of: any may be among them."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_RAW: dict[tuple[str, ...], Kind] = {
    ("when",): Kind.BOOL,
    ("require", "ask"): Kind.BOOL,
    ("deadline", "due"): Kind.DATE,
    ("recurring", "start"): Kind.DATE,
    ("recurring", "every"): Kind.INT,
    ("at_most", "count"): Kind.INT,
    ("share", "ask"): Kind.BOOL,
    ("share", "at_least"): Kind.INT,
}


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _dig(data: Any, trail: Sequence[str]) -> Any:
    for key in trail:
        data = data.get(key) if isinstance(data, dict) else None
    return data
