"""Packs for editors. In: texts as they are typed, places in them. Out: what an editor shows.

A `PackEditor` holds what is open and what is known of each pack. Nothing is written: it answers
with places and edits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zhuanjie.engine.api.lints import lint_weights
from zhuanjie.engine.authoring.editing.layout import formatted
from zhuanjie.engine.authoring.editor import completion, lenses, names
from zhuanjie.engine.authoring.editor.completion import Proposal
from zhuanjie.engine.authoring.editor.hover import Hover, hover
from zhuanjie.engine.authoring.editor.lenses import FailedCase, RuleLens, RuleRun
from zhuanjie.engine.authoring.editor.mentions import Mention
from zhuanjie.engine.authoring.editor.names import FilePlace
from zhuanjie.engine.authoring.editor.reading import PackReader, PackReading, Remark, pack_of
from zhuanjie.engine.authoring.editor.roles import file_kind
from zhuanjie.engine.authoring.editor.text_map import (
    Encoding,
    Stretch,
    TextMap,
    TextPosition,
)
from zhuanjie.engine.authoring.linting.edits import FileEdit
from zhuanjie.engine.authoring.linting.fixes import mendable
from zhuanjie.engine.authoring.linting.run import Lint
from zhuanjie.engine.core.errors import PolicyError, UsageError, fail
from zhuanjie.engine.core.lint_ids import Weight
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.regular_files import read_regular_text
from zhuanjie.engine.core.unsaved import texts_for_files

__all__ = [
    "FailedCase",
    "FileEdit",
    "FilePlace",
    "Hover",
    "Mention",
    "PackEditor",
    "Proposal",
    "Remark",
    "RuleLens",
    "RuleRun",
    "Stretch",
    "TextMap",
    "TextPosition",
]


class PackEditor:
    """What an editor has open, and the packs that these files are of.

    Paths are resolved ones. `read` is what takes time; everything else answers from what was read
    last, so that one thread may read while another asks.
    """

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self.encoding: Encoding = "utf-16"
        self.texts: dict[Path, str] = {}
        self._reader = PackReader()
        self._readings: dict[Path, PackReading] = {}

    def map(self, text: str) -> TextMap:
        """The places of a text, as the editor counts them."""
        return TextMap(text, self.encoding)

    def open(self, path: Path, text: str) -> None:
        """Take a file's text as it is typed now, in the place of what is saved."""
        self.texts[path] = text

    def close(self, path: Path) -> None:
        """A file is closed: what is saved holds again."""
        self.texts.pop(path, None)

    def text(self, path: Path) -> str | None:
        """A file's text as it is typed, or as it is saved; None where there is none."""
        if path in self.texts:
            return self.texts[path]
        try:
            return read_regular_text(path)
        except (OSError, UnicodeDecodeError):
            return None

    def folder(self, path: Path) -> Path | None:
        """The folder of the pack that a file is of."""
        return pack_of(path, self.texts)

    def folders(self, path: Path) -> list[Path]:
        """The packs to read again when a file changes: its own, and open ones that rest on it."""
        own = self.folder(path)
        rest = {self.folder(p) for p in self.texts} - {own, None}
        return [*((own,) if own is not None else ()),
                *(f for f in sorted(p for p in rest if p is not None)
                  if f in self._readings and path in self._readings[f].files)]

    def read(self, folder: Path, texts: Mapping[Path, str] | None = None, *,
             with_cases: bool = True) -> dict[Path, list[Remark]]:
        """Read a pack again; what is to be said of it, by file, also where that is nothing now."""
        before = self._readings.get(folder)
        texts = dict(self.texts if texts is None else texts)
        reading = self._reader.read(folder, texts, before, weights=_weights(),
                                    with_cases=with_cases)
        if not with_cases or texts == self.texts:  # else a quicker reading knows more by now
            self._readings[folder] = reading
        gone: dict[Path, list[Remark]] = {p: [] for p in before.remarks} if before else {}
        return {**gone, **{path: [] for path in reading.files if folder in path.parents},
                **reading.remarks}

    def _reading(self, path: Path) -> PackReading | None:
        folder = self.folder(path)
        if folder is None:
            return None
        if folder not in self._readings:
            self.read(folder, with_cases=False)
        return self._readings[folder]

    def completions(self, path: Path, at: TextPosition) -> list[Proposal]:
        """What may be typed at a place."""
        reading, text = self._reading(path), self.text(path)
        if reading is None or text is None:
            return []
        return completion.completions(reading, path, text, self.map(text).offset(at), self.lang)

    def hover(self, path: Path, at: TextPosition) -> Hover | None:
        """What is said of what stands at a place."""
        reading, text = self._reading(path), self.text(path)
        if reading is None or text is None:
            return None
        self._fresh(path, text)
        return hover(self._readings[reading.folder], path, text, self.map(text).offset(at),
                     self.lang)

    def definition(self, path: Path, at: TextPosition) -> FilePlace | None:
        """Where what stands at a place is declared."""
        reading, text = self._fresh(path)
        return names.definition(reading, path, text, self.map(text).offset(at)) if reading else None

    def references(self, path: Path, at: TextPosition, *, declared: bool) -> list[FilePlace]:
        """Where what stands at a place is named."""
        reading, text = self._fresh(path)
        return names.references(reading, path, text, self.map(text).offset(at),
                                declared=declared) if reading else []

    def renameable(self, path: Path, at: TextPosition) -> Mention:
        """What stands at a place, if it can have another name; raises UsageError if not."""
        reading, text = self._known(path)
        return names.renameable(reading, path, text, self.map(text).offset(at))

    def renamed(self, path: Path, at: TextPosition, new: str) -> dict[Path, list[FileEdit]]:
        """The edits, by file, that give it another name; raises UsageError where that cannot be."""
        reading, text = self._known(path)
        return names.renamed(self._reader, reading, path, text, self.map(text).offset(at), new,
                             self.texts)

    def formatted(self, path: Path) -> str | None:
        """A file's text in the layout of packs; None where it is not well formed."""
        text = self.text(path)
        if text is None or file_kind(path) is None:
            return None
        try:
            return formatted(text, str(path))
        except PolicyError:
            return None

    def mended(self, path: Path, remark: Remark) -> tuple[Path, FileEdit] | None:
        """The change that would mend a lint, where there is one that is safe as a rule."""
        reading = self._reading(path)
        if reading is None or reading.policy is None or not reading.in_order or not remark.id:
            return None
        lint = Lint(remark.id, "warning", remark.diagnostic)
        with texts_for_files(self.texts):
            found = mendable(reading.policy, lint)
        return None if found is None else (found[0].resolve(), found[1])

    def lenses(self, path: Path) -> list[RuleLens]:
        """The rules of a file, with how many cases try each."""
        reading, _ = self._fresh(path)
        return lenses.lenses(reading, path) if reading else []

    def run_cases(self, path: Path, rule: str | None) -> RuleRun:
        """Run the cases of a rule; raises PolicyError where the pack is not in order."""
        folder = self.folder(path)
        if folder is None:
            raise fail(UsageError, "editor.no-pack", file=path.name)
        return lenses.run_cases(folder, dict(self.texts), rule, self.lang)

    def _known(self, path: Path) -> tuple[PackReading, str]:
        reading, text = self._fresh(path)
        if reading is None:
            raise fail(UsageError, "editor.rename.nothing")
        return reading, text

    def _fresh(self, path: Path, text: str | None = None) -> tuple[PackReading | None, str]:
        """What is known, with the file as it is typed now: places in it are to be right."""
        reading, text = self._reading(path), text or self.text(path)
        if reading is None or text is None:
            return None, ""
        file = reading.file(path)
        if file is None or file.text != text:
            known = self._reader.file(path, text)
            if known is not None:
                reading.files[path] = known
        return reading, text


def _weights() -> dict[str, Weight]:
    """What lints weigh; settings that are broken are told where the program is called."""
    try:
        return lint_weights()
    except UsageError:
        return {}
