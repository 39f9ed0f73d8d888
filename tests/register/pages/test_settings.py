"""The room of settings: who sees which part, what forms set, what is typed wrong, no secret."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from support.mail_server import mail_server
from support.register_pages import Pages, text_of
from support.sheets import places

from zhuanjie.engine.api import office_zone
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.pages.settings.tabs import TABS
from zhuanjie.web.settings.reading import closing_days, form_offset, form_places
from zhuanjie.web.store.event import SYSTEM

SEEN = {
    "branch": {"roles"}, "college": {"reminders", "roles"}, "inspector": {"roles"},
    "department": {"series", "closing", "forms", "reminders", "roles", "history"},
    "administrator": set(TABS) - {"series"}}


@pytest.mark.parametrize("role", SEEN)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_role_sees_its_parts_and_no_other(at: Pages, role: str, lang: str) -> None:
    browser = at.as_(role, lang)
    assert browser.get("/settings").status_code == 303
    for name in TABS:
        answer = browser.get(f"/settings/{name}")
        assert answer.status_code == (200 if name in SEEN[role] else 403), (name, answer.text)
        if name in SEEN[role]:
            shown = {tab for tab in TABS if f'href="/settings/{tab}"' in answer.text}
            assert shown == SEEN[role]


def test_closing_days_are_typed_and_kept_where_they_are_wrong(at: Pages) -> None:
    browser = at.as_("department")
    browser.page("/settings/closing")
    browser.submit("/settings/closing", {"monthly": "25", "version": "0",
                                         "days": "2026-03-10，2026-04-01\n"})
    page = browser.page("/settings/closing")
    assert "2026-03-10" in page and "2026-05-25" in text_of(page)
    wrong = browser.submit("/settings/closing", {"monthly": "25", "days": "2026-02-30"},
                           status=400)
    assert "2026-02-30" in wrong.text and 'role="alert"' in wrong.text
    late = browser.submit("/settings/closing", {"monthly": "1", "version": "0"}, status=409)
    assert "已由他人改动" in late.text
    with at.office.register.store.reading(SYSTEM) as conn:
        assert closing_days(conn).monthly == 25


def test_offsets_are_millimetres(at: Pages) -> None:
    register = at.office.register
    register.settings.put(SYSTEM, "forms/letter", {"right": 10})
    browser = at.as_("department")
    assert 'value="1.0"' in browser.page("/settings/forms")
    browser.submit("/settings/forms", {"form": "letter", "right": "-1.5", "down": "2"})
    with register.store.reading(SYSTEM) as conn:
        assert (form_offset(conn, "letter").right, form_offset(conn, "letter").down) == (-15, 20)
    for wrong in ("1.55", "x", "NaN", "1e9", "99", ""):
        answer = browser.post("/settings/forms", data={
            "csrf": browser.token, "form": "letter", "right": wrong, "down": "0"})
        assert answer.status_code == (303 if wrong == "" else 400), (wrong, answer.text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_a_bought_forms_blanks_are_is_typed_and_tried(at: Pages, lang: str) -> None:
    register, browser = at.office.register, at.as_("department", lang)
    page = browser.page("/settings/forms/letter")
    typed = {name: unescape(value) for name, value in re.findall(
        r'name="((?:[xyws]:[^"]+)|width|height|version)"[^>]* value="([^"]*)"', page)}
    name = next(key for key in typed if key.startswith("x:2.name."))[2:]
    strike = next(key for key in typed if key.startswith("x:2.sex.male"))[2:]
    typed |= {f"x:{name}": "31.5", f"y:{name}": "120", f"x:{strike}": "", f"y:{strike}": ""}
    heading = "介绍信姓名" if lang == "zh" else "Name on the letter"
    for wrong in ({f"x:{name}": "200"}, {f"y:{name}": ""}, {f"w:{name}": "1.55"}, {f"s:{name}": "4"},
                  {"height": "100"}):
        said = browser.submit("/settings/forms/letter", {**typed, **wrong}, status=400)
        assert 'role="alert"' in said.text and (heading in said.text or "height" in wrong)
        assert f'value="{typed[f"x:{name}"]}"' in said.text or wrong.get(f"x:{name}")  # what was typed stays
        assert browser.submit("/settings/forms/letter/test", {**typed, **wrong}, status=400)
    assert not register.settings.one(SYSTEM, "places/letter").value
    tried = browser.submit("/settings/forms/letter/test", typed, status=200)
    (left, right, down), *_ = [p for p in places(tried.content, "介绍信姓名") if p[2] > 110]
    assert 31 < left < right < 60 and 117 < down < 120.5
    assert not register.settings.one(SYSTEM, "places/letter").value
    browser.submit("/settings/forms/letter", typed)
    with register.store.reading(SYSTEM) as conn:
        held = form_places(conn, "letter")
    assert held is not None
    assert {(p.right, p.down) for p in held.places if (p.part, p.blank) == (2, "name")} == {(315, 1200)}
    assert [p.value for p in held.places if p.blank == "sex"] == ["female"]
    assert "places/letter" in browser.page("/settings/history")
    late = browser.submit("/settings/forms/letter", typed, status=409)
    assert 'role="alert"' in late.text
    browser.submit("/settings/forms/letter", {"remove": "yes"})
    assert not register.settings.one(SYSTEM, "places/letter").value
    browser.page("/settings/forms/signing", status=404)
    browser.page("/settings/forms/none", status=404)


def test_a_password_of_the_mail_is_on_no_page(at: Pages) -> None:
    browser = at.as_("administrator")
    browser.page("/settings/mail")
    form = {"host": "smtp.example.edu.cn", "port": "465", "encryption": "tls",
            "sender": "zzb@example.edu.cn", "user": "zzb"}
    browser.submit("/settings/mail", {**form, "password": "hunter2 geheim"})
    texts = [browser.page(f"/settings/{name}") for name in ("mail", "history")]
    wrong = browser.submit("/settings/mail", {**form, "host": "evil.example"}, status=400)
    assert "smtp.example.edu.cn" in texts[0] and "密钥须重新填写" in wrong.text
    assert "geheim" not in "".join((*texts, wrong.text))
    browser.submit("/settings/mail", {"remove": "yes"})
    assert "smtp.example.edu.cn" not in browser.page("/settings/mail")


def test_servers_are_tried_and_the_outcome_said(at: Pages) -> None:
    browser = at.as_("administrator")
    assert "/settings/mail/test" not in browser.page("/settings/mail")  # nothing is set
    with mail_server() as server:
        browser.submit("/settings/mail", {"host": "127.0.0.1", "port": str(server.port),
                                          "encryption": "none", "sender": "zzb@example.edu.cn"})
        assert "/settings/mail/test" in browser.page("/settings/mail")
        done = browser.submit("/settings/mail/test", {"to": "li@example.cn"}, status=200)
        assert "已发出" in text_of(done.text) and 'role="status"' in done.text
        assert len(server.envelopes) == 1
    lost = browser.submit("/settings/mail/test", {"to": "li@example.cn"}, status=200)
    assert "连不上对方服务器" in text_of(lost.text) and 'role="alert"' in lost.text
    browser.submit("/settings/mail/test", {"to": "<b>"}, status=400)
    nobody = browser.submit("/settings/robots/nobody/test", status=200)
    assert "已没有这个群机器人" in text_of(nobody.text)
    browser.submit("/settings/mail", {"remove": "yes"})


def test_a_robot_is_added_and_told_of_a_unit(at: Pages) -> None:
    browser, names = at.as_("administrator"), {"name": "office-group", "kind": "wecom"}
    browser.page("/settings/robots")
    browser.submit("/settings/robots", names, status=400)
    browser.submit("/settings/robots", {**names, "url": "https://qyapi.weixin.qq.com/geheim"})
    page = browser.page("/settings/robots")
    assert "office-group" in page and "geheim" not in page
    browser.submit("/settings/reminders", {"unit": "maths", "channel": "webhook:office-group",
                                           "lang": "zh"})
    browser.submit("/settings/reminders", {"unit": "maths", "channel": "mail", "lang": "zh",
                                           "address": "no address"}, status=400)
    assert "office-group" in browser.page("/settings/reminders")
    college = at.as_("college")
    page = college.page("/settings/reminders")
    id = page.partition("/settings/reminders/")[2].partition("/remove")[0]
    college.submit(f"/settings/reminders/{id}/remove")
    assert "office-group" not in college.page("/settings/reminders").partition("<form")[0]


def test_a_user_is_made_changed_and_let_in_no_more(at: Pages) -> None:
    def version() -> int:
        return at.office.register.access.user(SYSTEM, "wang").version

    browser = at.as_("administrator")
    browser.page("/settings/users")
    form = {"id": "wang", "name": "<b>王</b>", "role": "college", "unit": "maths"}
    shown = browser.submit("/settings/users", form).headers["location"]
    made = browser.get(shown)
    assert 'class="secret"' in made.text and "<b>王" not in made.text
    assert made.headers["cache-control"] == "no-store"
    assert 'class="secret"' not in browser.page(shown)
    again = browser.submit("/settings/users", form, status=400)
    assert "&lt;b&gt;王" in again.text
    assert "wang" in browser.page("/settings/users?search=王")
    assert "wang" not in text_of(browser.page("/settings/users?search=nobody"))
    browser.submit("/settings/users/wang", {"name": "王五", "role": "branch", "unit": "algebra"})
    user = at.office.register.access.user(SYSTEM, "wang")
    assert (user.role, user.unit, user.name) == ("branch", "algebra", "王五")
    said = version()
    browser.submit("/settings/users/wang", {"name": "王五", "role": "branch", "unit": "algebra"})
    assert version() == said  # nothing was another
    browser.submit("/settings/users/wang", {"role": "no-such-role"}, status=400)
    said, told = version(), {"once": "a"}
    paths = {browser.submit("/settings/users/wang/password", told).headers["location"]
             for _ in range(2)}
    assert 'class="secret"' in browser.page(*paths) and version() == said + 1
    browser.submit("/settings/users/wang/codes")
    browser.submit("/settings/users/wang/disable")
    assert at.office.register.access.user(SYSTEM, "wang").disabled
    assert browser.get("/settings/users/nobody").status_code == 404
    assert at.as_("department").get("/settings/users/wang").status_code in {403, 404}


def test_a_key_is_made_shown_once_and_revoked(at: Pages) -> None:
    register, browser = at.office.register, at.as_("administrator")
    browser.page("/settings/keys")
    until = register.store.now().astimezone(office_zone()).date() + timedelta(30)
    form = {"title": "<i>离校</i>", "role": "inspector", "unit": "maths", "until": str(until)}
    # The form is sent twice, as by loading the page anew, and its page is looked at twice.
    shown = {browser.submit("/settings/keys", form | {"once": "k"}).headers["location"]
             for _ in range(2)}
    made = browser.get(*shown)
    assert "zhuanjie_" not in browser.page(*shown)
    key = re.search(r"<code>(zhuanjie_[\w-]+)</code>", made.text)
    assert key is not None and "<i>" not in made.text
    assert made.headers["cache-control"] == "no-store"
    actor = register.access.actor_of_key(key[1])
    assert (actor.role, actor.unit) == ("inspector", "maths")
    page = browser.page("/settings/keys")
    assert key[1] not in page and f"{until + timedelta(1)} 00:00" in text_of(page)  # to the end of the day
    for wrong in ({"until": "2036-01-01"}, {"until": "9999-12-31"}, {"until": "x"},
                  {"until": "2020-01-01"}, {"title": " "}, {"role": "system"}, {"unit": "none"}):
        answer = browser.submit("/settings/keys", form | wrong, status=404 if "unit" in wrong else 400)
        assert 'role="alert"' in answer.text and "zhuanjie_" not in answer.text
    assert len(register.access.keys(SYSTEM)) == 1
    college = at.as_("college")
    assert college.submit(f"/settings/keys/{actor.id[4:]}/revoke", status=403)
    browser.submit(f"/settings/keys/{actor.id[4:]}/revoke")
    assert "已作废" in text_of(browser.page("/settings/keys"))
    with pytest.raises(LoginError):
        register.access.actor_of_key(key[1])
    browser.submit("/settings/keys/000000000000/revoke", status=404)


def test_a_unit_is_made_moved_and_closed(at: Pages) -> None:
    browser = at.as_("administrator")
    browser.page("/settings/units")
    browser.submit("/settings/units", {"id": "law", "title": "法学院", "parent": "office"})
    browser.submit("/settings/units", {"id": "law", "title": "法学院", "parent": "law"},
                   status=400)
    browser.submit("/settings/units", {"id": "law", "title": "法学系", "parent": "office",
                                       "closed": "yes"})
    page = browser.page("/settings/units?unit=law")
    assert "法学系" in page and "checked" in page and "readonly" in page


def test_a_series_goes_on_and_never_back(at: Pages) -> None:
    register, browser = at.office.register, at.as_("department")
    series = next(id for id, s in register.acts.desk.acts.series.items() if not s.by_unit)
    browser.page("/settings/series")
    form = {"series": series, "unit": "", "year": "2026", "prefix": "测"}
    browser.submit("/settings/series", {**form, "next": "57", "reason": "接着纸本"})
    assert "57" in browser.page("/settings/series")
    back = browser.submit("/settings/series", {**form, "next": "3", "reason": "keep"}, status=400)
    assert 'value="3"' in back.text and 'value="keep"' in back.text
    browser.submit("/settings/series", {**form, "next": "x"}, status=400)
