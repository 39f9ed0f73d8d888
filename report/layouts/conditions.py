"""What conditions came to, in words. In: an explanation. Out: the lines of a tree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from zhuanjie.engine.api import condition_of, sentence
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Condition, Explanation, Phrases, Trace, TracePart

_STEP = "  "


class Conditions:
    """Puts the conditions of explanations into words, by the phrases of a policy."""

    def __init__(self, phrases: Phrases, as_of: date, view: View) -> None:
        self._phrases, self._as_of, self._view = phrases, as_of, view

    def sentence(self, trace: Trace) -> str:
        """An expression in words, each choice that was made replaced by what was chosen."""
        return sentence(trace, self._phrases)

    def lines(self, item: Explanation) -> Iterator[str]:
        """What each part of a rule asked for, and what it came to."""
        for part in item.parts:
            yield from self._part(part, item)

    def role(self, label: str) -> str:
        """What a part is to its rule."""
        role, _, clause = label.partition(" ")
        return self._view.say(f"part.{role}", clause=clause.rstrip("'"))

    def _part(self, part: TracePart, item: Explanation) -> Iterator[str]:
        name, held, view = self.role(part.label), condition_of(part, self._phrases), self._view
        if held.junction:
            name += view.say("explain.values", values=view.say(f"explain.{held.junction}"))
        if held.statement:
            yield view.say("explain.line", text=name, value=self._truth(held))
            if not held.junction:
                if not held.plain:
                    yield from self._condition(held, item, _STEP)
                return
        elif held.plain:  # says its value itself
            yield view.say("explain.line", text=name, value=held.words)
        else:
            text = held.words if held.field else held.words + self._values(held, item)
            value = (self._held(held.field, item) if held.field
                     else view.value(held.field, held.value))
            yield view.say("explain.value", part=name, text=text, value=value)
            yield from self._reckoned(held, _STEP)
        for inner in held.parts:
            yield from self._condition(inner, item, _STEP)

    def _condition(self, held: Condition, item: Explanation, indent: str) -> Iterator[str]:
        """A condition that holds or not, and what it joins or rests on."""
        text = (self._view.say(f"explain.{held.junction}") if held.junction
                else held.words + self._values(held, item))
        yield indent + ("* " if held.decisive else "- ") + self._view.say(
            "explain.line", text=text, value=self._truth(held))
        yield from self._reckoned(held, indent + _STEP + _STEP)
        for inner in held.parts:
            yield from self._condition(inner, item, indent + _STEP)

    def _reckoned(self, held: Condition, indent: str) -> Iterator[str]:
        for words, value in held.reckoned:
            yield indent + self._view.say(
                "explain.equals", text=words, value=self._view.value("", value))

    def _truth(self, held: Condition) -> str:
        return self._view.say("explain.unknown" if held.value is None
                              else "explain.holds" if held.value else "explain.fails")

    def _values(self, held: Condition, item: Explanation) -> str:
        """What a sentence reads, with its values."""
        shown = [(self._view.field(name), self._held(name, item))
                 for name in self._view.fields.sort(held.reads)]
        if held.reads_day:
            shown.append((self._view.say("explain.as-of"), self._view.value("", self._as_of)))
        told = [self._view.say("explain.field-value", field=f, value=v) for f, v in shown]
        return self._view.say("explain.values", values=self._view.join(told)) if told else ""

    def _held(self, name: str, item: Explanation) -> str:
        """A field's value: a blank cell is another thing than no column."""
        if name in item.absent and name not in item.values:
            return self._view.say("explain.no-column")
        if name in item.doubted:
            return self._view.say("explain.in-doubt")
        held = item.values.get(name)
        return self._view.say("explain.blank") if held is None else self._view.value(name, held)
