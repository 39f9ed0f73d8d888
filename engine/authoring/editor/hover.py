"""What is said of what stands at a place. In: a pack as read, an offset. Out: Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from zhuanjie.engine.authoring.editor.cursor import cursor_at
from zhuanjie.engine.authoring.editor.mentions import Mention
from zhuanjie.engine.authoring.editor.reading import PackReading
from zhuanjie.engine.authoring.editor.roles import file_kind, role_at
from zhuanjie.engine.authoring.editor.text_map import TextMap
from zhuanjie.engine.authoring.phrases import Phrases
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.expr.operators import OPS
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_HEADINGS = 6
"""Headings of a field that are told; there may be dozens."""


class Hover(Struct, frozen=True):
    """A text about what stands from `start` to `end`."""

    start: int
    end: int
    text: str


def hover(reading: PackReading, path: Path, text: str, offset: int, lang: Lang) -> Hover | None:
    """What is at an offset, in words; None where nothing is to be said."""
    texts = HoverTexts(reading, lang)
    mention = mention_at(reading, path, text, offset)
    if mention is not None and (said := texts.about(mention.kind, mention.name)):
        return Hover(mention.start, mention.end, said)
    word = _word(text, offset)
    if word is None:
        return None
    start, end = word
    kind = file_kind(path)
    cursor = cursor_at(TextMap(text), end)
    role = role_at(kind, cursor.trail) if kind is not None else None
    if role is not None and role.kind == "cel" and not cursor.on_key:
        said = function_text(text[start:end], lang)
        return Hover(start, end, said) if said else None
    if kind is not None and cursor.on_key:
        inner = role_at(kind, (*cursor.trail, text[start:end]))
        if inner is not None and inner.about:
            return Hover(start, end, inner.about)
    return None


def mention_at(reading: PackReading, path: Path, text: str, offset: int) -> Mention | None:
    """What is named at an offset, if the file is as it was read last."""
    file = reading.file(path)
    if file is None or file.text != text:
        return None
    found = [m for m in file.mentions if m.start <= offset <= m.end]
    return min(found, key=lambda m: m.end - m.start, default=None)


def _word(text: str, offset: int) -> tuple[int, int] | None:
    start = end = offset
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return (start, end) if start < end else None


def function_text(name: str, lang: Lang) -> str:
    """What a function of conditions does; an empty text for any other word."""
    op = OPS.get(name)
    if name != "as_of" and (op is None or op.cel != op.name):
        return ""
    with suppress(KeyError):
        return say(f"editor.function.{name}", lang)
    assert op is not None
    return f"`x.{name}(…)`" if op.form == "method" else f"`{name}(…)`"


class HoverTexts:
    """Puts what a pack names into words of one language."""

    def __init__(self, reading: PackReading, lang: Lang) -> None:
        self.reading, self.lang = reading, lang
        self.policy: Policy | None = reading.policy

    def about(self, kind: str, name: str) -> str:
        """What is said of a name; an empty text where nothing is known."""
        spoken, policy = self.reading.vocabulary, self.policy
        parts: Iterator[str] = iter(())
        if kind == "definition":
            parts = self._definition(name)
        elif spoken is not None and kind == "field":
            parts = self._field(spoken, name)
        elif spoken is not None and kind == "party":
            known = spoken.parties.get(name)
            parts = iter(() if known is None else (self._said(known),))
        elif policy is not None and kind == "parameter":
            parts = self._parameter(policy, name)
        elif policy is not None and kind == "clause":
            parts = self._clause(policy, name)
        elif policy is not None and kind == "rule":
            parts = self._rule(policy, name)
        elif policy is not None and kind == "moment" and name in policy.moments:
            moment = policy.moments[name]
            parts = iter((self._said(moment.title), self._say("sets", field=moment.sets)))
        return "\n\n".join(parts)

    def _say(self, code: str, **args: object) -> str:
        return say(f"editor.{code}", self.lang, **args)

    def _said(self, text: Text) -> str:
        return str(getattr(text, self.lang))

    def _field(self, spoken: Vocabulary, name: str) -> Iterator[str]:
        field = spoken.fields.get(name)
        if field is None:
            return
        heading = field.heading_en if self.lang == "en" and field.heading_en else field.heading
        yield f"**{heading}** `{name}` ({field.type})"
        if meaning := field.meaning.get(self.lang) or next(iter(field.meaning.values()), ""):
            yield meaning
        if field.type == "enum":
            shown = field.values_en if self.lang == "en" and field.values_en else field.values
            yield "\n".join(f"- `{value}` {shown.get(value, '')}" for value in field.values)
        other = [h for h in field.all_headings if h not in (heading, name)]
        if other:
            more = "…" if len(other) > _HEADINGS else ""
            yield self._say("headings", headings=self._say("list").join(other[:_HEADINGS]) + more)

    def _parameter(self, policy: Policy, name: str) -> Iterator[str]:
        held = policy.parameters.get(name)
        if held is None:
            return
        title = f"**{self._said(held.title)}** " if held.title else ""
        now = held.at(office_day())
        now = held.numbers[0] if now is None else now
        yield f"{title}`{name}`: " + self._say(
            "value", value=from_day(now).isoformat() if held.unit == "date" else now,
            unit=self._unit(held.unit)).rstrip()
        if len(held.values) > 1:
            yield "\n".join("- " + self._say("value-from", start=v.start or "…", value=v.value)
                            for v in held.values)
        yield self._say("source", text=self._said(held.source))
        yield self._say("note", text=self._said(held.note))
        yield from self._pack("parameter", name)

    def _unit(self, unit: str) -> str:
        with suppress(KeyError):
            return say(f"output.unit.{unit}", self.lang)
        return ""

    def _clause(self, policy: Policy, name: str) -> Iterator[str]:
        clause = policy.clauses.get(name)
        if clause is None:
            return
        yield f"**{name}** {self._said(clause.text)}"
        party = policy.vocabulary.parties.get(clause.binds)
        yield self._say("binds", party=self._said(party) if party else clause.binds)
        if clause.dated_by:
            yield self._say("dated-by", fields=self._say("list").join(clause.dated_by))
        if not clause.waivable:
            yield self._say("not-waivable")
        yield from self._pack("clause", name)

    def _rule(self, policy: Policy, name: str) -> Iterator[str]:
        rule = next((r for r in policy.rules if r.rule.id == name), None)
        if rule is None:
            return
        yield f"**{rule.clause} {self._said(rule.title)}** `{name}` ({rule.severity.value})"
        yield from rule_in_words(policy, rule, self.lang)
        clause = policy.clauses.get(rule.clause)
        if clause is not None:
            yield f"> {rule.clause} {self._said(clause.text)}"
        if rule.pack != policy.id:
            yield self._say("from-pack", pack=rule.pack)

    def _definition(self, name: str) -> Iterator[str]:
        found = self.reading.declared("definition", name)
        if found is None or found[0].source is None:
            return
        data = found[0].source.data.get("definitions", {}).get(name)
        if isinstance(data, dict):
            title = data.get("title")
            if isinstance(title, dict):
                yield f"**{title.get(self.lang) or next(iter(title.values()), '')}** `{name}`"
            data = next((v for v in data.values() if isinstance(v, str)), "")
        typed = self.policy.definitions.get(name) if self.policy is not None else None
        if typed is not None and self.policy is not None:
            others = {n: d for n, d in self.policy.definitions.items() if n != name}
            yield Phrases.of(self.policy, self.lang, definitions=others).condition(typed.expr)
        yield f"```cel\n{str(data).strip()}\n```"

    def _pack(self, kind: str, name: str) -> Iterator[str]:
        found = self.reading.declared(kind, name)
        if found is not None and found[0].path.parent != self.reading.folder:
            yield self._say("from-pack", pack=found[0].path.parent.name)


def rule_in_words(policy: Policy, rule: TypedRule, lang: Lang) -> Iterator[str]:
    """When a rule applies and what it asks, each a sentence."""
    phrases = Phrases.of(policy, lang)
    if rule.when is not None:
        yield say("docs.when", lang, text=phrases.condition(rule.when))
    words = phrases.asked(rule)
    words["field"] = words.get("key", "")
    with suppress(KeyError):  # a shape that has no sentence of its own
        yield say(f"docs.{rule.shape}{'-within' if rule.within else ''}", lang, **words)
    for row in rule.rows:
        where = phrases.condition(row.when) if row.when else say("docs.row.always", lang)
        yield f"- {row.clause}: {where} → {', '.join(row.allow)}"
