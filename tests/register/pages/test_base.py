"""What all pages stand on: signing in, words, headers, failures, what is carried through a login."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import numpy as np
import pytest
import zxingcpp
from arch.test_no_domain import TERMS, names
from support.register_pages import OWN, PageClient, Pages, page_routes, text_of

from zhuanjie.web.pages.assets import asset_files
from zhuanjie.web.pages.visitors import own_path
from zhuanjie.web.pages.words import every_word
from zhuanjie.web.store.event import SYSTEM

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "web" / "pages"
OURS = {"member.id"}
"""What the program calls something of its own, as a domain calls a field."""
ROLES = ("branch", "college", "department", "inspector", "administrator")


def placeholders(said: Any) -> set[str]:
    texts = said.values() if isinstance(said, dict) else (said,)
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same() -> None:
    zh, en = every_word("zh"), every_word("en")
    assert zh.keys() == en.keys()
    assert {k: placeholders(zh[k]) for k in zh} == {k: placeholders(en[k]) for k in en}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_words_know_a_domain(lang: Any) -> None:
    for key, said in every_word(lang).items():
        for text in said.values() if isinstance(said, dict) else (said,):
            assert not TERMS.findall(text) and not names().findall(text), key


def test_templates_have_words_of_no_language_and_no_domain() -> None:
    used = set()
    for path in sorted((FOLDER / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\u3400-\u9fff]", text), path
        assert set(names().findall(text)) <= OURS, path
        assert not re.search(r"\son\w+=|\sstyle=|hx-on|\|safe|<script(?![^>]* src=)", text), path
        # What scrolls sideways is reached by keyboard, and has a name.
        assert not re.search(r'class="scroll[^"]*"(?! tabindex="0" role="group" aria-label)', text), path
        used |= set(re.findall(r"\bt\('([a-z_]+\.[a-z_0-9]+)'(?! ~)", text))
    assert used <= every_word("zh").keys(), used - every_word("zh").keys()
    for path in sorted(FOLDER.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\u3400-\u9fff]", text), path
        assert set(names().findall(text)) <= OURS, path


def test_what_others_made_comes_with_its_licence() -> None:
    vendored = {name for name in asset_files() if name.startswith("vendor/")}
    assert vendored == {"vendor/htmx.min.js", "vendor/alpine-csp.min.js", "vendor/htmx.LICENSE",
                        "vendor/alpine.LICENSE"}
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name, file in (("htmx", "htmx.min.js"), ("Alpine.js", "alpine-csp.min.js")):
        version = re.search(rf"{re.escape(name)} ([\d.]+)", notice)
        assert version and version[1].encode() in asset_files()[f"vendor/{file}"][0]


@pytest.mark.parametrize(("text", "path"), [
    ("/a?b=c", "/a?b=c"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("", "/"), (None, "/"),
    ("https://evil.example", "/"), ("/\tevil", "/"), ("javascript:alert(1)", "/"), ("a", "/")])
def test_no_login_leads_elsewhere(text: str | None, path: str) -> None:
    assert own_path(text) == path


def test_a_new_user_comes_from_the_first_password_to_a_page(at: Pages) -> None:
    made = at.office.register.access.add_user(SYSTEM, "new", role="administrator", unit="office")
    browser = at.browser()
    assert browser.get("/").headers["location"] == "/login"
    assert "登录" in text_of(browser.page("/login"))
    wrong = browser.post("/login", data={"user": "new", "password": "no"})
    assert wrong.status_code == 401 and "验证码不正确" in text_of(wrong.text)
    begun = browser.post("/login", data={"user": "new", "password": made.password, "next": "/"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/login/password")
    assert browser.get("/account").headers["location"] == "/login/password"
    browser.page("/login/password")
    form = {"password": made.password, "new": "correct horse battery 1", "again": "another"}
    assert "两次输入的不一样" in browser.submit("/login/password", form, status=422).text
    done = browser.submit("/login/password", {**form, "again": form["new"]})
    assert done.headers["location"] == "/"
    first = browser.get("/")
    assert first.status_code == 303
    assert "密码已修改" in browser.page(first.headers["location"], follow_redirects=True)
    browser.page("/account")
    browser.submit("/logout")
    assert browser.get("/account").headers["location"] == "/login?next=/account"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_role_has_a_first_page_in_both_languages(at: Pages, role: str, lang: str) -> None:
    browser = at.as_(role, lang)
    answer = browser.get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert well_formed(answer.text)


def test_a_form_needs_its_token_and_a_page_of_ours(at: Pages) -> None:
    browser = at.as_("college")
    browser.page("/account")
    assert browser.post("/logout").status_code == 403
    assert browser.post("/logout", data={"csrf": "0" * 64}).status_code == 403
    far = {"csrf": browser.token}
    assert browser.post("/logout", data=far,
                        headers={"origin": "https://evil.example"}).status_code == 403
    assert browser.post("/logout", data=far,
                        headers={"sec-fetch-site": "cross-site"}).status_code == 403
    tried = 0
    for method, path in page_routes():
        if method == "POST" and path not in {"/login", "/preferences"}:  # for whom nobody knows
            answer = browser.post(re.sub(r"{\w+}", "x", path), data={"csrf": "0" * 64})
            assert (answer.status_code, "X-CSRF-Token" in answer.text) == (403, True), path
            tried += 1
    assert tried > 40 and browser.get("/account").status_code == 200


def test_what_was_typed_is_kept_through_a_login(at: Pages) -> None:
    browser = at.browser()
    typed = {"reason": "<b>改了</b>", "member": ["a", "b"]}
    answer = browser.post("/account/code", data=typed)
    assert answer.status_code == 401 and "填写的内容还在" in answer.text
    hidden = re.findall(r'name="(kept:[^"]*)" value="([^"]*)"', answer.text)
    assert hidden == [("kept:reason", "&lt;b&gt;改了&lt;/b&gt;"), ("kept:member", "a"),
                      ("kept:member", "b")]
    form = {"user": "college", "password": "wrong", "next": "/account/code",
            "kept:reason": "<b>改了</b>", "kept:member": ["a", "b"]}
    again = browser.post("/login", data=form)
    assert again.status_code == 401 and again.text.count('name="kept:member"') == 2
    done = browser.post("/login", data={**form, "password": at.password("college")})
    assert done.status_code == 200
    assert 'action="/account/code"' in done.text and 'name="csrf"' in done.text
    assert done.text.count('type="hidden" name="member"') == 2
    # Another site's page gets nothing carried on.
    far = at.browser().post("/account/code", data=typed, headers={"origin": "https://evil.example"})
    assert far.status_code == 403 and "kept:" not in far.text


def test_htmx_is_sent_to_the_login_as_a_whole(at: Pages) -> None:
    asked = {"hx-request": "true", "hx-current-url": f"{OWN}/jobs?x=1"}
    answer = at.browser().get("/jobs", headers=asked)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/login?next=/jobs%3Fx%3D1")


def test_failures_are_pages_for_people_and_problems_for_programs(at: Pages) -> None:
    browser = at.as_("college")
    page = browser.get("/no/such/page")
    assert page.status_code == 404 and "没有" in page.text and well_formed(page.text)
    part = browser.get("/jobs/" + "0" * 32, headers={"hx-request": "true"})
    assert part.status_code == 404 and "<html" not in part.text
    assert part.headers["hx-retarget"] == "#messages"
    assert browser.get("/api/v1/none").headers["content-type"] == "application/problem+json"
    large = browser.post("/account/code", content=b"x" * (1 << 21))
    assert large.status_code == 413 and "<html" in large.text
    at.app.add_api_route("/fails", lambda: 1 / 0)
    assert browser.get("/fails").status_code == 500
    assert "<html" in browser.get("/fails").text
    odd = browser.submit("/account/code", {"code": "a\x00b"}, status=422)
    assert "<html" in odd.text


def test_language_and_looks_are_chosen(at: Pages) -> None:
    browser = at.browser()
    answer = browser.post("/preferences", data={"language": "en", "theme": "dark",
                                                "next": "/login"})
    assert answer.headers["location"] == "/login"
    page = browser.page("/login")
    assert 'lang="en"' in page and 'data-theme="dark"' in page and "Sign in" in page
    assert browser.post("/preferences", data={"language": "xx", "next": "//evil"}
                        ).headers["location"] == "/"


def test_assets_are_kept_for_good_and_pages_are_small(at: Pages) -> None:
    page = at.as_("department").page("/account")
    size = len(page.encode())
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = at.browser().get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        size += len(answer.content)
    assert size < 300_000
    assert at.browser().get("/static/x/app.css").headers["cache-control"] == "no-store"
    assert at.browser().get("/static/x/../frame.py").status_code == 404


def well_formed(html: str) -> bool:
    """Whether every element that is opened is closed."""
    void = {"meta", "link", "input", "br", "hr", "img", "col", "source", "wbr"}
    stack: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in void:
                stack.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert stack and stack[-1] == tag, (tag, stack, self.getpos())
            stack.pop()

    Reader().feed(html)
    return not stack


def scanned(page: str) -> str:
    """What a telephone reads of the QR code on a page, by the strokes that draw it."""
    svg = re.search(r'<svg[^>]* class="qr"[^>]*>.*?</svg>', page, re.S)
    assert svg is not None and "style=" not in svg[0]
    strokes = re.search(r'stroke="[^"]+"[^>]* d="([^"]+)"', svg[0])
    assert strokes is not None
    dark, x, y = set(), 0.0, 0.0
    for move, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?", strokes[1]):
        if move == "h":
            dark |= {(int(y), int(x) + i) for i in range(int(first))}
            x += float(first)
        elif move == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second or 0)
    size = max(max(module) for module in dark) + 5  # a code needs room around it
    light = np.full((size, size), 255, np.uint8)
    for module in dark:
        light[module] = 0
    read = zxingcpp.read_barcode(np.kron(light, np.ones((4, 4), np.uint8)))
    assert read is not None
    return str(read.text)


def test_one_time_codes_are_enrolled_and_shown(at: Pages) -> None:
    import pyotp

    browser: PageClient = at.as_("inspector")
    begun = browser.submit("/account/codes", {"password": at.password("inspector")}, status=200)
    secret = re.search(r"secret=([A-Z2-7]+)", begun.text)
    assert secret
    uri = pyotp.TOTP(secret[1]).provisioning_uri(name="inspector", issuer_name="zhuanjie")
    assert scanned(begun.text) == uri
    for odd in ("otpauth://x", "otpauth://" + "x" * 3000, "javascript:alert(1)", ""):
        wrong = browser.submit("/account/codes/confirm", {"code": "1", "uri": odd}, status=401)
        assert ("<svg" in wrong.text) is (odd == "otpauth://x"), odd
        assert "javascript:" not in wrong.text
    done = browser.submit("/account/codes/confirm",
                          {"code": pyotp.TOTP(secret[1]).now(), "uri": "otpauth://x"})
    shown = browser.page(done.headers["location"])
    assert len(re.findall(r"<li><code>", shown)) == 10
    assert browser.get(done.headers["location"]).headers["location"] == "/account"  # this once
    other = at.browser()
    lacks = other.post("/login", data={"user": "inspector", "password": at.password("inspector")})
    assert lacks.status_code == 401 and 'name="code"' in lacks.text
    code = re.findall(r"<li><code>([^<]+)", shown)[0]
    let_in = other.post("/login", data={"user": "inspector", "code": code,
                                        "password": at.password("inspector")})
    assert let_in.status_code == 303


def test_whoever_lacks_a_code_is_led_to_where_it_is_enrolled(at: Pages) -> None:
    page = at.as_("department").page("/members/m1/acts/approve", status=403)
    assert '<a class="button main" href="/account">' in page
    other = at.as_("college").page("/members/m1/acts/approve", status=403)
    assert '<a class="button main"' not in other
