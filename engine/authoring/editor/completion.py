"""What may be typed at a place. In: a pack as read, a file's text, an offset. Out: proposals.

A proposal replaces what is typed of it already. What a place may hold follows from the models and
from what the pack and its bases declare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from zhuanjie.engine.authoring.editor.cursor import Cursor, cursor_at
from zhuanjie.engine.authoring.editor.hover import HoverTexts, function_text
from zhuanjie.engine.authoring.editor.mentions import PARAMS
from zhuanjie.engine.authoring.editor.reading import PackReading
from zhuanjie.engine.authoring.editor.roles import FileKind, Role, file_kind, role_at
from zhuanjie.engine.authoring.editor.siblings import siblings
from zhuanjie.engine.authoring.editor.text_map import TextMap
from zhuanjie.engine.core.lint_ids import LINTS
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.core.yaml_source import Trail
from zhuanjie.engine.expr.operators import OPS
from zhuanjie.engine.policy.found import known_packs
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.found import vocabulary_folders

ProposalKind = Literal["field", "parameter", "clause", "rule", "value", "function", "key", "word",
                       "definition", "party", "moment", "pack"]
_TYPED: Final = re.compile(r"[\w.]*$")
_COMPARED: Final = re.compile(
    r"([a-z_]+\.[a-z_0-9]+)\s*(?:==|!=|in\s*\[[^\]]*?)\s*(['\"]?)([\w-]*)$")
_COMMENT: Final = re.compile(r"(?:^|\s)#(.*)$")
_ASPECTS: Final = ("clause", "due", "days_late", "missing")
_BLANKS: Final = ("due", "done", "days_late", "as_of")
_MANY: Final = 300
"""Names of one kind from which on proposals say no more than the name."""
_PLAIN: Final = re.compile(r"(?=.*[A-Za-z_])[A-Za-z_][\w.-]*")
_CONSTANTS: Final = ("true", "false", "null", "yes", "no", "on", "off")


class Proposal(Struct, frozen=True):
    """A text that may stand from `start` to `end`, and what is said of it."""

    label: str
    kind: ProposalKind
    start: int
    end: int
    text: str
    detail: str = ""
    about: str = ""


def completions(reading: PackReading, path: Path, text: str, offset: int,
                lang: Lang) -> list[Proposal]:
    """The proposals at an offset of a file, whether that is well formed or not."""
    kind = file_kind(path)
    if kind is None:
        return []
    return list(_Completer(reading, kind, TextMap(text), offset, lang).proposals())


class _Completer:
    def __init__(self, reading: PackReading, kind: FileKind, text: TextMap, offset: int,
                 lang: Lang) -> None:
        self.reading, self.kind, self.text, self.offset = reading, kind, text, offset
        self.cursor: Cursor = cursor_at(text, offset)
        self.hover = HoverTexts(reading, lang)
        self.policy: Policy | None = reading.policy
        self.lang = lang
        self._known: dict[str, list[str]] = {}

    def proposals(self) -> Iterator[Proposal]:
        cursor = self.cursor
        number, begin = self.text.line_of(self.offset)
        typed_line = self.text.line(number)[:self.offset - begin]
        if (comment := _COMMENT.search(typed_line)) is not None:
            yield from self._lints(comment[1], typed_line)
            return
        role = role_at(self.kind, cursor.trail)
        if role is None:
            return
        if cursor.on_key and (role.properties or role.keys):
            yield from self._keys(role)
            if role.kind == "words":
                yield from self._words(role)
            return
        typed = cursor.before
        match role.kind:
            case "cel":
                yield from self._condition(typed)
            case "text":
                yield from self._blanks(typed)
            case "value":
                yield from self._allowed()
            case "column":
                yield from self._columns(typed)
            case "cell":
                yield from self._cell()
            case "words" | "switch":
                yield from list(self._record_value()) or self._words(role)
            case "pack":
                yield from self._whole("pack", list(known_packs()))
            case "vocabulary":
                yield from self._whole("pack", list(vocabulary_folders((
                    self.reading.folder.parent, self.reading.folder))))
            case "field" | "clause" | "rule" | "parameter" | "party" | "moment" | "definition":
                yield from self._whole(role.kind, self._names(role.kind))
            case _:
                if self.kind == "cases":
                    yield from self._record_value()

    def _lints(self, said: str, line: str) -> Iterator[Proposal]:
        """Within a comment there is nothing to say, but which lints it may ignore."""
        found = re.match(r"\s*lint-ignore\s+(?:[\w-]+\s*[,，、]\s*)*([\w-]*)$", said)
        if found is not None and line.count("'") % 2 == line.count('"') % 2 == 0:
            for name in LINTS:
                yield Proposal(name, "word", self.offset - len(found[1]), self.offset, name)

    # What there is.

    def _names(self, kind: str) -> list[str]:
        if kind not in self._known:
            self._known[kind] = self._all_names(kind)
        return self._known[kind]

    def _all_names(self, kind: str) -> list[str]:
        policy, spoken = self.policy, self.reading.vocabulary
        declared = self.reading.names(kind)
        known: dict[str, list[str]] = {} if spoken is None else {
            "field": [field.name for field in spoken.fields], "party": list(spoken.parties)}
        if policy is not None:
            known |= {"clause": list(policy.clauses), "rule": [r.rule.id for r in policy.rules],
                      "parameter": list(policy.parameters), "moment": list(policy.moments)}
        return list(dict.fromkeys((*known.get(kind, ()), *declared)))

    def _about(self, kind: str, name: str) -> str:
        """What is said of a name, unless there are so many that nobody reads it."""
        return self.hover.about(kind, name) if len(self._names(kind)) <= _MANY else ""

    def _of(self, kind: ProposalKind, name: str, start: int, text: str | None = None) -> Proposal:
        about = self._about(kind, name)
        return Proposal(name, kind, start, self.offset, name if text is None else text,
                        about.partition("\n")[0], about)

    def _whole(self, kind: ProposalKind, names: list[str]) -> Iterator[Proposal]:
        """Names that are all of a value, in quotes where YAML would read something else."""
        for name in names:
            plain = self.cursor.quote or _reads_as_text(name)
            yield self._of(kind, name, self.cursor.start, name if plain else f'"{name}"')

    # Keys.

    def _keys(self, role: Role) -> Iterator[Proposal]:
        there = siblings(self.reading, self.text, self.cursor, self.offset)
        for name in role.properties:
            if name in there:
                continue
            inner = role_at(self.kind, (*self.cursor.trail, name))
            nested = inner is not None and bool(inner.properties or inner.keys) and not inner.kind
            yield Proposal(name, "key", self.cursor.start, self.offset,
                           name + self._colon(nested=nested and not self.cursor.in_flow),
                           about=inner.about if inner else "")
        if role.keys:
            for name in self._names(role.keys):
                if name in there:
                    continue
                plain = self.cursor.quote or _reads_as_text(name)
                written = name if plain else f'"{name}"'
                yield self._of(role.keys if role.keys in _KINDS else "key",
                               name, self.cursor.start, written + self._colon(nested=False))

    def _colon(self, *, nested: bool) -> str:
        """What follows a key, unless it is there already."""
        rest = self.text.text[self.offset:self.offset + 80].partition("\n")[0]
        if self.cursor.quote or re.match(r"[\w.-]*\s*:", rest):
            return ""
        return ":" if nested else ": "

    # Values.

    def _words(self, role: Role) -> Iterator[Proposal]:
        for word in role.words:
            yield Proposal(word, "word", self.cursor.start, self.offset, word)

    def _values(self, field: str, start: int, *, quote: str = "",
                prefix: str = "") -> Iterator[Proposal]:
        """The values of an enumerated or yes/no field."""
        spoken = self.reading.vocabulary
        known = spoken.fields.get(field) if spoken else None
        if known is None:
            return
        values = list(known.values) if known.type == "enum" else \
            ["true", "false"] if known.type == "bool" else []
        for value in values:
            shown = (known.values_en if self.lang == "en" else known.values).get(value, "")
            quoted = f"{quote}{value}{quote}" if known.type == "enum" else value
            yield Proposal(value, "value", start, self.offset, prefix + quoted, shown or "",
                           self.hover.about("field", field))

    def _record_value(self) -> Iterator[Proposal]:
        """What a case may give a field."""
        name = str(self.cursor.trail[-1]) if self.cursor.trail else ""
        if self.kind == "cases" and "." in name:
            yield from self._values(name, self.cursor.start)

    def _allowed(self) -> Iterator[Proposal]:
        """What a row of a table may allow: values of the field that it is about."""
        trail = self.cursor.trail
        subject = self._beside((*trail[:trail.index("rows")], "subject")) \
            if "rows" in trail else None
        if subject is None and trail[:1] == ("rows",):
            table = self._beside((*trail[:2], "table"))
            rule = next((r for r in (self.policy.rules if self.policy else ())
                         if r.rule.id == table), None)
            subject = rule.rule.table.subject if rule and rule.rule.table else None
        if subject is not None:
            yield from self._values(str(subject), self.cursor.start)

    def _beside(self, trail: Trail) -> str | None:
        """The text at a trail of the file, as it was when it was well formed last."""
        for file in self.reading.files.values():
            if file.source is None or not file.text:
                continue
            near = file.text == self.text.text or file.text[:200] == self.text.text[:200]
            if near and trail in file.source.nodes:
                return str(getattr(file.source.nodes[trail], "value", ""))
        key = str(trail[-1])  # it is not: the nearest such key above
        found = re.findall(rf"^[ -]*{re.escape(key)}:[ ]*([\w.]+)",
                           self.text.text[:self.offset], re.MULTILINE)
        return found[-1] if found else None

    def _columns(self, typed: str) -> Iterator[Proposal]:
        start = self.cursor.start
        if typed.startswith("expect.") and typed.count(".") > 1:
            head = typed.rpartition(".")[0]
            for aspect in _ASPECTS:
                yield Proposal(f"{head}.{aspect}", "word", start, self.offset, f"{head}.{aspect}")
            return
        led: tuple[tuple[ProposalKind, str], ...] = (("rule", "expect."), ("parameter", "params."))
        for kind, lead in led:
            for name in self._names(kind):
                about = self._about(kind, name)
                yield Proposal(lead + name, kind, start, self.offset,
                               lead + name, about.partition("\n")[0], about)
        yield Proposal("as_of", "word", start, self.offset, "as_of")
        for name in self._names("field"):
            yield self._of("field", name, start)

    def _cell(self) -> Iterator[Proposal]:
        """A cell of a table of cases: what its column takes."""
        trail = self.cursor.trail
        rows = trail.index("rows")
        if len(trail) < rows + 3 or not isinstance(trail[-1], int):
            return
        column = self._beside((*trail[:rows], "columns", trail[rows + 2])) or ""
        if column.startswith("expect.") and column.endswith(".clause"):
            yield from self._whole("clause", self._names("clause"))
        elif column.startswith("expect.") and column.count(".") == 1:
            for outcome in Outcome:
                if outcome is not Outcome.WAIVED:
                    yield Proposal(outcome.value, "word", self.cursor.start, self.offset,
                                   outcome.value)
        elif column:
            yield from self._values(column, self.cursor.start)

    # Conditions and texts.

    def _condition(self, typed: str) -> Iterator[Proposal]:
        compared = _COMPARED.search(typed)
        if compared is not None:
            start = self.offset - len(compared[3])
            inner = "" if compared[2] else '"' if self.cursor.quote == "'" else "'"
            yield from self._values(compared[1], start, quote=inner)
            if compared[2]:
                return
        outside = re.sub(r"'[^']*'|\"[^\"]*\"", "", typed)
        if outside.count("'" if self.cursor.quote != "'" else '"') % 2:
            return  # within a text
        found = _TYPED.search(typed)
        name = found[0] if found else ""
        start = self.offset - len(name)
        if name.startswith(f"{PARAMS}."):
            yield from (self._of("parameter", f"{p}", start, f"{PARAMS}.{p}")
                        for p in self._names("parameter"))
            return
        for field in self._names("field"):
            yield self._of("field", field, start)
        for known in self._names("definition"):
            yield self._of("definition", known, start)
        for param in self._names("parameter"):
            about = self._about("parameter", param)
            yield Proposal(f"{PARAMS}.{param}", "parameter", start, self.offset,
                           f"{PARAMS}.{param}", about.partition("\n")[0], about)
        yield Proposal("as_of", "word", start, self.offset, "as_of",
                       about=function_text("as_of", self.lang))
        head = name.rpartition(".")[0]
        for op in OPS.values():
            if op.form in ("function", "method") and op.cel == op.name:
                written = op.name if op.form == "function" or not head else f"{head}.{op.name}"
                yield Proposal(op.name if written == op.name else written, "function", start,
                               self.offset, written, about=function_text(op.name, self.lang))

    def _blanks(self, typed: str) -> Iterator[Proposal]:
        """What a text may quote, within braces."""
        opened = typed.rfind("{")
        if opened < 0 or "}" in typed[opened:]:
            return
        start = self.offset - len(typed) + opened + 1
        close = "" if self.text.text[self.offset:self.offset + 1] == "}" else "}"
        for name in _BLANKS:
            yield Proposal(name, "word", start, self.offset, name + close)
        for field in self._names("field"):
            yield self._of("field", field, start, field + close)
        for param in self._names("parameter"):
            yield Proposal(f"{PARAMS}.{param}", "parameter", start, self.offset,
                           f"{PARAMS}.{param}{close}")


_KINDS: Final = ("field", "parameter", "clause", "rule", "party", "moment", "definition")


def _reads_as_text(name: str) -> bool:
    """Whether YAML reads a bare word as the text it is."""
    return bool(_PLAIN.fullmatch(name)) and name.lower() not in _CONSTANTS
