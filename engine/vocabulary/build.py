"""Fields from what files say of them. In: fields there are, specs of more. Out: all of them.

The same for a vocabulary's own list, which adds to none, and for what a pack adds to that. Every
mistake is gathered with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.vocabulary.fields import INT_RANGE, RESERVED, Field
from zhuanjie.engine.vocabulary.heading_text import plain_heading
from zhuanjie.engine.vocabulary.model import Spec

_FIXED = ("type", "heading", "meaning", "low", "high", "changes", "compare", "personal",
          "check", "mask")
"""What a pack cannot say otherwise of a field that there is."""

YesNo = Mapping[str, Sequence[str]]
"""For `true` and `false` the ways to write them; the first is how a ledger shows it."""


class FieldBuilder:
    """Builds a table of fields from specs of one file; mistakes are added to `problems`."""

    def __init__(self, source: YamlSource, trail: Sequence[Key], yes_no: YesNo,
                 problems: list[Diagnostic], nothing: Sequence[str] = (),
                 unclear: Sequence[str] = ()) -> None:
        self.source, self.trail, self.yes_no, self.problems = source, tuple(trail), yes_no, problems
        self.nothing, self.unclear = tuple(nothing), tuple(unclear)

    def build(self, specs: Mapping[str, Spec], known: Iterable[Field] = ()) -> list[Field]:
        """`known` with what `specs` adds to them, then the new fields."""
        before = {field.name: field for field in known}
        fields = dict(before)
        listed = list(fields)
        for name, spec in specs.items():
            if name in fields:
                fields[name] = self._extended(fields[name], spec)
            elif (new := self._new(name, spec, listed)) is not None:
                fields[name] = new
        self._headings(list(fields.values()), specs)
        for name, spec in specs.items():
            if name in fields:
                self._forms(fields[name], before.get(name), spec)
        return list(fields.values())

    def _say(self, code: str, *at: Key, hint: str | None = None, **args: Any) -> None:
        self.problems.append(
            Diagnostic(code, args, self.source.place((*self.trail, *at), key=len(at) == 1), hint))

    def _new(self, name: str, spec: Spec, known: Sequence[str]) -> Field | None:
        if spec.type is None or spec.heading is None:
            lacking = " / ".join(k for k in ("type", "heading") if getattr(spec, k) is None)
            near = suggest(name, known)
            self._say("vocabulary.incomplete", name, hint="hint.near" if near else None,
                      name=name, lacking=lacking, near=near)
            return None
        if (group := name.split(".", maxsplit=1)[0]) in RESERVED:
            self._say("vocabulary.reserved", name, name=name, group=group)
            return None
        low = INT_RANGE[0] if spec.low is None else spec.low
        high = INT_RANGE[1] if spec.high is None else spec.high
        if not INT_RANGE[0] <= low <= high <= INT_RANGE[1]:
            self._say("vocabulary.bounds", name, least=INT_RANGE[0], most=INT_RANGE[1])
        values = {own: v.zh for own, v in spec.values.items()}
        english = {own: v.en for own, v in spec.values.items() if v.en}
        forms = {form: own for own, v in spec.values.items() for form in v.forms}
        if spec.type == "bool":
            for own in ("true", "false"):
                written = self.yes_no.get(own) or (own,)
                values.setdefault(own, written[0])
                for form in written:
                    forms.setdefault(form, own)
            values = {own: values[own] for own in ("true", "false")}
        field = Field(
            name, spec.type, spec.heading.zh, values, low, high,
            meaning=_both(spec), changes=spec.changes or "fact",
            heading_en="" if spec.heading.en == spec.heading.zh else spec.heading.en,
            values_en=english, headings=spec.headings, forms=forms, units=spec.units,
            compare=spec.compare or "text", personal=bool(spec.personal),
            shared_headings=spec.shared_headings, typical_values=spec.typical_values,
            check=spec.check, mask=spec.mask,
            nothing=self.nothing, unclear=self.unclear if spec.type == "bool" else ())
        self._fits(field, spec)
        return field

    def _extended(self, field: Field, spec: Spec) -> Field:
        """A field with a pack's additions."""
        for part in _FIXED:
            if getattr(spec, part) is not None:
                self._say("vocabulary.fixed", field.name, part, name=field.name, part=part)
        for own in spec.values.keys() & field.values.keys():
            if spec.values[own].zh != field.values[own]:
                self._say("vocabulary.value-fixed", field.name, "values", own, name=field.name,
                          value=own, label=field.values[own])
        self._fits(field, spec)
        added = {own: v for own, v in spec.values.items() if own not in field.values}
        return replace(
            field,
            values={**field.values, **{own: v.zh for own, v in added.items()}},
            values_en={**field.values_en, **{own: v.en for own, v in added.items() if v.en}},
            forms={**field.forms, **{f: own for own, v in spec.values.items() for f in v.forms}},
            headings=(*field.headings, *spec.headings), units=(*field.units, *spec.units),
            shared_headings=(*field.shared_headings, *spec.shared_headings),
            typical_values=(*field.typical_values, *spec.typical_values))

    def _fits(self, field: Field, spec: Spec) -> None:
        """What is said of a field suits its type."""
        if field.type == "enum" and not field.values and not spec.values:
            self._say("vocabulary.no-values", field.name, name=field.name)
        if spec.values and field.type not in ("enum", "bool"):
            self._say("vocabulary.values-type", field.name, "values", name=field.name,
                      type=field.type)
        if field.type == "bool":
            for own in spec.values.keys() - {"true", "false"}:
                self._say("vocabulary.values-bool", field.name, "values", own, name=field.name)
        for part in ("low", "high", "units"):
            if getattr(spec, part) not in (None, ()) and field.type != "int":
                self._say("vocabulary.only-int", field.name, part, name=field.name, part=part)
        for part in ("compare", "typical_values", "check", "mask"):
            if getattr(spec, part) not in (None, "text", ()) and field.type != "string":
                self._say("vocabulary.only-string", field.name, part, name=field.name, part=part)

    def _headings(self, fields: Sequence[Field], specs: Mapping[str, Spec]) -> None:
        """No heading means two fields."""
        first: dict[str, Field] = {}
        for field in fields:
            for heading in field.all_headings:
                other = first.setdefault(plain_heading(heading), field)
                if other is not field and (field.name in specs or other.name in specs):
                    named = field.name if field.name in specs else other.name
                    self._say("vocabulary.heading-twice", named, heading=heading,
                              first=other.name, second=field.name)

    def _forms(self, field: Field, before: Field | None, spec: Spec) -> None:
        """No way to write a value means two values, nor another one than before."""
        first: dict[str, str] = {}
        for form, own in _written(field, before, spec):
            other = first.setdefault(comparable(form), own)
            if other != own:
                self._say("vocabulary.form-twice", field.name, "values", own, name=field.name,
                          form=form, first=other, second=own)


def _written(field: Field, before: Field | None, spec: Spec) -> Iterator[tuple[str, str]]:
    for own in field.values:
        yield own, own
    for listed in (field.values, field.values_en):
        yield from ((label, own) for own, label in listed.items())
    if before is not None:
        yield from before.forms.items()
    listed_forms = [(form, own) for own, value in spec.values.items() for form in value.forms]
    yield from listed_forms
    said = {form for form, _ in listed_forms}
    yield from (pair for pair in field.forms.items() if pair[0] not in said)


def _both(spec: Spec) -> dict[str, str]:
    return {"zh": spec.meaning.zh, "en": spec.meaning.en} if spec.meaning else {}


