"""A preview that is kept with its upload. In: an upload, a register. Out: pages of what was found.

What a large ledger would change is worked out once and read page by page: each kind of thing that
is found stands in a file of lines, and where its pages begin is noted.
"""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any, Final

import orjson

from zhuanjie.engine.api import (
    LANGS,
    Diagnostic,
    InputFinding,
    Lang,
    ZhuanjieError,
    hide_numbers,
    say,
)
from zhuanjie.report.notices import gathered, in_words
from zhuanjie.report.view import View
from zhuanjie.web.service.importing import Told, options_of, read_upload
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import quoted
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.changes import MemberChange
from zhuanjie.web.transfer.layout import member_name, place, plain_import, said
from zhuanjie.web.transfer.preview import ImportPreview, go_through
from zhuanjie.web.transfer.source import ImportSource

FOLDER: Final = "preview"
PAGE: Final = 25
"""Lines of a page."""
_SUMMARY: Final = "summary.json"
_GROUPS: Final = 100
_ROWS: Final = 200
_KINDS: Final = 8
"""How much is kept of what is wrong in the same way: groups, rows and values of each."""
_TWICE: Final = "records.same-id"
_AS_IMPORT: Final = {f"records.unknown-heading{end}": f"register.import.unknown-heading{end}"
                     for end in ("", "-near", ".many")}
"""What an import says instead: an audit keeps the column and passes it over."""

Words = Mapping[str, str]
"""A text in every language."""


@dataclass(slots=True)
class _Lines:
    """A file of lines in the making."""

    file: IO[bytes]
    count: int = 0
    pages: list[int] = field(default_factory=list)

    def add(self, line: Any) -> None:
        if self.count % PAGE == 0:
            self.pages.append(self.file.tell())
        self.file.write(orjson.dumps(line) + b"\n")
        self.count += 1


@dataclass(frozen=True, slots=True)
class StoredPreview:
    """What was found, and where its parts stand; or, with `error`, why nothing can be read."""

    folder: Path
    summary: Mapping[str, Any]

    @property
    def error(self) -> Sequence[Words] | None:
        """Why the files cannot be read, line by line; None where they can."""
        return self.summary.get("error")

    @property
    def token(self) -> str:
        """What stands for what was shown."""
        return str(self.summary["token"])

    @property
    def changes(self) -> int:
        """How many members saving it would touch."""
        counts = self.summary["counts"]
        return int(counts.get("new", 0) + counts.get("changed", 0))

    def count(self, section: str) -> int:
        """How many lines a section has."""
        return int(self.summary["sections"].get(section, {"count": 0})["count"])

    def page(self, section: str, number: int) -> list[dict[str, Any]]:
        """A page of a section, the first is 0; none where there is no such page."""
        about = self.summary["sections"].get(section)
        if about is None or not 0 <= number < len(about["pages"]):
            return []
        with (self.folder / f"{section}.jsonl").open("rb") as file:
            file.seek(about["pages"][number])
            return [orjson.loads(line) for _, line in zip(range(PAGE), file, strict=False)]


def stored_preview(upload: Upload) -> StoredPreview | None:
    """The preview of an upload as it is to be read now; None where there is none yet."""
    folder = upload.folder / FOLDER
    try:
        return StoredPreview(folder, orjson.loads((folder / _SUMMARY).read_bytes()))
    except FileNotFoundError:
        return None


def forget_preview(upload: Upload) -> None:
    """Take a preview away: the upload is to be read in another way."""
    shutil.rmtree(upload.folder / FOLDER, ignore_errors=True)


def make_preview(register: Register, actor: Actor, upload: Upload,
                 told: Told = lambda _done, _all: None) -> StoredPreview:
    """Work out what saving an upload would do now, and keep it; why it cannot be read, too."""
    draft = upload.folder / f"{FOLDER}.{uuid.uuid4().hex}"
    draft.mkdir(mode=0o700)
    try:
        try:
            summary = _Writer(register, actor, upload, draft).write(told)
        except (ForbiddenError, NotFoundError):
            raise
        except ZhuanjieError as error:
            summary = {"error": [line for d in error.diagnostics for line in _lines(d, upload)]}
        (draft / _SUMMARY).write_bytes(orjson.dumps(summary))
        forget_preview(upload)
        draft.replace(upload.folder / FOLDER)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return StoredPreview(upload.folder / FOLDER, summary)


class _Writer:
    """Writes what is found of one upload."""

    def __init__(self, register: Register, actor: Actor, upload: Upload, folder: Path) -> None:
        self._register, self._actor, self._upload = register, actor, upload
        self._folder, self._lines = folder, dict[str, _Lines]()
        self._views = {lang: View.of(register.policy(), lang) for lang in LANGS}

    def write(self, told: Told) -> dict[str, Any]:
        """Read the upload, go through it, and return the summary."""
        register, actor = self._register, self._actor
        source = read_upload(register, actor, self._upload)
        options = options_of(register, actor, self._upload.options)
        try:
            groups = self._input(source)
            found = go_through(register.store, source, options, actor,
                               lambda change: self._take(change, source), told)
            for member in found.missing:
                self._add("missing", {"member": member.id, "unit": member.unit,
                                      "key": member_name(member, self._views["zh"])})
            for at in found.nameless:
                self._add("nameless", {"place": place(at, source)})
        finally:
            for lines in self._lines.values():
                lines.file.close()
        return {
            **_summary(found, self._upload), "groups": groups, "unit": options.unit,
            "sections": {name: {"count": each.count, "pages": each.pages}
                         for name, each in self._lines.items()}}

    def _add(self, section: str, line: Any) -> None:
        lines = self._lines.get(section)
        if lines is None:
            lines = self._lines[section] = _Lines((self._folder / f"{section}.jsonl").open("wb"))
        lines.add(line)

    def _take(self, change: MemberChange, source: ImportSource) -> None:
        line = self._line(change, source)
        if change.kind != "contradicted":
            self._add(change.kind, line)
        if change.contradictions:
            self._add("contradicted", line)
        if change.blank:
            self._add("blank", line)

    def _line(self, change: MemberChange, source: ImportSource) -> dict[str, Any]:
        fields = source.vocabulary.fields

        def shown(name: str, value: Any) -> Any:
            return fields[name].shown(value) if isinstance(value, str) and name in fields else value

        return {
            "kind": change.kind, "member": change.member, "key": change.key, "name": change.name,
            "unit": change.unit, "places": [place(p, source) for p in change.places],
            "values": [[n, shown(n, before), shown(n, after)]
                       for n, (before, after) in change.values.items()],
            "blank": [[n, shown(n, value)] for n, value in change.blank.items()],
            "columns": list(fields.sort(change.columns)) if change.kind == "changed" else [],
            "said": [{lang: said(c, source, view) for lang, view in self._views.items()}
                     for c in change.contradictions]}

    def _input(self, source: ImportSource) -> list[dict[str, Any]]:
        """Write what cannot be read, cell by cell; returns it by what is wrong with it."""
        groups: dict[tuple[Any, ...], dict[str, Any]] = {}
        counts: Counter[tuple[Any, ...]] = Counter()
        for found in (cell for each in source.input for cell in each.cells()):
            at = _table_of(found, source)
            words = {lang: _shorter(_why(found, lang), lang, self._upload) for lang in LANGS}
            letter = _letter(found, source, at)
            value = None if found.value is None else hide_numbers(found.value)
            self._add("input", {
                "table": at, "row": found.row, "column": letter, "heading": found.column,
                "field": found.field, "words": words, "value": value})
            group = (found.code, at, found.field, found.column)
            counts[group] += 1
            about = groups.setdefault(group, {
                "table": at, "column": letter, "heading": found.column, "field": found.field,
                "words": words, "rows": [], "kinds": []})
            if value not in about["kinds"] and value and len(about["kinds"]) < _KINDS:
                about["kinds"].append(value)
            if found.row is not None and len(about["rows"]) < _ROWS:
                about["rows"].append(found.row)
        return [{**groups[group], "count": count} for group, count in counts.most_common(_GROUPS)]


def _why(found: InputFinding, lang: Lang) -> str:
    """What is wrong with a cell. Of a number that comes twice an audit says something else than an
    import, which puts the rows together.
    """
    if found.code == _TWICE:
        return say("register.import.twice", lang, value=found.value, **found.args)
    return in_words(found, lang)


def _summary(found: ImportPreview, upload: Upload) -> dict[str, Any]:
    source = found.source
    return {
        "token": found.token, "sha256": source.sha256, "counts": dict(found.counts),
        "before": None if found.before is None else plain_import(found.before),
        "strays": dict(found.strays),
        "notices": [line for d in _gathered(source, upload) for line in d],
        "skipped": [{"file": s.file, "sheet": s.sheet,
                     "words": _words(s.reason, upload)} for s in source.skipped],
        "tables": [{
            "file": t.columns.file, "sheet": t.columns.sheet,
            "header_row": t.columns.header_row, "records": t.columns.records,
            "other_rows": dict(t.other_rows),
            "columns": [{
                "column": u.column, "heading": u.heading, "field": u.field.name if u.field else "",
                "how": u.how, "state": u.state, "near": list(u.suggestions),
                "samples": list(source.samples.get((at, u.field.name if u.field else u.heading),
                                                   ()))}
                for u in t.columns.columns],
        } for at, t in enumerate(source.tables)]}


def _gathered(source: ImportSource, upload: Upload) -> Iterator[Sequence[Words]]:
    """What there is to be said of tables, each once, in every language."""
    by_lang = {lang: [_said(d, lang, upload) for d in gathered(source.notices, lang)]
               for lang in LANGS}
    for texts in zip(*by_lang.values(), strict=True):
        yield [dict(zip(by_lang, texts, strict=True))]


def _said(found: Diagnostic, lang: Lang, upload: Upload) -> str:
    """A notice with its place, in one line."""
    code = _AS_IMPORT.get(found.code, found.code)
    text = _shorter(say(code, lang, **found.args), lang, upload)
    at = found.place
    where = ":".join(str(part) for part in (at.sheet, at.line) if part is not None)
    return f"{where}: {text}" if where else text


def _words(found: Diagnostic, upload: Upload) -> Words:
    return {lang: _said(found, lang, upload) for lang in LANGS}


def _lines(found: Diagnostic, upload: Upload) -> Iterator[Words]:
    """What is wrong, and what to do."""
    file = PurePath(found.place.file).name if found.place.file else ""
    yield {lang: f"{file}: {_said(found, lang, upload)}" if file else _said(found, lang, upload)
           for lang in LANGS}
    if found.hint:
        yield {lang: _shorter(say(found.hint or "", lang, **found.args), lang, upload)
               for lang in LANGS}


def _shorter(text: str, lang: Lang, upload: Upload) -> str:
    """A text in which files are called as whoever sent them does, with a page's quotes."""
    for file in upload.files:
        text = text.replace(f"{file.parent}/", "")
    return quoted(text, lang)


def _table_of(found: InputFinding, source: ImportSource) -> int:
    """The table of a finding: of several in one sheet the last that begins above it."""
    alike = [at for at, t in enumerate(source.tables)
             if (t.columns.file, t.columns.sheet) == (found.file, found.sheet)]
    above = [at for at in alike if (source.tables[at].columns.header_row or 0) <= (found.row or 0)]
    return (above or alike or [0])[-1]


def _letter(found: InputFinding, source: ImportSource, at: int) -> str | None:
    """The letter of a finding's column."""
    if not source.tables:
        return None
    heading = " ".join((found.column or "").split())
    columns = source.tables[at].columns.columns
    return next((u.column for u in columns if u.heading == heading), None) or next(
        (u.column for u in columns if u.field is not None and u.field.name == found.field), None)
