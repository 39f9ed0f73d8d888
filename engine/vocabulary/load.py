"""Vocabularies from their folders. In: a name, where to look besides. Out: the vocabulary.

A vocabulary is a folder with `vocabulary.yaml` (what a record is, its keys, the words around it)
and `fields.yaml`. Folders stand under `_vocabularies` beside the packs that speak them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.suggest import suggest
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import Key, YamlSource, read_source
from zhuanjie.engine.vocabulary.build import FieldBuilder
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.found import FIELDS, MANIFEST, vocabulary_folders
from zhuanjie.engine.vocabulary.model import FieldFile, VocabularyManifest
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary


def load_vocabulary(name: str | None = None, roots: Iterable[Path] = ()) -> Vocabulary:
    """The vocabulary called `name`; without a name the one that says `is_default`.

    `roots` are folders of packs that may have vocabularies of their own. Raises PolicyError with
    every mistake of its files.
    """
    found = vocabulary_folders(roots)
    if name is None:
        return default_vocabulary()
    if name not in found:
        near = suggest(name, list(found))
        raise PolicyError(Diagnostic(
            "vocabulary.not-found", {"name": name, "near": near, "known": ", ".join(found)},
            hint="hint.near" if near else "hint.known"))
    return read_vocabulary(found[name])


@cache
def default_vocabulary() -> Vocabulary:
    """The vocabulary of packs that name none, as the shipped vocabularies say."""
    for folder in vocabulary_folders().values():
        vocabulary, is_default, _ = _read(folder)
        if is_default:
            return vocabulary
    raise PolicyError(Diagnostic("vocabulary.no-default"))


def read_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary in a folder; raises PolicyError with every mistake of its files."""
    return _read(folder.resolve())[0]


def is_as_read(folder: Path) -> bool:
    """Whether a vocabulary's files still say what was read of them; raises as reading does."""
    *_, texts = _read(folder.resolve())
    return texts == tuple(read_regular_text(folder / name) for name in (MANIFEST, FIELDS))


@cache
def _read(folder: Path) -> tuple[Vocabulary, bool, tuple[str, str]]:
    problems: list[Diagnostic] = []
    about = read_source(folder / MANIFEST, PolicyError, short_path(folder / MANIFEST))
    listed = read_source(folder / FIELDS, PolicyError, short_path(folder / FIELDS))
    manifest = validate(VocabularyManifest, about, problems)
    specs = validate(FieldFile, listed, problems)
    fields = FieldTable(FieldBuilder(
        listed, ("fields",), manifest.yes_no if manifest else {}, problems,
        manifest.nothing if manifest else (), manifest.unclear_marks if manifest else (),
    ).build(specs.fields if specs else {}))
    if manifest is not None and manifest.id != folder.name:
        problems.append(Diagnostic("vocabulary.id", {"id": manifest.id, "folder": folder.name},
                                   about.place(("id",))))
    if manifest is not None and specs is not None:
        _named(manifest, fields, about, problems)
    if problems or manifest is None:
        raise PolicyError(*problems)
    digest = hashlib.sha256(json.dumps([about.data, listed.data], sort_keys=True).encode())
    return Vocabulary(
        manifest.id, manifest.title, manifest.record, fields, manifest.keys, manifest.parties,
        manifest.example, manifest.name, manifest.group, manifest.alike_words,
        manifest.rows,
        manifest.known_headings, manifest.samples, manifest.yes_no,
        manifest.heading_words, digest.digest(),
        nothing=manifest.nothing, unclear_marks=manifest.unclear_marks,
    ), manifest.is_default, (about.text, listed.text)


def _named(manifest: VocabularyManifest, fields: FieldTable, source: YamlSource,
           problems: list[Diagnostic]) -> None:
    """Every field that the manifest names is one, of a type that suits."""
    wanted: list[tuple[tuple[Key, ...], str, str | None]] = [
        *((("keys", i), key, "string") for i, key in enumerate(manifest.keys)),
        *(((part,), name, None) for part in ("name", "group")
          if (name := getattr(manifest, part)) is not None),
        (("example", "start"), manifest.example.start, "date"),
        (("example", "done"), manifest.example.done, "date"),
    ]
    for trail, name, kind in wanted:
        field = fields.get(name)
        if field is None:
            near = suggest(name, [f.name for f in fields])
            problems.append(Diagnostic("pack.unknown-field", {"name": name, "near": near},
                                       source.place(trail), "hint.near" if near else None))
        elif kind is not None and field.type != kind:
            problems.append(Diagnostic(
                "pack.field-type", {"name": name, "got": field.type, "want": kind},
                source.place(trail)))
    if manifest.example.binds not in manifest.parties:
        problems.append(Diagnostic(
            "vocabulary.unknown-party",
            {"name": manifest.example.binds, "known": ", ".join(manifest.parties)},
            source.place(("example", "binds")), "hint.known"))
