"""Checked policies that are kept. In: a pack's folder, or none, and a day. Out: its policy.

A policy is kept under a hash of all that it is made of (`fingerprint.py`), so that it is never an
old one: whatever changes gives another name, under which there is nothing yet. What is read back
is the checked tree; where the packs' files are wanted too, they are read then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import PolicyError, ZhuanjieError, fail
from zhuanjie.engine.core.kept_files import KeptFiles, name_of
from zhuanjie.engine.core.kept_models import KeptModel
from zhuanjie.engine.core.kept_trees import UNREADABLE, read_tree, write_tree
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.results import PolicyRef, Severity
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr import nodes
from zhuanjie.engine.expr.types import Kind, Type
from zhuanjie.engine.policy.fingerprint import (
    Chains,
    PackPlace,
    chains_of,
    chains_text,
    program_hash,
    sources_hash,
)
from zhuanjie.engine.policy.found import roots_beside
from zhuanjie.engine.policy.policy import (
    Edition,
    OverlayChange,
    Policy,
    RulesOrigin,
    Span,
    Timeline,
    TypedRule,
)
from zhuanjie.engine.policy.typed_definition import TypedDefinition
from zhuanjie.engine.policy.typed_table import TypedOutput, TypedRow
from zhuanjie.engine.policy.ways import ManifestWays, ParameterWays, PeriodWays, RuleWays
from zhuanjie.engine.vocabulary.fields import Field, FieldTable
from zhuanjie.engine.vocabulary.found import vocabulary_folders
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from zhuanjie.engine.core.yaml_source import YamlSource
    from zhuanjie.engine.policy.pack_files import LoadedPack, LoadedTopic
    from zhuanjie.engine.policy.timeline import PackTimeline

_PACK: Final = "zhuanjie.engine.policy.model"
_WORK: Final = "zhuanjie.engine.policy.workday_model"
_TABLE: Final = "zhuanjie.engine.policy.table_model"
_COMMON: Final = "zhuanjie.engine.core.models"
_LEDGER: Final = "zhuanjie.engine.policy.ledger_shapes"
_VOCABULARY: Final = "zhuanjie.engine.vocabulary.model"
_WITHDRAWAL: Final = "zhuanjie.engine.policy.withdrawal_model"
_SOURCE: Final = "zhuanjie.engine.policy.source_model"
_HOMES: Final = {
    _COMMON: ("Text",),
    _SOURCE: ("Source",),
    _WITHDRAWAL: ("Withdrawal",),
    _VOCABULARY: ("Spec", "ValueSpec", "RowWords", "HeadingWords", "Example"),
    _TABLE: ("Row", "Input", "Output", "DecisionTable"),
    _WORK: ("DayRange", "WorkingYear"),
    _LEDGER: ("Unique", "AtMost", "Share", "Reconcile"),
    _PACK: ("Period", "Document", "DatedValue", "Parameter", "Clause", "Moment", "WaiverLimits",
            "Scope", "Require", "Deadline", "Recurring", "Replaces", "Rule",
            "Withdrawal", "Acceptance", "Manifest"),
    "zhuanjie.engine.policy.definition_model": ("Instead", "Definition"),
}
_WAYS: Final[Mapping[str, type]] = {
    "Period": PeriodWays, "Parameter": ParameterWays, "Rule": RuleWays, "Manifest": ManifestWays}


class _Pack(Struct, frozen=True):
    """A pack of a chain, as it is kept."""

    folder: str
    manifest: Any
    digest: bytes


EXPRESSIONS: Final[Mapping[str, type]] = {cls.__name__: cls for cls in (
    nodes.Lit, nodes.FieldRef, nodes.Param, nodes.AsOf, nodes.Call, nodes.ListLit, Type, Kind,
    WorkCalendar)}
_CLASSES: Final[Mapping[str, type]] = {**EXPRESSIONS, **{cls.__name__: cls for cls in (
    Field, FieldTable, Vocabulary, TypedRule, TypedRow, TypedOutput, TypedDefinition, Edition,
    OverlayChange, Span, PolicyRef, Severity, Diagnostic, Place, _Pack)}}
_MODELS: Final[Mapping[str, type[KeptModel]]] = {
    name: type(name, (KeptModel, *([_WAYS[name]] if name in _WAYS else [])), {"home": home})
    for home, names in _HOMES.items() for name in names}
_PARTS: Final = ("manifest", "vocabulary", "rules", "parameters", "clauses", "moments",
                 "scope_rule", "scope", "sha256", "notices", "overrides", "changes", "spans",
                 "definitions")
"""What is kept of a policy as it is."""


def __getattr__(name: str) -> type[KeptModel]:
    """The classes of kept models, so that a policy can be pickled for another process."""
    if name not in _MODELS:
        raise AttributeError(name)
    return _MODELS[name]


class KeptPack:
    """A pack that was kept: what it says, and its files once somebody wants them.

    Stands for a `LoadedPack`. Raises PolicyError where the files are others by now.
    """

    def __init__(self, kept: _Pack) -> None:
        self.folder, self.manifest, self.digest = Path(kept.folder), kept.manifest, kept.digest

    @cached_property
    def _loaded(self) -> LoadedPack:
        from zhuanjie.engine.policy.pack_files import load_pack

        problems: list[Diagnostic] = []
        pack = load_pack(self.folder, problems, [])
        if problems or pack is None:
            raise PolicyError(*problems)
        if pack.digest != self.digest:
            raise fail(PolicyError, "policy.changed-meanwhile", pack.source.place(()),
                       "policy.changed-meanwhile.hint", id=pack.manifest.id)
        return pack

    @property
    def source(self) -> YamlSource:
        """The manifest's file."""
        return self._loaded.source

    @property
    def topics(self) -> tuple[LoadedTopic, ...]:
        """The files of rules."""
        return self._loaded.topics


class KeptTimeline:
    """The packs in time, of which one day is known already; they are looked at for any other."""

    def __init__(self, day: date) -> None:
        self._day = day
        self.known: Policy | None = None
        """The policy on that day."""

    @cached_property
    def _whole(self) -> PackTimeline:
        from zhuanjie.engine.policy.loading import policies_in_time

        return policies_in_time()

    def on(self, day: date) -> Policy:
        """See `Timeline.on`."""
        if day == self._day and self.known is not None:
            return self.known
        return self._whole.on(day)

    def at(self, day: date) -> Policy:
        """See `Timeline.at`."""
        return self._whole.at(day)

    def with_params(self, params: Mapping[str, int]) -> Timeline:
        """See `Timeline.with_params`."""
        return self._whole.with_params(params)

    @property
    def chains(self) -> Sequence[Sequence[LoadedPack]]:
        """See `Timeline.chains`."""
        return self._whole.chains


class Wanted(Struct, frozen=True):
    """The policy that is wanted: of a folder, or of the packs in time on a day."""

    folder: Path | None
    day: date

    @property
    def text(self) -> str:
        """What tells it from others. The working folder says how files of packs are named."""
        where = None if self.folder is None else str(self.folder.absolute())
        return json.dumps([where, None if self.folder else self.day.isoformat()])


def read_policy(files: KeptFiles, wanted: Wanted) -> Policy | None:
    """The policy as it was kept; None where none is that is made of what there is now."""
    with suppress(OSError, ZhuanjieError, *UNREADABLE):
        program = program_hash()
        chains = files.read(name_of("chains", program, wanted.text))
        if chains is None:
            return None
        name = _name(program, wanted, chains_of(chains))
        text = files.read(name)
        return None if text is None else _policy(read_tree(text, _CLASSES, _MODELS), wanted, name)
    return None


def keep_policy(files: KeptFiles, wanted: Wanted, policy: Policy,
                packs: Sequence[Sequence[LoadedPack]]) -> None:
    """Keep a policy that was made of the chains `packs`, if they are still what was read."""
    with suppress(OSError, ZhuanjieError, *UNREADABLE):
        program = program_hash()
        chains = [[PackPlace(p.folder.absolute(), p.manifest.base) for p in chain]
                  for chain in packs]
        name = _name(program, wanted, chains)
        # A file may have changed since it was read: what is kept must be what stands there.
        if any(_changed(pack) for chain in packs for pack in chain):
            return
        files.write(name, write_tree(_tree(policy), {**_CLASSES, **_model_classes()}))
        files.write(name_of("chains", program, wanted.text), chains_text(chains))


def _name(program: str, wanted: Wanted, chains: Chains) -> str:
    return name_of("policy", program, wanted.text, chains_text(chains),
                   sources_hash(chains, by_default=wanted.folder is None))


def _changed(pack: LoadedPack) -> bool:
    from zhuanjie.engine.policy.row_files import hash_of
    from zhuanjie.engine.vocabulary.load import is_as_read

    read = {Path(s.file).name: s.text
            for s in (pack.source, *(topic.source for topic in pack.topics))}
    there = {path.name: read_regular_text(path)
             for path in pack.folder.glob("*.yaml")}
    vocabularies = vocabulary_folders(roots_beside(pack.folder)).values()
    rows = any(hash_of(pack.folder / name) != seen for name, seen in pack.beside.items())
    return read != there or rows or not all(map(is_as_read, vocabularies))


def _tree(policy: Policy) -> tuple[Any, ...]:
    packs = tuple(_Pack(str(p.folder.absolute()), p.manifest, p.digest) for p in policy.chain)
    rules = tuple(replace(r, file=str(Path(r.file).absolute())) for r in policy.rules)
    parts = {**{name: getattr(policy, name) for name in _PARTS}, "rules": rules}
    return (*(parts[name] for name in _PARTS), packs)


def _policy(tree: Any, wanted: Wanted, name: str) -> Policy:
    *parts, packs = tree
    made = dict(zip(_PARTS, parts, strict=True))
    rules = tuple(_here(made.pop("rules")))
    timeline = None if wanted.folder is not None else KeptTimeline(wanted.day)
    policy = Policy(
        **made, rules=rules, timeline=timeline,
        chain=tuple(cast("LoadedPack", KeptPack(pack)) for pack in packs),
        origin=RulesOrigin(name, rules, made["vocabulary"]))
    if timeline is not None:
        timeline.known = policy
    return policy


def _here(rules: Sequence[TypedRule]) -> Iterator[TypedRule]:
    """Rules whose files are named as they are said from here."""
    short: dict[str, str] = {}
    for rule in rules:
        if rule.file not in short:
            short[rule.file] = short_path(Path(rule.file))
        yield replace(rule, file=short[rule.file])


def _model_classes() -> dict[str, type]:
    from importlib import import_module

    return {name: getattr(import_module(home), name)
            for home, names in _HOMES.items() for name in names}
