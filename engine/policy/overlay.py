"""Packs over packs. In: a chain of loaded packs, the root first. Out: what holds in the end.

A pack may replace or withdraw what its bases say, each time with a reason. A rule that replaces
another takes its place in the order. What stands for nothing is a mistake, with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import Key, Trail, YamlSource
from zhuanjie.engine.policy.definition_model import Definition
from zhuanjie.engine.policy.definitions import SECTION as DEFINITIONS
from zhuanjie.engine.policy.definitions import WrittenDefinition
from zhuanjie.engine.policy.mentions import clauses_in, reached, words_in
from zhuanjie.engine.policy.model import (
    Clause,
    Moment,
    Parameter,
    Rule,
    Scope,
)
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.policy.policy import OverlayChange
from zhuanjie.engine.policy.table_model import Row, RowChange
from zhuanjie.engine.policy.withdrawal_model import Withdrawal

_KINDS: Final = {"rule": "rules", "clause": "clauses", "parameter": "parameters",
                 "definition": "definitions"}
"""What can be withdrawn by its name, one or a list."""


class Item(Struct, frozen=True):
    """A rule as it holds in the end, where it stands, and where each row of its table does.

    `pack` wrote or last changed it; `history` tells what was changed.
    """

    pack: str
    source: YamlSource
    here: Trail
    rule: Rule
    rows: tuple[tuple[YamlSource, Trail], ...] = ()
    history: tuple[OverlayChange, ...] = ()


class WithdrawnPart(Struct, frozen=True):
    """Where something was withdrawn, and by which pack."""

    pack: str
    source: YamlSource
    trail: Trail


class Merged(Struct):
    """What a chain of packs says in the end, what was changed on the way, and every mistake."""

    items: list[Item] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    clauses: dict[str, Clause] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    definitions: dict[str, WrittenDefinition] = field(default_factory=dict)
    changes: list[OverlayChange] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    withdrawn: dict[tuple[str, str], WithdrawnPart] = field(default_factory=dict)
    """Rules, clauses, parameters and definitions that are gone, by kind and name."""


def merge(chain: Sequence[LoadedPack]) -> Merged:
    """Lay every pack over those before it."""
    merged = Merged()
    writers: dict[tuple[str, str], str] = {}
    for at, pack in enumerate(chain):
        scopes = [p.manifest.scope for p in chain[:at] if p.manifest.scope]
        _Layer(pack, merged, writers, scopes[-1:]).lay()
    return merged


class _Layer:
    """Lays one pack over what is there; `writers` names the pack that wrote each named part."""

    def __init__(self, pack: LoadedPack, merged: Merged,
                 writers: dict[tuple[str, str], str], scopes: Sequence[Scope]) -> None:
        self.pack, self.merged, self.writers = pack, merged, writers
        self.id = pack.manifest.id
        self.before, self.scopes = dict(merged.clauses), scopes

    def lay(self) -> None:
        manifest, merged = self.pack.manifest, self.merged
        topics = []
        for i, withdrawal in enumerate(manifest.withdraws):
            here = ("withdraws", i)
            if withdrawal.topic is not None:
                topics.append((withdrawal, self._withdraw_topic(withdrawal, here), here))
            self._withdraw(withdrawal, here)
        for withdrawal, gone, here in topics:
            self._withdraw_left(withdrawal, gone, (*here, "topic"))
        self._named("parameter", manifest.parameters, merged.parameters)
        self._named("clause", manifest.clauses, merged.clauses)
        self._named("moment", manifest.moments, merged.moments)
        for name, definition in manifest.definitions.items():
            self._definition(name, definition)
        for topic in self.pack.topics:
            for i, rule in enumerate(topic.topic.rules):
                self._rule(rule, topic.source, ("rules", i))
        for topic in self.pack.topics:
            for i, row in enumerate(topic.topic.rows):
                self._row(row, topic.source, ("rows", i))

    def _named(self, kind: Any, new: dict[str, Any], there: dict[str, Any]) -> None:
        """Parameters, clauses and moments: one of the same name replaces the base's."""
        for name, value in new.items():
            if name in there and there[name] != value:
                reason = value.note if isinstance(value, Parameter) else None
                self._changed(OverlayChange(kind, "replaced", name, self.id,
                                            self.writers[kind, name], reason))
            there[name] = value
            self.writers[kind, name] = self.id
            self.merged.withdrawn.pop((kind, name), None)

    def _definition(self, name: str, definition: Definition) -> None:
        """One of the same name as the base's stands in for it, and says why."""
        source, there = self.pack.source, self.merged.definitions.get(name)
        trail, instead = (DEFINITIONS, name), definition.replaces
        if there is None and instead is not None:
            self._say("pack.no-base-definition", source, (*trail, "replaces"), name,
                      list(self.merged.definitions))
        elif there is not None and instead is None:
            self.merged.problems.append(Diagnostic(
                "pack.definition-twice", {"name": name, "base": there.pack},
                source.place(trail, key=True), "pack.hint.replaces"))
        elif there is not None and instead is not None:
            self._changed(OverlayChange("definition", "replaced", name, self.id, there.pack,
                                        instead.reason))
        self.merged.definitions[name] = WrittenDefinition(self.id, source, definition, there)
        self.writers["definition", name] = self.id
        self.merged.withdrawn.pop(("definition", name), None)

    def _changed(self, change: OverlayChange) -> OverlayChange:
        self.merged.changes.append(change)
        return change

    def _writer(self, item: Item) -> str:
        """The pack below this one that wrote or last changed a rule."""
        return next((c.base for c in item.history if c.pack == self.id), item.pack)

    def _at(self, rule: str) -> int | None:
        return next((i for i, it in enumerate(self.merged.items) if it.rule.id == rule), None)

    def _base(self, rule: str, source: YamlSource, trail: Trail) -> int | None:
        """The place of a rule that a base has; a mistake is noted."""
        at = self._at(rule)
        if at is None:
            self._say("pack.no-base-rule", source, trail, rule,
                      [it.rule.id for it in self.merged.items if it.pack != self.id])
        elif self.merged.items[at].source in self._own():
            self._say("pack.own-rule", source, trail, rule, ())
            return None
        return at

    def _own(self) -> list[YamlSource]:
        return [topic.source for topic in self.pack.topics]

    def _rule(self, rule: Rule, source: YamlSource, here: Trail) -> None:
        rows = tuple((source, (*here, "table", "rows", i))
                     for i in range(len(rule.table.rows) if rule.table else 0))
        item = Item(self.id, source, here, rule, rows)
        wanted = (rule.replaces.rule or rule.id) if rule.replaces else None
        twice = self._at(rule.id)
        if twice is not None and wanted != rule.id:
            there = self.merged.items[twice]
            own = there.source in self._own()
            first = there.source.file if own else there.pack
            self.merged.problems.append(Diagnostic(
                "pack.rule-twice", {"id": rule.id, "first": first},
                source.place((*here, "id")), None if own else "pack.hint.replaces"))
            wanted = None
        at = None
        if rule.replaces is not None and wanted is not None:
            trail = (*here, "replaces", *(("rule",) if rule.replaces.rule else ()))
            at = self._base(wanted, source, trail)
        if at is None or rule.replaces is None or wanted is None:
            # What cannot stand is kept, so that its other mistakes are found as well.
            self.merged.items.append(item)
            return
        old = self.merged.items[at]
        dates = [c.dated_by if c else () for c in (
            self.before.get(old.rule.clause), self.merged.clauses.get(rule.clause))]
        if rule.clause in self.merged.clauses and dates[0] != dates[1]:
            self.merged.problems.append(Diagnostic(
                f"pack.replaces-{'dated' if dates[0] else 'undated'}",
                {"clause": rule.clause, "old": old.rule.clause, "dates": ", ".join(dates[0])},
                source.place((*here, "clause"))))
        self.merged.items[at] = replace(item, history=(*old.history, self._changed(OverlayChange(
            "rule", "replaced", wanted, self.id, old.pack, rule.replaces.reason))))

    def _row(self, change: RowChange, source: YamlSource, trail: Trail) -> None:
        at = self._base(change.table, source, (*trail, "table"))
        if at is None:
            return
        item = self.merged.items[at]
        if item.rule.table is None:
            self._say("pack.no-table", source, (*trail, "table"), change.table, ())
            return
        row = Row(**{name: getattr(change, name) for name in Row.model_fields
                     if name in change.model_fields_set})
        rows, places = list(item.rule.table.rows), list(item.rows)
        if change.replaces is None:
            rows.append(row)
            places.append((source, trail))
        else:
            index = self._row_at(item, change.replaces, source, (*trail, "replaces"))
            if index is None:
                return
            rows[index], places[index] = row, (source, trail)
        told = OverlayChange(
            "row", "added" if change.replaces is None else "replaced", item.rule.id, self.id,
            self._writer(item), change.reason, change.replaces or change.clause)
        self._put(at, rows, places, told)

    def _row_at(self, item: Item, clause: str, source: YamlSource, trail: Trail) -> int | None:
        assert item.rule.table is not None
        found = [i for i, row in enumerate(item.rule.table.rows) if row.clause == clause]
        if len(found) == 1:
            return found[0]
        code = "pack.rows-alike" if found else "pack.no-base-row"
        known = () if found else [row.clause for row in item.rule.table.rows]
        self._say(code, source, trail, clause, known)
        return None

    def _put(self, at: int, rows: Sequence[Row], places: Sequence[tuple[YamlSource, Trail]],
             change: OverlayChange) -> None:
        """A rule of the base with other rows; from now on it is this pack's."""
        item = self.merged.items[at]
        assert item.rule.table is not None
        table = item.rule.table.model_copy(update={"rows": tuple(rows)})
        self.merged.items[at] = replace(
            item, pack=self.id, rule=item.rule.model_copy(update={"table": table}),
            rows=tuple(places), history=(*item.history, self._changed(change)))

    def _withdraw(self, what: Withdrawal, trail: Trail) -> None:
        if what.row is not None and what.rule is not None:
            at = self._base(what.rule, self.pack.source, (*trail, "rule"))
            if at is not None:
                self._withdraw_row(at, what, trail)
            return
        for kind, several in _KINDS.items():
            one, listed = getattr(what, kind), getattr(what, several)
            named = [(one, (*trail, kind))] if one is not None else [
                (name, (*trail, several, i)) for i, name in enumerate(listed or ())]
            for name, here in named:
                self._withdraw_part(kind, name, what.reason, here)

    def _withdraw_part(self, kind: Any, name: str, reason: Text, trail: Trail) -> None:
        """Take away a rule, or what has a name in the manifest of a base."""
        source, merged = self.pack.source, self.merged
        if kind == "rule":
            at = self._base(name, source, trail)
            if at is None:
                return
            item = merged.items.pop(at)
            writer = item.pack
            for output in item.rule.table.outputs if item.rule.table else ():
                merged.withdrawn["output", output] = WithdrawnPart(self.id, source, trail)
        else:
            there: dict[str, Any] = getattr(merged, _KINDS[kind])
            if name not in there:
                self._say(f"pack.no-base-{kind}", source, trail, name, list(there))
                return
            there.pop(name)
            writer = self.writers[kind, name]
        merged.withdrawn[kind, name] = WithdrawnPart(self.id, source, trail)
        self._changed(OverlayChange(kind, "withdrawn", name, self.id, writer, reason))

    def _withdraw_topic(self, what: Withdrawal, trail: Trail) -> list[Item]:
        """Take away the rules of a topic file of a base; returns them as they were."""
        own, here = self._own(), (*trail, "topic")
        by_topic: dict[str, list[Item]] = {}
        for item in self.merged.items:
            if item.source not in own:
                by_topic.setdefault(Path(item.source.file).stem, []).append(item)
        gone = by_topic.get(what.topic or "", [])
        if not gone:
            self._say("pack.no-base-topic", self.pack.source, here, what.topic or "",
                      list(by_topic))
        for item in gone:
            self._withdraw_part("rule", item.rule.id, what.reason, here)
        return gone

    def _withdraw_left(self, what: Withdrawal, gone: Sequence[Item], trail: Trail) -> None:
        """Take away the clauses and parameters that only rules which are gone had to do with."""
        manifest = self.pack.manifest
        rules = [item.rule for item in self.merged.items]
        own: list[Rule | Row] = []
        for each in self.pack.topics:
            own += each.topic.rules
            own += each.topic.rows
        clauses = {c for part in (*rules, *own) for c in clauses_in(part)}
        defined = {n: d.definition for n, d in self.merged.definitions.items()}
        words = reached(words_in(*rules, *own, *self.scopes, manifest.scope,
                                 *manifest.definitions.values()), defined)
        for clause in dict.fromkeys(c for item in gone for c in clauses_in(item.rule)):
            if clause in self.merged.clauses and clause not in clauses | manifest.clauses.keys():
                self._withdraw_part("clause", clause, what.reason, trail)
        read = reached(words_in(*(item.rule for item in gone)), defined) - words
        for name in [n for n in defined if n in read and n not in manifest.definitions]:
            self._withdraw_part("definition", name, what.reason, trail)
        for name in [n for n in self.merged.parameters if f"params.{n}" in read]:
            if name not in manifest.parameters:
                self._withdraw_part("parameter", name, what.reason, trail)

    def _withdraw_row(self, at: int, what: Withdrawal, trail: Trail) -> None:
        item, source = self.merged.items[at], self.pack.source
        if item.rule.table is None:
            self._say("pack.no-table", source, (*trail, "rule"), what.rule or "", ())
            return
        index = self._row_at(item, what.row or "", source, (*trail, "row"))
        if index is None:
            return
        # Rows are laid down after this: a table may be emptied to be filled anew.
        filled = any(row.table == what.rule and row.replaces is None
                     for topic in self.pack.topics for row in topic.topic.rows)
        if len(item.rule.table.rows) == 1 and not filled:
            self._say("pack.last-row", source, (*trail, "row"), what.row or "", ())
            return
        rows, places = list(item.rule.table.rows), list(item.rows)
        del rows[index], places[index]
        self._put(at, rows, places, OverlayChange("row", "withdrawn", item.rule.id, self.id,
                                           self._writer(item), what.reason, what.row))

    def _say(self, code: str, source: YamlSource, trail: Sequence[Key], name: str,
             known: Iterable[str]) -> None:
        known = list(known)
        close = suggest(name, known)
        listed = ", ".join(known) if len(known) <= 12 else ""
        hint = "hint.near" if close else "hint.known" if listed else None
        self.merged.problems.append(Diagnostic(
            code, {"name": name, "near": close, "known": listed}, source.place(trail), hint))
