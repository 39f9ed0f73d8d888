"""Names and where they are used. In: a pack as read, a place. Out: places, new names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from zhuanjie.engine.authoring.editor.hover import mention_at
from zhuanjie.engine.authoring.editor.mentions import Mention
from zhuanjie.engine.authoring.editor.reading import PackReader, PackReading
from zhuanjie.engine.authoring.linting.edits import FileEdit, edited
from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.yaml_source import YamlSource, read_source
from zhuanjie.engine.policy.found import MANIFEST, RULES, base_folder, known_packs, roots_beside
from zhuanjie.engine.vocabulary.found import FIELDS, vocabulary_folders
from zhuanjie.engine.vocabulary.found import MANIFEST as VOCABULARY

_FORMS: Final = {
    "parameter": r"[a-z][a-z0-9_]*", "definition": r"[a-z][a-z0-9_]*",
    "moment": r"[a-z][a-z0-9_]*", "rule": r"[a-z0-9]+(-[a-z0-9]+)*", "clause": r"[^\s\"'{}\[\]]+",
}
"""What may be named anew, and what its name looks like."""
_QUOTED_ALIKE: Final = re.compile(r"[A-Za-z_][\w-]*")


class FilePlace(Struct, frozen=True):
    """A stretch of a file (in characters), with the file's text."""

    path: Path
    text: str
    start: int
    end: int


def definition(reading: PackReading, path: Path, text: str, offset: int) -> FilePlace | None:
    """Where what is named at an offset is declared."""
    mention = mention_at(reading, path, text, offset)
    if mention is None:
        return None
    if mention.kind == "pack":
        folder = base_folder(reading.folder, mention.name, known_packs())
        return None if folder is None else _place_in(folder / MANIFEST, ("id",))
    found = reading.declared(mention.kind, mention.name)
    if found is not None:
        return FilePlace(found[0].path, found[0].text, found[1].start, found[1].end)
    return _in_vocabulary(reading, mention)


def references(reading: PackReading, path: Path, text: str, offset: int, *,
               declared: bool = True) -> list[FilePlace]:
    """Every place that names what is named at an offset."""
    mention = mention_at(reading, path, text, offset)
    if mention is None:
        return []
    found = [FilePlace(file.path, file.text, m.start, m.end)
             for file, m in reading.named(mention.kind, mention.name)
             if declared or not m.declares]
    place = _in_vocabulary(reading, mention) if declared else None
    return [*found, *((place,) if place is not None else ())]


def renamed(reader: PackReader, reading: PackReading, path: Path, text: str, offset: int,
            new: str, texts: Mapping[Path, str]) -> dict[Path, list[FileEdit]]:
    """The edits of every file that give what is named at an offset another name.

    Raises UsageError where it has no name of the pack's own, for a name that cannot be or that is
    there already, and where the pack would not be in order afterwards.
    """
    mention = renameable(reading, path, text, offset)
    if not re.fullmatch(_FORMS[mention.kind], new):
        raise fail(UsageError, "editor.rename.form", name=new, form=_FORMS[mention.kind])
    if new == mention.name:
        return {}
    if reading.declared(mention.kind, new) is not None:
        raise fail(UsageError, "editor.rename.taken", name=new)
    edits: dict[Path, list[FileEdit]] = {}
    for file, found in reading.named(mention.kind, mention.name):
        if file.source is None:
            raise fail(UsageError, "editor.rename.broken", file=file.path.name)
        edits.setdefault(file.path, []).append(
            FileEdit(found.start, found.end, _written(file.text, found, new)))
    shipped = next((p for p in edits if RULES in p.parents
                    and RULES not in reading.folder.parents), None)
    if shipped is not None:
        raise fail(UsageError, "editor.rename.base", name=mention.name, pack=shipped.parent.name)
    if reading.in_order:
        after = {p: edited(reading.files[p].text, found) for p, found in edits.items()}
        for folder in {reading.folder, *(f.parent for f in edits if f.name == MANIFEST)}:
            if not reader.read(folder, {**texts, **after}, with_cases=False).in_order:
                raise fail(UsageError, "editor.rename.breaks", name=new)
    return edits


def renameable(reading: PackReading, path: Path, text: str, offset: int) -> Mention:
    """What is named at an offset, if it can have another name; raises UsageError if not."""
    mention = mention_at(reading, path, text, offset)
    if mention is None or mention.kind not in _FORMS or (
            reading.declared(mention.kind, mention.name) is None):
        raise fail(UsageError, "editor.rename.nothing")
    return mention


def _written(text: str, mention: Mention, new: str) -> str:
    """A name as it is to stand there: in quotes, where a bare one would read as something else."""
    quoted = text[mention.start - 1:mention.start] in ("'", '"')
    whole = text[mention.start:mention.end] == mention.name and not quoted
    before = text[max(0, mention.start - 2):mention.start]
    in_yaml = whole and mention.kind in ("clause", "rule") and not before.endswith(".")
    return f'"{new}"' if in_yaml and not _QUOTED_ALIKE.fullmatch(new) else new


def _in_vocabulary(reading: PackReading, mention: Mention) -> FilePlace | None:
    """Where the vocabulary has a field or a party."""
    if reading.policy is None or mention.kind not in ("field", "party"):
        return None
    folder = vocabulary_folders(roots_beside(reading.folder)).get(reading.policy.vocabulary.id)
    if folder is None:
        return None
    if mention.kind == "field":
        return _place_in(folder / FIELDS, ("fields", mention.name))
    return _place_in(folder / VOCABULARY, ("parties", mention.name))


def _place_in(path: Path, trail: tuple[str, ...]) -> FilePlace | None:
    try:
        source: YamlSource = read_source(path, PolicyError)
    except PolicyError:
        return None
    node = source.keys.get(trail) if len(trail) > 1 else source.nodes.get(trail)
    if node is None:
        return None
    start, end = node.start_mark.index, node.end_mark.index
    return FilePlace(path.resolve(), source.text, start, end)
