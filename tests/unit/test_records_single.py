"""One record in plain Python, and the files records are given in."""

import io
import json
import subprocess
import sys
from datetime import date

import pytest
from support.party_transfer import read_record

from zhuanjie.engine import audit, check, destinations, load_policy
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.ledger.ledger import load_record_file

DAY = date(2007, 6, 20)


@pytest.mark.parametrize("record", [
    {"member": {"id": "06021"}, "letter": {"issued_on": DAY, "form": "三联"}},
    {"member.id": "06021", "letter.issued_on": "2007.6.20", "letter.form": "three_part"},
    {"学号": "06021", "转出时间": "20070620", "介绍信式样": "三联", "姓名": " "},
])
def test_a_record_in_every_shape(record):
    values, wrong, notices = read_record(record)
    assert values == {"member.id": "06021", "letter.form": "three_part", "letter.issued_on": DAY}
    assert list(values) == ["member.id", "letter.form", "letter.issued_on"]
    assert (wrong, notices) == ([], [])


def test_what_cannot_be_read_and_what_nobody_knows():
    values, wrong, notices = read_record({
        "学号": "06021", "letter": {"issued_on": "2007-02-30"}, "其他": {"颜色": "红"},
        "持证报到日": "x", "姓名": ["张"],
    })
    assert values == {"member.id": "06021"}
    assert [(f.code, f.record, f.field, f.column, f.value) for f in wrong] == [
        ("records.cell.nested", "06021", "member.name", "姓名", "[…]"),
        ("records.cell.date-none", "06021", "letter.issued_on", "letter.issued_on", "2007-02-30"),
    ]
    assert [(n.code, n.args["heading"], n.args["near"]) for n in notices] == [
        ("records.unknown-heading", "其他.颜色", None),
        ("records.unknown-heading-near", "持证报到日", "持证报到日期"),
    ]


def test_the_mapping_of_the_user():
    assert read_record({"编号": "06021"}, {"编号": "member.id"})[0] == {"member.id": "06021"}


def test_polars_is_not_needed():
    code = ("import sys; from zhuanjie.engine.ledger.ledger import read_record;"
            "from zhuanjie.engine.ledger.headings import HeadingMap;"
            "from zhuanjie.engine.vocabulary.load import default_vocabulary;"
            "read_record({'学号': '1'}, HeadingMap(default_vocabulary())); assert 'polars' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("name", "text"), [
    ("a.json", '[{"学号": "06021"}]'), ("a.json", '{"records": [{"学号": "06021"}]}'),
    ("a.yaml", "学号: 06021\n"), ("a.yml", "- 学号: '06021'\n"), ("a.rec", '{"学号": "06021"}'),
    ("a.rec", "学号: 06021"), ("a.yaml", '{"学号": "06021"}'),
])
def test_record_files(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert load_record_file(path) == [{"学号": "06021"}]


def test_yaml_scalars_stay_text(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 2007-06-20\nb: 0123\nc: yes\nd:\ne: ~\nf: 1e3\ng: '06'\n", encoding="utf-8")
    assert load_record_file(path) == [
        {"a": "2007-06-20", "b": "0123", "c": "yes", "d": None, "e": None, "f": "1e3", "g": "06"}]


def test_a_record_on_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("学号: '1'".encode())))
    assert load_record_file("-") == [{"学号": "1"}]


@pytest.mark.parametrize(("name", "text", "code", "at"), [
    ("a.json", '{"学号":\n 1,}', "records.json", (2, 4)),
    ("a.json", "", "records.empty-file", (None, None)),
    ("a.json", '{"a": 1, "a": 2}', "records.same-key", (None, None)),
    ("a.json", "1", "records.record-shape", (None, None)),
    ("a.json", "[]", "records.no-records", (None, None)),
    ("a.yaml", "a: 1\nb: [", "records.yaml", (2, 5)),
    ("a.yaml", "a: 1\na: 2", "records.yaml", (2, 1)),
    ("a.yaml", "a: &x {b: 1}\nc: *x", "records.yaml", (2, 4)),
    ("a.yaml", "a: !!python/none x", "records.yaml", (1, 4)),
    ("a.yaml", "- 1", "records.record-shape", (None, None)),
    ("a.yaml", "\0", "records.yaml", (None, None)),
    ("a.yaml", "? [a]\n: 1", "records.yaml", (1, 3)),
    ("a.yaml", "[" * 5000, "records.too-deep", (None, None)),
])
def test_broken_record_files(tmp_path, name, text, code, at):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_record_file(path)
    diagnostic, = caught.value.diagnostics
    assert (diagnostic.code, (diagnostic.place.line, diagnostic.place.column)) == (code, at)
    assert str(caught.value)


def test_a_value_given_in_two_ways():
    with pytest.raises(InputError, match=r"`letter\.serial` is given twice"):
        read_record({"letter": {"serial": "1"}, "letter.serial": "2"})
    with pytest.raises(InputError, match="same field"):
        read_record({"letter": {"serial": "1"}, "介绍信编号": "2"})


@pytest.mark.parametrize(("name", "code"), [
    ("none.json", "records.not-found"), (".", "records.is-folder"),
])
def test_files_that_cannot_be_opened(tmp_path, name, code):
    with pytest.raises(InputError) as caught:
        load_record_file(tmp_path / name)
    assert caught.value.diagnostics[0].code == code


@pytest.mark.parametrize("record", [{1: 2, "letter.issued_on": "2007-06-30"},
                                    {None: None, "letter.issued_on": "2007-06-30"}])
def test_names_that_are_no_texts_are_unknown_headings(record):
    policy = load_policy("fujian-2007-80")
    day = date(2007, 12, 31)
    clauses = {f.clause for f in check(record, policy, as_of=day)}
    assert "1.6b" in clauses
    assert {f.clause for f in audit([record], policy, as_of=day).findings} == clauses


def test_one_field_is_enough_where_records_are_given_as_such():
    policy, day = load_policy("fujian-2007-80"), date(2007, 12, 31)
    record = {"letter.issued_on": "2007-06-30"}
    assert [f.clause for f in audit([record], policy, as_of=day).findings] == [
        f.clause for f in check(record, policy, as_of=day)]


@pytest.mark.parametrize("wrong", [None, [], "x", 5])
def test_what_is_no_record_is_refused(wrong):
    policy = load_policy("fujian-2007-80")
    for ask in (check, destinations):
        with pytest.raises(InputError):
            ask(wrong, policy)


@pytest.mark.parametrize("form", ["table", "json"])
@pytest.mark.parametrize("record", [
    '{"学号": "06021", "转出时间": "2007-06-30", "介绍信式样": "三联", "姓名": "张三"}',
    '{"member": {"id": "06021"}, "letter.issued_on": "2007-06-30", "member.sex": "not one"}',
])
def test_check_reads_each_cell_once(record, form, tmp_path, monkeypatch, capsys):
    from zhuanjie.cli.main import main
    from zhuanjie.engine.ledger import record as one
    from zhuanjie.engine.ledger import record_reader as many

    read = []

    def counting(field, cell):
        read.append(field.name)
        return read_cell(field, cell)

    read_cell = one.read_cell
    monkeypatch.setattr(one, "read_cell", counting)
    monkeypatch.setattr(many, "read_cell", counting)
    file = tmp_path / "record.json"
    file.write_text(record, encoding="utf-8")
    assert main(["check", str(file), "--as-of", "2007-12-31", "--format", form]) == 1
    assert "1.3a" in capsys.readouterr().out
    assert len(read) == len(set(read)) == len(json.loads(record))
