"""The server that an editor talks to. In: a language, if one is asked for. Out: a server to start.

Packs are read in a thread, a moment after the last change; until then what was read last answers.
Two readings follow one another: what is quick to say, then what only running the cases tells.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Final

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from zhuanjie.cli.language_server import protocol
from zhuanjie.cli.language_server.actions import actions
from zhuanjie.engine.api import (
    ENCODINGS,
    FailedCase,
    Lang,
    PackEditor,
    Remark,
    UsageError,
    ZhuanjieError,
    say,
    say_diagnostic,
)

RUN: Final = "zhuanjie-run-cases"
"""The command of a code lens: a file's address, and a rule's id or nothing for all cases."""
QUICK: Final = 0.2
"""Seconds without a change before a pack is read again."""
LONGEST: Final = 1.5
"""Seconds that it waits at the most where reading takes long: who types goes first."""
WHOLE: Final = 1.0
"""Seconds more before its cases are run."""


class PackServer(LanguageServer):
    """A language server with the packs that are open."""

    def __init__(self, version: str, lang: Lang, *, lang_asked: bool) -> None:
        super().__init__("zhuanjie", version)
        self.editor = PackEditor(lang)
        self.lang_asked = lang_asked
        self._waiting: dict[Path, asyncio.Task[None]] = {}
        self.busy = asyncio.Lock()
        self.slow = asyncio.Lock()
        self._remarks: dict[Path, list[Remark]] = {}
        self._took: dict[Path, float] = {}
        self._failed: dict[Path, list[lsp.Diagnostic]] = {}

    @property
    def lang(self) -> Lang:
        """The language that the editor is spoken to in."""
        return self.editor.lang

    def begin(self, params: lsp.InitializeParams) -> None:
        """Take in what the editor says of itself."""
        if not self.lang_asked and params.locale:
            self.editor.lang = "zh" if params.locale.lower().startswith("zh") else "en"
        root = params.root_uri or next((f.uri for f in params.workspace_folders or ()), None)
        folder = protocol.path_of(root) if root else None
        if folder is not None and folder.is_dir():
            os.chdir(folder)  # settings are looked for from here upward, as on the command line
        encodings = (params.capabilities.general.position_encodings or ()) \
            if params.capabilities.general else ()
        known = [e for word in map(_word, encodings) for e in ENCODINGS if e == word]
        self.editor.encoding = known[0] if known else "utf-16"

    def reread(self, path: Path, *, now: bool = False) -> None:
        """Have the packs that a file matters to read, in a moment."""
        for folder in self.editor.folders(path):
            task = self._waiting.pop(folder, None)
            if task is not None:
                task.cancel()
            wait = min(max(QUICK, self._took.get(folder, 0.0)), LONGEST)
            self._waiting[folder] = asyncio.get_running_loop().create_task(
                self._read(folder, 0 if now else wait))

    async def _read(self, folder: Path, wait: float) -> None:
        for pause, with_cases in ((wait, False), (WHOLE, True)):
            await asyncio.sleep(pause)
            texts = dict(self.editor.texts)
            # What runs cases may take long, and nothing quick waits for it.
            async with self.slow if with_cases else self.busy:
                begun = monotonic()
                try:
                    remarks = await asyncio.to_thread(
                        self.editor.read, folder, texts, with_cases=with_cases)
                except Exception as error:  # noqa: BLE001  # the server outlives any fault
                    self.log(f"{type(error).__name__}: {error}")
                    return
            if not with_cases:
                self._took[folder] = monotonic() - begun
            if texts != self.editor.texts:
                return  # another reading is on its way
            for path, some in remarks.items():
                self._remarks[path] = some
                self._failed.pop(path, None)
                self.publish(path)

    def remarks(self, path: Path) -> list[Remark]:
        """What is said of a file."""
        return self._remarks.get(path, [])

    def publish(self, path: Path) -> None:
        """Show what is to be said of a file."""
        text = self.editor.map(self.editor.text(path) or "")
        found = [protocol.diagnostic(r, text, self.lang) for r in self._remarks.get(path, ())]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(
            protocol.uri_of(path), [*found, *self._failed.get(path, ())]))

    def failed(self, cases: tuple[FailedCase, ...]) -> None:
        """Show cases that did not come out as written, until their pack changes."""
        shown, self._failed = set(self._failed), {}
        for case in cases:
            path = Path(case.place.file or "").resolve()
            text = self.editor.map(self.editor.text(path) or "")
            at = text.from_yaml(case.place.line or 1, int(case.place.column or 1))
            number, start = text.line_of(at)
            self._failed.setdefault(path, []).append(lsp.Diagnostic(
                protocol.span(text, at, start + len(text.line(number))),
                say("editor.case", self.lang, case=case.case, differs="; ".join(case.differs)),
                lsp.DiagnosticSeverity.Error, code="case", source=protocol.SOURCE))
        for path in shown | set(self._failed):
            self.publish(path)

    def log(self, text: str) -> None:
        """Write to the editor's log."""
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, text))


def _word(encoding: Any) -> str:
    return str(getattr(encoding, "value", encoding))


def make(version: str, lang: Lang, *, lang_asked: bool = False) -> PackServer:
    """A server that answers."""
    server = PackServer(version, lang, lang_asked=lang_asked)
    _documents(server)
    _questions(server)
    _changes(server)
    return server


def _documents(server: PackServer) -> None:
    """What is open, and as it is typed."""
    editor = server.editor

    @server.feature(lsp.INITIALIZE)
    def initialize(params: lsp.InitializeParams) -> None:
        server.begin(params)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        path = protocol.path_of(params.text_document.uri)
        if path is not None:
            editor.open(path, params.text_document.text)
            server.reread(path, now=True)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        path = protocol.path_of(params.text_document.uri)
        if path is None:
            return
        text = editor.texts.get(path, "")
        for change in params.content_changes:
            text = protocol.changed(text, change, editor)
        editor.open(path, text)
        server.reread(path)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        path = protocol.path_of(params.text_document.uri)
        if path is not None:
            server.reread(path, now=True)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def elsewhere(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            path = protocol.path_of(change.uri)
            if path is not None:
                server.reread(path)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        path = protocol.path_of(params.text_document.uri)
        if path is not None:
            editor.close(path)
            server.reread(path, now=True)


def _questions(server: PackServer) -> None:
    """What may stand somewhere, what it means, where else it is."""
    editor = server.editor

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(
        trigger_characters=[".", "'", '"', "{", "[", " "]))
    def complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        path = protocol.path_of(params.text_document.uri)
        found = editor.completions(path, protocol.where(params.position)) if path else []
        text = editor.map((editor.text(path) if path else "") or "")
        return lsp.CompletionList(False, [protocol.item(p, text, at)
                                          for at, p in enumerate(found)])

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        path = protocol.path_of(params.text_document.uri)
        found = editor.hover(path, protocol.where(params.position)) if path else None
        if path is None or found is None:
            return None
        text = editor.map(editor.text(path) or "")
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text),
                         protocol.span(text, found.start, found.end))

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        path = protocol.path_of(params.text_document.uri)
        found = editor.definition(path, protocol.where(params.position)) if path else None
        return protocol.location(editor, found) if found else None

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        path = protocol.path_of(params.text_document.uri)
        found = editor.references(path, protocol.where(params.position),
                                  declared=params.context.include_declaration) if path else []
        return [protocol.location(editor, place) for place in found]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        path = protocol.path_of(params.text_document.uri)
        if path is None:
            return []
        text, out = editor.map(editor.text(path) or ""), []
        for lens in editor.lenses(path):
            title = say("editor.lens" if lens.cases else "editor.lens.none", server.lang,
                        count=lens.cases)
            out.append(lsp.CodeLens(
                protocol.span(text, lens.start, lens.end),
                lsp.Command(title, RUN, arguments=[params.text_document.uri, lens.rule])))
        return out


def _changes(server: PackServer) -> None:
    """Other names, the layout, cases that are run."""
    editor = server.editor

    def refused(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except UsageError as error:
            raise JsonRpcInvalidParams(message="\n".join(
                say_diagnostic(d, server.lang) for d in error.diagnostics)) from None

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        path = protocol.path_of(params.text_document.uri)
        if path is None:
            return None
        found = refused(lambda: editor.renameable(path, protocol.where(params.position)))
        text = editor.map(editor.text(path) or "")
        return lsp.PrepareRenamePlaceholder(protocol.span(text, found.start, found.end), found.name)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        path = protocol.path_of(params.text_document.uri)
        if path is None:
            return None
        async with server.busy:
            found = await asyncio.to_thread(refused, lambda: editor.renamed(
                path, protocol.where(params.position), params.new_name))
        return protocol.edits(editor, found)

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
        path = protocol.path_of(params.text_document.uri)
        new = editor.formatted(path) if path else None
        old = editor.text(path) if path else None
        if new is None or old is None or new == old:
            return []
        return [lsp.TextEdit(protocol.span(editor.map(old), 0, len(old)), new)]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(
        code_action_kinds=[lsp.CodeActionKind.QuickFix]))
    def act(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        path = protocol.path_of(params.text_document.uri)
        return [] if path is None else list(actions(
            editor, path, params.text_document.uri, params.context.diagnostics,
            server.remarks(path)))

    @server.command(RUN)
    async def run(*words: Any) -> dict[str, Any]:
        uri, rule = ([*words, None, None])[:2]
        path = protocol.path_of(str(uri))
        try:
            if path is None:
                return {}
            async with server.busy:
                done = await asyncio.to_thread(editor.run_cases, path, rule)
        except ZhuanjieError as error:
            said = "\n".join(say_diagnostic(d, server.lang) for d in error.diagnostics)
            server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, said))
            return {"rule": rule, "error": said}
        code = "none" if not done.cases else "failed" if done.failed else "passed"
        server.failed(done.failed)
        server.window_show_message(lsp.ShowMessageParams(
            lsp.MessageType.Warning if code != "passed" else lsp.MessageType.Info,
            say(f"editor.run.{code}", server.lang, rule=rule or say("editor.run.all", server.lang),
                count=done.cases, failed=len(done.failed))))
        return {"rule": rule, "cases": done.cases, "failed": [
            {"case": f.case, "file": f.place.file, "line": f.place.line,
             "differs": list(f.differs)} for f in done.failed]}
