"""Where a clause stands in its document: what a pack may say of it, and where it is shown."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from support.author_packs import MANIFEST, policy, write

from zhuanjie import report
from zhuanjie.engine.api import load_policy, pack_cases
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.policy.lint import lint
from zhuanjie.report.site import pack_page
from zhuanjie.report.view import View

PLAIN = '"1": {binds: sender, text: {zh: 一, en: one}}'


def manifest(source: str) -> str:
    assert PLAIN in MANIFEST
    return MANIFEST.replace(PLAIN, PLAIN[:-1] + f", source: {source}}}")


def document(tmp_path: Path, source: str, lang: Lang) -> str:
    loaded = policy(tmp_path / "tried", manifest=manifest(source))
    view = View.of(loaded, lang)
    out = StringIO()
    report.write(pack_page.present(loaded, pack_cases(loaded), view), "markdown", out, view)
    return out.getvalue()


def test_a_document_shows_quote_place_and_address(tmp_path: Path) -> None:
    source = "{quote: {zh: 应当及时接转}, page: 3, article: 十二, url: 'https://example.org/a?b=1'}"
    text = document(tmp_path, source, "zh")
    assert "原文：“应当及时接转” 第十二条、第3页" in text
    assert "https://example.org/a?b=1" in text.replace("&#8203;", "")
    # A quote that is there in one language alone stands in both.
    assert "The document: “应当及时接转” article 十二, page 3" in document(tmp_path, source, "en")


def test_a_quote_in_one_language_is_no_lint(tmp_path: Path) -> None:
    found = lint(policy(tmp_path / "tried", manifest=manifest("{quote: {zh: 应当及时接转}}")))
    assert [d.code for d in found if d.code == "lint.not-translated"] == []
    found = lint(policy(tmp_path / "tried", manifest=manifest("{quote: {en: 应当及时接转}}")))
    assert [d.place.path for d in found if d.code == "lint.not-translated"] == [
        "clauses.1.source.quote.en"]


@pytest.mark.parametrize(("source", "code", "path"), [
    ("{}", "pack.clause-source.nothing", "clauses.1.source"),
    ("{page: }", "pack.clause-source.nothing", "clauses.1.source"),
    ("{quote: {zh: " + "字" * 301 + "}}", "pack.clause-source.long-quote", "clauses.1.source.quote"),
    ("{url: 'javascript:alert(1)'}", "pack.clause-source.url", "clauses.1.source.url"),
    ("{url: 'file:///etc/passwd'}", "pack.clause-source.url", "clauses.1.source.url"),
    ("{url: 'https://'}", "pack.clause-source.url", "clauses.1.source.url"),
    ("{url: 'https://a b'}", "pack.clause-source.url", "clauses.1.source.url"),
    ("{quote: 应当}", "pack.want-map", "clauses.1.source.quote"),
    ("{qoute: {zh: 应当}, page: 1}", "pack.unknown-key", "clauses.1.source.qoute"),
])
def test_what_is_no_source_is_refused_with_its_place(tmp_path: Path, source: str, code: str,
                                                     path: str) -> None:
    write(tmp_path / "tried", manifest=manifest(source))
    with pytest.raises(PolicyError) as told:
        load_policy(tmp_path / "tried")
    assert [(d.code, d.place.path) for d in told.value.diagnostics] == [(code, path)]
