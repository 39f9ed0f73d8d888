"""Tables fit their width, Chinese aligns, and every finding is in them."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.output_reports import finding, report, undetermined
from support.party_transfer import fields

from zhuanjie.engine.core.messages import LANGS, Lang
from zhuanjie.engine.core.results import InputFinding, Outcome, Report, Severity
from zhuanjie.engine.core.unicode import width
from zhuanjie.report import write_report
from zhuanjie.report.formats import table
from zhuanjie.report.layouts import deadlines
from zhuanjie.report.layouts.audit import sections
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.report.wrap import wrap


def written(of: Report, view: View, form: str = "table") -> str:
    out = io.StringIO()
    write_report(of, sections, form, out, view)
    return out.getvalue()


def drawn(section: Section, at_most: int = 80) -> list[str]:
    out = io.StringIO()
    table.render([section], out, View("zh", width=at_most))
    return out.getvalue().splitlines()


LONG = "介绍信开出以后回执最迟应于期限以前收回，逾期的请联系（电话见名册），并记下结果；" * 3


@pytest.mark.parametrize("at_most", [60, 80, 132])
@pytest.mark.parametrize("lang", LANGS)
def test_no_line_is_wider_than_the_view(lang: Lang, at_most: int) -> None:
    found = [finding(f"2007{n:06}", row=n, message=LONG, remedy=LONG) for n in range(20)]
    found += [undetermined(f"2007{n:06}", "1.6b", "arrival.accepted_on", "letter.valid_days")
              for n in range(50)]
    found += [finding("x" * 90, Outcome.PENDING, due=date(2008, 1, 1))]
    text = written(report(*found), View(lang, width=at_most))
    assert max(map(width, text.splitlines())) <= at_most


def test_columns_line_up_under_full_width_text() -> None:
    lines = drawn(Section(headers=["学号", "问题"], rows=[["06001", "甲"], ["张三丰", "乙"]]))
    starts = {width(line[: line.index(mark)]) for line, mark in zip(
        (lines[0], lines[2], lines[3]), ("问题", "甲", "乙"), strict=True)}
    assert len(starts) == 1


def test_a_column_blank_throughout_is_left_out() -> None:
    lines = drawn(Section(headers=["a", "b"], rows=[["1", ""], ["2", ""]]))
    assert lines[0].strip() == "a"


def test_ids_stay_whole_while_prose_is_wrapped() -> None:
    lines = drawn(Section(headers=["pack", "text", "more"],
                          rows=[["quanzhou-normal-2007-23", LONG, LONG]]), 60)
    assert any("quanzhou-normal-2007-23" in line for line in lines)


def test_no_finding_is_dropped_or_capped() -> None:
    found = [finding(f"v{n:04}", row=n) for n in range(300)]
    found += [undetermined(f"u{n:04}", "1.6b", "letter.form", row=n) for n in range(300)]
    found += [finding(f"p{n:04}", Outcome.PENDING, row=n, due=date(2008, 1, 1 + n % 28))
              for n in range(300)]
    found += [finding(f"w{n:04}", Outcome.WAIVED, row=n) for n in range(20)]
    text = written(report(*found), View("en"))
    for one in found:
        assert str(one.record) in text


def test_all_outcomes_are_listed_when_asked_for() -> None:
    found = [finding("s1", Outcome.SATISFIED), finding("n1", Outcome.NOT_APPLICABLE)]
    text = written(report(*found), View("en", outcomes=tuple(Outcome)))
    assert "s1" in text
    assert "n1" in text
    assert "not applicable" in text


def test_a_remedy_is_said_once_for_the_findings_that_share_it() -> None:
    found = [finding(str(n), remedy="催回") for n in range(5)] + [finding("9", remedy="核对日期")]
    text = written(report(*found), View("zh"))
    assert text.count("催回") == 1
    assert text.count("核对日期") == 1


def test_errors_stand_before_warnings_and_rules_in_the_packs_order() -> None:
    found = [
        finding("1", clause="1.1a", severity=Severity.WARNING, rule="first"),
        finding("2", clause="1.6b", rule="third"), finding("3", clause="1.2", rule="second"),
    ]
    view = View("en", titles={"first": "TitleA", "second": "TitleB", "third": "TitleC"})
    text = written(report(*found), view)
    assert text.index("TitleB") < text.index("TitleC") < text.index("TitleA")


def test_chinese_output_names_fields_by_their_headings() -> None:
    found = report(undetermined("1", "1.1a", "member.left_on"))
    assert "离校时间" in written(found, View("zh", fields=fields()))
    assert "member.left_on" not in written(found, View("zh", fields=fields()))
    assert "member.left_on" in written(found, View("en", fields=fields()))


def test_colour_is_only_there_when_the_view_has_it() -> None:
    found = report(finding())
    assert "\x1b[" in written(found, View("en", colour=True))
    assert "\x1b[" not in written(found, View("en"))


def test_a_report_without_findings_says_so() -> None:
    assert "Nothing to report (records: 10)" in written(report(), View("en"))


def test_cells_that_were_not_read_have_their_row_and_column() -> None:
    bad = InputFinding("records.cell.date", "06021", "letter.issued_on", 17, "转出时间",
                       "2007-02-30", "ledger.xlsx", "台账")
    text = written(report(unreadable=(bad,)), View("zh"))
    for part in ("06021", "17", "转出时间", "2007-02-30"):
        assert part in text


def test_rows_name_their_file_only_where_there_are_several() -> None:
    one = report(finding("1", row=3))
    assert "ledger.xlsx" not in written(one, View("en"))
    from zhuanjie.engine.core.location import Location

    two = report(finding("1"), finding("2", location=Location("sub/other.csv", None, 7)))
    text = written(two, View("en"))
    assert "other.csv:7" in text
    assert "ledger.xlsx[台账]:2" in text


def test_deadlines_show_the_overdue_first_with_days() -> None:
    found = report(
        finding("late", due=date(2007, 12, 1), days_late=30),
        finding("soon", Outcome.PENDING, due=date(2008, 1, 10)),
    )
    out = io.StringIO()
    write_report(found, deadlines.sections, "table", out, View("en"))
    text = out.getvalue()
    assert text.index("late") < text.index("soon")
    assert "2007-12-01  30" in text
    assert "2008-01-10  10" in text


PROSE = st.text(alphabet="党员组织关系，。（）「」abc XYZ-012\n", max_size=120)


@given(PROSE, st.integers(4, 40))
def test_wrapping_keeps_every_character_and_the_limit(text: str, limit: int) -> None:
    lines = wrap(text, limit)
    assert all(width(line) <= limit for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="党员组织关系转接工作，。", min_size=1, max_size=80))
def test_no_line_starts_with_closing_punctuation(text: str) -> None:
    body = "党" + text.replace("，，", "，").replace("。。", "。")
    for line in wrap(body, 20)[1:]:
        crowded = any(body[i : i + 3].strip("，。") == "" for i in range(len(body) - 2))
        assert crowded or line[0] not in "，。"


def test_a_cell_cannot_steer_the_terminal() -> None:
    found = finding("06\x1b[2J01", message="a\x07b\tc\x9bd\u202ee\r")
    text = written(report(found), View("en"))
    assert all(c == "\n" or c.isprintable() for c in text)
    assert "06\ufffd[2J01" in text
