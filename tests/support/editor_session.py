"""What an editor does with one folder, for tests. In: a client of a server. Out: what it is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pytest_lsp import LanguageClient


class Session:
    """What an editor does with one folder."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.versions: dict[str, int] = {}

    def uri(self, name: str) -> str:
        return uris.from_fs_path(str((self.folder / name).resolve())) or ""

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def open(self, name: str, text: str | None = None) -> str:
        text = self.text(name) if text is None else text
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(
            lsp.TextDocumentItem(self.uri(name), "yaml", 1, text)))
        return text

    def type(self, name: str, change: lsp.TextDocumentContentChangeEvent) -> None:
        version = self.versions[name] = self.versions.get(name, 1) + 1
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version, self.uri(name)), [change]))

    def write_whole(self, name: str, text: str) -> None:
        self.type(name, lsp.TextDocumentContentChangeWholeDocument(text))

    def doc(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    async def said(self, name: str, code: str | None, *, seconds: float = 30.0,
                   ) -> list[lsp.Diagnostic]:
        """The diagnostics of a file once `code` is among them, or once there are none."""
        for _ in range(int(seconds / 0.05)):
            found = self.client.diagnostics.get(self.uri(name))
            if found is not None and (code in {d.code for d in found} if code else not found):
                return list(found)
            await asyncio.sleep(0.05)
        raise AssertionError(f"{code}: {self.client.diagnostics}")


def at(text: str, mark: str, extra: int = 0) -> lsp.Position:
    """The position behind a mark in a text, in UTF-16 units."""
    before = text[:text.index(mark) + len(mark) + extra]
    return lsp.Position(before.count("\n"),
                        len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)


def put(text: str, changes: dict[str, list[lsp.TextEdit]], uri: str) -> str:
    """A text with the edits of a file made."""
    lines = text.split("\n")

    def offset(p: lsp.Position) -> int:
        line = lines[p.line].encode("utf-16-le")[:p.character * 2].decode("utf-16-le")
        return sum(len(x) + 1 for x in lines[:p.line]) + len(line)

    for edit in sorted(changes.get(uri, ()), key=lambda e: -offset(e.range.start)):
        text = text[:offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end):]
    return text
