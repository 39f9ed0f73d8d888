"""Papers printed: what is on them, what stays blank, how prints are counted, the same bytes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.register_office import DAY, Office
from support.sheets import places, size, words

from zhuanjie.engine.api import OutputError
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.letters import press
from zhuanjie.web.letters.glyphs import lacking
from zhuanjie.web.letters.numbers import number_counts, number_rows
from zhuanjie.web.letters.press import Offset, Press
from zhuanjie.web.store.errors import ForbiddenError, RefusedError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.history import events_of

LI = Actor("li", "department", "office")
LETTER = {"letter.origin_address": "泉州市某路1号", "letter.valid_days": 90}


def issue(at: Office, member: str, **inputs: Any) -> str:
    clauses = frozenset(c.clause for c in at.register.policy().rules)
    done = at.register.acts.do(LI, AskedAct("issue", member, {**LETTER, **inputs}, acknowledged=clauses))
    return str(done.data["number"])


def test_a_letter_has_its_three_parts_and_their_serials(at: Office) -> None:
    number = issue(at, "m1")
    made = at.register.letters.print(LI, "letter", ["m1"], once="a")
    assert made.pdf.startswith(b"%PDF-") and made.copies == {"m1": 1}
    text = words(made.pdf)
    assert text.count(f"第{number}号") == 3
    assert text.index("存根") < text.index("请接转组织关系") < text.index("特此回复")
    assert "有效期玖拾天" in text and "某公司党委" in text and "次打印" not in text
    # What the record lacks is said, and nothing stands in its place.
    line, = at.register.letters.look(LI, "letter", ["m1"])
    assert {"member.id_number", "dues.paid_to", "member.ethnicity"} <= set(line.lacking)
    assert "letter.valid_days" not in line.lacking and "身份证号码，由" in text


def test_another_print_is_counted_and_marked(at: Office) -> None:
    issue(at, "m1")
    desk = at.register.letters
    first = desk.print(LI, "letter", ["m1"], once="a")
    assert desk.print(LI, "letter", ["m1"], once="a").pdf == first.pdf  # sent twice, printed once
    second = desk.print(LI, "letter", ["m1"], once="b")
    assert second.copies == {"m1": 2}
    assert words(second.pdf).count("第2次打印") == 3
    with at.register.store.reading(SYSTEM) as conn:
        said = [e.data["copy"] for e in events_of(conn, "m1") if e.kind == "member.printed"]
    assert said == [1, 2]


def test_a_letter_issued_anew_begins_at_one_and_names_the_one_before(at: Office) -> None:
    old, desk = issue(at, "m1"), at.register.letters
    desk.print(LI, "letter", ["m1"], once="a")
    done = at.register.acts.do(LI, AskedAct("reissue", "m1", {
        "letter.reissue_reason": "遗失", "letter.original_returned": True},
        acknowledged=frozenset(c.clause for c in at.register.policy().rules)))
    made = desk.print(LI, "letter", ["m1"], once="b")
    text = words(made.pdf)
    assert made.copies == {"m1": 1} and f"代原第{old}号" in text
    acts = desk.acts
    with at.register.store.reading(SYSTEM) as conn:
        ended, _ = number_rows(conn, "letter", acts, "ended")
        standing, _ = number_rows(conn, "letter", acts, "standing")
        counts = number_counts(conn, "letter", acts.series["letter"].field)
    assert [(r.text, r.state, r.replaced_by) for r in ended] == [(old, "replaced", done.data["number"])]
    assert [(r.text, r.replaces) for r in standing] == [(done.data["number"], old)]
    assert counts == {"waiting": 0, "standing": 1, "ended": 1}


def test_an_identity_number_tells_the_age_and_choices_are_struck(at: Office) -> None:
    at.add("m3", "maths", member__id_number="350583200307010012", member__ethnicity="汉族",
           dues__paid_to="2026-05", member__sex="female")
    issue(at, "m3")
    text = words(at.register.letters.print(LI, "letter", ["m3"], once="a").pdf)
    # The day before a birthday.
    assert "22岁，汉族" in text and "350583200307010012" in text and "贰零贰陆年伍月" in text


def test_the_same_bytes_whenever_it_is_printed(at: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(at, "m1")
    desk = at.register.letters
    first = desk.print(LI, "letter", ["m1"], once="a").pdf
    press._book.cache_clear()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert desk.print(LI, "letter", ["m1"], once="a").pdf == first


def test_over_a_printed_form_stands_only_what_fills_it_and_moves(at: Office) -> None:
    issue(at, "m1")
    desk = at.register.letters
    here = desk.print(LI, "letter", ["m1"], once="a", mode="over").pdf
    text = words(here)
    assert "某公司党委" in text and "同志" not in text and "盖章" not in text
    moved = desk.print(LI, "letter", ["m1"], once="a", mode="over", offset=Offset(3.5, -2)).pdf
    assert moved != here and words(moved) == text
    (x, _, y), (to, _, down) = places(here, "某公司党委")[0], places(moved, "某公司党委")[0]
    assert (to - x, down - y) == pytest.approx((3.5, -2), abs=0.1)


def test_a_form_printed_elsewhere_has_its_blanks_where_the_office_says(at: Office) -> None:
    issue(at, "m1")
    desk, put = at.register.letters, at.register.settings.put

    def over(once: str = "a") -> bytes:
        return desk.print(LI, "letter", ["m1"], once=once, mode="over").pdf

    filled = ("某公司党委", "王m1", "2026", "泉州市某路", "玖拾")
    ours, own = over(), desk.own_places("letter").model_dump(mode="json")
    assert {(s.part, s.blank, s.value) for s in desk.spots("letter", "en")} == {
        (p["part"], p["blank"], p["value"]) for p in own["places"]}
    # What settings begin with is where the blanks of the office's own form are.
    put(SYSTEM, "places/letter", own)
    for text in filled:
        assert places(ours, text) and places(over(), text) == [
            pytest.approx(place, abs=0.15) for place in places(ours, text)]
    name = next(p for p in own["places"] if (p["part"], p["blank"]) == (2, "name"))
    name.update(right=400, down=1500, width=600, size=200)
    kept = [p for p in own["places"] if p["blank"] not in {"to", "_reprint"}]
    put(SYSTEM, "places/letter", {"width": 1900, "height": 2600, "places": kept})
    moved = over()
    assert size(moved) == (190, 260) and size(desk.print(LI, "letter", ["m1"], once="a").pdf) == (210, 297)
    first, (left, right, down), _ = sorted(places(moved, "王m1"), key=lambda p: p[2])
    assert first == pytest.approx(places(ours, "王m1")[0], abs=0.15)
    assert (left + right) / 2 == pytest.approx(70, abs=0.5) and 148 < down < 150.5
    assert len(places(ours, "某公司党委")) - len(places(moved, "某公司党委")) == 2
    # A mark that has no place is put down nonetheless.
    assert words(over("b")).count("第2次打印") == 3


def test_what_no_form_has_moves_nothing_on_it(at: Office) -> None:
    old, desk = issue(at, "m1"), at.register.letters
    first = desk.print(LI, "letter", ["m1"], once="a", mode="over").pdf
    at.register.acts.do(LI, AskedAct("reissue", "m1", {
        "letter.reissue_reason": "遗失", "letter.original_returned": True},
        acknowledged=frozenset(c.clause for c in at.register.policy().rules)))
    anew = desk.print(LI, "letter", ["m1"], once="b", mode="over").pdf
    assert f"重开，代原第{old}号" in words(anew)
    # The numbers, which begin with a year, too, are elsewhere.
    years, same = ([p for p in places(sheet, str(DAY.year)) if p[0] > 140 and p[1] < 162]
                   for sheet in (first, anew))
    assert len(years) == 2 and same == [pytest.approx(year, abs=0.05) for year in years]


def test_a_test_print_shows_where_blanks_are_whatever_they_are_called(at: Office) -> None:
    desk = at.register.letters
    own = desk.own_places("letter")
    month, = [p for p in own.places if p.blank == "month" and p.part == 1]
    for sheet in (desk.sample(SYSTEM, "letter", "test", Offset()),
                  desk.sample(SYSTEM, "letter", "test", Offset(), own)):
        left, right, down = places(sheet, "开具日期（月）")[0]
        assert month.right / 10 - 0.3 <= left < right <= (month.right + month.width) / 10 + 0.3
        assert down == pytest.approx(month.down / 10 - 1, abs=0.5)
        assert len(places(sheet, "预备")) == 2


def test_a_number_stays_in_its_column(at: Office) -> None:
    number = "2026" + "0" * 26
    at.add("m5", "maths", member__id=number)
    issue(at, "m5")
    sheets = at.register.letters.print(LI, "signing", ["m5"], once="a").pdf
    (left, right, _), = places(sheets, number)
    paper = at.register.letters.paper("signing").paper
    shares = [column.width for column in paper.columns]
    before = next(i for i, column in enumerate(paper.columns) if column.blank == "id")
    begin, end = (paper.sheet.margin + (paper.sheet.width - 2 * paper.sheet.margin)
                  * sum(shares[:upto]) / sum(shares) for upto in (before, before + 1))
    assert begin < left < right < end


def test_the_empty_form_and_the_test_print_are_nobodys(at: Office) -> None:
    desk = at.register.letters
    form = words(desk.sample(SYSTEM, "letter", "form", Offset()))
    assert "请接转组织关系" in form and "某公司" not in form
    assert "介绍信编号" in words(desk.sample(SYSTEM, "letter", "test", Offset()))


def test_lists_are_by_unit_with_covers(at: Office) -> None:
    numbers = [issue(at, member) for member in ("m1", "p1")]
    text = words(at.register.letters.print(LI, "handover", ["p1", "m1"], once="a").pdf)
    assert all(number in text for number in numbers) and "数学系" in text and "物理系" in text
    assert f"编号{numbers[0]}至{numbers[0]}" in text
    with at.register.store.reading(SYSTEM) as conn:
        assert not [e for e in events_of(conn, "m1") if e.kind == "member.printed"]
    assert "王m1" in words(at.register.letters.print(LI, "signing", ["m1"], once="a").pdf)
    assert "告知书" in words(at.register.letters.print(LI, "notice", ["m2"], once="a").pdf)


def test_what_cannot_be_printed_is_refused_whole(at: Office) -> None:
    issue(at, "m1")
    with pytest.raises(RefusedError) as refused:
        at.register.letters.print(LI, "letter", ["m1", "m2"], once="a")
    assert "王m2" in str(refused.value.diagnostics[0].args)
    college = Actor("zhang", "college", "maths")
    with pytest.raises(ForbiddenError):
        at.register.letters.print(college, "letter", ["m1"], once="a")
    with at.register.store.reading(SYSTEM) as conn:
        assert not [e for e in events_of(conn, "m1") if e.kind == "member.printed"]


def test_names_are_text_and_never_markup(at: Office) -> None:
    name = '#panic("x") $x$ <img src=x> *b* \\ [ ]'
    at.add("m4", "maths", member__name=name)
    issue(at, "m4")
    text = words(at.register.letters.print(LI, "letter", ["m4"], once="a").pdf)
    assert text.count(name.replace(" ", "")) == 3


def test_a_machine_without_chinese_fonts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "FONTS", ("No Such Font",))
    press._fonts.cache_clear()
    try:
        with pytest.raises(OutputError) as refused:
            Press(tmp_path).fonts()
    finally:
        press._fonts.cache_clear()
    said = refused.value.diagnostics[0]
    assert (said.code, said.args["folder"]) == ("register.letters.no-font", str(tmp_path / "fonts"))


def test_what_is_awaited_is_known_by_age(at: Office) -> None:
    from zhuanjie.web.letters.awaited import age_groups, awaited_rows

    for id, days in (("a", 0), ("b", 30), ("c", 31), ("d", 90), ("e", 91), ("f", 400)):
        at.add(id, "maths", letter__serial=f"L{id}",
               letter__issued_on=(DAY - timedelta(days=days)).isoformat())
    at.add("g", "maths", letter__issued_on="2026-01-01", letter__form="two_part")
    at.add("h", "maths", letter__issued_on="2026-01-01", receipt__returned_on="2026-02-01")
    register = at.register
    with register.store.reading(SYSTEM) as conn:
        groups = age_groups(conn, "slip", (30, 60, 90), DAY)
        assert [(g.id, g.count) for g in groups] == [
            ("0-30", 2), ("31-60", 1), ("61-90", 1), ("91-", 2)]
        first, last = awaited_rows(conn, "slip", DAY, limit=4)
        rest, end = awaited_rows(conn, "slip", DAY, after=last, limit=4)
        assert [(r.member.id, r.days) for r in (*first, *rest)] == [
            ("f", 400), ("e", 91), ("d", 90), ("c", 31), ("b", 30), ("a", 0)]
        assert end is None
    register.acts.do(LI, AskedAct("receive", "f"))
    before = _awaited(at)
    assert "f" not in before and len(before) == 5
    register.store.rebuild()
    assert _awaited(at) == before


def _awaited(at: Office) -> dict[str, str]:
    from sqlalchemy import select

    from zhuanjie.web.letters.tables import AWAITED

    with at.register.store.reading(SYSTEM) as conn:
        return {row.member: row.since for row in conn.execute(select(AWAITED))}


def test_signs_that_no_font_has_are_named(at: Office, tmp_path: Path) -> None:
    press = at.register.letters.press
    # Of the private use area: what a ledger's own font drew there, no font of another machine has.
    assert press.lacking(["王䶮", "李\ue1a3\ue1a3", "Li"]) == ("\ue1a3",)
    torn = tmp_path / "torn.ttf"
    torn.write_bytes(b"\0\1\0\0\0\1" + b"\0" * 6 + b"cmap" + b"\xff" * 8)
    assert lacking(["王"], [(str(torn), 0), (str(tmp_path / "none.ttf"), 0)]) == ["王"]
