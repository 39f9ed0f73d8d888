"""What an office prints, checked. In: a register's model, the fields. Out: every mistake, placed.

Its conditions are typed where expressions are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.vocabulary.fields import Field, FieldTable
from zhuanjie.engine.vocabulary.paper_model import BLANK, Paper, PaperBlank
from zhuanjie.engine.vocabulary.register_model import RegisterFile
from zhuanjie.engine.vocabulary.register_names import Named, field_fault, name_fault

_COPY: Final = "copy"
"""What a reprint's mark may name besides the paper's blanks."""
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "capital": ("int",), "year": ("date", "month"), "month": ("date", "month"), "day": ("date",),
    "capital_year": ("date", "month"), "capital_month": ("date", "month"),
    "choice": ("enum", "bool"), "age": ("date", "month")}
"""The types of fields that can be written so; a form that is not here takes any."""


def paper_faults(model: RegisterFile, fields: FieldTable,
                 source: YamlSource) -> Iterator[Diagnostic]:
    """The mistakes of what is printed."""
    for name, paper in model.papers.items():
        here: tuple[Key, ...] = ("papers", name)
        if paper.series is not None:
            yield from name_fault("vocabulary.unknown-series",
                                  [((*here, "series"), paper.series)], list(model.series), source)
        yield from _fields(paper.shows, fields, source, (*here, "shows"))
        for blank, said in paper.blanks.items():
            yield from _blank(said, fields, source, (*here, "blanks", blank))
        yield from name_fault("vocabulary.unknown-blank", list(_named(paper, here)),
                              list(paper.blanks), source)


def awaited_faults(model: RegisterFile, fields: FieldTable,
                   source: YamlSource) -> Iterator[Diagnostic]:
    """The mistakes of what is awaited."""
    for name, awaited in model.awaited.items():
        here: tuple[Key, ...] = ("awaited", name)
        yield from _fields(awaited.since, fields, source, (*here, "since"), ("date",))
        yield from _fields(awaited.shows, fields, source, (*here, "shows"))
        acts: list[Named] = [((*here, "act"), awaited.act)]
        if awaited.chase is not None:
            acts.append(((*here, "chase"), awaited.chase))
        yield from name_fault("vocabulary.unknown-act", acts, list(model.acts), source)


def _blank(blank: PaperBlank, fields: FieldTable, source: YamlSource,
           here: tuple[Key, ...]) -> Iterator[Diagnostic]:
    yield from _fields(blank.field, fields, source, (*here, "field"), _TYPES.get(blank.form, ()),
                       checked=blank.form == "age")
    yield from _fields(blank.on, fields, source, (*here, "on"), ("date",))


def _fields(names: tuple[str, ...], fields: FieldTable, source: YamlSource, here: tuple[Key, ...],
            types: tuple[str, ...] = (), *, checked: bool = False) -> Iterator[Diagnostic]:
    """Mistakes of fields; `checked` lets in texts that tell a day of birth, too."""
    for name in names:
        yield from field_fault(fields, source, (here, name))
        found = fields.get(name)
        if found is None or not types or found.type in types:
            continue
        if not (checked and tells_birth(found)):
            yield Diagnostic("pack.field-type", {
                "name": name, "got": found.type, "want": " / ".join(types)}, source.place(here))


def tells_birth(field: Field) -> bool:
    """Whether a field's texts have a day of birth in them."""
    return field.check == "cn-id-number"


def _named(paper: Paper, here: tuple[Key, ...]) -> Iterator[Named]:
    """Every blank that a paper's texts name, with where."""
    for i, part in enumerate(paper.parts):
        at: tuple[Key, ...] = (*here, "parts", i)
        for key, text in (("corner", part.corner), ("foot", part.foot)):
            yield from (((*at, key), name) for name in BLANK.findall(text))
        for j, line in enumerate(part.lines):
            yield from (((*at, "lines", j), name) for name in BLANK.findall(line.text))
            if line.only_with is not None:
                yield (*at, "lines", j, "only_with"), line.only_with
        for j, place in enumerate(part.places):
            yield (*at, "places", j, "blank"), place.blank
    for key, lines in (("cover", paper.cover), ("head", paper.head), ("foot", paper.foot)):
        for j, line in enumerate(lines):
            yield from (((*here, key, j), name) for name in BLANK.findall(line.text))
    for j, column in enumerate(paper.columns):
        if column.blank is not None:
            yield (*here, "columns", j, "blank"), column.blank
    yield from (((*here, "reprint"), name) for name in BLANK.findall(paper.reprint)
                if name != _COPY)
