"""A pack as it is typed. In: its folder, texts of open files. Out: what is wrong and what is known.

What was well formed last stays known while a file is not: names are completed and explained still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from zhuanjie.engine.authoring.editor.mentions import Mention, mentions
from zhuanjie.engine.authoring.editor.roles import FileKind, file_kind
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import PolicyError, ZhuanjieError
from zhuanjie.engine.core.lint_ids import Weight
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.unsaved import texts_for_files
from zhuanjie.engine.core.yaml_source import YamlSource, parse_source, parsed_once
from zhuanjie.engine.policy.found import MANIFEST, pack_folders
from zhuanjie.engine.policy.loading import policy_in
from zhuanjie.engine.policy.pack_files import CASES, load_cases
from zhuanjie.engine.policy.pack_vocabulary import broken_vocabulary
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from zhuanjie.engine.authoring.linting.run import Lint


class Remark(Struct, frozen=True):
    """What is to be shown at a place: a mistake, or a lint with its id."""

    diagnostic: Diagnostic
    severity: str = "error"
    id: str | None = None


class PackFile(Struct, frozen=True):
    """A file of a pack: its text, its parts where it is YAML, and what is named in it."""

    path: Path
    kind: FileKind
    text: str
    source: YamlSource | None
    mentions: tuple[Mention, ...]


class PackReading(Struct):
    """What is known of one pack after its last reading."""

    folder: Path
    policy: Policy | None = None
    """The pack as it was when it was last in order; what is known by names is from here."""
    spoken: Vocabulary | None = None
    """What it speaks of, as far as that can be told, where it never was in order."""
    in_order: bool = False
    remarks: dict[Path, list[Remark]] = field(default_factory=dict)
    files: dict[Path, PackFile] = field(default_factory=dict)
    """The files of the pack, of those it builds on and of those beside it that build on it."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """What the pack speaks of."""
        return self.policy.vocabulary if self.policy is not None else self.spoken

    def file(self, path: Path) -> PackFile | None:
        """One of the files, as it was read last."""
        return self.files.get(path)

    def declared(self, kind: str, name: str) -> tuple[PackFile, Mention] | None:
        """Where something is declared: in the pack itself before its bases."""
        found = [(file, m) for file in self.files.values() for m in file.mentions
                 if m.declares and m.kind == kind and m.name == name]
        own = [each for each in found if self.folder in each[0].path.parents]
        return next(iter((*own, *found)), None)

    def named(self, kind: str, name: str) -> Iterator[tuple[PackFile, Mention]]:
        """Every mention of something."""
        for file in self.files.values():
            for mention in file.mentions:
                if mention.kind == kind and mention.name == name:
                    yield file, mention

    def names(self, kind: str) -> list[str]:
        """The names of a kind that some file of the pack or its bases declares."""
        return list(dict.fromkeys(m.name for file in self.files.values()
                                  for m in file.mentions if m.declares and m.kind == kind))


def pack_of(path: Path, texts: Mapping[Path, str]) -> Path | None:
    """The folder of the pack that a file is of, saved or not; None for any other file."""
    if file_kind(path) is None:
        return None
    folder = path.parent.parent if path.parent.name == CASES else path.parent
    manifest = folder / MANIFEST
    return folder if manifest in texts or manifest.is_file() else None


class PackReader:
    """Reads packs again and again; a file that did not change is not looked through again."""

    def __init__(self) -> None:
        self._files: dict[Path, PackFile] = {}
        self._parsed: dict[Path, dict[tuple[str, str], YamlSource]] = {}

    def read(self, folder: Path, texts: Mapping[Path, str], before: PackReading | None = None, *,
             weights: Mapping[str, Weight] | None = None, with_cases: bool = True) -> PackReading:
        """Read a pack with the texts of open files in the place of what is saved.

        `with_cases` also says what only running the cases tells. `before` is the last reading.
        """
        reading = PackReading(folder, before.policy if before else None)
        kept = self._parsed.get(folder, {})
        held = dict(kept)
        with texts_for_files(texts), parsed_once(held):
            wrong: list[Remark] = []
            chain = [folder]
            try:
                policy = policy_in(folder)
                reading.policy, reading.in_order = policy, True
                chain = [pack.folder.resolve() for pack in policy.chain]
                wrong += _looked_at(policy, weights, with_cases=with_cases)
            except ZhuanjieError as error:
                wrong += [Remark(d) for d in error.diagnostics]
                if reading.policy is None:
                    reading.policy, reading.spoken = _as_saved(folder, error)
                if reading.policy is not None:
                    chain = [pack.folder.resolve() for pack in reading.policy.chain]
            for each in (*_upon(chain), *chain):
                for path in _paths(each, texts):
                    known = self.file(path, texts.get(path))
                    if known is not None:
                        reading.files[path] = known
        self._parsed[folder] = _latest(held)
        for remark in wrong:
            path = Path(remark.diagnostic.place.file or folder / MANIFEST).resolve()
            reading.remarks.setdefault(path, []).append(remark)
        return reading

    def file(self, path: Path, typed: str | None) -> PackFile | None:
        """A file as it is typed, or else saved; None where it is none of a pack's."""
        kind = file_kind(path)
        if kind is None:
            return None
        try:
            text = read_regular_text(path) if typed is None else typed
        except (OSError, UnicodeDecodeError):
            return None
        known = self._files.get(path)
        if known is not None and known.text == text:
            return known
        try:
            source = parse_source(text, PolicyError, short_path(path))
            found = tuple(mentions(source, kind))
        except PolicyError:
            source, found = None, known.mentions if known is not None else ()
        made = PackFile(path, kind, text, source, found)
        self._files[path] = made
        return made


def _latest(parsed: dict[tuple[str, str], YamlSource]) -> dict[tuple[str, str], YamlSource]:
    """Of each file what was parsed of it last."""
    last = {name: (name, text) for name, text in parsed}
    return {key: parsed[key] for key in last.values()}


def _as_saved(folder: Path, error: ZhuanjieError) -> tuple[Policy | None, Vocabulary | None]:
    """A pack that is not in order as it is typed: as it is saved, or what it speaks of at least."""
    with suppress(ZhuanjieError), texts_for_files({}, alone=True):
        return policy_in(folder), None
    return None, broken_vocabulary(error.sources if isinstance(error, PolicyError) else (), [])


def _looked_at(policy: Policy, weights: Mapping[str, Weight] | None, *,
               with_cases: bool) -> list[Remark]:
    """Lints, and what is wrong with the cases."""
    from zhuanjie.engine.authoring.linting.run import lint_report
    from zhuanjie.engine.authoring.testing.case_runner import case_instances, check_tasks

    try:
        files = load_cases(policy.chain[-1].folder)
        if with_cases:
            check_tasks(policy, case_instances(files, policy.vocabulary.key))
        lints = lint_report(policy, weights, with_cases=with_cases).lints
    except PolicyError as error:
        return [Remark(d) for d in error.diagnostics]
    return [_remark(lint) for lint in lints]


def _remark(lint: Lint) -> Remark:
    return Remark(lint.diagnostic, lint.severity, lint.id)


def _paths(folder: Path, texts: Mapping[Path, str]) -> list[Path]:
    found = {*folder.glob("*.yaml"), *(folder / CASES).glob("*.yaml"),
             *(p for p in texts if p.parent in (folder, folder / CASES)
               and file_kind(p) is not None)}
    return sorted(found)


def _upon(chain: list[Path]) -> list[Path]:
    """The packs beside these that build on one of them."""
    known = {folder.name for folder in chain}
    found = []
    for folder in pack_folders(chain[-1].parent).values():
        try:
            text = read_regular_text(folder / MANIFEST)
        except (OSError, UnicodeDecodeError):
            continue
        base = next((line.partition(":")[2].strip() for line in text.splitlines()
                     if line.startswith("builds_on:")), "")
        if folder not in chain and base.strip("'\"").partition(" ")[0] in known:
            found.append(folder)
    return found

