"""An editor's session: the real command over stdio, asked by a real client.

What is answered is tried without a server in `unit/test_editor.py`, quickly.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
pytest.importorskip("pytest_lsp", reason="pytest-lsp is not installed")

import pytest_lsp
from lsprotocol import types as lsp
from pygls import uris
from pytest_lsp import ClientServerConfig, LanguageClient
from support.author_packs import CASES, MANIFEST, RULES, write
from support.editor_session import Session, at, put

pytestmark = pytest.mark.e2e
RUN = "zhuanjie-run-cases"
RULES_FILE, CASES_FILE = "10-rules.yaml", "cases/all.yaml"


@pytest_lsp.fixture(config=ClientServerConfig(
    server_command=[sys.executable, "-m", "zhuanjie", "policy", "lsp", "--stdio"]))
async def client(lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    write(tmp_path / "tried", rules=RULES, cases=CASES, manifest=MANIFEST)
    await lsp_client.initialize_session(lsp.InitializeParams(
        capabilities=lsp.ClientCapabilities(), root_uri=uris.from_fs_path(str(tmp_path)),
        locale="en"))
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def session(client: LanguageClient, tmp_path: Path) -> Session:
    return Session(client, tmp_path / "tried")


async def labels(session: Session, name: str, text: str, mark: str) -> list[str]:
    found = await session.client.text_document_completion_async(
        lsp.CompletionParams(session.doc(name), at(text, mark)))
    assert isinstance(found, lsp.CompletionList)
    return [item.label for item in found.items]


@pytest.mark.asyncio
async def test_mistakes_and_lints_as_typed(session: Session) -> None:
    text = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)
    wrong = text.replace("has(letter.issued_on)", "has(letter.isued_on)  # 𠮷")
    session.write_whole(RULES_FILE, wrong)
    [found] = await session.said(RULES_FILE, "cel.unknown-name")
    assert "did you mean `letter.issued_on`?" in found.message
    assert found.severity is lsp.DiagnosticSeverity.Error
    start, end = at(wrong, "has("), at(wrong, "has(letter.isued_on")
    assert (found.range.start, found.range.end) == (start, end)
    months = text.replace("days(params.grace)", "months(params.grace)")
    session.write_whole(RULES_FILE, months)
    assert "unit" in {d.code for d in await session.said(RULES_FILE, "unit")}
    session.write_whole(RULES_FILE, text)
    await session.said(RULES_FILE, None)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_whole_pack_is_read_with_what_is_not_saved(session: Session) -> None:
    manifest = session.open("pack.yaml")
    rules = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)
    session.write_whole("pack.yaml", manifest.replace("grace:", "respite:"))
    found = await session.said(RULES_FILE, "cel.unknown-name")
    assert "params.grace" in found[0].message
    session.write_whole(RULES_FILE, rules.replace("params.grace", "params.respite"))
    await session.said(RULES_FILE, None)
    session.client.text_document_did_close(lsp.DidCloseTextDocumentParams(session.doc("pack.yaml")))
    assert "params.respite" in (await session.said(RULES_FILE, "cel.unknown-name"))[0].message


@pytest.mark.slow
@pytest.mark.asyncio
async def test_changes_within_lines_count_utf16(session: Session) -> None:
    text = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)
    start = at(text, "title: {zh: ")
    session.type(RULES_FILE, lsp.TextDocumentContentChangePartial(lsp.Range(start, start), "𠮷𠮷"))
    line = text.split("\n")[start.line]
    behind = lsp.Position(start.line, line.index("slip") + 4 + 4)
    session.type(RULES_FILE, lsp.TextDocumentContentChangePartial(
        lsp.Range(lsp.Position(start.line, behind.character - 4), behind), "slap, 𠮷: y"))
    [found] = await session.said(RULES_FILE, "pack.unknown-key")
    place = lsp.Position(start.line, behind.character + 2)
    assert found.range == lsp.Range(place, lsp.Position(place.line, place.character + 2))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_completion(session: Session) -> None:
    text = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)

    async def offered(old: str, typed: str) -> list[str]:
        new = text.replace(old, typed, 1)
        session.write_whole(RULES_FILE, new)
        return await labels(session, RULES_FILE, new, typed)

    names = await offered("has(letter.issued_on)", "has(lett")
    assert "letter.issued_on" in names and "params.grace" in names and "startsWith" in names
    assert await offered("days(params.grace)", "days(params.") == ["grace"]
    assert set(await offered("employment.employed", "destination.kind == '")) >= {
        "employer_org", "retained"}
    assert "2b" in await offered('clause: "2a"', 'clause: "')
    assert "employer_org" in await offered("allow: [employer_org]", "allow: [")
    assert "moments" in await offered("    when: has(letter.issued_on)\n", "    mo")
    assert "receipt.returned_on" in await offered("done: receipt.returned_on", "done: ")
    assert {"due", "letter.issued_on"} <= set(await offered("zh: 错,", "zh: '错 {"))
    assert await offered('clause: "1"\n', "severity: ") == ["error", "warning"]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_completion_in_cases_and_in_the_manifest(session: Session) -> None:
    cases = session.open(CASES_FILE)
    await session.said(CASES_FILE, None)
    new = cases.replace("expect.slip-back.due]", "expect.sl")
    session.write_whole(CASES_FILE, new)
    assert "expect.slip-back" in await labels(session, CASES_FILE, new, "expect.sl")
    new = cases.replace("record: {member.id: s1}", "record: {lett")
    session.write_whole(CASES_FILE, new)
    assert "letter.issued_on" in await labels(session, CASES_FILE, new, "record: {lett")
    manifest = session.open("pack.yaml")
    new = manifest.replace('"2": {binds: sender', '"2": {binds: ')
    session.write_whole("pack.yaml", new)
    assert "receiver" in await labels(session, "pack.yaml", new, '"2": {binds: ')


@pytest.mark.slow
@pytest.mark.asyncio
async def test_broken_yaml_keeps_what_was_known(session: Session) -> None:
    text = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)
    broken = text.replace("topic: {zh: 试", "topic: {zh: '试").replace(
        "days(params.grace)", "days(params.")
    session.write_whole(RULES_FILE, broken)
    assert "source.yaml" in {d.code for d in await session.said(RULES_FILE, "source.yaml")}
    assert await labels(session, RULES_FILE, broken, "days(params.") == ["grace"]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_hover(session: Session) -> None:
    text, manifest = session.open(RULES_FILE), session.open("pack.yaml")
    await session.said(RULES_FILE, None)

    async def told(name: str, whole: str, mark: str) -> str:
        found = await session.client.text_document_hover_async(
            lsp.HoverParams(session.doc(name), at(whole, mark)))
        assert found is not None and isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value

    assert "day the letter was issued" in await told(RULES_FILE, text, "has(letter.iss")
    assert "30 days" in await told(RULES_FILE, text, "days(params.gr")
    assert "one" in await told(RULES_FILE, text, 'clause: "1')
    rule = await told(RULES_FILE, text, "- id: slip-b")
    assert "slip" in rule and "letter.issued_on is on record" in rule and "> 1 one" in rule
    assert "a stretch of n days" in await told(RULES_FILE, text, "+ day")
    assert "never unknown" in await told(RULES_FILE, text, "when: ha")
    assert "30 days" in await told("pack.yaml", manifest, "  grac")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_definition_and_references(session: Session) -> None:
    text, manifest = session.open(RULES_FILE), session.open("pack.yaml")
    await session.said(RULES_FILE, None)

    async def declared(mark: str) -> lsp.Location:
        found = await session.client.text_document_definition_async(
            lsp.DefinitionParams(session.doc(RULES_FILE), at(text, mark)))
        assert isinstance(found, lsp.Location)
        return found

    place = await declared("days(params.gr")
    assert (place.uri, place.range.start) == (session.uri("pack.yaml"), at(manifest, "  grace", -5))
    place = await declared('clause: "2a')
    assert place.range.start == at(manifest, '  "2a', -2)
    place = await declared("has(letter.iss")
    assert place.uri.endswith("fields.yaml")

    async def used(name: str, whole: str, mark: str) -> set[tuple[str, int]]:
        found = await session.client.text_document_references_async(lsp.ReferenceParams(
            lsp.ReferenceContext(True), session.doc(name), at(whole, mark)))
        return {(str(p.uri).rpartition("/")[2], p.range.start.line) for p in found or ()}

    grace = await used("pack.yaml", manifest, "  gra")
    assert {name for name, _ in grace} == {"pack.yaml", "10-rules.yaml"}
    rule = await used(RULES_FILE, text, "id: where-")
    assert {name for name, _ in rule} == {"10-rules.yaml", "all.yaml"} and len(rule) >= 3


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(("mark", "new", "old"), [
    ("days(params.gra", "respite", "grace"), ("- id: slip-b", "slip-returned", "slip-back"),
    ('clause: "2a', "2.1", "2a"), ('clause: "2a', "二甲", "2a"),
])
async def test_renaming_leaves_the_pack_in_order(session: Session, mark: str, new: str,
                                                 old: str) -> None:
    texts = {name: session.open(name) for name in ("pack.yaml", RULES_FILE, CASES_FILE)}
    await session.said(RULES_FILE, None)
    prepared = await session.client.text_document_prepare_rename_async(
        lsp.PrepareRenameParams(session.doc(RULES_FILE), at(texts[RULES_FILE], mark)))
    assert isinstance(prepared, lsp.PrepareRenamePlaceholder) and prepared.placeholder == old
    edit = await session.client.text_document_rename_async(
        lsp.RenameParams(session.doc(RULES_FILE), at(texts[RULES_FILE], mark), new))
    assert edit is not None and edit.changes is not None
    for name, text in texts.items():
        changed = put(text, dict(edit.changes), session.uri(name))
        assert old not in changed.replace("tried", "")
        session.write_whole(name, changed)
    done = await session.client.workspace_execute_command_async(
        lsp.ExecuteCommandParams(RUN, [session.uri(RULES_FILE)]))
    assert (done["failed"], done["cases"]) == ([], 21)
    await session.said(RULES_FILE, None)


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(("mark", "new"), [
    ("days(params.gra", "Grace!"), ("- id: slip-b", "where-to"), ("has(letter.iss", "letter.x"),
    ("topic: {zh", "x"),
])
async def test_what_cannot_be_renamed_is_refused(session: Session, mark: str, new: str) -> None:
    text = session.open(RULES_FILE)
    await session.said(RULES_FILE, None)
    with pytest.raises(Exception, match=r"cannot be a name|already|nothing here"):
        await session.client.text_document_rename_async(
            lsp.RenameParams(session.doc(RULES_FILE), at(text, mark), new))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_formatting_is_that_of_fmt(session: Session) -> None:
    text = session.open(RULES_FILE)
    ugly = text.replace("    clause:", "    clause:   ").replace("\n  - id", "\n\n\n  - id") + "\n\n"
    session.write_whole(RULES_FILE, ugly)
    edits = await session.client.text_document_formatting_async(lsp.DocumentFormattingParams(
        session.doc(RULES_FILE), lsp.FormattingOptions(2, True)))
    from zhuanjie.engine.authoring.editing.layout import formatted

    assert edits is not None
    assert put(ugly, {"x": list(edits)}, "x") == formatted(ugly, "x") != ugly


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_lens_runs_the_cases_of_a_rule(session: Session) -> None:
    text, cases = session.open(RULES_FILE), session.open(CASES_FILE)
    await session.said(RULES_FILE, None)
    lenses = await session.client.text_document_code_lens_async(
        lsp.CodeLensParams(session.doc(RULES_FILE)))
    assert lenses is not None and [lens.range.start for lens in lenses] == [
        at(text, "- id: "), at(text, "where-to", -8)]
    lens = lenses[0].command
    assert lens is not None and lens.command == RUN and "7" in lens.title
    assert lens.arguments is not None
    done = await session.client.workspace_execute_command_async(
        lsp.ExecuteCommandParams(RUN, lens.arguments))
    assert done["failed"] == [] and done["cases"] == 7
    session.write_whole(CASES_FILE, cases.replace("2007-07-02, violation", "2007-07-02, satisfied"))
    done = await session.client.workspace_execute_command_async(
        lsp.ExecuteCommandParams(RUN, lens.arguments))
    assert len(done["failed"]) == 1 and "satisfied" in done["failed"][0]["differs"][0]
    found = await session.said(CASES_FILE, "case")
    line = cases[:cases.index("2007-07-02, violation")].count("\n")
    assert [d.range.start.line for d in found if d.code == "case"] == [line]
    assert any("did not come out" in m.message for m in session.client.messages)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_click_writes_what_was_meant_and_mends_lints(session: Session) -> None:
    text, manifest = session.open(RULES_FILE), session.open("pack.yaml")
    await session.said(RULES_FILE, None)

    async def offered(name: str, code: str) -> dict[str, lsp.CodeAction]:
        found = [d for d in await session.said(name, code) if d.code == code]
        done = await session.client.text_document_code_action_async(lsp.CodeActionParams(
            session.doc(name), found[0].range, lsp.CodeActionContext(found)))
        return {a.title: a for a in done or () if isinstance(a, lsp.CodeAction)}

    wrong = text.replace("has(letter.issued_on)", "has(letter.isued_on)", 1)
    session.write_whole(RULES_FILE, wrong)
    [action] = (await offered(RULES_FILE, "cel.unknown-name")).values()
    assert action.edit is not None and action.edit.changes is not None
    assert put(wrong, dict(action.edit.changes), session.uri(RULES_FILE)) == text
    session.write_whole(RULES_FILE, text)
    spare = manifest.replace("parameters:\n", "parameters:\n  spare: {unit: days, value: 1, "
                             "source: {zh: 试, en: tried}, note: {zh: 试, en: tried}}\n")
    session.write_whole("pack.yaml", spare)
    found = await offered("pack.yaml", "unused-parameter")
    mend, ignore = found["mend: unused-parameter"].edit, found[
        "ignore `unused-parameter` here, with a reason"].edit
    assert mend is not None and mend.changes is not None
    assert put(spare, dict(mend.changes), session.uri("pack.yaml")) == manifest
    assert ignore is not None and ignore.changes is not None
    ignored = put(spare, dict(ignore.changes), session.uri("pack.yaml"))
    session.write_whole("pack.yaml", ignored.replace("unused-parameter: REASON", "unused-parameter: soon"))
    await session.said("pack.yaml", None)
