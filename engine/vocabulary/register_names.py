"""Names in a `register.yaml` that are looked up. In: a name, what is known. Out: faults, placed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.vocabulary.fields import FieldTable

Named = tuple[tuple[Key, ...], str]
"""Where a name stands, and the name."""


def field_fault(fields: FieldTable, source: YamlSource, named: Named, *,
                key: bool = False) -> Iterator[Diagnostic]:
    """That there is no such field, where there is none."""
    trail, name = named
    if name not in fields:
        near = suggest(name, [f.name for f in fields])
        yield Diagnostic("pack.unknown-field", {"name": name, "near": near},
                         source.place(trail, key=key), "hint.near" if near else None)


def name_fault(code: str, named: Sequence[Named], known: Sequence[str],
               source: YamlSource) -> Iterator[Diagnostic]:
    """By `code`, which names are not among those that are known."""
    for trail, name in named:
        if name not in known:
            near = suggest(name, list(known))
            yield Diagnostic(code, {"name": name, "near": near, "known": ", ".join(known)},
                             source.place(trail), "hint.near" if near else "hint.known")
