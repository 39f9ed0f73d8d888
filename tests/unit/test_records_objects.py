"""JSON, JSON lines, Parquet, Python records, frames: shapes, types, row numbers, broken files."""

import json
from datetime import date, datetime

import polars as pl
import pytest
from support.party_transfer import from_frame, from_records, open_ledger

from zhuanjie.engine.core.errors import InputError

DAY = date(2007, 6, 20)
NESTED = {"member": {"id": "06021", "name": "张三"}, "letter": {"issued_on": "2007-06-20"}}
DOTTED = {"member.id": "06021", "member.name": "张三", "letter.issued_on": "2007/6/20"}
CHINESE = {"学号": "06021", "姓名": "张三", "转出时间": "2007年6月20日"}
ROW = ("06021", "张三", DAY)


def only(ledger):
    batch, = ledger.batches()
    return batch


def save(tmp_path, text, name):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(path):
    with pytest.raises(InputError) as caught:
        list(open_ledger([path]).batches())
    return caught.value.diagnostics[0]


@pytest.mark.parametrize("record", [NESTED, DOTTED, CHINESE])
@pytest.mark.parametrize("shape", ["list", "records", "one", "lines", "lines-in-json", "python"])
def test_one_record_in_every_shape(tmp_path, record, shape):
    text = json.dumps(record, ensure_ascii=False)
    ledger = {
        "list": lambda: open_ledger([save(tmp_path, f"[{text}]", "a.json")]),
        "records": lambda: open_ledger([save(tmp_path, f'{{"records": [{text}]}}', "a.json")]),
        "one": lambda: open_ledger([save(tmp_path, text, "a.json")]),
        "lines": lambda: open_ledger([save(tmp_path, f"{text}\n", "a.jsonl")]),
        "lines-in-json": lambda: open_ledger([save(tmp_path, f"\ufeff{text}\r\n", "a.ndjson")]),
        "python": lambda: from_records([record]),
    }[shape]()
    assert only(ledger).frame.rows() == [ROW]
    assert only(ledger).frame.columns == list(DOTTED)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_lines_in_other_encodings(tmp_path, encoding):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(CHINESE, ensure_ascii=False) + "\n", encoding=encoding)
    assert only(open_ledger([path])).frame.rows() == [ROW]


def test_rows_are_positions_in_a_list_and_lines_in_lines(tmp_path):
    records = [{"学号": "1"}, {}, {"学号": "2", "转出时间": "x"}, {"备注": "?"}]
    batch = only(open_ledger([save(tmp_path, json.dumps(records), "a.json")]))
    assert batch.rows.to_list() == [1, 3]
    assert [(f.row, f.record, f.column, f.code.rpartition(".")[2]) for f in batch.input] == [
        (3, "2", "转出时间", "date"), (4, None, None, "note-row")]
    lines = "\n\n".join(json.dumps(r) for r in records)
    batch = only(open_ledger([save(tmp_path, lines, "a.jsonl")]))
    assert batch.rows.to_list() == [1, 5]


def test_typed_values_and_odd_cells():
    records = [
        {"学号": 6021, "转出时间": DAY, "接收后能否参加组织生活": True, "介绍信有效期天数": 90,
         "备注": {"甲": 1}, "表": [1, "二"]},
        {"学号": ["1"], "转出时间": datetime(2007, 6, 20, 8), "介绍信有效期天数": float("nan"),
         "表": None},
    ]
    ledger = from_records(records)
    batch = only(ledger)
    assert batch.frame.to_dicts() == [
        {"member.id": "6021", "letter.valid_days": 90, "letter.issued_on": DAY,
         "arrival.attends": True},
        {"member.id": None, "letter.valid_days": None, "letter.issued_on": DAY,
         "arrival.attends": None}]
    assert [(f.code, f.row, f.value) for f in batch.input] == [("records.cell.nested", 2, "[…]")]
    assert batch.extra.to_dict(as_series=False) == {"备注.甲": [1, None], "表": ['[1, "二"]', None]}
    assert (batch.file, batch.sheet) == ("records", None)


def test_a_mapping_given_as_a_generator_is_read_twice():
    ledger = from_records({"学号": str(i)} for i in range(5))
    assert [b.frame.height for b in ledger.batches(2)] == [2, 2, 1]
    assert [b.start for b in ledger.batches(2)] == [0, 2, 4]


@pytest.mark.parametrize("records", [[], [{}], [{"学号": " "}]])
def test_no_records(records):
    with pytest.raises(InputError, match="there are no records"):
        list(from_records(records).batches())


@pytest.mark.parametrize(("text", "name", "at", "around"), [
    ('{"学号": "1"}\n\n{"学号": "2", "姓名": "甲"\n{"学号": "3"}\n', "a.jsonl", (3, 22),
     '{"学号": "2", "姓名": "甲"'),
    ('{"学号": "1"}\r\n{"学号": "2"\r\n', "a.jsonl", (2, 11), '{"学号": "2"'),
    ('[{"学号": "1"},\n {"学号": "2"\n\n', "a.json", (2, 12), ' {"学号": "2"'),
    ('[{"学号": "1"},\n {"学号" "2"}]\n', "a.json", (2, 8), ' {"学号" "2"}]'),
])
def test_the_place_of_a_fault_and_what_stands_there(tmp_path, text, name, at, around):
    place = refused(save(tmp_path, text, name)).place
    assert ((place.line, place.column), place.snippet) == (at, around)
    assert place.caret == place.column - 1


def test_the_place_of_a_fault_in_yaml(tmp_path):
    from zhuanjie.engine.ledger.documents import load_record_file

    for text, at, around in (("学号: 1\n姓名: [甲\n\n\n", (2, 7), "姓名: [甲"),
                             ("学号: 1\n姓名: 甲: 乙\n", (2, 6), "姓名: 甲: 乙")):
        with pytest.raises(InputError) as caught:
            load_record_file(save(tmp_path, text, "a.yaml"))
        place = caught.value.diagnostics[0].place
        assert ((place.line, place.column), place.snippet) == (at, around)


@pytest.mark.parametrize(("text", "code", "line"), [
    ('{"学号": "1"}\n{"学号": \n', "records.json", 2),
    ('{"学号": "1"}\n\n[1]\n', "records.line-shape", 3),
    ('{"学号": "1"}\n{"学号": "2", "学号": "3"}\n', "records.same-key", 2),
    ('{"学号": "1"}\nnull\n', "records.line-shape", 2), ('{"学号": "1"}\n\xff', "records.json", 2),
    ('{"学号": "1"}\n' + "[" * 100_000, "records.too-deep", 2),
    ('{"甲": "1"}\n', "records.no-header", None),
    (b'{"a": "1"}\n{"a": "\xff"}\n', "records.undecodable", 2),
])
def test_broken_lines(tmp_path, text, code, line):
    diagnostic = refused(save(tmp_path, text, "a.jsonl"))
    assert (diagnostic.code, diagnostic.place.line) == (code, line)


@pytest.mark.parametrize(("text", "code"), [
    ('[{"学号": "1"},\n {"学号": 2,]', "records.json"), ("[1, 2]", "records.record-shape"),
    ('"x"', "records.record-shape"), ('{"records": [1]}', "records.record-shape"),
    ("[]", "records.no-records"), ('{"records": []}', "records.no-records"),
    ('[{"甲": 1}]', "records.no-header"), ('[{"转出日期": 1}]', "records.no-header-near"),
    ('{"letter": {"serial": "1"}, "letter.serial": "2", "学号": "1"}', "records.same-key"),
    ('{"letter": {"serial": "1"}, "介绍信编号": "2", "学号": "1"}', "records.same-field"),
    (b"[\xff\xff]", "records.undecodable"), ("[" * 100_000, "records.too-deep"),
    ('[{"a": ' + "9" * 5000 + "}]", "records.too-long-number"),
    ("  ", "records.json"),
])
def test_broken_documents(tmp_path, text, code):
    assert refused(save(tmp_path, text, "a.json")).code == code


def test_a_syntax_error_points_at_its_place(tmp_path):
    diagnostic = refused(save(tmp_path, '[{"学号": "1"},\n {"学号": 2,]', "a.json"))
    assert (diagnostic.place.line, diagnostic.place.column) == (2, 11)
    assert diagnostic.place.snippet == ' {"学号": 2,]'
    assert diagnostic.place.caret == 10


@pytest.mark.parametrize("columns", [list(DOTTED), list(CHINESE)])
@pytest.mark.parametrize("kind", ["parquet", "frame"])
def test_typed_columns(tmp_path, columns, kind):
    cells = [["06021", "6022"], ["张三", " "], [DAY, date(1066, 10, 14)]]
    frame = pl.DataFrame(cells, schema=columns)
    frame = frame.with_columns(pl.Series("备注", [1, 2]))
    path = tmp_path / "a.parquet"
    frame.write_parquet(path)
    ledger = open_ledger([path]) if kind == "parquet" else from_frame(frame)
    batch = only(ledger)
    assert batch.frame.rows() == [ROW, ("6022", None, None)]
    assert batch.extra["备注"].to_list() == [1, 2]
    assert batch.rows.to_list() == [1, 2]
    assert [(f.code, f.row, f.value) for f in batch.input] == [
        ("records.cell.date-range", 2, "1066-10-14")]
    assert ledger.size_hint == 2


def test_groups_of_a_parquet_file_are_taken_apart(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame([NESTED, NESTED | {"letter": None}]).write_parquet(path)
    batch = only(open_ledger([path]))
    assert batch.frame.rows() == [ROW, ("06021", "张三", None)]


def test_a_parquet_file_streams_in_order(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"学号": [str(i) for i in range(10_000)]}).write_parquet(path, row_group_size=700)
    batches = list(open_ledger([path]).batches(999))
    assert [i for b in batches for i in b.frame["member.id"]] == [str(i) for i in range(10_000)]
    assert [r for b in batches for r in b.rows] == list(range(1, 10_001))
    assert max(b.frame.height for b in batches) <= 999


def test_a_category_column_and_a_far_date_can_be_shown(tmp_path):
    frame = pl.DataFrame({
        "学号": pl.Series(["1"], dtype=pl.Categorical),
        "转出时间": pl.Series([-20_000_000], dtype=pl.Int32).cast(pl.Date),
    })
    batch = only(from_frame(frame))
    assert batch.frame.rows() == [("1", None)]
    assert [(f.code, f.value) for f in batch.input] == [
        ("records.cell.date-range", "-52789-11-11")]


@pytest.mark.parametrize("content", [b"PAR1" + b"x" * 40, b"PAR1"])
def test_a_damaged_parquet_file(tmp_path, content):
    assert refused(save(tmp_path, content, "a.parquet")).code == "records.damaged"


def test_what_is_named_parquet_and_is_not(tmp_path):
    assert refused(save(tmp_path, "学号\n1\n", "a.parquet")).code == "records.really-text"
