"""What packs speak of. In: a chain of loaded packs, the root first. Out: their vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.yaml_source import YamlSource
from zhuanjie.engine.policy.pack_files import LoadedPack
from zhuanjie.engine.vocabulary.build import FieldBuilder
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.load import default_vocabulary, load_vocabulary
from zhuanjie.engine.vocabulary.model import Spec
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary


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


def broken_vocabulary(sources: Sequence[YamlSource]) -> Vocabulary:
    """What packs speak of whose files are refused for other mistakes: as much as can be read.

    `sources` are all files of the chain, the manifests among them as far as they are YAML.
    """
    manifests = [s for s in sources if isinstance(s.data, dict) and "id" in s.data]
    named = next((s for s in manifests if isinstance(s.data.get("vocabulary"), str)), None)
    try:
        vocabulary = default_vocabulary() if named is None else load_vocabulary(
            named.data["vocabulary"], roots_beside(Path(named.file).parent))
    except PolicyError:
        vocabulary = default_vocabulary()
    for source in manifests:
        specs = {}
        for name, data in _mapping(source.data.get("fields")).items():
            with suppress(ValidationError):
                specs[name] = Spec.model_validate(data)
        builder = FieldBuilder(source, ("fields",), vocabulary.yes_no, [])
        vocabulary = replace(
            vocabulary, fields=FieldTable(builder.build(specs, vocabulary.fields)),
            parties={**vocabulary.parties, **_mapping(source.data.get("parties"))})
    return vocabulary


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def roots_beside(folder: Path) -> tuple[Path, ...]:
    """Where a pack in `folder` has its vocabularies: in itself, or beside itself."""
    here = folder.resolve()
    return here, here.parent


def extended(vocabulary: Vocabulary, pack: LoadedPack, problems: list[Diagnostic]) -> Vocabulary:
    """The vocabulary with what one pack adds to it."""
    manifest = pack.manifest
    if not (manifest.fields or manifest.key or manifest.parties or manifest.known_headings):
        return vocabulary
    builder = FieldBuilder(pack.source, ("fields",), vocabulary.yes_no, problems)
    fields = FieldTable(builder.build(manifest.fields, vocabulary.fields))
    keys = vocabulary.keys
    if manifest.key is not None:
        known = fields.get(manifest.key)
        if known is None or known.type != "string":
            problems.append(Diagnostic("vocabulary.key", {"name": manifest.key},
                                       pack.source.place(("key",))))
        else:
            keys = tuple(dict.fromkeys((manifest.key, *keys)))
    problems += [
        Diagnostic("vocabulary.party-twice", {"name": name},
                   pack.source.place(("parties", name), key=True))
        for name in manifest.parties if name in vocabulary.parties]
    return replace(
        vocabulary, fields=fields, keys=keys,
        parties={**vocabulary.parties, **manifest.parties},
        known_headings=(*vocabulary.known_headings, *manifest.known_headings),
        digest=hashlib.sha256(vocabulary.digest + pack.digest).digest())
