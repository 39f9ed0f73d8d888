"""What packs speak of. In: a chain of loaded packs, the root first. Out: their vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace
from pydantic import BaseModel, ValidationError

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.yaml_source import YamlSource
from zhuanjie.engine.policy.found import roots_beside
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.vocabulary.build import FieldBuilder
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.found import vocabulary_folders
from zhuanjie.engine.vocabulary.load import default_vocabulary, load_vocabulary
from zhuanjie.engine.vocabulary.model import Spec
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

_M = TypeVar("_M", bound=BaseModel)

_LACKING = ("pack.unknown-field", "cel.unknown-name", "vocabulary.unknown-party",
            "pack.placeholder")
"""What is said of names that a vocabulary lacks."""


def vocabulary_of(chain: Sequence[LoadedPack], problems: list[Diagnostic]) -> Vocabulary:
    """The vocabulary of a chain: the one its packs name, with what each of them adds.

    A pack that builds on another speaks the other's vocabulary. Mistakes in what the packs add go
    into `problems`; raises PolicyError where the vocabulary itself is not there or not in order.
    """
    root = chain[0]
    vocabulary = named_vocabulary(root)
    for pack in chain:
        name = pack.manifest.vocabulary
        if name is not None and name != vocabulary.id:
            problems.append(Diagnostic(
                "vocabulary.other", {"name": name, "base": vocabulary.id},
                pack.source.place(("vocabulary",))))
        vocabulary = extended(vocabulary, pack, problems)
    return vocabulary


def named_vocabulary(pack: LoadedPack) -> Vocabulary:
    """The vocabulary that a pack names, beside itself before the shipped ones.

    Raises PolicyError, at the name, where it is not found.
    """
    try:
        return load_vocabulary(pack.manifest.vocabulary, roots_beside(pack.folder))
    except PolicyError as error:
        here = pack.source.place(("vocabulary",))
        raise PolicyError(*(
            replace(d, place=here) if d.place.file is None else d for d in error.diagnostics
        )) from None


def of_another_vocabulary(root: YamlSource, problems: Sequence[Diagnostic]) -> list[Diagnostic]:
    """One mistake for many: a pack that names no vocabulary, and speaks one that it did not name.

    That is so where a vocabulary beside it has every name that the usual one lacks. `root` is the
    manifest that builds on no other.
    """
    if "vocabulary" in root.data:
        return list(problems)
    lacking = {code: {str(d.args["name"]) for d in problems if d.code == code} for code in _LACKING}
    unknown = lacking["pack.unknown-field"] | lacking["cel.unknown-name"]
    roots, usual = roots_beside(Path(root.file).parent), default_vocabulary()
    for name in vocabulary_folders(roots) if unknown else ():
        with suppress(PolicyError):
            other = load_vocabulary(name, roots)
            if other.id != usual.id and unknown <= {f.name for f in other.fields}:
                return [Diagnostic("pack.vocabulary-not-named", {"name": name, "usual": usual.id},
                                   root.place(("id",), key=True)),
                        *(d for d in problems if d.code not in _LACKING)]
    return list(problems)


def broken_vocabulary(sources: Sequence[YamlSource],
                      problems: list[Diagnostic]) -> Vocabulary:
    """What packs speak of whose files are refused for other mistakes: as much as can be read.

    `sources` are all files of the chain, the manifests among them as far as they are YAML. Mistakes
    in what is laid out as it should be go into `problems`.
    """
    manifests = [s for s in sources if isinstance(s.data, dict) and "id" in s.data]
    named = next((s for s in manifests if isinstance(s.data.get("vocabulary"), str)), None)
    try:
        vocabulary = default_vocabulary() if named is None else load_vocabulary(
            named.data["vocabulary"], roots_beside(Path(named.file).parent))
    except PolicyError:
        vocabulary = default_vocabulary()
    for source in reversed(manifests):
        key = source.data.get("key")
        vocabulary = _extended(vocabulary, source, _Additions(
            _valid(Spec, source.data.get("fields")), key if isinstance(key, str) else None,
            _valid(Text, source.data.get("parties"))), problems)
    return vocabulary


def _valid(model: type[_M], data: Any) -> dict[str, _M]:
    """The entries of a mapping that are laid out as they should be."""
    out = {}
    for name, value in data.items() if isinstance(data, dict) else ():
        with suppress(ValidationError):
            out[name] = model.model_validate(value)
    return out


def extended(vocabulary: Vocabulary, pack: LoadedPack, problems: list[Diagnostic]) -> Vocabulary:
    """The vocabulary with what one pack adds to it."""
    manifest = pack.manifest
    added = _Additions(manifest.fields, manifest.key, manifest.parties, manifest.known_headings)
    if added == _Additions():
        return vocabulary
    made = _extended(vocabulary, pack.source, added, problems)
    return replace(made, digest=hashlib.sha256(vocabulary.digest + pack.digest).digest())


class _Additions(Struct, frozen=True):
    """What a pack adds to its vocabulary."""

    fields: Mapping[str, Spec] = field(default_factory=dict)
    key: str | None = None
    parties: Mapping[str, Text] = field(default_factory=dict)
    known_headings: tuple[str, ...] = ()


def _extended(vocabulary: Vocabulary, source: YamlSource, added: _Additions,
              problems: list[Diagnostic]) -> Vocabulary:
    builder = FieldBuilder(source, ("fields",), vocabulary.yes_no, problems,
                           vocabulary.nothing, vocabulary.unclear_marks)
    fields = FieldTable(builder.build(added.fields, vocabulary.fields))
    keys = vocabulary.keys
    if added.key is not None:
        known = fields.get(added.key)
        if known is None:
            near = suggest(added.key, [f.name for f in fields])
            problems.append(Diagnostic("pack.unknown-field", {"name": added.key, "near": near},
                                       source.place(("key",)), "hint.near" if near else None))
        elif known.type != "string":
            problems.append(Diagnostic("vocabulary.key", {"name": added.key},
                                       source.place(("key",))))
        else:
            keys = tuple(dict.fromkeys((added.key, *keys)))
    problems += [
        Diagnostic("vocabulary.party-twice", {"name": name},
                   source.place(("parties", name), key=True))
        for name in added.parties if name in vocabulary.parties]
    return replace(
        vocabulary, fields=fields, keys=keys,
        parties={**vocabulary.parties, **added.parties},
        known_headings=(*vocabulary.known_headings, *added.known_headings))
