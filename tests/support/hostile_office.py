"""What people write who mean harm, everywhere that somebody can write. In: a register. Out: it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Final

from fastapi import FastAPI

from support.register_pages import OWN, PageClient
from zhuanjie.web.pages.site import make_site
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.members import column_set

SEEN: Final = "\"><img src=x onerror=hurt=1>'{{7*7}}<b x-init=hurt=1 hx-get=/hurt>"
"""What a form takes that bears no marks: markup, what templates and scripts would follow."""
EVIL: Final = f"=1+1\u2069\u202e{SEEN}\u200b"
"""The same as a formula, and with marks that turn what follows around."""
NAME: Final = EVIL.replace("/", "")
HURT: Final = """() => [
    window.hurt ? 'ran' : '', document.querySelector('img[src=x], [x-init], [hx-get="/hurt"]')
        ? 'built' : '', /[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.documentElement.innerText
        + document.title + [...document.querySelectorAll('[title], [aria-label], [placeholder]')].map(
        e => e.title + e.ariaLabel + e.placeholder)) ? 'turned' : ''].filter(each => each)"""
"""What harm was done in a page."""
_PNG: Final = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00"
               b"\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\xdac\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80"
               b"\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82")
_FILLED: Final = {"member.sex": "male", "member.category": "full", "member.left_on": "2026-06-20",
                  "destination.kind": "employer_org", "letter.issued_on": "2026-01-05",
                  "letter.valid_days": 30, "letter.form": "three_part"}


def plant(register: Register, passwords: dict[str, str], members: int = 3) -> None:
    """Write it into every form there is, as those who may."""
    for number in range(members):
        _member(register, f"00evil{number}", f"!{number}{EVIL}")
    app = make_site(register)
    with PageClient(app, OWN):
        _settings(_signed_in(app, "administrator", passwords), str(register.day()))
        clerk = _signed_in(app, "department", passwords)
        _acts(clerk, register.day())
        _imports(clerk)


def _settings(office: PageClient, day: str) -> None:
    for role, unit in (("college", "college"), ("department", "office")):
        office.submit(f"/settings/users/{role}", {"name": SEEN[:90], "role": role, "unit": unit})
    for unit, parent in (("college", "office"), ("b001", "college")):
        office.submit("/settings/units", {"id": unit, "title": SEEN, "parent": parent})
    office.submit("/settings/keys", {"title": SEEN[:60], "role": "inspector", "unit": "office",
                                     "until": day})


def _member(register: Register, id: str, key: str) -> None:
    texts = {f.name: EVIL for f in register.vocabulary.fields
             if f.type == "string" and not f.name.startswith("member.id")}
    record: dict[str, Any] = {**texts, **_FILLED, "member.id": key}
    with register.store.change(SYSTEM) as work:
        columns = column_set(work.conn, [f.name for f in register.vocabulary.fields])
        work.record(EventDraft(
            "member.imported", id, "b001", {n: (None, v) for n, v in record.items()},
            {"import": "test", "new": True, "unit": "b001", "columns": ""}, columns=columns))


def _signed_in(app: FastAPI, role: str, passwords: dict[str, str]) -> PageClient:
    browser = PageClient(app, OWN, follow_redirects=False,
                         headers={"origin": OWN, "accept-language": "zh"})
    answer = browser.post("/login", data={"user": role, "password": passwords[role]})
    assert answer.status_code == 303, answer.text
    return browser


def _acts(clerk: PageClient, day: date) -> None:
    page = clerk.page("/members/00evil0")
    clause = re.search(r"/members/00evil0/waivers\?clause=([^\"&]+)", page)
    assert clause
    clerk.submit("/members/00evil0/waivers", {"clause": clause[1], "expires": str(day + timedelta(days=90)),
                                            "reason": EVIL, "basis": EVIL})
    version = _hidden(clerk.page("/members/00evil0/acts/correct?section=person"), "version")
    clerk.submit("/members/00evil0/acts/correct", {
        "f:member.ethnicity": EVIL + "2", "was:member.ethnicity": EVIL, "reason": EVIL,
        "version": version})
    form = clerk.page("/members/00evil0/acts/receive")
    clerk.submit("/members/00evil0/acts/receive", {
        "f:receipt.returned_on": "2026-02-01", "was:receipt.returned_on": "", "reason": EVIL,
        "version": _hidden(form, "version"), "once": _hidden(form, "once"),
        "ack": re.findall(r'name="ack" value="([^"]+)"', form)},
        files={"file": (f"{NAME}.png", _PNG, "image/png")})


def _imports(clerk: PageClient) -> None:
    rows = [["学号", "姓名", EVIL + "表头", "离校时间", "民族"],
            [f"!8{EVIL}", EVIL, EVIL, EVIL, EVIL], [f"!9{EVIL}", EVIL, EVIL, "2026-06-20", EVIL],
            ["", EVIL, EVIL, "", ""]]
    data = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n"
                   for row in rows).encode()
    at = clerk.submit("/imports", files={"files": (f"{NAME}.csv", data)}).headers["location"]
    page = clerk.page(at)
    column = re.search(r'name="(column:[0-9a-f]+)" list="fields" data-pick value=""', page)
    assert column, page
    clerk.submit(f"{at}/columns", {column[1]: EVIL, "keep": "yes"}, status=422)
    clerk.submit(f"{at}/columns", {column[1]: "专业班级", "keep": "yes"})
    done = clerk.submit(f"{at}/save", {"token": _hidden(clerk.page(at), "token")})
    clerk.submit(f"{done.headers['location']}/undo", {"reason": EVIL})
    clerk.submit("/imports", files={"files": (f"{NAME}.csv", data)})


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, (name, page)
    return found[1]
