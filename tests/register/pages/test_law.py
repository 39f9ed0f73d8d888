"""The room of the law: every clause opens, what judged is said, another law is tried as a job."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import quote

import pytest
from support.register_pages import Pages, text_of

ROLES = ("branch", "college", "department", "inspector", "administrator")


@pytest.fixture(scope="module", autouse=True)
def _late(at: Pages) -> None:
    at.office.add("late", "algebra", letter__issued_on="2026-01-05", letter__valid_days=90,
                  letter__serial="1")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everybody_reads_the_law(at: Pages, role: str, lang: str) -> None:
    browser = at.as_(role, lang)
    page = browser.page("/law")
    assert len(page) < 300_000
    policy = at.office.register.law_book.policy(at.office.register.policy().id)
    assert all(f"/law/clauses/{quote(name)}?" in page for name in policy.clauses)
    assert ("/members?clause=" in page) is (role != "administrator")
    assert browser.get("/law/decisions").status_code == (403 if role == "administrator" else 200)
    assert browser.get("/law/what-if").status_code == (403 if role == "administrator" else 200)


def test_a_clause_of_an_earlier_law_opens(at: Pages) -> None:
    """By which cases of its time are judged still: a finding leads to it."""
    register, browser = at.office.register, at.as_("department", "en")
    document = register.law_book.policy(register.policy().id)
    earlier = sorted(set(register.policy().clauses) - set(document.clauses))
    assert earlier
    for clause in earlier:
        answer = browser.get(f"/law/clauses/{quote(clause)}", follow_redirects=True)
        assert (answer.status_code, str(answer.url).count("pack=")) == (200, 1), clause
        assert clause in text_of(answer.text)
    assert browser.get("/law/clauses/none").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_clause_opens(at: Pages, lang: str) -> None:
    browser = at.as_("department", lang)
    page = browser.page("/law")
    links = [unescape(link) for link in re.findall(r'href="(/law/clauses/[^"]+)"', page)]
    tried = 0
    for link in links[::16] + links[-1:]:
        text = browser.page(link)
        assert len(text) < 300_000
        tried += "<details>" in text
    assert tried
    for pack in at.office.register.law_book.names():
        browser.page(f"/law?pack={pack}")
    assert browser.page("/law/clauses/no-such", status=404)
    assert browser.get("/law?pack=../etc").status_code == 404


def test_what_judged_is_said(at: Pages) -> None:
    ref = at.office.register.policy().ref
    page = at.as_("department").page("/law/decisions")
    assert ref.sha256[:12] in page and "资料有改动" in text_of(page)
    assert "2026-06-30" in page
    # How many it judged opens the list of them; those who are withdrawn are judged no more.
    clerk = at.as_("department")
    clerk.submit("/members/m2/acts/withdraw", {"reason": "误录"})
    found = re.search(r'href="(/members\?law=[0-9a-f]{12})">(\d+)<', clerk.page("/law/decisions"))
    assert found
    listed = clerk.page(found[1])
    assert listed.count('name="member"') == int(found[2]) == 3 and ref.sha256[:12] in listed
    assert "/members/m1" not in clerk.page("/members?law=0000")
    clerk.submit("/members/m2/acts/restore", {"reason": "误撤"})



def test_what_is_typed_wrong_is_kept(at: Pages) -> None:
    browser, policy = at.as_("college"), at.office.register.policy()
    page = browser.page("/law/what-if")
    name = next(n for n, p in policy.parameters.items() if p.unit != "date" and "@" not in n)
    assert f'name="p:{name}"' in page
    wrong = browser.submit("/law/what-if", {"pack": policy.id, "as_of": "2026-06-30",
                                            f"p:{name}": "many"}, status=400)
    assert 'value="many"' in wrong.text
    same = browser.submit("/law/what-if", {"pack": policy.id, "as_of": "2026-06-30"}, status=400)
    assert "没有可比的" in same.text
    browser.submit("/law/what-if", {"pack": policy.id, "as_of": "x"}, status=400)


@pytest.mark.slow
def test_another_law_is_tried_and_shown(at: Pages) -> None:
    browser, register = at.as_("department"), at.office.register
    other = next(name for name in register.law_book.names() if name != register.policy().id)
    at.app.state.jobs.start()
    try:
        browser.page("/law/what-if")
        begun = browser.submit("/law/what-if", {"pack": other, "as_of": "2026-06-30"})
        where = begun.headers["location"]
        for _ in range(600):
            page = browser.page(where)
            if "hx-trigger" not in page:
                break
            time.sleep(0.1)
    finally:
        at.app.state.jobs.stop()
    assert "其中" in text_of(page) and re.search(r'href="/members/[a-z0-9-]+"', page)
    part = browser.page(where, headers={"hx-request": "true", "hx-target": "what-if"})
    assert part.lstrip().startswith("<section") and "impact.csv" in part
    assert "impact.csv" in browser.page(where.replace("/law/what-if", "/jobs"))
    assert at.as_("college").get(where).status_code == 404
