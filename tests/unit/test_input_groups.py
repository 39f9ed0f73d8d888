"""Cells unreadable for one reason are one entry: what it counts, quotes and lists."""

from datetime import date
from pathlib import Path

import pytest

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.input_groups import InputGroups
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.report.json_shape import input_finding
from zhuanjie.report.notices import in_words, ranges

DAY = date(2007, 12, 31)


def cell(row, value, code="records.cell.date-no-day", **more):
    return InputFinding(code, f"06{row:03}", "letter.issued_on", row, "转出时间", value, "a.csv", **more)


def test_the_same_fault_is_one_entry_where_it_first_came():
    groups = InputGroups()
    groups += [cell(2, "2007.6"), cell(3, "39253", "records.cell.date-number",
                                      args={"example": "2007-06-20"})]
    groups += [cell(4, "2007.6"), cell(5, "2007.7"), cell(6, "2007.6", sheet="二")]
    one, number, other = groups
    assert (one.count, one.rows, one.record, one.value) == (3, (2, 4, 5), "06002", "2007.6")
    assert one.values == ("2007.6", "2007.6", "2007.7")
    assert (number.count, number.row, other.count, other.sheet) == (1, 3, 1, "二")
    assert list(one.cells()) == [cell(2, "2007.6"), cell(4, "2007.6"), cell(5, "2007.7")]
    assert "`2007.6`, `2007.7`" in one.message("en")
    assert in_words(one, "en").endswith("(3 cells, rows 2, 4-5)")
    assert in_words(number, "en") == number.message("en")


def test_what_speaks_of_one_row_stays_apart():
    groups = InputGroups()
    groups += [InputFinding("records.too-many-cells", None, None, row, None, "合计") for row in (7, 9)]
    groups += [cell(row, "三连", "records.cell.choice", args={"allowed": a})
               for row, a in ((2, "x"), (3, "y"))]
    assert [found.count for found in groups] == [1, 1, 1, 1]


def test_plain_data_lists_every_row():
    groups = InputGroups()
    groups += [cell(row, f"2007.{row % 12 + 1}") for row in range(2, 502)]
    (found,) = groups
    shape = input_finding(found, "zh")
    assert shape["count"] == 500 == len(shape["values"]) == len(shape["records"])
    assert shape["rows"] == list(range(2, 502))
    assert shape["message"].count("`") == 8
    assert input_finding(cell(17, "x"), "zh") | {"count": 1, "rows": [17]} == input_finding(
        cell(17, "x"), "zh")
    assert input_finding(InputFinding("records.cell.date"), "en")["rows"] == []


@pytest.mark.parametrize(("rows", "said"), [
    ([2], "2"), ([2, 3, 4], "2-4"), ([2, 4, 5, 9], "2, 4-5, 9"),
    (range(2, 40, 2), "2, 4, 6, 8, 10, 12, 14, 16, …"), ([], "")])
def test_ranges(rows, said):
    assert ranges(rows) == said


@pytest.mark.parametrize("bulk", [False, True])
def test_a_ledger_says_it_once(tmp_path: Path, bulk: bool):
    path = tmp_path / "ledger.csv"
    rows = [f"06{n:03},甲,2007.6,{'○' if n % 2 else '√'}" for n in range(500)]
    path.write_text("\n".join(["学号,姓名,转出时间,是否落实工作单位", *rows]), encoding="utf-8")
    report = audit(path, load_policy("fujian-2007-80"), as_of=DAY, bulk=bulk)
    said = {found.code: found for found in report.input}
    assert {code: found.count for code, found in said.items()} == {
        "records.cell.date-no-day": 500, "records.cell.bool-unclear": 250}
    assert said["records.cell.bool-unclear"].rows == tuple(range(3, 502, 2))
