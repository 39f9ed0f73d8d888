"""What a click may do about a remark. In: a file, remarks of it. Out: actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from zhuanjie.cli.language_server import protocol
from zhuanjie.engine.api import LINTS, PackEditor, Remark, say


def actions(editor: PackEditor, path: Path, uri: str, asked: Sequence[lsp.Diagnostic],
            remarks: Iterable[Remark]) -> Iterator[lsp.CodeAction]:
    """The name that was meant, what mends a lint, a comment that ignores it."""
    text = editor.map(editor.text(path) or "")
    for shown in asked:
        near = (shown.data or {}).get("near") if isinstance(shown.data, dict) else None
        if near:
            yield _action(say("editor.action.near", editor.lang, near=near), shown, {
                uri: [lsp.TextEdit(shown.range, str(near))]}, preferred=True)
        if shown.code not in LINTS:
            continue
        remark = next((r for r in remarks if r.id == shown.code
                       and protocol.diagnostic(r, text, editor.lang).range == shown.range), None)
        found = editor.mended(path, remark) if remark is not None else None
        if found is not None:
            yield _action(say("editor.action.mend", editor.lang, id=shown.code), shown,
                          protocol.edits(editor, {found[0]: [found[1]]}).changes, preferred=True)
        line = text.line(shown.range.start.line)
        indent = line[:len(line) - len(line.lstrip(" "))]
        start = lsp.Position(shown.range.start.line, 0)
        # Lint refuses it as long as it stands there.
        reason = say("lint.bad-ignore-reason-to-write", editor.lang)
        comment = f"{indent}# lint-ignore {shown.code}: {reason}\n"
        yield _action(say("editor.action.ignore", editor.lang, id=shown.code), shown, {
            uri: [lsp.TextEdit(lsp.Range(start, start), comment)]})


def _action(title: str, shown: lsp.Diagnostic, changes: Mapping[str, Sequence[lsp.TextEdit]] | None,
            *, preferred: bool = False) -> lsp.CodeAction:
    return lsp.CodeAction(
        title, kind=lsp.CodeActionKind.QuickFix, diagnostics=[shown],
        is_preferred=preferred or None,
        edit=lsp.WorkspaceEdit(changes=changes))
