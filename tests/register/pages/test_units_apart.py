"""Another unit's ids, asked for on every page and by every form: they are not there.

What routes there are the application itself says, so that a new one fails until somebody says here
what of another unit's it could be asked for.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.register_office import ROLES
from support.register_pages import PageClient, Pages, page_routes

from zhuanjie.web.access.tables import USERS
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.pages.rooms import COSTLY
from zhuanjie.web.pages.site import make_site
from zhuanjie.web.store.event import SYSTEM

PNG = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
       b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\xdac\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80"
       b"\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82")
OF_NOBODY = ("/static/", "/login", "/law/clauses/", "/settings/forms/")
"""What has parts in its address that name nothing of a unit's."""
PARTS = {"key": "p1", "member": "p1", "act": "notify", "name": "audit.json", "answer": "approve"}
BY_PATH = {"/jobs/": "job", "/members/bulk/jobs/": "job", "/law/what-if/": "job", "/imports/uploads/": "upload",
           "/imports/": "import", "/settings/users/": "user", "/settings/reminders/": "reminder",
           "/settings/keys/": "api_key", "/members/": "waiver"}
"""What an `{id}` names, by how the address begins; the first that fits holds."""
FORMS: dict[str, dict[str, str]] = {
    "/members/{key}/files/{sha256}/remove": {"reason": "错"}, "/imports/{id}/undo": {"reason": "错"},
    "/imports/uploads/{id}/save": {"token": "1-" + "0" * 32},
    "/settings/users/{id}": {"name": "改名", "role": "department", "unit": "maths"}}
MIXED = [("POST", "/members/m1/waivers/{waiver}/refuse"), ("GET", "/members/m1/files/{sha256}"),
         ("POST", "/members/m1/files/{sha256}/remove"), ("GET", "/members/m1/history/{seq}")]
"""What is another unit's, asked for as one's own member's."""
ASKED = [  # what is named in a query or a form
    ("GET", "/board?unit=physics"), ("GET", "/board/list?unit=physics"),
    ("GET", "/board/report?unit=physics"), ("GET", "/board/report.html?unit=physics"),
    ("GET", "/board/report.xlsx?unit=physics"), ("GET", "/members?unit=physics"),
    ("GET", "/members?search=no-p1"), ("GET", "/members?search=%E7%8E%8Bp1"),
    ("GET", "/members?tab=withdrawn"), ("GET", "/letters?search=p1"), ("GET", "/receipts"),
    ("GET", "/letters/print?paper=notice&members=p1"),
    ("GET", "/letters/pdf?paper=notice&members=p1"),
    ("GET", "/letters/printed?paper=notice&once=x&members=p1"), ("GET", "/settings/units?unit=physics"),
    ("GET", "/settings/users?search=newton"), ("GET", "/imports"), ("GET", "/jobs"),
    ("GET", "/law/decisions"), ("GET", "/settings/history"),
    ("POST", "/letters/print", {"paper": "notice", "members": "p1", "once": "x"}),
    ("POST", "/members/bulk", {"act": "notify", "member": "p1", "input.education.notice_form": "x"}),
    ("POST", "/members/bulk/do", {"act": "notify", "member": "p1"}),
    ("POST", "/settings/units", {"id": "physics", "title": "改名", "parent": "maths"}),
    ("POST", "/settings/users", {"id": "mole", "role": "college", "unit": "physics"}),
    ("POST", "/settings/series", {"series": "letter", "unit": "physics", "prefix": "x", "reason": "x"}),
    ("POST", "/settings/reminders", {"unit": "physics", "channel": "mail", "address": "a@example.cn"}),
]


@pytest.fixture(scope="module")
def theirs(at: Pages) -> dict[str, str]:
    """What physics has, by the names of parts of addresses."""
    office = at.office
    file = office.ask("POST", "/attachments", files={"file": ("a.png", PNG)}).json()
    done = office.ask("POST", "/members/p1/acts/apply", json={
        "inputs": {"retention.reason": "考研"}, "attachments": [file]})
    assert done.status_code == 200, done.text
    ledger = {"files": ("a.csv", "学号,姓名,性别\nno-p7,王七,男\n".encode())}
    sent = office.ask("POST", "/imports", "college", "physics", files=ledger).json()
    saved = office.ask("POST", f"/imports/uploads/{sent['upload']}/save", "college", "physics",
                       json={"token": sent["token"]}).json()
    job = office.ask("POST", "/audits", "college", "physics", json={}).json()
    waiver = office.ask("POST", "/waivers", "college", "physics", json={
        "clause": "1.6b", "member": "p1", "reason": "封闭", "expires": "2026-09-30"}).json()
    reminder = office.ask("POST", "/reminders", "college", "physics", json={
        "unit": "physics", "channel": "mail", "target": "a@example.edu.cn"}).json()
    office.register.access.add_user(SYSTEM, "newton", role="college", unit="physics")
    for role in ROLES:
        at.password(role)
    with office.register.database.writing() as conn:  # those who look see mathematics alone
        conn.execute(USERS.update().values(unit="maths").where(USERS.c.id.in_(ROLES)))
    return {"sha256": file["sha256"], "upload": sent["upload"], "import": saved["id"],
            "job": job["id"], "waiver": waiver["id"], "seq": str(done.json()["version"]), "user": "newton", "reminder": reminder["id"],
            "api_key": office.key("college", "physics").split("_")[1], **PARTS}


def address(path: str, theirs: dict[str, str]) -> str:
    def part(found: re.Match[str]) -> str:
        if found[1] != "id":
            return theirs[found[1]]
        return theirs[next(kind for begin, kind in BY_PATH.items() if path.startswith(begin))]

    return re.sub(r"\{(\w+)\}", part, path)


@pytest.mark.parametrize("role", ROLES)
def test_another_units_ids_are_not_there(at: Pages, theirs: dict[str, str], role: str) -> None:
    browser, wrong = at.as_(role), []
    browser.page("/account")
    before = at.office.ask("GET", "/members/p1").json()["version"]
    named = [(method, path) for method, path in page_routes()
             if "{" in path and not path.startswith(OF_NOBODY)]
    assert len(named) > 25
    for method, path in named:
        answer = sent(browser, method, address(path, theirs), FORMS.get(path, {"reason": "x"}))
        # Who may not do such a thing even in their own unit is told so: it says nothing of others.
        # (What somebody else changed is asked for again and again: there nothing is said at all.)
        fine = {404, 403, *([204] if path.endswith("/since") else [])}
        if path == "/members/{key}/since":
            answer = browser.get(f"{address(path, theirs)}?version=0")
        if answer.status_code not in fine or told(answer.text):
            wrong.append((method, path, answer.status_code, told(answer.text)))
    for method, path in MIXED:
        answer = sent(browser, method, path.format(**theirs), {"reason": "x"})
        if answer.status_code not in {403, 404}:
            wrong.append((method, path, answer.status_code, []))
    for method, path, *form in ASKED:
        answer = sent(browser, method, path, form[0] if form else {}, follow_redirects=True)
        if answer.status_code >= 500 or told(answer.text.replace("no-p1", "").replace("王p1", "", 1)
                                             if "search=" in path else answer.text):
            wrong.append((method, path, answer.status_code, told(answer.text)))
    assert wrong == []
    assert at.office.ask("GET", "/members/p1").json()["version"] == before
    assert at.office.register.access.user(SYSTEM, "newton").unit == "physics"
    assert "mole" not in {user.id for user in at.office.register.access.users(SYSTEM)}


def sent(browser: PageClient, method: str, path: str, form: dict[str, str], **more: Any) -> Any:
    if method == "GET":
        return browser.get(path, **more)
    return browser.post(path, data={"csrf": browser.token, **form}, **more)


def told(text: str) -> list[str]:
    """What a page says that only physics should see."""
    return re.findall("王p1|王七|物理系|no-p1|no-p7|>newton<|a@example.edu.cn", text)


def test_forms_count_as_requests_do(at: Pages) -> None:
    assert set(page_routes()) >= COSTLY
    limits = {"requests": 4, "costly": 2, "strangers": 3}
    app = make_site(at.office.register, HttpSettings.model_validate({"limits": limits}))
    browser = Pages(at.office, app).as_("college")
    states = [browser.get("/account").status_code for _ in range(6)]
    assert states == [200] * 4 + [429] * 2
    assert 1 <= int(browser.get("/account").headers["retry-after"]) <= 60
    far = Pages(at.office, app).browser()  # a login has been one of the three already
    states = [far.post("/login", data={"user": "x", "password": "y"}).status_code for _ in range(4)]
    assert states == [401] * 2 + [429] * 2
    costly = Pages(at.office, make_site(at.office.register, HttpSettings.model_validate(
        {"limits": {**limits, "requests": 0, "strangers": 0}}))).as_("department")
    costly.page("/account")
    states = [costly.post("/board/days", data={"csrf": costly.token, "day": "x"}).status_code
              for _ in range(3)]
    assert states == [400, 400, 429]
