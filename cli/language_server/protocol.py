"""Answers in the protocol's words. In: places, remarks, proposals. Out: types of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types as lsp
from pygls import uris

from zhuanjie.engine.api import say

if TYPE_CHECKING:
    from zhuanjie.engine.api import (
        Diagnostic,
        FileEdit,
        FilePlace,
        Lang,
        PackEditor,
        Proposal,
        Remark,
        TextMap,
        TextPosition,
    )

SOURCE: Final = "zhuanjie"
_SEVERITIES: Final = {"error": lsp.DiagnosticSeverity.Error,
                      "warning": lsp.DiagnosticSeverity.Warning}
_UNUSED: Final = ("unused-parameter", "unused-ignore")
_KINDS: Final[Mapping[str, lsp.CompletionItemKind]] = {
    "field": lsp.CompletionItemKind.Field, "parameter": lsp.CompletionItemKind.Variable,
    "clause": lsp.CompletionItemKind.Reference, "rule": lsp.CompletionItemKind.Module,
    "value": lsp.CompletionItemKind.EnumMember, "function": lsp.CompletionItemKind.Function,
    "key": lsp.CompletionItemKind.Property, "word": lsp.CompletionItemKind.Keyword,
    "definition": lsp.CompletionItemKind.Constant, "party": lsp.CompletionItemKind.Unit,
    "moment": lsp.CompletionItemKind.Event, "pack": lsp.CompletionItemKind.Folder,
}


def path_of(uri: str) -> Path | None:
    """The file that an address means; None where it is no file."""
    found = uris.to_fs_path(uri)
    return Path(found).resolve() if found and uri.startswith("file:") else None


def uri_of(path: Path) -> str:
    """The address of a file."""
    return uris.from_fs_path(str(path)) or path.as_uri()


def position(at: TextPosition) -> lsp.Position:
    """A position, as the protocol has it."""
    return lsp.Position(at.line, at.column)


def span(text: TextMap, start: int, end: int) -> lsp.Range:
    """A stretch of a text."""
    return lsp.Range(position(text.position(start)), position(text.position(end)))


def location(editor: PackEditor, place: FilePlace) -> lsp.Location:
    """A stretch of a file."""
    return lsp.Location(uri_of(place.path), span(editor.map(place.text), place.start, place.end))


def diagnostic(remark: Remark, text: TextMap, lang: Lang) -> lsp.Diagnostic:
    """A mistake or a lint, with what to do about it."""
    found = remark.diagnostic
    message = say(found.code, lang, **found.args)
    if found.hint:
        message += "\n" + say(found.hint, lang, **found.args)
    start, end = marked(remark, text)
    near = found.args.get("near")
    return lsp.Diagnostic(
        span(text, start, end), message, _SEVERITIES[remark.severity],
        code=remark.id or found.code, source=SOURCE,
        tags=[lsp.DiagnosticTag.Unnecessary] if remark.id in _UNUSED else None,
        related_information=[_related(each, lang) for each in found.related] or None,
        data={"near": near} if near and _named(remark, text, start) else None)


def _related(other: Diagnostic, lang: Lang) -> lsp.DiagnosticRelatedInformation:
    """What else has to do with a mistake, at the place in its file where it begins."""
    at = other.place
    column = at.column if isinstance(at.column, int) else 1
    here = lsp.Position((at.line or 1) - 1, column - 1)
    return lsp.DiagnosticRelatedInformation(
        lsp.Location(uri_of(Path(at.file or "").resolve()), lsp.Range(here, here)),
        say(other.code, lang, **other.args))


def marked(remark: Remark, text: TextMap) -> tuple[int, int]:
    """What to mark of a remark's place: the name that it speaks of, or the word that begins there.
    """
    at = remark.diagnostic.place
    start = text.from_yaml(at.line or 1, at.column if isinstance(at.column, int) else 1)
    quoted = 1 if text.text[start:start + 1] in ("'", '"') else 0
    for shift in (0, quoted):
        if (length := _named(remark, text, start + shift)) > 0:
            return start + shift, start + shift + length
    here = text.span_from(start)
    return here.start, here.end


def _named(remark: Remark, text: TextMap, start: int) -> int:
    """The length of the name that a remark is about, where that is what stands there."""
    for key in ("name", "key", "value", "got", "id", "clause"):
        said = remark.diagnostic.args.get(key)
        if isinstance(said, str) and said and text.text.startswith(said, start):
            return len(said)
    return 0


def item(proposal: Proposal, text: TextMap, order: int) -> lsp.CompletionItem:
    """A proposal, in the order in which it is made."""
    return lsp.CompletionItem(
        proposal.label, kind=_KINDS[proposal.kind], detail=proposal.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, proposal.about)
        if proposal.about else None,
        sort_text=f"{order:05d}", filter_text=proposal.text,
        text_edit=lsp.TextEdit(span(text, proposal.start, proposal.end), proposal.text))


def edits(editor: PackEditor, found: Mapping[Path, Iterable[FileEdit]]) -> lsp.WorkspaceEdit:
    """Edits of some files."""
    return lsp.WorkspaceEdit(changes={
        uri_of(path): [lsp.TextEdit(span(editor.map(editor.text(path) or ""), e.start, e.end),
                                    e.text) for e in some]
        for path, some in found.items()})


def changed(text: str, change: lsp.TextDocumentContentChangeEvent, editor: PackEditor) -> str:
    """A text after a change of it."""
    if isinstance(change, lsp.TextDocumentContentChangeWholeDocument):
        return change.text
    here = editor.map(text)
    start, end = (here.offset(_position(p)) for p in (change.range.start, change.range.end))
    return text[:start] + change.text + text[max(start, end):]


def _position(at: lsp.Position) -> TextPosition:
    from zhuanjie.engine.api import TextPosition

    return TextPosition(at.line, at.character)


def where(at: lsp.Position) -> TextPosition:
    """A position, as the engine has it."""
    return _position(at)
