"""The form of an act. In: an act, a member, what was typed. Out: fields to show, what is asked.

A field is sent with what it held when the form was made, so that what nobody touched changes
nothing, and what somebody else changed meanwhile is seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

from zhuanjie.engine.api import Diagnostic, Field, FieldTable, Lang, RegisterActs, TypedAct, plain
from zhuanjie.web.acts.attachments import Attachment
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.values import input_fields
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.member.facts import label_of, options_of, sections_of, value_of
from zhuanjie.web.service.saying import told
from zhuanjie.web.store.members import Member

VALUE: Final = "f:"
"""Before a field's name: what is typed for it."""
WAS: Final = "was:"
"""Before a field's name: what the form had in it when it was made."""
EMPTIED: Final = "empty:"
"""Before a field's name: that it is to be blank, where its value is hidden from who types."""
KEPT: Final = "kept-file:"
"""Before a file's hash: a file that came with the form before, with what it is called."""
Kind = Literal["text", "date", "month", "number", "choice"]
_KINDS: Final[Mapping[str, Kind]] = {
    "date": "date", "month": "month", "int": "number", "bool": "choice", "enum": "choice"}


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form. `theirs` is what somebody else put there meanwhile, None if nobody did."""

    name: str
    label: str
    kind: Kind
    value: str
    was: str
    needed: bool = False
    options: list[tuple[str, str]] = field(default_factory=list)
    latest: str | None = None
    hint: str | None = None
    error: str | None = None
    theirs: str | None = None
    hides: bool = False
    """Whether it has a value that the form does not show: blank, it stays."""
    emptied: bool = False


@dataclass(frozen=True, slots=True)
class TypedForm:
    """What was typed of an act: what is asked, and the texts as they were typed."""

    asked: AskedAct
    texts: Mapping[str, str]
    was: Mapping[str, str]
    version: int | None
    once: str


def new_key() -> str:
    """What tells one form from another, so that what is sent twice is done once."""
    return secrets.token_hex(16)


def typed_form(typed: FormValues, act: TypedAct, member: str) -> TypedForm:
    """What a form asks for."""
    texts, was = typed.begins(VALUE), typed.begins(WAS)
    given = dict(_given(act, texts, was)) | dict.fromkeys(
        name for name in typed.begins(EMPTIED) if not texts.get(name))
    files = [Attachment(sha, 0, "", name) for sha, name in typed.begins(KEPT).items()]
    asked = AskedAct(act.id, member, given, typed.one("reason") or None, None, files,
                     frozenset(typed.all("ack")))
    return TypedForm(asked, texts, was, typed.whole("version"), typed.one("once") or new_key())


def _given(act: TypedAct, texts: Mapping[str, str],
           was: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for name, text in texts.items():
        setting = act.act.sets.get(name)
        needed = setting is not None and setting.input == "required"
        if text == was.get(name, "") and not (needed and text):
            continue  # nobody touched it: the act has its own way with it
        if not text and setting is not None and setting.past:
            continue  # a day that is left out is today
        yield name, text or None


def with_files(form: TypedForm, received: Iterable[Attachment]) -> TypedForm:
    """The same with the files that were sent along."""
    known = {file.sha256: file for file in (*form.asked.attachments, *received)}
    return replace(form, asked=replace(form.asked, attachments=list(known.values())))


def form_fields(act: TypedAct, acts: RegisterActs, member: Member, actor: str, day: date,
                lang: Lang, *, section: str | None = None,
                prefilled: Mapping[str, str] | None = None,
                again: TypedForm | None = None) -> list[FormField]:
    """The fields of an act's form, in the order of the act's data or of the record's sections;
    `actor` is what whoever acts is called.

    Of an act that takes any field, those of a section. `prefilled` are values that a link brings;
    `again` is what was typed, shown once more.
    """
    inputs = input_fields(act, acts)
    names: Collection[str] = inputs
    if act.act.sets_any:
        of = next((fields for id, _, fields in sections_of(acts) if id == section), ())
        names = [n for n in of if n in inputs]
        names = [*names, *(n for n in (again.texts if again else ()) if n not in names
                           and n in inputs)]
    out = []
    for name in names:
        known = acts.fields[name]
        own = _prefill(act, known, member, actor, day)
        value, theirs = (prefilled or {}).get(name, own), None
        if again is not None and name in again.texts:
            mine, was = again.texts[name], again.was.get(name, "")
            touched = mine != was
            value = mine if touched else own
            if touched and own not in {was, mine}:
                theirs = value_of(name, member.record.get(name), acts.fields, lang)
        past = name in act.act.sets and act.act.sets[name].past
        hides = known.mask is not None and name in member.record and not inputs[name]
        out.append(FormField(
            name, label_of(name, acts.fields, lang), _kind(known), value, own, inputs[name],
            options_of(known, lang), day.isoformat() if past else None,
            _hint(known, member, lang), theirs=theirs, hides=hides,
            emptied=hides and again is not None and again.asked.inputs.get(name, "") is None))
    return out


def errors_shown(fields: list[FormField], said: Mapping[str, Diagnostic],
                 known: FieldTable, lang: Lang) -> list[FormField]:
    """Fields with what is wrong with them."""
    return [replace(f, error=told(said[f.name], lang, known))
            if f.name in said else f for f in fields]


def _prefill(act: TypedAct, known: Field, member: Member, actor: str, day: date) -> str:
    """What a field holds as its form is made: what the act would set by itself, else what it is."""
    setting = act.act.sets.get(known.name)
    source = None if setting is None else setting.otherwise
    held = member.record.get(known.name)
    if source is not None:
        if source.take is not None:
            held = day.isoformat() if source.take == "today" else actor
        elif source.field is not None:
            held = member.record.get(source.field)
        elif source.value is not None:
            held = source.value
    if held is None or known.mask is not None:  # what is masked is typed anew, or left as it is
        return ""
    return str(plain(held)).lower() if isinstance(held, bool) else str(plain(held))


def _kind(known: Field) -> Kind:
    return _KINDS.get(known.type, "text")


def _hint(known: Field, member: Member, lang: Lang) -> str | None:
    if known.mask is not None and known.name in member.record:
        return known.shown(str(member.record[known.name]))
    return known.meaning.get(lang)
