"""A register's acts, typed. In: a policy, or a vocabulary's folder. Out: acts ready to be asked.

Conditions are CEL over the fields of the record and the day: of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError, PolicyError
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.typed import typed_expression
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.found import roots_beside
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.found import vocabulary_folders
from zhuanjie.engine.vocabulary.paper_model import Awaited, Paper, PaperCondition
from zhuanjie.engine.vocabulary.register_file import read_register
from zhuanjie.engine.vocabulary.register_model import (
    ActCondition,
    RegisterAct,
    RegisterFile,
    RegisterList,
    RegisterStep,
    Request,
    Series,
)
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_EMPTY: Final = RegisterFile()


class TypedCondition(Struct, frozen=True):
    """What must definitely hold, typed, and what is said where it does not."""

    holds: Expr
    words: Text


class TypedAct(Struct, frozen=True):
    """An act whose conditions are typed."""

    id: str
    act: RegisterAct
    possible: tuple[TypedCondition, ...]
    valid: tuple[TypedCondition, ...]


class TypedPaper(Struct, frozen=True):
    """A paper whose conditions are typed; `when` are those of its parts, in their order."""

    id: str
    paper: Paper
    possible: tuple[TypedCondition, ...]
    when: tuple[Expr | None, ...]


class TypedAwaited(Struct, frozen=True):
    """What is awaited of records, typed."""

    id: str
    awaited: Awaited
    holds: Expr


class RegisterActs(Struct, frozen=True, eq=False):
    """What a register of a domain can do: acts, series of numbers and requests by their names."""

    vocabulary: Vocabulary
    unit_field: str | None
    acts: Mapping[str, TypedAct]
    series: Mapping[str, Series]
    requests: Mapping[str, Request]
    file: RegisterFile
    lists: Mapping[str, TypedCondition]
    """The lists that are exported, by name: what holds of their records, and their titles."""
    steps: Mapping[str, TypedCondition]
    """How far a record comes, in order, by name: what holds of it, and the step's title."""
    papers: Mapping[str, TypedPaper]
    awaited: Mapping[str, TypedAwaited]

    @property
    def fields(self) -> FieldTable:
        """The fields that the acts' values are of."""
        return self.vocabulary.fields

    @property
    def sections(self) -> list[tuple[Text | None, tuple[str, ...]]]:
        """How a record is laid out: by title the fields, each once; those of no section last."""
        named = {n for section in self.file.sections.values() for n in section.fields}
        out: list[tuple[Text | None, tuple[str, ...]]] = []
        for section in self.file.sections.values():
            whole = [f.name for f in self.fields
                     if f.name.split(".")[0] in section.groups and f.name not in named]
            named.update(whole)
            out.append((section.title, (*section.fields, *whole)))
        rest = tuple(f.name for f in self.fields if f.name not in named)
        return [*out, (None, rest)] if rest else out

    @property
    def events(self) -> tuple[str, ...]:
        """What the acts' events are called, each once."""
        return tuple(dict.fromkeys(act.act.event for act in self.acts.values()))


def register_acts(spoken: Policy | Vocabulary) -> RegisterActs:
    """The acts that a register of a policy's records has; none where its vocabulary names none.

    Raises PolicyError with every mistake of `register.yaml`.
    """
    if isinstance(spoken, Policy):
        vocabulary = spoken.vocabulary
        roots = [root for pack in spoken.chain for root in roots_beside(pack.folder)]
    else:
        vocabulary, roots = spoken, []
    folder = vocabulary_folders(roots).get(vocabulary.id)
    return acts_in(folder, vocabulary) if folder else _acts(_EMPTY, None, vocabulary, [])


def acts_in(folder: Path, vocabulary: Vocabulary) -> RegisterActs:
    """The acts of the vocabulary in a folder, as its fields are known now."""
    problems: list[Diagnostic] = []
    read = read_register(folder, vocabulary.fields, problems)
    if problems:
        raise PolicyError(*problems)
    if read is None:
        return _acts(_EMPTY, None, vocabulary, [])
    acts = _acts(*read, vocabulary, problems)
    if problems:
        raise PolicyError(*problems)
    return acts


def _acts(model: RegisterFile, source: YamlSource | None, vocabulary: Vocabulary,
          problems: list[Diagnostic]) -> RegisterActs:
    schema = PackSchema(vocabulary.fields, {})
    acts = {name: TypedAct(
        name, act,
        _typed(act.possible, schema, source, ("acts", name, "possible"), problems),
        _typed(act.valid, schema, source, ("acts", name, "valid"), problems),
    ) for name, act in model.acts.items()}
    lists = {name: typed for name, each in model.lists.items()
             for typed in _typed((each,), schema, source, ("lists", name), problems)}
    steps = {name: typed for name, each in model.steps.items()
             for typed in _typed((each,), schema, source, ("steps", name), problems)}
    papers = {name: TypedPaper(
        name, paper, _typed(paper.possible, schema, source, ("papers", name, "possible"), problems),
        tuple(_expression(part.when, schema, source, ("papers", name, "parts", i, "when"), problems)
              for i, part in enumerate(paper.parts)),
    ) for name, paper in model.papers.items()}
    awaited = {name: TypedAwaited(name, each, holds) for name, each in model.awaited.items()
               if (holds := _expression(each.holds, schema, source, ("awaited", name, "holds"),
                                        problems)) is not None}
    return RegisterActs(vocabulary, model.unit_field, acts, model.series, model.requests, model,
                        lists, steps, papers, awaited)


def _typed(conditions: Sequence[ActCondition | PaperCondition | RegisterList | RegisterStep],
           schema: PackSchema, source: YamlSource | None, here: tuple[Key, ...],
           problems: list[Diagnostic]) -> tuple[TypedCondition, ...]:
    out = []
    for i, condition in enumerate(conditions):
        is_titled = isinstance(condition, RegisterList | RegisterStep)
        holds = _expression(condition.holds, schema, source,
                            (*here, "holds") if is_titled else (*here, i, "holds"), problems)
        if holds is not None:
            out.append(TypedCondition(
                holds, condition.title if isinstance(condition, RegisterList | RegisterStep)
                else condition.words))
    return tuple(out)


def _expression(text: str | None, schema: PackSchema, source: YamlSource | None,
                trail: tuple[Key, ...], problems: list[Diagnostic]) -> Expr | None:
    """A condition, typed; None for none, and for one that is wrong."""
    if text is None:
        return None
    try:
        return typed_expression(text, schema, Kind.BOOL)
    except ExpressionError as error:
        problems += [d if source is None else replace(
            d, place=source.within(trail, text, d.place.caret)) for d in error.diagnostics]
        return None
