"""Imports on pages: dropped, understood, mended, saved, taken back; by role, in both languages."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from support.register_pages import PageClient, Pages, text_of

from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.members import find

LEDGER = ("学号,姓名,性别,离校时间,随手记\n"
          "no-m1,王m1,女,2026-06-20,甲\n"
          "{key},<img src=x>,男,2026年6月,\u202e乙\n"
          ",无号,男,,\n")


def dropped(browser: PageClient, text: str | bytes, name: str = "台账.csv") -> str:
    """The page of files that were dropped."""
    data = text.encode() if isinstance(text, str) else text
    answer = browser.submit("/imports", files={"files": (name, data)})
    at: str = answer.headers["location"]
    assert re.fullmatch(r"/imports/uploads/[0-9a-f]{32}", at)
    return at


def token(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def saved(browser: PageClient, text: str) -> str:
    at = dropped(browser, text)
    answer = browser.submit(f"{at}/save", {"token": token(browser.page(at))})
    place: str = answer.headers["location"]
    assert re.fullmatch(r"/imports/[0-9a-f]{32}", place)
    return place


def known(at: Pages, key: str) -> bool:
    register = at.office.register
    form = str(register.vocabulary.fields["member.id"].compared(key))
    with register.store.reading(SYSTEM) as conn:
        return bool(find(conn, "member.id", [form]).get(form))


def test_a_ledger_is_dropped_seen_saved_and_taken_back(at: Pages) -> None:
    clerk = at.as_("department")
    assert "下载空白样表" in text_of(clerk.page("/imports"))
    place = dropped(clerk, LEDGER.format(key="page-1"))
    page = clerk.page(place)
    said = text_of(page)
    assert "台账.csv" in said and "有 1 个表头不认识" in said
    assert "<img src=x>" not in page
    assert place in clerk.page("/imports")
    for tab, expected in (("changed", "女"), ("new", "<img src=x>"), ("input", "D3"),
                          ("nameless", "4"), ("contradicted", "没有")):
        html = clerk.page(f"{place}?tab={tab}")
        assert expected in text_of(html), tab
        assert "<img" not in html and len(html) < 300_000
    assert "2026年6月" in text_of(clerk.page(f"{place}?tab=input"))
    assert not known(at, "page-1")
    answer = clerk.submit(f"{place}/save", {"token": token(page)})
    imported = answer.headers["location"]
    assert known(at, "page-1")
    past = text_of(clerk.page(imported))
    assert "李department" in past and "台账.csv" in past and "page-1" in past and "女" in past
    assert imported.rpartition("/")[2] in clerk.page("/imports")
    assert "这份文件已保存" in text_of(clerk.page(place))
    # Sent twice it is done once.
    assert clerk.submit(f"{place}/save", {"token": token(page)}).headers["location"] == place
    clerk.submit(f"{imported}/undo", {"reason": "传错了"})
    past = text_of(clerk.page(imported))
    assert "撤下 1 人" in past and "恢复 1 人" in past and "传错了" in past
    assert not known(at, "page-1")
    clerk.submit(f"{imported}/undo")
    assert text_of(clerk.page(imported)).count("撤下 1 人") == 1


def test_what_was_changed_since_is_named_when_it_is_taken_back(at: Pages) -> None:
    clerk = at.as_("department")
    imported = saved(clerk, "学号,姓名\nsince-1,某\n")
    answer = at.office.ask("POST", "/members/since-1/acts/correct", json={
        "inputs": {"member.phone": "13911112222"}, "reason": "补"})
    assert answer.status_code == 200, answer.text
    clerk.submit(f"{imported}/undo")
    assert "since-1" in text_of(clerk.page(imported)).partition("没有撤回")[2]
    assert known(at, "since-1")


def test_headings_are_put_to_fields_and_kept(at: Pages) -> None:
    clerk = at.as_("department")
    ledger = "学号,大名,备查\nhead-1,某甲,x\n"
    place = dropped(clerk, ledger)
    page = clerk.page(place)
    field = re.search(r'<bdi>大名</bdi>.*?<input name="(column:[0-9a-f]+)"', page, re.S)
    assert field
    wrong = clerk.submit(f"{place}/columns", {field[1]: "没有这栏"}, status=422)
    assert "没有这栏" in wrong.text and 'aria-invalid="true"' in wrong.text
    clerk.submit(f"{place}/columns", {field[1]: "姓名", "keep": "yes"})
    assert "手工对应" in text_of(clerk.page(place))
    assert "某甲" in text_of(clerk.page(f"{place}?tab=new"))
    again = dropped(clerk, ledger.replace("head-1", "head-2"))
    assert "某甲" in text_of(clerk.page(f"{again}?tab=new"))
    assert "大名" in text_of(clerk.page("/imports/columns"))
    # A unit below reads so too, and cannot have the office forget it.
    college = at.as_("college")
    assert "大名" in text_of(college.page("/imports/columns"))
    assert 'value="大名"' not in college.page("/imports/columns")
    clerk.submit("/imports/columns", {"heading": "大名"})
    assert "大名" not in text_of(clerk.page("/imports/columns"))


def test_a_heading_is_kept_as_its_field_is_called_and_set_aside_by_a_word(at: Pages) -> None:
    clerk = at.as_("department")
    ledger = "学号,姓名,转往何处,有无组织\nput-1,某乙,某委员会,有\n"
    place = dropped(clerk, ledger)

    def name_of(heading: str, page: str) -> str:
        found = re.search(rf'<bdi>{heading}</bdi>.*?<input name="(column:[0-9a-f]+)"', page, re.S)
        assert found
        return found[1]

    page = clerk.page(place)
    # A synonym of a field is typed: what is kept is the field.
    clerk.submit(f"{place}/columns", {
        name_of("转往何处", page): "接收党组织", name_of("有无组织", page): "单位是否建立党组织",
        "keep": "yes"})
    again = dropped(clerk, ledger.replace("put-1", "put-2"))
    page = clerk.page(again)
    assert text_of(page).count("手工对应") == 2 and "不认识" not in text_of(page)
    assert "True" not in text_of(page) and "是" in text_of(page)  # samples are in people's words
    clerk.submit(f"{again}/columns", {name_of("转往何处", page): "不导入"})
    assert "某委员会" not in text_of(clerk.page(f"{again}?tab=new"))
    clerk.submit("/imports/columns", {"heading": ["转往何处", "有无组织"]})


def test_a_job_leads_to_what_it_was_begun_for(at: Pages) -> None:
    clerk, jobs = at.as_("department"), at.app.state.jobs
    actor = Actor("department", "department", "office")
    said = {"lang": "zh", "today": "2026-09-01"}
    for kind, more, place in (("import-save", {"upload": "a" * 32}, f"/imports/uploads/{'a' * 32}"),
                              ("import-undo", {"import": "b" * 32}, f"/imports/{'b' * 32}"),
                              ("board-day", {"as_of": "2026-06-30"}, "/board?day=2026-06-30")):
        job = jobs.submit(kind, actor, {**said, **more})
        assert f'href="{place}"' in clerk.page(f"/jobs/{job.id}"), kind
        clerk.submit(f"/jobs/{job.id}/cancel")
    assert 'href="/jobs"' in clerk.page("/account")


def test_cells_that_are_wrong_alike_are_shown_with_each_value(at: Pages) -> None:
    clerk = at.as_("department")
    place = dropped(clerk, "学号,姓名,去向类型\nk-1,甲,老地方\nk-2,乙,新地方\nk-3,丙,老地方\n")
    said = text_of(clerk.page(f"{place}?tab=input"))
    assert "3 处" in said and "老地方、新地方" in said


def test_a_heading_that_nobody_found_is_added_by_hand(at: Pages) -> None:
    clerk = at.as_("department")
    place = dropped(clerk, "甲乙,丙丁\nhand-1,某\n")
    assert "文件不能读取" in text_of(clerk.page(place))
    clerk.submit(f"{place}/columns", {"heading": "甲乙", "field": "学号"})
    assert "hand-1" in text_of(clerk.page(f"{place}?tab=new"))


def test_a_conflict_is_shown_and_nothing_is_saved(at: Pages) -> None:
    clerk = at.as_("department")
    place = dropped(clerk, "学号,姓名,性别\nno-p1,王p1,女\nconf-1,某,男\n")
    seen = token(clerk.page(place))
    answer = at.office.ask("POST", "/members/p1/acts/correct", json={
        "inputs": {"member.sex": "female"}, "reason": "更正"})
    assert answer.status_code == 200, answer.text
    refused = clerk.submit(f"{place}/save", {"token": seen}, status=409)
    assert "重新预览" in text_of(refused.text) and not known(at, "conf-1")
    clerk.submit(f"{place}/options")
    clerk.submit(f"{place}/save", {"token": token(clerk.page(place))})
    assert known(at, "conf-1")


def test_blank_cells_clear_only_when_asked(at: Pages) -> None:
    clerk = at.as_("department")
    saved(clerk, "学号,姓名,手机号码\nclear-1,某,13911112222\n")
    place = dropped(clerk, "学号,姓名,手机号码\nclear-1,某,\n")
    assert "不必保存" in text_of(clerk.page(place))
    assert "clear-1" in text_of(clerk.page(f"{place}?tab=blank"))
    clerk.submit(f"{place}/options", {"unit": "office", "clear": "yes"})
    assert "保存 1 人的变动" in text_of(clerk.page(place))


def test_whose_files_they_are_and_who_may(at: Pages) -> None:
    clerk, college = at.as_("department"), at.as_("college")
    place = dropped(clerk, LEDGER.format(key="mine-1"))
    college.page(place, status=404)
    for role in ("branch", "inspector", "administrator"):
        other = at.as_(role)
        other.page("/imports", status=403)
        other.submit("/imports", files={"files": ("a.csv", b"x")}, status=403)
        assert "/imports" not in re.findall(r'href="([^"]+)"', other.page("/account"))
    # A college touches nobody of another's.
    theirs = dropped(college, "学号,姓名\nno-p1,改名\n")
    assert "王p1" not in college.page(f"{theirs}?tab=elsewhere")
    assert "属于别的单位" in text_of(college.page(theirs))
    imported = saved(clerk, "学号,姓名\nunit-1,某\n")
    college.page(imported, status=404)
    college.submit(f"{imported}/undo", status=404)
    clerk.submit(f"{place}/forget")
    clerk.page(place, status=404)


def test_a_form_without_its_token_does_nothing(at: Pages) -> None:
    clerk = at.as_("department")
    place = dropped(clerk, "学号,姓名\ncsrf-1,某\n")
    seen = token(clerk.page(place))
    for path, data in ((f"{place}/save", {"token": seen}), ("/imports/columns", {"heading": "x"}),
                       (f"{place}/forget", {})):
        assert clerk.post(path, data=data).status_code == 403
    assert clerk.post("/imports", files={"files": ("a.csv", b"x")}).status_code == 403
    assert not known(at, "csrf-1")


def test_the_sample_is_a_workbook_that_can_be_dropped(at: Pages) -> None:
    clerk = at.as_("department")
    answer = clerk.get("/imports/sample.xlsx")
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    sheet.cell(2, headings.index("学号") + 1, "book-1")
    sheet.cell(2, headings.index("姓名") + 1, "赵一")
    filled = io.BytesIO()
    book.save(filled)
    place = dropped(clerk, filled.getvalue(), "样表.xlsx")
    assert "book-1" in text_of(clerk.page(f"{place}?tab=new"))


@pytest.mark.parametrize(("name", "content"), [
    ("a.xlsx", b"no workbook"), ("a.csv", b""), ("a.exe", b"MZ"), ("=cmd.csv", b"\x00\x01")])
def test_what_cannot_be_read_is_said(at: Pages, name: str, content: bytes) -> None:
    clerk = at.as_("department")
    page = clerk.page(dropped(clerk, content, name))
    assert "文件不能读取" in text_of(page)
    assert str(at.office.register.place.folder) not in page


def test_no_file_is_said(at: Pages) -> None:
    answer: Any = at.as_("department").submit("/imports", status=422)
    assert text_of(answer.text)


def test_english_is_whole(at: Pages) -> None:
    clerk = at.as_("department", "en")
    place = dropped(clerk, LEDGER.format(key="en-1"), "ledger.csv")
    for path in ("/imports", place, f"{place}?tab=input", f"{place}?tab=changed",
                 "/imports/columns"):
        said = re.sub(r"<(bdi|option|button)\b[^>]*>.*?</\1>", "", clerk.page(path), flags=re.S)
        shown = text_of(said)
        for quoted in ("学号", "姓名", "性别", "离校时间", "随手记", "2026年6月", "组织部", "中文",
                       "台账", "王m1"):
            shown = shown.replace(quoted, "")
        assert not re.search(r"[\u4e00-\u9fff]", shown), (path, shown)
