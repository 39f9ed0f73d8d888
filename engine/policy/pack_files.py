"""A pack's folder to models. In: a folder. Out: the pack as written, every file with its positions.

All mistakes of all files are gathered before anything is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field
from pydantic import BaseModel

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.unsaved import unsaved_beside, unsaved_text
from zhuanjie.engine.core.validate import validate
from zhuanjie.engine.core.yaml_source import YamlSource, read_source
from zhuanjie.engine.policy.case_model import CaseFile
from zhuanjie.engine.policy.found import MANIFEST
from zhuanjie.engine.policy.model import Manifest, Topic
from zhuanjie.engine.policy.row_files import put_rows

_M = TypeVar("_M", bound=BaseModel)
CASES = "cases"
MOST_RULES = 5_000
MOST_ROWS = 50
"""Rows of a decision table: each is compared with every other."""
"""Rules of a pack: what proves and compiles them takes its time over each."""


class LoadedTopic(Struct, frozen=True):
    """A topic file and where its parts stand."""

    topic: Topic
    source: YamlSource


class LoadedPack(Struct, frozen=True):
    """A pack as its own folder has it, without what it builds on."""

    folder: Path
    manifest: Manifest
    source: YamlSource
    topics: tuple[LoadedTopic, ...]
    digest: bytes
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """The files that rows of tables were read from, each with its hash."""


class LoadedCases(Struct, frozen=True):
    """A file of cases and where its parts stand."""

    cases: CaseFile
    source: YamlSource


def load_pack(folder: Path, problems: list[Diagnostic],
              sources: list[YamlSource]) -> LoadedPack | None:
    """Read a pack's folder; None, with diagnostics, where it is not a pack.

    Topic files are taken in the order of their names. Every file that is YAML at all is added to
    `sources`.
    """
    file = folder / MANIFEST
    if not file.is_file() and unsaved_text(file) is None:
        problems.append(
            Diagnostic("pack.no-manifest", {"file": MANIFEST}, Place(short_path(folder)))
        )
        return None
    digest = hashlib.sha256()
    manifest, source = _read(Manifest, file, problems, digest, sources, {})
    topics = []
    beside: dict[str, bytes] = {}
    for path in sorted({*folder.glob("*.yaml"), *unsaved_beside(folder)}):
        if path.name != MANIFEST:
            topic, at = _read(Topic, path, problems, digest, sources, beside)
            if topic and at:
                topics.append(LoadedTopic(topic, at))
    if manifest is None or source is None:
        return None
    if (count := sum(len(topic.topic.rules) for topic in topics)) > MOST_RULES:
        problems.append(_too_many(count, short_path(folder)))
        return None
    return LoadedPack(folder, manifest, source, tuple(topics), digest.digest(), beside)


def _table_rows(rule: object) -> int:
    """How many rows a rule's decision table has, as it is written."""
    table = rule.get("table") if isinstance(rule, dict) else None
    rows = table.get("rows") if isinstance(table, dict) else None
    return len(rows) if isinstance(rows, list) else 0


def _too_many(count: int, file: str) -> Diagnostic:
    return Diagnostic("pack.too-many-rules", {"count": count, "most": MOST_RULES}, Place(file))


def load_cases(folder: Path) -> list[LoadedCases]:
    """The case files of a pack's folder; raises PolicyError with every mistake in them."""
    problems: list[Diagnostic] = []
    out = []
    for path in sorted({*(folder / CASES).glob("*.yaml"), *unsaved_beside(folder / CASES)}):
        cases, source = _read(CaseFile, path, problems, hashlib.sha256(), [], {})
        if cases and source:
            out.append(LoadedCases(cases, source))
    if problems:
        raise PolicyError(*problems)
    return out


def _read(
    model: type[_M], path: Path, problems: list[Diagnostic], digest: hashlib._Hash,
    sources: list[YamlSource], beside: dict[str, bytes],
) -> tuple[_M | None, YamlSource | None]:
    try:
        source = read_source(path, PolicyError, short_path(path))
    except PolicyError as error:
        problems.extend(error.diagnostics)
        return None, None
    rules = source.data.get("rules") if isinstance(source.data, dict) else None
    if isinstance(rules, list) and len(rules) > MOST_RULES:
        problems.append(_too_many(len(rules), source.file))
        return None, None
    before = len(problems)
    beside.update(put_rows(source, path.parent, problems))
    if len(problems) > before:
        return None, None
    long = [(at, count) for at, rule in enumerate(rules if isinstance(rules, list) else ())
            if (count := _table_rows(rule)) > MOST_ROWS]
    if long:
        problems.extend(Diagnostic("pack.too-many-rows", {"count": count, "most": MOST_ROWS},
                                   source.place(("rules", at, "table", "rows")))
                        for at, count in long)
        return None, None
    sources.append(source)
    # The data, not the text: a comment or a line break changes no meaning.
    digest.update(json.dumps([path.name, source.data], sort_keys=True).encode())
    return validate(model, source, problems), source
