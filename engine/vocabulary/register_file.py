"""A vocabulary's `register.yaml`. In: a folder, the fields. Out: its model, or every mistake.

That what it names is there is checked here; its conditions are typed where expressions are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import Key, YamlSource, read_source
from zhuanjie.engine.vocabulary.fields import Field, FieldTable
from zhuanjie.engine.vocabulary.paper_file import awaited_faults, paper_faults
from zhuanjie.engine.vocabulary.register_model import RegisterAct, RegisterFile, Setting
from zhuanjie.engine.vocabulary.register_names import Named, field_fault, name_fault

REGISTER: Final = "register.yaml"
"""The file beside a vocabulary's own two; a domain whose register is not kept has none."""


def read_register(folder: Path, fields: FieldTable,
                  problems: list[Diagnostic]) -> tuple[RegisterFile, YamlSource] | None:
    """The register of the vocabulary in `folder`; None where it has none, or is not in order.

    Every mistake goes into `problems`.
    """
    path = folder / REGISTER
    if not path.is_file():
        return None
    source = read_source(path, PolicyError, short_path(path))
    model = validate(RegisterFile, source, problems)
    if model is None:
        return None
    before = len(problems)
    problems += _faults(model, fields, source)
    return (model, source) if len(problems) == before else None


def _faults(model: RegisterFile, fields: FieldTable, source: YamlSource) -> Iterator[Diagnostic]:
    if model.unit_field is not None:
        yield from field_fault(fields, source, (("unit_field",), model.unit_field))
    for i, name in enumerate(model.columns):
        yield from field_fault(fields, source, (("columns", i), name))
    for name, series in model.series.items():
        yield from _text_field(fields, source, (("series", name, "field"), series.field))
    for name, act in model.acts.items():
        yield from _act(model, act, fields, source, ("acts", name))
    for name, section in model.sections.items():
        for i, field in enumerate(section.fields):
            yield from field_fault(fields, source, (("sections", name, "fields", i), field))
        groups = [(("sections", name, "groups", i), g) for i, g in enumerate(section.groups)]
        yield from name_fault("vocabulary.unknown-group", groups, fields.groups, source)
    yield from paper_faults(model, fields, source)
    yield from awaited_faults(model, fields, source)


def _act(model: RegisterFile, act: RegisterAct, fields: FieldTable, source: YamlSource,
         here: tuple[Key, ...]) -> Iterator[Diagnostic]:
    for name, setting in act.sets.items():
        trail = (*here, "sets", name)
        yield from field_fault(fields, source, (trail, name), key=True)
        if name in fields:
            yield from _setting(model, setting, fields[name], fields, source, trail)
    for i, name in enumerate(act.not_fields):
        yield from field_fault(fields, source, ((*here, "not_fields", i), name))
    numbered: list[Named] = [((*here, "ends", "series"), act.ends.series)] if act.ends else []
    asked: list[Named] = [((*here, "not_while", i), n) for i, n in enumerate(act.not_while)]
    if act.opens is not None:
        asked.append(((*here, "opens"), act.opens))
    if act.closes is not None:
        asked.append(((*here, "closes", "request"), act.closes.request))
    yield from name_fault("vocabulary.unknown-series", numbered, list(model.series), source)
    yield from name_fault("vocabulary.unknown-request", asked, list(model.requests), source)


def _setting(model: RegisterFile, setting: Setting, field: Field, fields: FieldTable,
             source: YamlSource, trail: tuple[Key, ...]) -> Iterator[Diagnostic]:
    if setting.otherwise is not None:
        yield from _setting(model, setting.otherwise, field, fields, source,
                            (*trail, "otherwise"))
    if setting.series is not None:
        yield from name_fault("vocabulary.unknown-series",
                              [((*trail, "series"), setting.series)], list(model.series), source)
    if setting.field is not None:
        yield from field_fault(fields, source, ((*trail, "field"), setting.field))
        other = fields.get(setting.field)
        if other is not None and other.type != field.type:
            yield _type(field, other.type, source, (*trail, "field"))
    if (setting.take == "today" or setting.past) and field.type != "date":
        yield _type(field, "date", source, trail)
    if (setting.take == "actor" or setting.series is not None) and field.type != "string":
        yield _type(field, "string", source, trail)
    if setting.value is not None and not _holds(field, setting.value):
        yield Diagnostic("vocabulary.act-value",
                         {"name": field.name, "value": str(setting.value),
                          "known": ", ".join(field.values) or field.type},
                         source.place((*trail, "value")))


def _holds(field: Field, value: bool | int | str) -> bool:
    match field.type:
        case "bool":
            return isinstance(value, bool)
        case "int":
            return (isinstance(value, int) and not isinstance(value, bool)
                    and field.low <= value <= field.high)
        case "enum":
            return value in field.values
        case "string":
            return isinstance(value, str)
        case _:  # a day that never changes is nothing that an act would set
            return False


def _type(field: Field, got: str, source: YamlSource, trail: tuple[Key, ...]) -> Diagnostic:
    return Diagnostic("vocabulary.act-type",
                      {"name": field.name, "want": field.type, "got": got}, source.place(trail))


def _text_field(fields: FieldTable, source: YamlSource, named: Named) -> Iterator[Diagnostic]:
    yield from field_fault(fields, source, named)
    found = fields.get(named[1])
    if found is not None and found.type != "string":
        yield Diagnostic("pack.field-type",
                         {"name": found.name, "got": found.type, "want": "string"},
                         source.place(named[0]))
