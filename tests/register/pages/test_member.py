"""A member's page: what it shows, acts by its forms, what is typed and judged, who was first."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markupsafe import escape
from support.register_pages import PageClient, Pages, text_of

from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.pages.member.facts import kind_words
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.members import members

PHONE = {"f:member.phone": "13911112222", "was:member.phone": "13800000000", "reason": "换号"}


def held(at: Pages, member: str = "m1") -> dict[str, Any]:
    with at.office.register.store.reading(SYSTEM) as conn:
        return members(conn, [member])[member].record


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found, name
    return found[1]


@pytest.fixture(scope="module")
def clerk(at: Pages) -> PageClient:
    at.office.add("town", "maths", destination__kind="talent_service",
           destination__talent_level="township", member__id_number="35050019900101001X")
    return at.as_("department")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_has_all_there_is(at: Pages, clerk: PageClient, lang: str) -> None:
    page = clerk.page("/members/town", headers={"accept-language": lang})
    assert "王town" in page and "数学系" in page
    assert "33.1a" in page and "/members/town/acts/settle" in page
    assert "/members/town/mending" in page and len(page.encode()) < 300_000
    # What is masked is masked on the page and in its history.
    assert "35050019900101001X" not in page and "350500" in page
    assert {"zh": "没有可以作废的介绍信", "en": "there is no letter to void"}[lang] in page


def test_what_mends_it_is_found_with_the_act_for_it(at: Pages, clerk: PageClient) -> None:
    page = clerk.page("/members/town/mending")
    assert "f%3Adestination.kind=employer_org" in page and "/acts/settle?" in page
    part = clerk.page("/members/town/mending", headers={"hx-request": "true"})
    assert "<html" not in part and "f%3Adestination.kind=employer_org" in part
    form = clerk.page("/members/town/acts/settle?f:destination.kind=employer_org")
    assert re.search(r'<option value="employer_org" selected', form)


def test_each_choice_says_what_it_would_take(at: Pages, clerk: PageClient) -> None:
    page = clerk.page("/members/town/choices")
    assert page.count("不可选") >= 4 and page.count("：须 ") >= 4
    part = clerk.page("/members/town/choices", headers={"hx-request": "true"})
    assert "<html" not in part and "：须 " in part


def test_a_key_leads_to_the_page(at: Pages, clerk: PageClient) -> None:
    answer = clerk.get("/members/no-m1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/members/m1")
    assert clerk.get("/members/nobody").status_code == 404


def test_other_units_members_are_not_there(at: Pages, clerk: PageClient) -> None:
    college = at.as_("college")
    for path in ("/members/p1", "/members/p1/history", "/members/p1/mending",
                 "/members/p1/acts/correct"):
        assert college.get(path).status_code == 404
    assert college.get("/members/p1/since?version=1").status_code == 204


def test_an_act_by_its_form(at: Pages, clerk: PageClient) -> None:
    page = clerk.page("/members/m1/acts/correct?section=person")
    assert hidden(page, "was:member.phone") == "13800000000"
    answer = clerk.submit("/members/m1/acts/correct", {
        **PHONE, "f:member.name": "王m1", "was:member.name": "王m1",
        "version": hidden(page, "version"), "once": hidden(page, "once")})
    assert answer.headers["location"] == "/members/m1"
    assert held(at)["member.phone"] == "13911112222"
    history = clerk.page("/members/m1/history")
    assert "换号" in history and "13911112222" in history
    # Sent twice it is done once.
    clerk.submit("/members/m1/acts/correct", {
        **PHONE, "f:member.name": "王m1", "was:member.name": "王m1",
        "version": hidden(page, "version"), "once": hidden(page, "once")})
    assert clerk.page("/members/m1/history").count("换号") == 1


def test_an_event_is_told_in_words_with_its_proof(at: Pages, clerk: PageClient) -> None:
    at.office.add("told", "maths", member__phone="13800000000")
    form = clerk.page("/members/told/acts/correct?section=person")
    clerk.submit("/members/told/acts/correct", {
        **PHONE, "version": hidden(form, "version"), "once": hidden(form, "once")})
    seq = re.findall(r'href="/members/told/history/(\d+)"', clerk.page("/members/told/history"))[0]
    page = clerk.page(f"/members/told/history/{seq}")
    said = text_of(page)
    for words in ("更正", "李department", "部门" if "部门" in said else "组织部", "换号", "13800000000",
                  "13911112222", "已当场核验", seq):
        assert words in said, words
    assert f'href="/api/v1/trail/events/{seq}/proof"' in page
    # Who may not verify the trail sees what happened; another case's event is none of this one's.
    own = at.as_("college").page(f"/members/told/history/{seq}")
    assert "13911112222" in own and "/proof" not in own
    assert clerk.get(f"/members/town/history/{seq}").status_code == 404
    assert clerk.get(f"/members/m1/history/{2**40}").status_code == 404


def test_a_form_says_what_is_wrong_in_words(at: Pages, clerk: PageClient) -> None:
    at.office.add("words", "maths")
    form = clerk.page("/members/words/acts/settle")
    sent = {"version": hidden(form, "version"), "f:destination.kind": "", "was:destination.kind": ""}
    codes = re.compile(r"`|\b(?:destination|education|member|receipt)\.\w")
    again = text_of(clerk.submit("/members/words/acts/settle", sent, status=422).text)
    assert "需要填「" in again and not codes.search(again)
    sent = {"f:education.briefed_on": "2031-01-01", "was:education.briefed_on": ""}
    for path, status in (("/members/words/acts/brief/judge", 200), ("/members/words/acts/brief", 422)):
        again = text_of(clerk.submit(path, sent, status=status).text)
        assert "晚于今天" in again and not codes.search(again)
    sent = {"f:member.name": "王words", "was:member.name": "王w", "reason": "再发一次"}
    again = clerk.submit("/members/words/acts/correct?section=person", sent, status=422).text
    assert "未作登记" in again and "再发一次" in again


def test_what_is_hidden_can_be_emptied(at: Pages, clerk: PageClient) -> None:
    page = clerk.page("/members/town/acts/correct?section=person")
    sent = {"f:member.id_number": "", "was:member.id_number": "", "reason": "误录",
            "version": hidden(page, "version")}
    assert 'name="empty:member.id_number"' in page and 'name="empty:member.name"' not in page
    part = clerk.submit("/members/town/acts/correct/judge",
                        {**sent, "empty:member.id_number": "yes"}, status=200).text
    assert "身份证号" in part and "空" in part
    again = clerk.submit("/members/town/acts/correct?section=person", {
        **sent, "reason": "", "empty:member.id_number": "yes"}, status=422).text
    assert re.search(r'name="empty:member.id_number" value="yes" checked', again)
    # What is typed counts more than the tick; untouched and unticked, it stays.
    clerk.submit("/members/town/acts/correct", {
        **sent, "f:member.id_number": "350500199001010023", "empty:member.id_number": "yes"})
    assert held(at, "town")["member.id_number"] == "350500199001010023"
    clerk.submit("/members/town/acts/correct", {
        **sent, "version": "", "empty:member.id_number": "yes"})
    assert "member.id_number" not in held(at, "town")


def test_who_acts_is_called_by_name(at: Pages, clerk: PageClient) -> None:
    at.office.add("named", "maths", letter__issued_on=None)
    page = clerk.page("/members/named/acts/issue")
    assert re.search(r'name="f:receipt.tracker"[^>]*value="李department"', page)


def test_every_event_of_a_case_has_a_name(at: Pages) -> None:
    acts = at.office.register.acts.desk.acts
    own = {f"member.{act.act.event}" for act in acts.acts.values()}
    for lang in ("zh", "en"):
        shown = kind_words(lang)
        kinds = [kind for each in permission_table().permissions.values() for kind in each.kinds
                 if kind.startswith(("member.", "waiver.", "values.")) and kind not in own]
        assert "member.printed" in kinds
        assert [kind for kind in kinds if shown(kind) == kind] == []


def test_who_comes_second_is_shown_and_loses_nothing(at: Pages, clerk: PageClient) -> None:
    form = clerk.page("/members/m2/acts/correct?section=person")
    seen = hidden(form, "version")
    clerk.submit("/members/m2/acts/correct", {
        **PHONE, "f:member.cohort": "2025", "was:member.cohort": "2026", "version": seen},)
    assert "member.phone" not in clerk.get(f"/members/m2/since?version={seen}").text
    assert clerk.get(f"/members/m2/since?version={seen}").status_code == 200
    late = {"f:member.phone": "13700000000", "was:member.phone": "13800000000",
            "f:member.cohort": "2026", "was:member.cohort": "2026",
            "f:member.name": "李二", "was:member.name": "王m2", "reason": "更名",
            "version": seen}
    page = clerk.submit("/members/m2/acts/correct?section=person", late, status=409).text
    assert held(at, "m2")["member.name"] == "王m2"
    for kept in ("李二", "13700000000", "更名", "13911112222"):
        assert kept in page, kept
    # What they did not touch is what the other has entered.
    assert 'value="2025"' in page
    again = {**late, "was:member.phone": "13911112222", "was:member.cohort": "2025",
             "f:member.cohort": "2025", "version": hidden(page, "version")}
    clerk.submit("/members/m2/acts/correct", again)
    now = held(at, "m2")
    assert (now["member.name"], now["member.phone"], now["member.cohort"]) == (
        "李二", "13700000000", 2025)


def test_what_is_typed_is_judged_and_nothing_is_kept(at: Pages, clerk: PageClient) -> None:
    before = held(at, "p1")
    part = clerk.submit("/members/p1/acts/settle/judge", {
        "f:destination.kind": "talent_service", "was:destination.kind": "employer_org",
        "f:destination.talent_level": "township", "was:destination.talent_level": ""},
        status=200, headers={"hx-request": "true"}).text
    assert "<html" not in part and "33.1a" in part
    wrong = clerk.submit("/members/p1/acts/brief/judge", {
        "f:education.briefed_on": "someday", "was:education.briefed_on": ""}, status=200).text
    assert 'href="#f-f:education.briefed_on"' in wrong
    assert held(at, "p1") == before


def test_what_rules_forbid_comes_back_with_the_form(at: Pages, clerk: PageClient) -> None:
    form = clerk.page("/members/town/acts/issue")
    typed = {"f:letter.origin_address": "泉州师院", "was:letter.origin_address": "",
             "version": hidden(form, "version")}
    page = clerk.submit("/members/town/acts/issue", typed, status=422).text
    assert 'value="泉州师院"' in page and "33.1a" in page
    assert "letter.issued_on" not in held(at, "town")


def test_a_letter_is_issued_with_what_was_taken_note_of(at: Pages, clerk: PageClient) -> None:
    at.office.add("n1", "maths")
    form = clerk.page("/members/n1/acts/issue")
    typed = {"f:letter.origin_address": "泉州师院", "was:letter.origin_address": "",
             "version": hidden(form, "version"), "once": hidden(form, "once")}
    page = clerk.submit("/members/n1/acts/issue", typed, status=422).text
    asked = re.findall(r'name="ack" value="([^"]+)"', page)
    assert asked
    clerk.submit("/members/n1/acts/issue", {
        **typed, "ack": asked, "version": hidden(page, "version"), "once": hidden(page, "once")},)
    number = held(at, "n1")["letter.serial"]
    page = clerk.page("/members/n1")
    assert number in page and "/members/n1/acts/void" in page


def test_what_others_wrote_is_text(at: Pages, clerk: PageClient) -> None:
    evil = '<img src=x onerror=alert(1)>"\'\u202e'
    at.office.add("evil", "maths", member__name=evil, member__branch="=cmd|' /C calc'!A0",
           destination__kind="talent_service")
    for path in ("/members/evil", "/members/evil/history", "/members/evil/mending",
                 "/members/evil/acts/correct?section=person", "/members/evil/acts/issue"):
        page = clerk.page(path)
        assert "<img" not in page
        assert path.endswith("mending") or "onerror=alert(1)&gt;" in page
        # What would turn around the words that follow is seen; a form sends what was written.
        assert "\u202e" not in re.sub(' value="[^"]*"', "", page)
        assert path.endswith("mending") or "&#39;\ufffd" in page
    assert f'value="{escape(evil)}"' in clerk.page("/members/evil/acts/correct?section=person")


def test_acts_that_there_are_not(at: Pages, clerk: PageClient) -> None:
    assert clerk.get("/members/m1/acts/fly").status_code == 404
    clerk.submit("/members/m1/acts/fly", status=404)
    clerk.submit("/members/m1/acts/correct/judge", {"f:no.field": "1"}, status=200)
    inspector = at.as_("inspector")
    assert inspector.get("/members/m1/acts/correct").status_code == 403
    page = inspector.page("/members/m1")
    assert "/members/m1/acts/" not in page


def test_a_waiver_is_asked_for_and_approved_by_another(at: Pages, clerk: PageClient) -> None:
    at.office.add("late", "maths", letter__issued_on="2026-01-05", letter__serial="8",
                  letter__valid_days=30, letter__form="three_part")
    page = clerk.page("/members/late")
    found = re.search(r'href="(/members/late/waivers\?clause=([^"]+))"', page)
    assert found, text_of(page)[:900]
    form = clerk.page(found[1])
    assert f'<option value="{found[2]}" selected' in form and 'min="' in form
    asked = {"clause": found[2], "expires": "2026-09-30", "reason": "对方单位搬迁"}
    wrong = clerk.submit("/members/late/waivers", {**asked, "expires": "2020-01-01"}, status=422)
    assert "对方单位搬迁" in wrong.text
    clerk.submit("/members/late/waivers", asked)
    clerk.submit("/members/late/waivers", asked)  # once more is no second one
    page = clerk.page("/members/late")
    assert page.count("/revoke") == 1 and "/approve" not in page and "须由另一人审批" in page
    id = re.search(r"/members/late/waivers/([0-9a-f]{16})/revoke", page)
    assert id
    # Who may not answer is shown no form, and refused; so is whoever asked.
    college = at.as_("college")
    assert "/revoke" not in college.page("/members/late")
    assert college.submit(f"/members/late/waivers/{id[1]}/approve", status=403)
    assert college.submit(f"/members/p1/waivers/{id[1]}/approve", status=404)
    assert clerk.submit(f"/members/m1/waivers/{id[1]}/revoke", {"reason": "x"}, status=404)
    for answer in ("revoke", "refuse"):  # nobody is left with an error page for a reason forgotten
        again = clerk.submit(f"/members/late/waivers/{id[1]}/{answer}", {"reason": " "}, status=400)
        beside = re.search(r'name="reason".*?aria-invalid="true".*?class="error"[^>]*>([^<]+)<',
                           again.text, re.S)
        assert beside and "理由" in beside[1] and f"/{answer}" in again.text
    again = clerk.submit(f"/members/late/waivers/{id[1]}/revoke", {"reason": "写错了"}, status=403)
    assert "写错了" in again.text and "一次性验证码" in again.text
    other = Actor("zhao", "department", "office")
    with at.office.register.store.change(other) as work:
        at.office.register.waivers.approve(work, id[1])
    assert "已批准" in text_of(clerk.page("/members/late"))
    assert "对方单位搬迁" in text_of(clerk.page("/members/late/history"))
