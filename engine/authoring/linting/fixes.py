"""`policy lint --fix`. In: a policy. Out: the files with what is safe to mend mended.

A change is taken only if the pack, read again, still says the same: the same rules, clauses and
cases, no new lint, and every pack beside it that builds on it still in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from zhuanjie.engine.authoring.linting.edits import FileEdit, edited, without_key, without_lines
from zhuanjie.engine.authoring.linting.ignores import UNUSED
from zhuanjie.engine.authoring.linting.run import Lint, LintReport, lint_report
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.lint_ids import Weight
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.unsaved import texts_for_files
from zhuanjie.engine.core.yaml_source import YamlSource, path_text
from zhuanjie.engine.policy.found import MANIFEST, pack_folders
from zhuanjie.engine.policy.loading import policy_in
from zhuanjie.engine.policy.pack_files import CASES, LoadedPack, load_cases
from zhuanjie.engine.policy.policy import Policy

_ROUNDS: Final = 20
"""Times over which mending may make something else mendable."""


class MendedFile(Struct, frozen=True):
    """A file as it is, and as it would be."""

    path: Path
    before: str
    after: str

    @property
    def written(self) -> str:
        """The new text with the line ends and the mark at the start that the file has."""
        raw = self.path.read_bytes()
        text = self.after.replace("\n", "\r\n") if b"\r\n" in raw else self.after
        return f"\ufeff{text}" if raw.startswith(b"\xef\xbb\xbf") else text


class LintFixes(Struct, frozen=True):
    """What can be mended safely: the files, the lints that go, and what is left to look at."""

    files: tuple[MendedFile, ...]
    mended: tuple[Lint, ...]
    report: LintReport


class _Change(Struct, frozen=True):
    lint: Lint
    path: Path
    edit: FileEdit


def fix_lints(policy: Policy, weights: Mapping[str, Weight] | None = None) -> LintFixes:
    """Mend what can be; nothing is written. Only files of the pack itself are changed."""
    before: dict[Path, str] = {}
    texts: dict[Path, str] = {}
    mended: list[Lint] = []
    report = lint_report(policy, weights)
    with suppress(PolicyError):  # the pack changed on disk meanwhile: what was mended so far holds
        for _ in range(_ROUNDS):
            changes = list(_changes(policy, report))
            taken = _taken(policy, report, weights, changes, texts)
            if taken is None:
                break
            policy, report, new, done = taken
            for path, text in new.items():
                before.setdefault(path, texts.get(path) or _text_of(path))
                texts[path] = text
            mended += done
    files = tuple(MendedFile(path, before[path], text) for path, text in texts.items())
    return LintFixes(files, tuple(mended), report)


def mendable(policy: Policy, lint: Lint) -> tuple[Path, FileEdit] | None:
    """The change that would mend a lint, not yet tried."""
    made = FIXERS.get(lint.id)
    return made(policy, lint) if made is not None else None


def _taken(policy: Policy, report: LintReport, weights: Mapping[str, Weight] | None,
           changes: list[_Change], texts: Mapping[Path, str],
           ) -> tuple[Policy, LintReport, dict[Path, str], list[Lint]] | None:
    """The pack after all changes, or after the first that is safe by itself; None without one."""
    for chosen in ([changes] if changes else []) + ([[c] for c in changes] if changes[1:] else []):
        new = _edited(chosen, texts)
        with texts_for_files({**texts, **new}):
            try:
                after = policy_in(policy.chain[-1].folder)
                said = lint_report(after, weights)
            except PolicyError:
                continue
            gone = [c.lint for c in chosen]
            if _says_the_same(policy, after, gone) and _fewer(report, said) and _hold(policy):
                return after, said, new, gone
    return None


def _edited(changes: list[_Change], texts: Mapping[Path, str]) -> dict[Path, str]:
    out = {}
    for path in {c.path for c in changes}:
        text = texts.get(path)
        out[path] = edited(_text_of(path) if text is None else text,
                           [c.edit for c in changes if c.path == path])
    return out


def _says_the_same(old: Policy, new: Policy, gone: list[Lint]) -> bool:
    """Whether a pack means what it did, but for parameters that were taken out."""
    dropped = {str(lint.diagnostic.args.get("name")) for lint in gone
               if lint.id == "unused-parameter"}
    kept = {name: value for name, value in old.parameters.items() if name not in dropped}
    unused = {str(lint.diagnostic.args.get("name")) for lint in gone
              if lint.id == "unused-definition"}
    if {n for n in old.definitions if n not in unused} != set(new.definitions):
        return False
    return (old.rules == new.rules and dict(new.parameters) == kept
            and (old.clauses, old.moments, old.scope, old.scope_rule)
            == (new.clauses, new.moments, new.scope, new.scope_rule)
            and _plain(old) == _plain(new) and _cases(old) == _cases(new))


def _plain(policy: Policy) -> object:
    return policy.manifest.model_copy(update={"parameters": {}, "definitions": {}})


def _cases(policy: Policy) -> list[object]:
    return [file.cases for file in load_cases(policy.chain[-1].folder)]


def _fewer(before: LintReport, after: LintReport) -> bool:
    """Whether nothing came up that was not there."""
    def count(report: LintReport) -> dict[str, int]:
        names = [lint.id for lint in report.lints]
        return {name: names.count(name) for name in names}

    old, new = count(before), count(after)
    return len(after.lints) < len(before.lints) and all(
        new[name] <= old.get(name, 0) for name in new)


def _hold(policy: Policy) -> bool:
    """Whether the packs beside this one that build on it are in order."""
    top = policy.chain[-1]
    for folder in pack_folders(top.folder.resolve().parent).values():
        if folder.resolve() == top.folder.resolve() or not _builds_on(folder, top.manifest.id):
            continue
        try:
            policy_in(folder)
        except PolicyError:
            return False
    return True


def _builds_on(folder: Path, name: str) -> bool:
    try:
        text = read_regular_text(folder / MANIFEST)
    except (OSError, UnicodeDecodeError):
        return False
    return "builds_on:" in text and name in text


def _changes(policy: Policy, report: LintReport) -> Iterator[_Change]:
    for comment, names in report.unused:
        lint = next((x for x in report.lints if x.id == UNUSED
                     and (x.diagnostic.place.file, x.diagnostic.place.line)
                     == (comment.file, comment.line)), None)
        found = _source(policy, comment.file)
        if lint is not None and found is not None:
            yield _Change(lint, found[1], _without_ids(found[0], comment.line, comment.column,
                                                       comment.ids, names))
    for lint in report.lints:
        made = mendable(policy, lint)
        if made is not None:
            yield _Change(lint, *made)


def _without_ids(source: YamlSource, line: int, column: int, ids: tuple[str, ...],
                 gone: tuple[str, ...]) -> FileEdit:
    """An ignore without the ids that ignore nothing; without the comment where none is left."""
    lines = source.text.split("\n")
    start = sum(len(text) + 1 for text in lines[:line - 1])
    text = lines[line - 1]
    here, end = start + column - 1, start + len(text.rstrip("\r"))
    left = [name for name in ids if name not in gone]
    if left:
        first = at = text.index("lint-ignore", column - 1) + len("lint-ignore ")
        for name in ids:
            at = text.index(name, at) + len(name)
        return FileEdit(start + first, start + at, ", ".join(left))
    before = text[:column - 1]
    return FileEdit(start + len(before.rstrip()), end) if before.strip() \
        else without_lines(source.text, here, here)


def _unused(policy: Policy, lint: Lint) -> tuple[Path, FileEdit] | None:
    sections = {"lint.unused-parameter": "parameters", "lint.unused-definition": "definitions"}
    section = sections.get(lint.diagnostic.code)
    if section is None:
        return None
    top = policy.chain[-1]
    trail = (section, str(lint.diagnostic.args["name"]))
    if trail not in top.source.nodes:
        return None
    edit = without_key(top.source, trail)
    return None if edit is None else (top.folder / MANIFEST, edit)


def _not_translated(policy: Policy, lint: Lint) -> tuple[Path, FileEdit] | None:
    """Both languages with one text: the one that is marked wrongly goes."""
    found = _source(policy, lint.diagnostic.place.file)
    if found is None:
        return None
    source, path = found
    trail = next((t for t in source.nodes if path_text(t) == lint.diagnostic.place.path), None)
    if trail is None:
        return None
    other = source.nodes.get((*trail[:-1], "en" if trail[-1] == "zh" else "zh"))
    if other is None or getattr(other, "value", None) != getattr(source.nodes[trail], "value", ()):
        return None
    edit = without_key(source, trail)
    return None if edit is None else (path, edit)


def _source(policy: Policy, file: str | None) -> tuple[YamlSource, Path] | None:
    """A file of the pack itself by the name that places have, and its path."""
    return next(((source, path) for source, path in own_files(policy.chain[-1])
                 if source.file == file), None)


def own_files(pack: LoadedPack) -> Iterator[tuple[YamlSource, Path]]:
    """The files of a pack with their paths."""
    yield pack.source, pack.folder / MANIFEST
    yield from ((t.source, pack.folder / Path(t.source.file).name) for t in pack.topics)
    yield from ((c.source, pack.folder / CASES / Path(c.source.file).name)
                for c in load_cases(pack.folder))


def _text_of(path: Path) -> str:
    """A file's text as its positions count it, its lines ending alike."""
    return read_regular_text(path)


FIXERS: Final[Mapping[str, Callable[[Policy, Lint], tuple[Path, FileEdit] | None]]] = {
    "unused-parameter": _unused,
    "unused-definition": _unused,
    "not-translated": _not_translated,
}
"""What mends a lint, by its id; unused ignores are mended by what is known of each comment."""
