"""A pack as a document. In: a policy, its cases, what they cover. Out: sections to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import Phrases
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome
from zhuanjie.report.layouts import policy as plain
from zhuanjie.report.layouts.clause_source import source_lines
from zhuanjie.report.layouts.coverage import percent
from zhuanjie.report.layouts.overlay import changes
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackCases, Policy, TypedRule


class PackDocument:
    """Puts one policy into sections, in the language of a view."""

    def __init__(self, policy: Policy, tried: PackCases, view: View) -> None:
        self.policy, self.tried, self.view = policy, tried, view
        self.phrases = Phrases.of(policy, view.lang)

    def sections(self) -> Iterator[Section]:
        """The whole document, in the order in which it is read."""
        yield from self.opening()
        yield Section(title=self._say("clauses"))
        for clause in self.policy.clauses:
            yield from self._clause(clause)
        yield self.closing()

    def opening(self) -> Iterator[Section]:
        """What stands before the clauses."""
        yield next(plain.identity(self.policy, self.view))
        if self.policy.changes:
            yield plain.changed(self.policy, self.view)
        yield self._open()
        if self.policy.definitions:
            yield self._definitions()

    def _say(self, code: str, **args: Any) -> str:
        return say(f"docs.{code}", self.view.lang, **args)

    def _open(self) -> Section:
        """The parameters: each stands for something the document does not settle."""
        view, rows = self.view, self.policy.parameters.items()
        return Section(
            title=self._say("open"), notes=() if rows else [self._say("open.none")],
            headers=[view.say("column.name"), view.say("column.value"),
                     self._say("column.source"), self._say("column.note")],
            rows=[(name, plain.parameter_value(p, view), plain.said(p.source, view),
                   plain.said(p.note, view)) for name, p in rows])

    def _definitions(self) -> Section:
        """What the pack calls by names of its own: in words, and as it is written."""
        view = self.view
        return Section(
            title=view.say("policy.definitions"),
            headers=[*(view.say(f"column.{c}") for c in ("definition", "title", "means")),
                     self._say("column.expression"), self._say("column.note")],
            rows=[(name, plain.said(d.title, view), self.phrases.condition(d.expr), d.text,
                   plain.said(d.definition.note, view) if d.definition.note else "")
                  for name, d in self.policy.definitions.items()])

    def rules_of(self, name: str) -> list[TypedRule]:
        """The rules that stand for a clause."""
        return [r for r in self.policy.rules if r.clause == name]

    def clause_notes(self, name: str) -> list[str]:
        """Whom a clause binds, and what else is to be known of it."""
        clause, rules = self.policy.clauses[name], self.rules_of(name)
        tables = [r.clause for r in self.policy.rules if name in r.clauses[1:]]
        notes = [self._say("binds", who=self.view.parties.get(clause.binds, clause.binds)),
                 *(self._say("row-of", clause=c) for c in dict.fromkeys(tables))]
        if not rules and not tables:
            notes.append(self._say("no-rule"))
        if not clause.waivable:
            notes.append(self._say("not-waivable"))
        return notes

    def _clause(self, name: str) -> Iterator[Section]:
        clause, notes = self.policy.clauses[name], self.clause_notes(name)
        if clause.source is not None:
            notes += source_lines(clause.source, self.view)
        yield Section(title=f"{name} {plain.said(clause.text, self.view)}", level=3, notes=notes)
        for rule in self.rules_of(name):
            yield from self.rule(rule)

    def rule(self, rule: TypedRule) -> Iterator[Section]:
        """A rule in words and as written, then its cases."""
        view, model = self.view, rule.rule
        title = view.say("policy.rule", clause=rule.id, title=plain.said(rule.title, view),
                         severity=view.severity(rule.severity))
        notes = [self._say("from", pack=rule.pack)] if rule.pack != self.policy.id else []
        notes += changes(rule.history, view)
        if rule.when:
            notes.append(self._say("when", text=self.phrases.condition(rule.when)))
        elif rule.shape != "reconcile":  # which asks about the ledger, not about a record
            notes.append(self._say("always"))
        notes.append(self._asked(rule))
        if rule.guard:
            notes.append(self._say("guard", text=self.phrases.condition(rule.guard)))
        if model.moments:
            titles = [plain.said(self.policy.moments[m].title, view) for m in model.moments]
            notes.append(self._say("moments", moments=self._say("list").join(titles)))
        notes += [self._say(key, text=_quoting(plain.said(text, view), view))
                  for key in ("message", "remedy", "late", "late_remedy")
                  if (text := getattr(model, key))]
        yield Section(title=title, level=4, notes=notes, headers=self._headers(rule),
                      rows=list(self._rows(rule)), tree=list(plain.conditions(model, view)))
        yield from self.cases(rule)

    def _asked(self, rule: TypedRule) -> str:
        """What a rule asks, by its shape."""
        words = self.phrases.asked(rule)
        words["field"] = words.get("key", "")
        within = "-within" if rule.within else ""
        hit = f"-{rule.hit}" if rule.hit != "any" else ""
        if rule.outputs and rule.subject is None:
            names = self._say("list").join(self._output(rule, o.name) for o in rule.outputs)
            return self._say(f"table-gives{hit}", names=names)
        return self._say(f"{rule.shape}{within}{hit}", **words)

    def _headers(self, rule: TypedRule) -> list[str]:
        return [self.view.say("column.clause"), self.view.say("column.title"),
                self._say("column.where"),
                *([self._say("column.allowed")] if rule.subject is not None else []),
                *(self._output(rule, o.name) for o in rule.outputs)] if rule.rows else []

    def _output(self, rule: TypedRule, name: str) -> str:
        """What people call an output."""
        title = rule.rule.table.outputs[name].title if rule.rule.table else None
        return plain.said(title, self.view) if title else name

    def _value(self, expr: Any) -> str:
        """A value that a row gives; a text as it is."""
        if isinstance(text := getattr(expr, "value", None), str):
            return text
        return self.phrases.condition(expr)

    def _rows(self, rule: TypedRule) -> Iterator[Sequence[str]]:
        """A decision table, a row each."""
        subject = (rule.rule.table.subject if rule.rule.table else "") or ""
        for row in rule.rows:
            where = self.phrases.condition(row.when) if row.when else self._say("row.always")
            allowed = self._say("list").join(self.view.value(subject, v) for v in row.allow)
            given = dict(row.sets)
            yield [row.clause, plain.said(row.title, self.view), where,
                   *([allowed] if rule.subject is not None else []),
                   *(self._value(given.get(o.name, o.default)) for o in rule.outputs)]
        if rule.outputs and not (rule.hit == "first" and rule.rows[-1].when is None):
            yield ["", self._say("otherwise"), "", *([""] if rule.subject is not None else []),
                   *(self._value(o.default) for o in rule.outputs)]

    def cases(self, rule: TypedRule) -> Iterator[Section]:
        """The cases that try a rule, if there are any."""
        found = [t for t in self.tried.cases if rule.id in t.expect]
        if not found:
            return
        points = [p for p in self.tried.coverage.points if p.rule == rule.id] \
            if self.tried.coverage else []
        hits = self.tried.coverage.hits if self.tried.coverage else {}
        title = self._say("cases.tried", count=len(found), points=len(points),
                          covered=sum(hits[p] > 0 for p in points)) \
            if points else self._say("cases", count=len(found))
        yield Section(
            title=title, level=5,
            headers=[self._say("column.case"), self._say("column.outcome")],
            rows=[(t.case.name, self.view.outcome(Outcome(t.expect[rule.id].outcome)))
                  for t in found])

    def closing(self) -> Section:
        """How much of the rules the cases try."""
        found, own = self.tried.coverage, self.tried.own
        if not own:
            note = self._say("coverage.no-cases")
        elif found is None:
            note = self._say("coverage.count", count=own)
        else:
            note = self._say("coverage.score", count=own, score=percent(found.score),
                             covered=len(found.points) - len(found.uncovered),
                             points=len(found.points))
        return Section(title=self._say("coverage"), notes=[note])


def _quoting(text: str, view: View) -> str:
    """A text of a finding, its blanks named as a ledger heads them."""
    return re.sub(r"\{([\w.]+)\}", lambda found: f"{{{view.field(found[1])}}}", text)
