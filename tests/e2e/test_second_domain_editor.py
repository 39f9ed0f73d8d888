"""An editor that asks of the second domain's pack is answered in its terms: raw messages, no client."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zhuanjie.engine.vocabulary.load import default_vocabulary

PACK = Path(__file__).resolve().parents[2] / "fixtures" / "permits" / "harbour-2024-6"


def test_an_editor_is_answered_in_its_terms() -> None:
    pytest.importorskip("pygls", reason="the extra lsp is not installed")
    file = PACK / "10-decision.yaml"
    text, uri = file.read_text(encoding="utf-8"), file.as_uri()
    line = next(n for n, part in enumerate(text.split("\n")) if "when: " in part)
    column = text.split("\n")[line].index("when: ") + len("when: ")
    asked: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": {
            "processId": None, "rootUri": PACK.as_uri(), "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 1, "text": text}}},
        {"id": 2, "method": "textDocument/completion", "params": {
            "textDocument": {"uri": uri}, "position": {"line": line, "character": column}}},
        {"id": 3, "method": "shutdown"}, {"method": "exit"}]
    sent = b"".join(b"Content-Length: %d\r\n\r\n" % len(body) + body for body in (
        json.dumps({"jsonrpc": "2.0", **message}).encode() for message in asked))
    done = subprocess.run([sys.executable, "-m", "zhuanjie", "policy", "lsp"], input=sent,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(part.partition(b"\r\n\r\n")[2] or part)
               for part in re.split(rb"Content-Length: \d+\r\n(?:[^\r\n]+\r\n)*\r\n", done.stdout)
               if part.strip()]
    [found] = [a["result"]["items"] for a in answers if a.get("id") == 2]
    labels = {item["label"] for item in found}
    assert {"permit.kind", "inspection.result"} <= labels
    assert not labels & {field.name for field in default_vocabulary().fields}
