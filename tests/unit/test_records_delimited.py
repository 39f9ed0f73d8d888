"""Delimited text: encodings, delimiters, ragged and broken rows, row numbers, streaming."""

import csv
import io
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.party_transfer import open_ledger
from support.strategies import examples

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.ledger.readers import quotes
from zhuanjie.engine.ledger.rows import TypedTable

HEAD = "学号,姓名,转出时间,政治面貌\n"
BODY = "06021,张三,2007-06-20,甲\n06022,李四,2007年6月21日,乙\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="ledger.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path
    return write


def read(path, size=100_000, **kw):
    """All batches of a ledger as one: frame, row numbers, findings."""
    batches = list(open_ledger([path], **kw).batches(size))
    frame = pl.concat([b.frame for b in batches])
    return frame, [r for b in batches for r in b.rows], [f for b in batches for f in b.input]


def refused(path):
    with pytest.raises(InputError) as caught:
        list(open_ledger([path]).batches())
    return caught.value.diagnostics[0]


@pytest.mark.parametrize("encoding", [
    "utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32",
])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_encodings_and_line_ends(write, encoding, ends):
    path = write((HEAD + BODY).replace("\n", ends), encoding=encoding)
    ledger = open_ledger([path])
    batch, = ledger.batches()
    assert batch.frame.rows() == [
        ("06021", "张三", date(2007, 6, 20)), ("06022", "李四", date(2007, 6, 21))]
    assert batch.frame.columns == ["member.id", "member.name", "letter.issued_on"]
    assert batch.extra.to_dict(as_series=False) == {"政治面貌": ["甲", "乙"]}
    assert batch.rows.to_list() == [2, 3]
    assert (batch.file, batch.sheet, batch.start) == (str(path), None, 0)
    assert ledger.fields == {"member.id", "member.name", "letter.issued_on"}


@pytest.mark.parametrize(("delimiter", "name"), [
    (",", "a.csv"), ("\t", "a.tsv"), (";", "a.csv"), ("\t", "a.txt"), ("|", "a.txt"),
    ("\N{FULLWIDTH COMMA}", "a.csv"), ("\N{FULLWIDTH SEMICOLON}", "a.txt"),
])
def test_delimiters(write, delimiter, name):
    frame, _, _ = read(write((HEAD + BODY).replace(",", delimiter), name))
    assert frame["member.name"].to_list() == ["张三", "李四"]


def test_nothing_is_inferred(write):
    frame, _, _ = read(write(
        "学号,介绍信编号,介绍信有效期天数\n007,1e5,090\n008,inf,\n009,True,\n010,NA,\n"))
    assert frame.rows() == [
        ("007", "1e5", 90), ("008", "inf", None), ("009", "True", None), ("010", None, None)]


def test_rows_count_as_a_spreadsheet_counts_them(write):
    text = ('"台账\n2007届",,\n,,\n学号,姓名,转出时间\n1,"张\n三",\n\n,,\n  , ,\n'
            "2,李四,2007-02-30\n\n填表人：王五,,\n")
    frame, rows, found = read(write(text))
    assert frame["member.name"].to_list() == ["张\n三", "李四"]
    assert rows == [4, 8]
    assert [(f.code, f.row, f.record, f.field, f.column, f.value) for f in found] == [
        ("records.cell.date-none", 8, "2", "letter.issued_on", "转出时间", "2007-02-30"),
        ("records.note-row", 10, None, None, None, "填表人：王五"),
    ]


def test_a_carriage_return_inside_a_cell_loses_no_record(write):
    frame, rows, _ = read(write('"台\r帐",\n"学\r号","姓\n名"\n1,"张\r三"\n2,李四\n'))
    assert frame.rows() == [("1", "张\r三"), ("2", "李四")]
    assert rows == [3, 4]


def test_short_rows_are_blank_and_long_rows_are_said(write):
    text = HEAD + "1,张三\n2,李四,2007-06-20,甲,,\n3,王五,2007-06-20,甲,乙,丙\n"
    frame, _, found = read(write(text))
    assert frame["letter.issued_on"].to_list() == [None, date(2007, 6, 20), date(2007, 6, 20)]
    assert [(f.code, f.row, f.record, f.value) for f in found] == [
        ("records.too-many-cells", 4, "3", "乙")]
    assert "4" in found[0].message("en")


def test_rows_that_all_end_in_a_delimiter_are_no_longer_than_the_header(write):
    _, _, found = read(write("学号,姓名\n1,张三,\n2,李四,\n"))
    assert found == []


@pytest.mark.parametrize(("text", "strays"), [
    ('1,"张三,甲\n2,李四,乙\n3,王五,丙\n', [(2, '"张三')]),  # never closed
    ('1,张三,甲\n2,"李"四,乙\n3,王五,丙\n', [(3, '"李"四')]),  # closed within
    ('1,"张三,甲\n2,李四,"乙"\n3,王五,丙\n', [(2, '"张三')]),
    ('1,张三,"甲\n2,李四",乙\n3,王五,丙\n', [(2, '"甲'), (3, '李四"')]),  # closed by another
    ('1,张三,"甲\n2,李四,乙"\n3,"王五",丙\n', [(2, '"甲')]),
    ('1,"张""三",甲\n2,李四,"乙\n丙"\n3,"王,五",丁\n', []),  # as it should be
])
def test_a_stray_quote_swallows_no_rows_and_is_said(write, text, strays):
    frame, rows, found = read(write("学号,姓名,备注\n" + text))
    assert frame["member.id"].to_list() == ["1", "2", "3"]
    assert rows == [2, 3, 4]
    assert [(f.row, f.value) for f in found if f.code == "records.stray-quote"][:1] == strays[:1]
    assert bool(found) == bool(strays)


def test_a_stray_quote_costs_a_large_file_no_row(write):
    rows = [f"{i},甲{i},2007-06-25,某街道" for i in range(30_000)]
    for at in (5, 7_000, 29_000):
        rows[at] = rows[at].replace("甲", '"甲')
    path = write(HEAD + "\n".join(rows) + "\n")
    ledger = open_ledger([path])
    batches = list(ledger.batches())
    assert sum(b.frame.height for b in batches) == 30_000
    assert [f.row for b in batches for f in b.input] == [7, 7_002, 29_002]


def test_text_in_big5_and_in_utf_16_without_a_mark(write):
    text = "學號,姓名,轉出時間\n06001,張三,2007/6/25\n"
    for encoding in ("big5", "utf-16-le", "utf-16-be", "gb18030"):
        frame, _, found = read(write(text, encoding=encoding))
        assert frame.rows() == [("06001", "張三", date(2007, 6, 25))]
        assert found == []


@pytest.mark.parametrize(("content", "bad"), [
    ((HEAD + "06021,张").encode("gbk") + b"\x80," + "2007-06-20,甲\n06022,李四,,\n".encode("gbk"),
     ("姓名", "GB18030")),
    ((HEAD + BODY + "1,甲,,乙").encode() + b"\xff\n", ("政治面貌", "UTF-8")),
    ((HEAD + "1,甲,").encode("utf-16") + b"\x00\xdc" + ",乙\n".encode("utf-16-le"),
     ("转出时间", "UTF-16")),
])
def test_a_byte_that_is_no_character_costs_its_cell_alone(write, content, bad):
    frame, _, found = read(write(content))
    assert frame.height in (1, 2, 3)
    assert [(f.code, f.args["heading"], f.args["encoding"]) for f in found] == [
        ("records.bad-bytes", *bad)]
    assert "\ufffd" in found[0].value
    assert not any("\ufffd" in str(value) for row in frame.rows() for value in row)


def test_a_stray_quote_inside_a_cell_is_text(write):
    frame, rows, _ = read(write('学号,姓名\n1,张"三\n2,李四\n3,王"五"\n'))
    assert frame["member.name"].to_list() == ['张"三', "李四", '王"五"']
    assert rows == [2, 3, 4]


@pytest.mark.parametrize(("content", "code"), [
    (b"", "records.empty-file"), (b"\n\n", "records.no-cells"),
    (HEAD.encode(), "records.no-records"), ((HEAD + ",,,\n\n").encode(), "records.no-records"),
    (b"a,b\n1,2\n", "records.no-header"), ("学生号,名字\n1,2\n".encode(), "records.no-header-near"),
    ("转出日期,党员类型\n1,2\n".encode(), "records.no-header-near"),
    ((HEAD + "1,\0,,\n").encode(), "records.binary"), (b"\x89PNG\r\n\x1a\n\0\0", "records.binary"),
    (b"PK\x03\x04rest", "records.really-zip"), (b"\n <HTML><table>", "records.really-html"),
    (b"PAR1....", "records.really-parquet"),
])
def test_broken_files(write, content, code):
    assert refused(write(content)).code == code


def test_temporary_copies_are_deleted(write, tmp_path, monkeypatch):
    import gc
    import tempfile

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    ledger = open_ledger([write(HEAD + BODY, encoding="gb18030")])
    assert len(list(scratch.iterdir())) == 1
    del ledger
    gc.collect()
    assert list(scratch.iterdir()) == []


def typed(path, **held):
    """The ids and what is said of the rows, as a stream has them."""
    with using(Limits(sample_rows=2, text_rows=2, **held)):
        ledger = open_ledger([path])
        table, = ledger.tables
        ids, said, dropped = [], [], []
        for rows in TypedTable(table).rows(["member.id"], [pl.col("member.id")], size=2,
                                           findings=True):
            ids += rows.frame.rows()
            said += rows.input
            dropped += rows.dropped
        return ids, said, dropped, ledger


def test_a_large_text_is_read_part_by_part(write, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = write(HEAD + BODY + "\n合计\n06023,王五,2007-02-30,丙,丁\n")
    whole = typed(path)
    assert list(scratch.iterdir()) == []
    for size in (1, 4, 30, 64):
        parts = typed(path, text_part=size, held_bytes=0)
        assert parts[:3] == whole[:3]
        kept, = scratch.iterdir()
        assert (kept.stat().st_mode & 0o777) == 0o700
        parts[3].close()
        assert list(scratch.iterdir()) == []
    assert [f.row for f in whole[1]] == [5, 6, 6]


def test_no_room_for_what_is_not_held(write, monkeypatch):
    path = write(HEAD + BODY)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    whole = typed(path)
    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    assert typed(path, text_part=1, held_bytes=0)[:3] == whole[:3]
    monkeypatch.setattr("tempfile.mkdtemp", full)
    assert typed(path, text_part=1, held_bytes=0)[:3] == whole[:3]


CELL = st.text(st.sampled_from('ab张",;\n\r 1#\'\u3000'), max_size=5)


def _as_kept(cell: str) -> str | None:
    """What is left of a cell: no apostrophe that a spreadsheet put before it, nothing of `###`."""
    text = cell.strip().removeprefix("'").strip()
    return text if text.strip("#") else None


@examples(150)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12),
       size=st.integers(1, 5), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
       kept=st.booleans())
def test_what_is_written_is_read(tmp_path_factory, rows, size, quoting, kept):
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\r\n")
    # With an id, so that whatever the cells hold is a record's.
    rows = [(f"06{n}" if any(map(str.strip, row)) else "", *row) for n, row in enumerate(rows)]
    writer.writerows([("学号", "姓名", "民族", "所在支部"), *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(out.getvalue().encode())
    stripped = [tuple(map(_as_kept, row)) for row in rows]
    expected = [(n, row) for n, row in enumerate(stripped, 2) if any(row)]
    with using(Limits(text_part=7 if kept else 10**9)):
        ledger = open_ledger([path])
        assert ledger.tables[0].parts
    if not expected:
        return
    batches = list(ledger.batches(size))
    assert [r for b in batches for r in b.frame.rows()] == [r for _, r in expected]
    assert [n for b in batches for n in b.rows] == [n for n, _ in expected]


@examples(400)
@given(text=st.text(st.sampled_from('ab",;\n'), max_size=40), block=st.integers(1, 9))
def test_quotes_are_checked_as_a_state_machine_checks_them(tmp_path_factory, text, block):
    path = tmp_path_factory.getbasetemp() / "quotes.csv"
    path.write_text(text, encoding="utf-8-sig" if block % 2 else "utf-8")
    blocks = path.read_bytes()
    chunks = [blocks[i:i + block + 3] for i in range(0, len(blocks), block + 3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quotes, "blocks", lambda _: iter(chunks))
        assert quotes.well_quoted(path, ",") == _sound(text)


def _sound(text):
    """The rule, one character at a time: start of a cell, bare cell, quoted cell, after a quote."""
    state = "start"
    for c in text:
        edge = c in ",\n"
        match state:
            case "start":
                state = "quoted" if c == '"' else "start" if edge else "bare"
            case "bare":
                if c == '"':
                    return False
                state = "start" if edge else "bare"
            case "quoted":
                state = "after" if c == '"' else "quoted"
            case "after":
                if c != '"' and not edge:
                    return False
                state = "quoted" if c == '"' else "start"
    return state != "quoted"
