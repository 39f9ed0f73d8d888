"""The one cell parser: what each kind of field reads, refuses, and how a column agrees with it."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messy_ledgers import NOTHING, ODD
from support.party_transfer import fields
from support.values import replace

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.column_reader import column_reader
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell, read_column
from zhuanjie.engine.ledger.cells.shown import ShownDate

F = fields()
ID, NAME, DAY, BOOL, DAYS, COHORT = (
    F["member.id"], F["letter.origin_address"], F["letter.issued_on"], F["arrival.attends"], F["letter.valid_days"],
    F["member.cohort"],
)
FORM = F["letter.form"]
DATES = st.dates(date(1900, 1, 1), date(2999, 12, 31))
WIDE = str.maketrans("0123456789-/.", "０１２３４５６７８９－／．")


def refused(field, raw, **kw):
    with pytest.raises(CellError) as caught:
        read_cell(field, raw, **kw)
    return caught.value.code


@pytest.mark.parametrize("field", [ID, DAY, BOOL, DAYS, FORM], ids=lambda f: f.type)
@pytest.mark.parametrize(
    "raw", [None, float("nan"), "", " \t\n", "\u3000", "\ufeff", "\u200b \xa0"]
)
def test_blank_is_missing(field, raw):
    assert read_cell(field, raw) is None


@pytest.mark.parametrize(("raw", "text"), [
    (" 06021 ", "06021"), ("\ufeff06021", "06021"), ("\u3000张 三\u3000", "张 三"),
    (13800000000.0, "13800000000"), (13800000000, "13800000000"),
    (0.0000001, "0.0000001"), (2.5, "2.5"), (True, "true"), (date(2007, 6, 20), "2007-06-20"),
    (datetime(2007, 6, 20), "2007-06-20"), (datetime(2007, 6, 20, 8, 30), "2007-06-20 08:30:00"),
])
def test_strings(raw, text):
    assert read_cell(ID, raw) == text


@pytest.mark.parametrize(("raw", "code"), [
    (["06021"], "records.cell.nested"), ({"a": 1}, "records.cell.nested"),
    ("\ud800", "records.cell.text"), ("#N/A", "records.cell.error"),
    (" #REF! ", "records.cell.error"),
])
def test_no_field_reads(raw, code):
    assert refused(ID, raw) == code
    assert refused(DAY, raw) == code


@pytest.mark.parametrize(("raw", "own"), [
    ("three_part", "three_part"), ("三联", "three_part"), (" 三 联 ", "three_part"),
    ("THREE_PART", "three_part"), ("三联单", "three_part"), ("二联", "two_part"),
])
def test_choices(raw, own):
    assert read_cell(FORM, raw) == own


def test_choice_refused_with_near_miss():
    with pytest.raises(CellError) as caught:
        read_cell(FORM, "three_prat")
    assert caught.value.code == "records.cell.choice-near"
    assert caught.value.values == {"allowed": "三联/three_part, 两联/two_part", "near": "三联"}
    assert refused(FORM, "三连") == "records.cell.choice"
    assert refused(FORM, "普通") == "records.cell.choice"
    assert refused(FORM, 3) == "records.cell.choice"


@pytest.mark.parametrize("field", [f for f in F if f.values], ids=lambda f: f.name)
def test_every_value_reads_in_both_forms(field):
    for own, chinese in field.values.items():
        expected = own == "true" if field.type == "bool" else own
        assert read_cell(field, own) == read_cell(field, chinese) == expected


@pytest.mark.parametrize(("raw", "value"), [
    ("是", True), ("否", False), ("TRUE", True), ("false", False), (True, True), (False, False),
    (1, True), (0, False), (1.0, True), ("1", True), ("有", True), ("无", False), ("√", True),
])
def test_booleans(raw, value):
    assert read_cell(BOOL, raw) is value


@pytest.mark.parametrize("raw", ["也许", 2, "是否", date(2007, 1, 1)])
def test_booleans_refused(raw):
    assert refused(BOOL, raw) == "records.cell.bool"


def test_a_boolean_without_words_of_its_own_takes_true_and_false():
    bare = replace(BOOL, values={"true": "true", "false": "false"},
                   forms={"true": "true", "false": "false"})
    assert read_cell(bare, "TRUE") is True
    with pytest.raises(CellError) as caught:
        read_cell(bare, "yes")
    assert caught.value.code == "records.cell.bool-bare"
    assert say(caught.value.code, "en", value="yes", **caught.value.values) == (
        "`yes` is neither yes nor no; write true or false")


@pytest.mark.parametrize(("field", "raw", "value"), [
    (DAYS, 90, 90), (DAYS, "90", 90), (DAYS, " 90 ", 90), (DAYS, 90.0, 90), (DAYS, "９０", 90),
    (DAYS, "90天", 90), (DAYS, "-5", -5), (DAYS, "90.0", 90), (COHORT, "2007届", 2007),
    (COHORT, "2007级", 2007),
])
def test_whole_numbers(field, raw, value):
    assert read_cell(field, raw) == value


@pytest.mark.parametrize(("field", "raw", "code"), [
    (DAYS, "ninety", "int"), (DAYS, 90.5, "int"), (DAYS, "90.5", "int"), (DAYS, True, "int"),
    (DAYS, float("inf"), "int"), (DAYS, date(2007, 1, 1), "int"), (DAYS, "2007届", "int"),
    (DAYS, 36501, "int-range"), (DAYS, "9" * 5000, "int-range"), (DAYS, -10**30, "int-range"),
    (COHORT, "07", "int-range"), (DAYS, "٩٠", "int"),
])
def test_whole_numbers_refused(field, raw, code):
    assert refused(field, raw) == f"records.cell.{code}"


STYLES = [
    "{0:04}-{1:02}-{2:02}", "{0}-{1}-{2}", "{0}/{1}/{2}", "{0}/{1:02}/{2:02}", "{0}.{1}.{2}",
    "{0:04}{1:02}{2:02}", "{0}年{1}月{2}日", "{0}年{1:02}月{2:02}日", "{0} 年 {1} 月 {2} 日",
    "{0}-{1:02}-{2:02} 00:00:00", "{0}-{1:02}-{2:02}T00:00:00", "{0}-{1:02}-{2:02} 13:45",
    "\ufeff {0}/{1}/{2}\u3000", "{0}-{1:02}-{2:02}T00:00:00.000Z",
]


@given(DATES, st.sampled_from(STYLES), st.booleans())
def test_dates_round_trip(day, style, wide):
    text = style.format(day.year, day.month, day.day)
    assert read_cell(DAY, text.translate(WIDE) if wide else text) == day


@given(DATES)
def test_dates_typed_round_trip(day):
    number = day.year * 10000 + day.month * 100 + day.day
    typed = [day, datetime.combine(day, time(23, 59)), number, float(number)]
    assert [read_cell(DAY, raw) for raw in typed] == [day] * 4


@given(st.dates(date(1958, 10, 6), date(2119, 1, 10)))
def test_serials_count_only_in_spreadsheets(day):
    serial = (day - date(1899, 12, 30)).days
    assert read_cell(DAY, serial, date(1899, 12, 30)) == day
    assert read_cell(DAY, serial + 0.75, date(1899, 12, 30)) == day
    assert read_cell(DAY, serial - 1462, date(1904, 1, 1)) == day
    assert refused(DAY, serial).startswith("records.cell.date")


@pytest.mark.parametrize(("raw", "code"), [
    ("2007-02-30", "none"), ("20070231", "none"), ("2007年13月1日", "none"), (20071301, "none"),
    ("2007-06", "no-day"), ("2007年6月", "no-day"), ("200706", "no-day"), (2007, "no-day"),
    ("2007", "no-day"), (2007.6, "no-day"), ("07/06/20", "unclear"), ("6月20日", "no-year"),
    ("06/07/2007", "unclear"), ("070620", "unclear"), ("2007620", "unclear"),
    ("1899-12-31", "range"), ("3000-01-01", "range"), ("0001-01-01", "range"),
    (date.max, "range"), (datetime.min, "range"),
    ("待定", "date"), (True, "date"), (time(8), "date"), (timedelta(1), "date"),
    ("2007-06-20T16:00:00Z", "zone"), ("2007-W25-3", "date"), (float("inf"), "date"),
])
def test_dates_refused(raw, code):
    assert refused(DAY, raw).removeprefix("records.cell.").removeprefix("date-") == code


WRITTEN = [*NOTHING, *ODD, "/ —", "N A", "\t无\u200b", "＇06001", "='x'", '=""', "1.5e+3", "##", "#",
           "/a", "无锡", "暂无消息", "nab", "——1", "'", "''", '="', '="a""b"']
@pytest.mark.parametrize("raw", [
    "二〇〇七年六月二十日", "二○○七年六月二十日", "二OO七.六.二十", "2007.06.20.", "2007、6、20", "2007—6—20",
    "2007－6－20", "2007——6——20", "2007 6 20", "2007 年 6 月 20 日", "2007年06月20号", "2007/6/20 0:00:00",
    "'2007-6-20", '"2007-06-20', "2007/06/20/", "6/20/2007", "20/06/2007", "20-Jun-2007", "20-六月-2007",
    "June 20, 2007", "2007年6月20日星期三", "2007-06-20T08:30:00+08:00", "20070620083000", "2007年6月20日上午"])
def test_dates_as_offices_write_them(raw):
    assert read_cell(DAY, raw) == date(2007, 6, 20)


@pytest.mark.parametrize(("raw", "kind"), [
    ("39253", "number"), ("2007年6月中旬", "about"), ("约2007年6月", "about"), ("2007年6月20日前", "about"),
    ("2007-06-20至2007-07-20", "several"), ("2007.6.20—7.1", "several"), ("2007.6.20/2007.7.1", "several"),
    ("2007.6.20（补办）", "note"), ("农历五月初六", "lunar"), ("07年6月20日", "short-year"),
    ("20-Jun-07", "short-year"), ("2007-06-00", "no-day"), ("二〇〇七年六月", "no-day"), ("2007年6月31日", "none"),
    ("2007年6月、7月", "several")])
def test_each_kind_of_no_day_has_its_reason(raw, kind):
    assert refused(DAY, raw) == f"records.cell.date-{kind}"


def test_a_day_shown_in_part_is_no_day():
    month = F["member.born_on"]
    assert refused(DAY, ShownDate("2007-06")) == "records.cell.date-shown"
    assert read_cell(month, ShownDate("2007-06")) == date(2007, 6, 1)
    assert refused(month, ShownDate("06-20")) == refused(month, ShownDate("2007")) == (
        "records.cell.month-shown")
    assert read_cell(COHORT, ShownDate("2007")) == 2007


@pytest.mark.parametrize("raw", [*NOTHING, "／", "＼", "―", "ＮＡ", "…", "－－", "＊", "'/", '="—"'])
@pytest.mark.parametrize("field", [ID, NAME, DAY, DAYS, FORM], ids=lambda f: f.name)
def test_marks_for_nothing_are_blank(field, raw):
    assert read_cell(field, raw) is None


@pytest.mark.parametrize(("raw", "value"), [
    *((yes, True) for yes in ["✔", "☑", "✓", "√", "对", "T", "Y", "V", "v", "是", "有", "已", "已落实", "已办", "已收", "Ｙ"]),
    *((no, False) for no in ["✗", "✘", "×", "╳", "x", "X", "错", "F", "N", "否", "无", "未", "没有", "未落实", "未办", "未收", "ｎ"]),
    ("/", None), ("—", None), ("不详", None)])
def test_ticks_and_words(raw, value):
    assert read_cell(BOOL, raw) is value


@pytest.mark.parametrize(("raw", "code"), [
    *((mark, "bool-unclear") for mark in ["○", "〇", "◯", "o", "●", "□", "■", "☐", "☒"]),
    ("是（外企）", "choice-note"), ("R", "bool")])
def test_what_is_no_certain_yes_or_no(raw, code):
    assert refused(BOOL, raw) == f"records.cell.{code}"


@pytest.mark.parametrize(("raw", "text"), [
    ('="06001"', "06001"), ("'06001", "06001"), (' ="06001" ', "06001"), ("=1+1", "=1+1"),
    ("No.12", "No.12"), ("无锡市", "无锡市"), (999999999999999.0, "9" * 15)])
def test_texts_out_of_a_spreadsheets_quotes(raw, text):
    assert read_cell(ID, raw) == text


@pytest.mark.parametrize(("raw", "code"), [
    ("2.00705E+11", "scientific"), ("3.50627e+17", "scientific"), (3.5010219850101e17, "digits-lost"),
    ("####", "narrow"), ("'#N/A", "error")])
def test_what_a_spreadsheet_spoilt(raw, code):
    assert refused(ID, raw) == f"records.cell.{code}"


RAW = st.one_of(
    st.none(), st.booleans(), st.integers(-10**12, 10**12), st.floats(), st.text(max_size=6),
    st.dates(), st.datetimes(), st.lists(st.integers(), max_size=2),
    st.sampled_from(["三联", "是", "90天", "2007/6/20", "#N/A", BLANKS]), st.sampled_from(WRITTEN),
)


@given(st.sampled_from([ID, DAY, BOOL, DAYS, FORM]), st.lists(RAW, max_size=30))
def test_a_column_reads_as_its_cells(field, raws):
    column, errors = read_column(field, raws)
    _same_as_cells(field, raws, column, errors)


@given(st.sampled_from([ID, DAY, BOOL, DAYS, FORM]),
       st.lists(st.none() | st.text(max_size=6) | st.sampled_from(
           ["三联", "是", "90天", "2007/6/20", "2007-06-20", "#N/A", " x ", BLANKS]) |
           st.sampled_from(WRITTEN), max_size=30))
def test_a_text_column_reads_as_its_cells(field, raws):
    column, errors = read_column(field, pl.Series(raws, dtype=pl.String))
    _same_as_cells(field, raws, column, errors)


@given(st.sampled_from([ID, NAME, DAY, BOOL, DAYS, FORM]), st.lists(st.none() | st.text(max_size=4) |
       st.sampled_from(["06001", "三联", "是", "90天", "2007-06-20", *WRITTEN]), min_size=1, max_size=30),
       st.integers(0, 30), st.booleans())
def test_a_query_reads_as_its_cells(field, raws, shown, untrimmed):
    """What a query does not doubt is what the parser reads, whatever of the column it was shown."""
    cells = pl.Series("cell", raws, dtype=pl.String)
    reader = column_reader(field, pl.col("cell"), cells.dtype, cells.head(shown))
    if untrimmed and reader.untrimmed is not None:
        reader = reader.untrimmed
    frame = cells.to_frame().lazy().select(reader.value.alias("value"), "cell").with_columns(
        doubt=pl.lit(False) if reader.needs_fallback is None else
        reader.needs_fallback(pl.col("value")).fill_null(value=False)).collect()
    for raw, value, doubt in frame.select("cell", "value", "doubt").iter_rows():
        if not doubt:
            read = read_cell(field, raw)
            trimmed = value.rstrip(BLANKS) if untrimmed and isinstance(value, str) else value
            assert trimmed == read


@given(st.sampled_from([ID, DAY, BOOL, DAYS, COHORT]), st.one_of(
    st.lists(st.none() | st.dates()).map(lambda v: pl.Series(v, dtype=pl.Date)),
    st.lists(st.none() | st.datetimes()).map(lambda v: pl.Series(v, dtype=pl.Datetime)),
    st.lists(st.none() | st.booleans()).map(lambda v: pl.Series(v, dtype=pl.Boolean)),
    st.lists(st.none() | st.integers(-2**62, 2**62)).map(lambda v: pl.Series(v, dtype=pl.Int64)),
    st.lists(st.none() | st.integers(0, 255)).map(lambda v: pl.Series(v, dtype=pl.UInt8)),
    st.lists(st.none() | st.floats()).map(lambda v: pl.Series(v, dtype=pl.Float64)),
))
def test_a_typed_column_reads_as_its_cells(field, series):
    column, errors = read_column(field, series)
    _same_as_cells(field, series.to_list(), column, errors)


def _same_as_cells(field, raws, column, errors):
    expected, codes = [], []
    for i, raw in enumerate(raws):
        try:
            expected.append(read_cell(field, raw))
        except CellError as error:
            expected.append(None)
            codes.append((i, error.code, error.values))
    assert column.to_list() == expected
    assert [(i, e.code, e.values) for i, e in errors] == codes
    assert column.dtype == {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}.get(
        field.type, pl.String)
    assert column.name == field.name


def test_categories_read_as_text():
    column, errors = read_column(FORM, pl.Series(["三联", None, "x"], dtype=pl.Categorical))
    assert column.to_list() == ["three_part", None, None]
    assert [i for i, _ in errors] == [2]
