"""Sense and style of a well-formed policy. In: a policy. Out: what to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from string import Formatter

from pydantic import BaseModel

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.shares import QUOTED
from zhuanjie.engine.core.unicode import has_chinese
from zhuanjie.engine.core.yaml_source import Trail
from zhuanjie.engine.expr.decisions import decisions_in
from zhuanjie.engine.expr.nodes import Call, param_names, walk_written
from zhuanjie.engine.policy.found import MANIFEST
from zhuanjie.engine.policy.lint_definitions import (
    LENGTH_UNITS,
    definition_units,
    other_units,
    unused_definitions,
)
from zhuanjie.engine.policy.locate import load_chain, manifests
from zhuanjie.engine.policy.lock import changed_bases
from zhuanjie.engine.policy.mentions import clauses_in, words_in
from zhuanjie.engine.policy.model import Rule
from zhuanjie.engine.policy.pack_files import LoadedPack, load_cases
from zhuanjie.engine.policy.policy import Policy, TypedRule

_FREE = ("due", "done", "days_late", "as_of")
_ASIDE = re.compile(r"\{[^}]*\}|“[^”]*”|《[^》]*》|\"[^\"]*\"")
"""Blanks to fill and what is quoted: neither tells the language of a text."""


def lint(policy: Policy) -> list[Diagnostic]:
    """What is not well said, beyond what is refused.

    Unused parameters, definitions and outputs, numbers of the wrong unit, clauses without a rule,
    texts that quote what a rule does not read, rules without cases, texts that are not translated,
    days on which another pack judges by default too, bases that changed. Raises PolicyError where a
    case file is not well formed.
    """
    return [*_parameters(policy), *unused_definitions(policy),
            *_outputs(policy), *_units(policy),
            *definition_units(policy), *_clauses(policy), *_texts(policy), *_cases(policy),
            *_translations(policy), *_overlaps(policy), *changed_bases(policy.chain)]


def _parameters(policy: Policy) -> list[Diagnostic]:
    used = param_names(policy.scope).union(*(r.params for r in policy.rules))
    return [_unused(policy, name) for name in policy.parameters if name not in used]


def _unused(policy: Policy, name: str) -> Diagnostic:
    """A base's parameter that the pack has left without a rule is to be withdrawn in the pack."""
    base = next(p for p in reversed(policy.chain) if name in p.manifest.parameters)
    if base is not policy.chain[-1] and (place := _where_changed(
            policy, lambda r: f"params.{name}" in words_in(r))) is not None:
        return Diagnostic("lint.unused-base-parameter",
                          {"name": name, "base": base.manifest.id}, place)
    return Diagnostic("lint.unused-parameter", {"name": name},
                      _declared(policy, "parameters", name))


def _outputs(policy: Policy) -> list[Diagnostic]:
    """Values that the rows of a table give and no rule reads."""
    read = {name for rule in policy.rules for name in decisions_in(*rule.expressions().values())}
    return [Diagnostic("lint.unused-output", {"rule": rule.id, "name": output.name},
                       _place(policy, rule, "outputs"))
            for rule in policy.rules for output in rule.outputs if output.name not in read]


def _units(policy: Policy) -> list[Diagnostic]:
    """Parameters counted in days that are added as months, or otherwise than they are counted."""
    out = []
    for rule in policy.rules:
        for role, expr in rule.expressions().items():
            for call in walk_written(expr):
                if not isinstance(call, Call) or call.op not in LENGTH_UNITS:
                    continue
                place = _place(policy, rule, role)
                out += [Diagnostic("lint.unit", {"rule": rule.id, "name": name, "unit": unit,
                                                 "used": call.op}, place)
                        for name, unit in other_units(call, policy)]
    return out


def _clauses(policy: Policy) -> list[Diagnostic]:
    ruled = {c for r in policy.rules for c in r.clauses}
    return [_without_rule(policy, clause) for clause in policy.clauses if clause not in ruled]


def _without_rule(policy: Policy, clause: str) -> Diagnostic:
    """A base's clause whose rules the pack has changed is to be withdrawn in the pack."""
    top = policy.chain[-1]
    base = next(p for p in reversed(policy.chain) if clause in p.manifest.clauses)
    if base is not top and (place := _where_changed(
            policy, lambda r: clause in clauses_in(r))) is not None:
        return Diagnostic("lint.clause-without-rule-of-base",
                          {"clause": clause, "base": base.manifest.id}, place)
    return Diagnostic("lint.clause-without-rule", {"clause": clause},
                      _declared(policy, "clauses", clause))


def _where_changed(policy: Policy, had: Callable[[Rule], bool]) -> Place | None:
    """Where the pack withdraws or replaces a rule of a base that had to do with something."""
    top = policy.chain[-1]
    gone = {rule.id for pack in policy.chain[:-1] for topic in pack.topics
            for rule in topic.topic.rules if had(rule)}
    stems = {Path(topic.source.file).stem for pack in policy.chain[:-1] for topic in pack.topics
             if any(rule.id in gone for rule in topic.topic.rules)}
    for at, what in enumerate(top.manifest.withdraws):
        if what.topic in stems or gone & {what.rule, *(what.rules or ())}:
            return top.source.place(("withdraws", at))
    changed = {rule.replaces.rule or rule.id for topic in top.topics
               for rule in topic.topic.rules if rule.replaces}
    changed |= {row.table for topic in top.topics for row in topic.topic.rows}
    key = "withdraws" if top.manifest.withdraws else "builds_on"
    return top.source.place((key,), key=True) if gone & changed else None


def _texts(policy: Policy) -> list[Diagnostic]:
    out = []
    for rule in policy.rules:
        known = rule.fields | {f"params.{p}" for p in rule.params} | set(_FREE)
        known |= set(QUOTED) if rule.shape == "share" else set()
        for key in ("message", "remedy", "late", "late_remedy"):
            text = getattr(rule.rule, key)
            quoted = {n for lang in (("zh", "en") if text else ())
                      for _, n, _, _ in Formatter().parse(getattr(text, lang)) if n}
            out += [Diagnostic("lint.text-not-read", {"rule": rule.id, "key": key, "name": name},
                               _place(policy, rule, key)) for name in sorted(quoted - known)]
    return out


def _cases(policy: Policy) -> list[Diagnostic]:
    order = [pack.manifest.id for pack in policy.chain]
    tried = {rule_id: at for at, pack in enumerate(policy.chain)
             for file in load_cases(pack.folder) for case in file.cases.cases
             for single in case.unfold() for rule_id in single.expect}
    # The cases of a base say nothing of a rule that was replaced since, or of what it uses.
    return [Diagnostic("lint.no-cases", {"rule": rule.id}, _place(policy, rule, "id"))
            for rule in policy.rules if tried.get(rule.id, -1) < max(
                map(order.index, (rule.pack, *(policy.definitions[d].pack
                                               for d in rule.definitions))))]


def _translations(policy: Policy) -> list[Diagnostic]:
    """Texts whose Chinese has no Chinese in it, or whose English has.

    A language that is left out is no mistake: the other stands for it.
    """
    out = []
    for pack in policy.chain:
        models = [(pack.manifest, pack.source), *((t.topic, t.source) for t in pack.topics)]
        for model, source in models:
            out += [Diagnostic("lint.not-translated", {"lang": lang},
                               source.place((*trail, lang)))
                    for trail, text in _every_text(model, ()) for lang in _untranslated(text)
                    if (*trail, lang) in source.nodes]
    return out


def _overlaps(policy: Policy) -> list[Diagnostic]:
    """Days on which a pack that has nothing to do with this one judges by default too.

    One that builds on the other takes its place, and of two such the later judges.
    """
    top = policy.chain[-1]
    if not top.manifest.by_default:
        return []
    out = []
    for other, folder in manifests(by_default=True):
        if other.id in _ids(policy.chain) or policy.id in _ids(load_chain(folder)):
            continue
        start = max(m.in_force.start or date.min for m in (top.manifest, other))
        end = min(m.in_force.end or date.max for m in (top.manifest, other))
        if start <= end:
            days = "both" if start > date.min and end < date.max else \
                "since" if start > date.min else "until" if end < date.max else "ever"
            out.append(Diagnostic(f"lint.overlap-{days}", {
                "id": policy.id, "other": other.id, "file": short_path(folder / MANIFEST),
                "start": start.isoformat(), "end": end.isoformat()},
                top.source.place(("in_force",))))
    return out


def _ids(chain: Sequence[LoadedPack]) -> set[str]:
    return {pack.manifest.id for pack in chain}


def _every_text(part: object, trail: Trail) -> Iterator[tuple[Trail, Text]]:
    """The texts of a model with their trails."""
    if isinstance(part, Text):
        yield trail, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _every_text(getattr(part, name), (*trail, name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _every_text(value, (*trail, key))
    elif isinstance(part, tuple):
        for at, value in enumerate(part):
            yield from _every_text(value, (*trail, at))


def _untranslated(text: Text) -> Iterator[str]:
    zh, en = _ASIDE.sub("", text.zh), _ASIDE.sub("", text.en)
    if not has_chinese(text.zh) and any(map(str.isalpha, zh)):
        yield "zh"
    if has_chinese(en):
        yield "en"


def _place(policy: Policy, rule: TypedRule, key: str) -> Place:
    """Where a rule, or one of its keys, was written."""
    for pack in policy.chain:
        for topic in pack.topics:
            for at, found in enumerate(topic.topic.rules):
                if found.id == rule.id and pack.manifest.id == rule.pack:
                    shape = found.shape
                    trail: Trail = ("rules", at, key)
                    if trail not in topic.source.nodes:
                        trail = ("rules", at, shape, key)
                    return topic.source.place(trail)
    return Place(rule.file)


def _declared(policy: Policy, section: str, name: str) -> Place:
    """Where a parameter or clause was declared last."""
    pack = next((p for p in reversed(policy.chain) if name in getattr(p.manifest, section)),
                policy.chain[-1])
    return pack.source.place((section, name), key=True)
