"""What else has to do with a mistake is said with its place, on the screen and in an editor."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import write

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.messages import say_diagnostic

OVER = """\
id: over
version: 1.0.0
title: {zh: 改, en: over}
authority: {zh: 试, en: tried}
document: {number: "2", issued_on: 2009-01-01, title: {zh: 试, en: tried}}
in_force: {from: 2009-01-01}
builds_on: tried
withdraws:
  - {parameter: grace, reason: {zh: 因此, en: because}}
"""


def test_an_editor_is_told_who_uses_what_is_withdrawn(tmp_path: Path) -> None:
    pytest.importorskip("lsprotocol", reason="the extra lsp is not installed")
    from zhuanjie.cli.language_server.protocol import diagnostic
    from zhuanjie.engine.api import Remark, TextMap

    write(tmp_path / "tried")
    folder = tmp_path / "over"
    folder.mkdir()
    (folder / "pack.yaml").write_text(OVER, encoding="utf-8")
    with pytest.raises(PolicyError) as told:
        load_policy(folder)
    (found,) = told.value.diagnostics
    assert "used by the rule `slip-back`" in say_diagnostic(found, "en")
    said = diagnostic(Remark(found), TextMap(OVER), "en")
    (use,) = said.related_information or ()
    assert use.location.uri == (tmp_path / "tried" / "10-rules.yaml").as_uri()
    assert (use.location.range.start.line, use.location.range.start.character) == (7, 35)
    assert use.message == "used by the rule `slip-back`"
