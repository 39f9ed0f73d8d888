"""Packs to a policy. In: a chain of loaded packs, the root first. Out: the policy, fully checked.

Every mistake of every pack is gathered; a policy exists only if there is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from string import Formatter

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError, PolicyError
from zhuanjie.engine.core.shares import QUOTED
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.expr.typed import typed_expression
from zhuanjie.engine.expr.types import Kind, Type, field_type
from zhuanjie.engine.policy import pack_vocabulary as added
from zhuanjie.engine.policy.calendar_bounds import beyond_calendar
from zhuanjie.engine.policy.definitions import (
    Known,
    WrittenDefinition,
    hidden_by,
    too_large,
    typed_definitions,
)
from zhuanjie.engine.policy.ledger_checks import ledger_parts
from zhuanjie.engine.policy.lock import changed_bases
from zhuanjie.engine.policy.model import Clause, Rule
from zhuanjie.engine.policy.overlay import Item, merge
from zhuanjie.engine.policy.overlay_faults import at_their_cause
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.policy.parameter_values import parameter_types
from zhuanjie.engine.policy.policy import OverlayChange, Policy, TypedRule
from zhuanjie.engine.policy.table_check import outputs_of, typed_table
from zhuanjie.engine.policy.typed_definition import TypedDefinition
from zhuanjie.engine.policy.workday_model import calendar_in
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_TEXTS = ("message", "remedy", "late", "late_remedy")
_PLACEHOLDERS = ("due", "done", "days_late", "as_of")


def build_policy(chain: Sequence[LoadedPack], overrides: Mapping[str, int] | None = None) -> Policy:
    """Merge and check a chain of packs; raises PolicyError with every mistake.

    `overrides` are values set for this run; bounds are proved for them too.
    """
    merged = merge(chain)
    problems = list(merged.problems)
    vocabulary = added.vocabulary_of(chain, problems)
    bounds = parameter_types(merged.parameters, overrides or {})
    checker = Checker(vocabulary, bounds, merged.clauses, merged.moments,
                      calendar_in(p.manifest.working_days for p in chain))
    checker.problems += problems
    definitions = checker.define(merged.definitions)
    checker.outputs_of(merged.items)
    for pack in chain:
        checker.clauses_of(pack)
    rules = [_with_changes(checker.rule(item), merged.changes) for item in merged.items]
    scoped = next((p for p in reversed(chain) if p.manifest.scope), None)
    scope = None
    if scoped and scoped.manifest.scope:
        scope = checker.cel(scoped.source, ("scope", "when"), scoped.manifest.scope.when, Kind.BOOL)
    if checker.problems:
        raise PolicyError(*added.of_another_vocabulary(chain[0].source, at_their_cause(
            chain, merged, checker.problems, partial(build_policy, overrides=overrides))))
    top = chain[-1]
    return Policy(
        manifest=top.manifest,
        vocabulary=vocabulary,
        rules=tuple(r for r in rules if r is not None),
        parameters=merged.parameters,
        clauses=merged.clauses,
        moments=merged.moments,
        definitions=definitions,
        scope_rule=scoped.manifest.scope if scoped else None,
        scope=scope,
        sha256=hashlib.sha256(b"".join(
            (vocabulary.digest, *(p.digest for p in chain)))).hexdigest(),
        chain=tuple(chain),
        notices=(*changed_bases(chain), *(
            () if rules else (Diagnostic("policy.no-rules", {"id": top.manifest.id}),))),
        overrides=dict(overrides or {}),
        changes=tuple(merged.changes),
    )


def _with_changes(rule: TypedRule | None, changes: Sequence[OverlayChange]) -> TypedRule | None:
    """A rule whose history tells too what was changed in the definitions that it uses."""
    told = tuple(c for c in changes if c.kind == "definition" and rule and c.name in
                 rule.definitions)
    return replace(rule, history=(*rule.history, *told)) if rule and told else rule



class Checker:
    """Checks the parts of packs against the record's fields, parameters and clauses.

    `params` gives the type of each parameter; what is wrong is gathered in `problems`.
    """

    def __init__(self, vocabulary: Vocabulary, params: Mapping[str, Type],
                 clauses: Mapping[str, Clause] | Collection[str],
                 moments: Collection[str] = (), calendar: WorkCalendar | None = None) -> None:
        self.vocabulary, self.table = vocabulary, vocabulary.fields
        self.moments = moments
        self.clauses = clauses
        self.known = Known({}, {})
        self.schema = PackSchema(self.table, params, self.known.exprs, calendar)
        self.parameters = params
        self.problems: list[Diagnostic] = []
        self.typing: list[Item] = []
        """The rules that are being typed, each for the one before it."""
        self._typed: dict[int, TypedRule | None] = {}

    def outputs_of(self, items: Sequence[Item]) -> None:
        """Make known what the tables among the rules give."""
        self.schema.outputs = outputs_of(self, items)

    def define(self, written: Mapping[str, WrittenDefinition]) -> dict[str, TypedDefinition]:
        """Type what the packs define by names of their own; rules may use them from then on."""
        return typed_definitions(
            written, self.known, self.cel, self._replaced,
            lambda name: hidden_by(name, self.table, self.parameters), self.problems)

    def _replaced(self, each: WrittenDefinition) -> Expr | None:
        """What a definition said before another took its place, if that is still sound."""
        with suppress(ExpressionError):
            return typed_expression(each.base.definition.text, self.schema) if each.base else None
        return None

    def cel(self, source: YamlSource, trail: Sequence[Key], text: str,
            want: Kind | None) -> Expr | None:
        """Read and type an expression; None, with diagnostics, where it is wrong."""
        try:
            if (large := too_large(text, self.known.sizes)) is not None:
                self.problems.append(replace(large, place=source.place(trail)))
                return None
            return typed_expression(text, self.schema, want)
        except ExpressionError as error:
            self.problems += [
                replace(d, place=source.within(trail, text, d.place.caret))
                for d in error.diagnostics
            ]
            return None

    def clauses_of(self, pack: LoadedPack) -> None:
        """A clause binds a party; what a moment sets and what dates a clause are days."""
        for i, name in enumerate(pack.manifest.required_columns):
            self.field(name, pack.source, ("required_columns", i), None)
        for name, moment in pack.manifest.moments.items():
            self.field(moment.sets, pack.source, ("moments", name, "sets"), Kind.DATE)
        for name, clause in pack.manifest.clauses.items():
            self.party(clause.binds, pack.source, ("clauses", name, "binds"))
            trail = ("clauses", name, "dated_by")
            for i, field in enumerate(clause.dated_by):
                here = (*trail, i) if (*trail, i) in pack.source.nodes else trail
                self.field(field, pack.source, here, Kind.DATE)

    def party(self, name: str, source: YamlSource, trail: Sequence[Key]) -> None:
        """Whom a clause binds must be a party of the vocabulary."""
        if name not in self.vocabulary.parties:
            self.near("vocabulary.unknown-party", source, trail, name,
                       list(self.vocabulary.parties))

    def rule(self, item: Item) -> TypedRule | None:
        """Type a rule and everything in it, once."""
        if id(item) not in self._typed:
            self._typed[id(item)] = None
            self.typing.append(item)
            self._typed[id(item)] = self._rule(item)
            self.typing.pop()
        return self._typed[id(item)]

    def _rule(self, item: Item) -> TypedRule | None:
        rule, source, here = item.rule, item.source, item.here
        before = len(self.problems)
        self.clause(rule.clause, source, (*here, "clause"))
        clause = self.clauses.get(rule.clause) if isinstance(self.clauses, Mapping) else None
        if rule.reconcile and clause is not None and clause.dated_by:
            self._say("pack.reconcile-dated", source, (*here, "clause"), clause=rule.clause)
        for i, moment in enumerate(rule.moments):
            if moment not in self.moments:
                self.near("pack.unknown-moment", source, (*here, "moments", i), moment,
                           list(self.moments))
        self._texts(rule, source, here)
        typed = TypedRule(rule, item.pack, source.file, history=item.history,
                          **self._parts(rule, source, here))  # type: ignore[arg-type]  # by name
        if rule.table:
            typed = replace(typed, **typed_table(self, rule.table, item))
        return typed if len(self.problems) == before else None

    def _parts(
        self, rule: Rule, source: YamlSource, here: tuple[Key, ...]
    ) -> dict[str, Expr | None]:
        parts: dict[str, Expr | None] = {}

        def cel(role: str, trail: tuple[Key, ...], text: str | None, want: Kind) -> None:
            if text is not None:
                parts[role] = self.cel(source, (*here, *trail), text, want)

        def name(role: str, trail: tuple[Key, ...], text: str | None, want: Kind | None) -> None:
            if text is not None:
                parts[role] = self.field(text, source, (*here, *trail), want)

        cel("when", ("when",), rule.when, Kind.BOOL)
        if rule.require:
            cel("ask", ("require", "ask"), rule.require.ask, Kind.BOOL)
        if rule.deadline:
            cel("due", ("deadline", "due"), rule.deadline.due, Kind.DATE)
            name("done", ("deadline", "done"), rule.deadline.done, Kind.DATE)
        if rule.recurring:
            cel("start", ("recurring", "start"), rule.recurring.start, Kind.DATE)
            name("last", ("recurring", "last"), rule.recurring.last, Kind.DATE)
            cel("every", ("recurring", "every"), rule.recurring.every, Kind.INT)
            if not self.problems:
                place = source.place((*here, "recurring", "every"))
                self.problems += beyond_calendar(rule.recurring, self.schema, place)
        if rule.table:
            cel("guard", ("table", "when"), rule.table.when, Kind.BOOL)
            if rule.table.subject is not None:
                name("subject", ("table", "subject"), rule.table.subject, Kind.STRING)
        parts.update(ledger_parts(rule, self, source, here))
        return parts

    def field(self, name: str, source: YamlSource, trail: Sequence[Key],
              want: Kind | None) -> Expr | None:
        """A field of the vocabulary, of the kind wanted."""
        found = self.table.get(name)
        if found is None:
            self.near("pack.unknown-field", source, trail, name, [f.name for f in self.table])
            return None
        type_ = field_type(found)
        if want is not None and type_.kind is not want:
            self._say("pack.field-type", source, trail, name=name, want=str(want),
                      got=str(type_.kind))
        return FieldRef(found.name, type_)

    def clause(self, clause: str, source: YamlSource, trail: Sequence[Key]) -> None:
        """A clause must be one that a pack declares."""
        if clause not in self.clauses:
            self.near("pack.unknown-clause", source, trail, clause, list(self.clauses))

    def _texts(self, rule: Rule, source: YamlSource, here: tuple[Key, ...]) -> None:
        """Every `{name}` of a message must be something that a finding can fill in."""
        known = [*self.schema.quotable(), *_PLACEHOLDERS, *(QUOTED if rule.share else ())]
        for key in _TEXTS:
            text = getattr(rule, key)
            for lang in ("zh", "en") if text else ():
                trail = (*here, key, lang)
                try:
                    names = [n for _, n, _, _ in Formatter().parse(getattr(text, lang))
                             if n is not None]
                except ValueError:
                    self._say("pack.braces", source, trail)
                    continue
                for name in names:
                    if name not in known:
                        self.near("pack.placeholder", source, trail, name, known)

    def near(self, code: str, source: YamlSource, trail: Sequence[Key], name: str,
             known: list[str]) -> None:
        """A name that is none of those known."""
        headed = [field for field in self.schema.headed(name) if field in known]
        close = suggest(name, known) or (headed[0] if len(headed) == 1 else "")
        listed = ", ".join(known) if len(known) <= 12 else ""
        hint = "hint.near" if close else "hint.known" if listed else None
        self.problems.append(Diagnostic(code, {"name": name, "near": close, "known": listed},
                                        source.place(trail), hint))

    def _say(self, code: str, source: YamlSource, trail: Sequence[Key], **args: str) -> None:
        self.problems.append(Diagnostic(code, args, source.place(trail)))
