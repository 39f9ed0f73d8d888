"""Packs as a site: every page stands by itself, every link leads somewhere, nothing is lost."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.author_packs import CASES, MANIFEST, RULES, write

from zhuanjie.engine.api import PackCases, Policy, field_uses, load_policy, pack_cases, pack_ids
from zhuanjie.report.site.links import page_of
from zhuanjie.report.site.site import pages

ROOT = Path(__file__).resolve().parents[2]
PERMITS = ROOT / "fixtures" / "permits" / "harbour-2024-6"


class Page(HTMLParser):
    """What a page has: ids, links, elements, what stands in its data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.hrefs: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append(tag)
        if held.get("id"):
            self.ids.append(held["id"] or "")
        if tag == "a":
            self.hrefs.append(held.get("href") or "")
        self.loads += [v or "" for k, v in attrs if k in ("src", "srcset", "data", "action")]
        if tag == "link":
            self.loads.append(held.get("href") or "")
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data


def site(policies: list[Policy]) -> dict[str, Page]:
    packs: list[tuple[Policy, PackCases]] = [(p, pack_cases(p)) for p in policies]
    return {name: Page("".join(pieces)) for name, pieces in pages(packs, "zh")}


@pytest.fixture(scope="module")
def shipped() -> tuple[list[Policy], dict[str, Page]]:
    policies = [load_policy(name) for name in pack_ids()]
    return policies, site(policies)


def resolved(page: str, href: str) -> tuple[str, str]:
    """The page and the id that a link leads to."""
    parts = urlsplit(href)
    if not parts.path:
        return page, unquote(parts.fragment)
    folder = page.rpartition("/")[0]
    path = "/".join([folder, parts.path]).lstrip("/")
    while "/../" in f"/{path}":
        path = re.sub(r"(^|/)[^/]+/\.\./", r"\1", path, count=1)
    return path, unquote(parts.fragment)


def test_every_link_leads_somewhere(shipped: tuple[list[Policy], dict[str, Page]]) -> None:
    _, made = shipped
    for name, page in made.items():
        assert len(page.ids) == len(set(page.ids)), name
        entries = [e[3] for e in json.loads(page.scripts[0])["entries"]]
        for href in (*page.hrefs, *entries):
            if urlsplit(href).scheme in ("http", "https"):
                continue
            target, fragment = resolved(name, href)
            assert target in made, (name, href)
            assert not fragment or fragment in made[target].ids, (name, href)


def test_nothing_is_loaded(shipped: tuple[list[Policy], dict[str, Page]]) -> None:
    for page in shipped[1].values():
        assert page.loads == []
        assert not {"img", "iframe", "form", "object", "link", "base"} & set(page.tags)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_all_that_a_pack_says_is_there(shipped: tuple[list[Policy], dict[str, Page]],
                                       lang: str) -> None:
    policies, made = shipped
    for policy in policies:
        page = made[f"{lang}/{page_of(policy.id)}"]
        wanted = {*(f"clause-{c}" for c in policy.clauses), *(f"rule-{r.id}" for r in policy.rules),
                  *(f"parameter-{p}" for p in policy.parameters),
                  *(f"definition-{d}" for d in policy.definitions),
                  *(f"field-{u.field.name}" for u in field_uses(policy) if u.is_read)}
        assert wanted <= set(page.ids)
        for rule in policy.rules:
            assert getattr(rule.title, lang) in page.text
        base = policy.manifest.base
        if base:
            assert page_of(base) in page.hrefs
            assert page_of(policy.id) in made[f"{lang}/{page_of(base)}"].hrefs
        kinds = [e[0] for e in json.loads(page.scripts[0])["entries"]]
        assert kinds.count("rule") == len(policy.rules)
        assert kinds.count("clause") == len(policy.clauses)
        assert kinds.count("parameter") == len(policy.parameters)
        assert kinds.count("definition") == len(policy.definitions)
    assert any(policy.definitions for policy in policies)


def test_the_index_finds_each_thing_where_it_was_written(
        shipped: tuple[list[Policy], dict[str, Page]]) -> None:
    policies, made = shipped
    entries = json.loads(made["index.html"].scripts[0])["entries"]
    rules = sorted(e[3] for e in entries if e[0] == "rule")
    assert rules == sorted(f"zh/{page_of(p.id)}#rule-{r.id}" for p in policies for r in p.rules
                           if r.pack == p.id)
    fields = [e[1].split()[0] for e in entries if e[0] == "field"]
    assert len(fields) == len(set(fields))


def test_another_domain_has_its_site(tmp_path: Path) -> None:
    made = site([load_policy(PERMITS)])
    assert set(made) == {"index.html", *(f"{lang}/{name}" for lang in ("zh", "en") for name in (
        "index.html", "pack-harbour-2024-6.html"))}
    assert "H8" in made["en/pack-harbour-2024-6.html"].text


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_what_a_pack_says_is_text(tmp_path: Path) -> None:
    source = f"{{quote: {{zh: '{HOSTILE}'}}, article: '{HOSTILE}', url: 'https://a.example/?\"><b>'}}"
    text = MANIFEST.replace("text: {zh: 一, en: one}",
                            f"text: {{zh: '{HOSTILE}', en: one}}, source: {source}")
    write(tmp_path / "tried", RULES, CASES, text)
    made = site([load_policy(tmp_path / "tried")])
    page = made["zh/pack-tried.html"]
    assert "img" not in page.tags and page.tags.count("script") == 2 and "b" not in page.tags
    assert page.text.count(HOSTILE) >= 2
    found = [e for e in json.loads(page.scripts[0])["entries"] if e[0] == "clause"]
    assert HOSTILE in found[0][1] and found[0][2] == HOSTILE


def test_a_clause_with_a_blank_in_its_id_is_linked(tmp_path: Path) -> None:
    text = MANIFEST.replace('"1":', '"第一条 之一":')
    write(tmp_path / "tried", RULES.replace('clause: "1"', 'clause: "第一条 之一"'), CASES, text)
    made = site([load_policy(tmp_path / "tried")])
    page = made["zh/pack-tried.html"]
    assert "clause-第一条_之一" in page.ids
    assert "clause-第一条_之一" in [unquote(h).removeprefix("#") for h in page.hrefs]
