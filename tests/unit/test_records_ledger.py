"""Ledgers of many files: which are read, in what order, ids seen twice, what is said, digests."""

import hashlib
import io
import json
import os
import re
from pathlib import Path

import msgspec
import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.party_transfer import from_frame, from_records, open_ledger

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import Limits
from zhuanjie.engine.core.messages import LANGS, catalogue, say_diagnostic
from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder and a writer of files in it."""
    monkeypatch.chdir(tmp_path)

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
    return write


def ids(*given, **kw):
    ledger = open_ledger(given, **kw)
    return [i for b in ledger.batches() for i in b.frame["member.id"]]


def refused(*given, **kw):
    with pytest.raises(InputError) as caught:
        list(open_ledger(given, **kw).batches())
    for lang in LANGS:
        assert all(say_diagnostic(d, lang) for d in caught.value.diagnostics)
    return caught.value.diagnostics[0]


def workbook():
    book = openpyxl.Workbook()
    book.active.append(["学号"])
    book.active.append(["7"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pl.DataFrame({"学号": ["8"]}).write_parquet(out)
    return out.getvalue()


def test_a_folder_is_read_by_name_without_hidden_and_lock_files(folder):
    folder("d/b.csv", "学号\n2\n")
    folder("d/a/z.json", '[{"学号": "1"}]')
    folder("d/c.xlsx", workbook())
    folder("d/~$c.xlsx", "lock")
    folder("d/.hidden.csv", "学号\n9\n")
    folder("d/.git/x.csv", "学号\n9\n")
    folder("d/notes.md", "x")
    ledger = open_ledger(["d"])
    batches = list(ledger.batches())
    assert [(b.file, b.start) for b in batches] == [
        (str(Path("d/a/z.json")), 0), (str(Path("d/b.csv")), 1),
        (str(Path("d/c.xlsx")), 2)]
    assert ledger.files == tuple(b.file for b in batches)


def test_files_globs_and_order(folder):
    for i in (3, 1, 2):
        folder(f"l{i}.csv", f"学号\n{i}\n")
    folder("sub/l4.csv", "学号\n4\n")
    assert ids("l3.csv", "l*.csv") == ["3", "1", "2"]
    assert ids("**/l[34].csv") == ["3", "4"]
    assert ids("l1.csv", "./l1.csv") == ["1"]
    folder("odd[1].csv", "学号\n5\n")
    assert ids("odd[1].csv") == ["5"]


def test_a_single_path_is_one_source(folder):
    path = folder("a.csv", "学号\n1\n")
    assert [b.frame.height for b in open_ledger(path).batches()] == [1]


@pytest.mark.parametrize("content", [
    "学号\n1\n", '[{"学号": "1"}]', '{"学号": "1"}\n{"学号": "2"}\n', '{\n"学号": "1"}',
    "学号\n1\n".encode("gb18030"), workbook(), parquet(),
], ids=["csv", "json", "jsonl", "one", "gb18030", "xlsx", "parquet"])
def test_standard_input_of_every_kind(content, folder):
    data = content if isinstance(content, bytes) else content.encode()
    ledger = open_ledger(["-"], stdin=io.BytesIO(data))
    first, second = ([b.frame.rows() for b in ledger.batches()] for _ in range(2))
    assert first == second
    assert ledger.files == ("-",)
    assert ledger.sha256 == hashlib.sha256(data).hexdigest()


def test_standard_input_stands_where_it_is_named(folder):
    folder("a.csv", "学号\n1\n")
    folder("b.csv", "学号\n3\n")
    assert ids("a.csv", "-", "b.csv", stdin=io.BytesIO("学号\n2\n".encode())) == ["1", "2", "3"]


@pytest.mark.parametrize(("given", "code"), [
    ("none.csv", "records.not-found"), ("*.csv", "records.no-match"),
    ("mysql://u:secret@h/db", "records.url"),
    ("postgresql://u:secret@h/db", "records.db.no-table"), ("a.docx", "records.unsupported"),
    ("noext", "records.unsupported"), ("empty", "records.empty-folder"),
    ("a.yaml", "records.unsupported"),
])
def test_what_is_no_source(folder, given, code):
    folder("a.docx", "x")
    folder("a.yaml", "x")
    folder("noext", "x")
    folder("empty/readme.md", "x")
    diagnostic = refused(given)
    assert diagnostic.code == code
    assert "secret" not in say_diagnostic(diagnostic, "en")


def test_nothing_named_and_nothing_given(folder):
    assert refused().code == "records.no-sources"
    assert refused("-", stdin=io.BytesIO(b"")).code == "records.empty-file"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(folder):
    folder("a.csv", "学号\n1\n").chmod(0)
    assert refused("a.csv").code == "records.no-permission"


def test_the_system_refuses(folder, monkeypatch):
    path = folder("a.csv", "学号\n1\n")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(type(path), "open", refuse)
    assert refused("a.csv").code == "records.no-permission"


def test_in_a_folder_what_holds_no_ledger_is_passed_over_and_said(folder):
    folder("d/a.csv", "x,y\n1,2\n")
    folder("d/b.csv", "学号\n1\n")
    ledger = open_ledger(["d"])
    assert [(n.code, n.place.file) for n in ledger.notices] == [
        ("records.no-header", str(Path("d/a.csv")))]
    assert [(s.file, s.sheet, s.named) for s in ledger.skipped] == [("d/a.csv", None, False)]
    assert ledger.sha256 == hashlib.sha256("学号\n1\n".encode()).hexdigest()
    assert refused("d/a.csv").code == "records.no-header"


def test_what_cannot_be_read_stops_nothing_but_itself(folder):
    folder("d/a.csv", "学号\n1\n")
    folder("d/c.parquet", b"PAR1broken")
    folder("d/e.docx", "x")
    folder("d/f.xlsx", "x")
    for sources, named in ((["d"], False), (["d/a.csv", "d/c.parquet", "d/e.docx", "d/f.xlsx"], True)):
        ledger = open_ledger(sources)
        assert [(Path(s.file).name, s.reason.code, s.named) for s in ledger.skipped] == [
            ("c.parquet", "records.damaged", named), ("e.docx", "records.unsupported", named),
            ("f.xlsx", "records.really-text", named)]
        assert [b.frame["member.id"].to_list() for b in ledger.batches()] == [["1"]]
    with pytest.raises(InputError) as caught:
        open_ledger(["d/c.parquet", "d/e.docx"])
    assert [d.code for d in caught.value.diagnostics] == [
        "records.damaged", "records.unsupported"]


def test_a_folder_without_any_ledger(folder):
    folder("d/a.csv", "x,y\n1,2\n")
    assert refused("d").code == "records.no-header"


def test_no_records_anywhere(folder):
    folder("a.csv", "学号\n")
    folder("b.csv", "学号,姓名\n,\n")
    diagnostic = refused("a.csv", "b.csv")
    assert (diagnostic.code, diagnostic.place) == ("records.no-records", Place(file="a.csv, b.csv"))


def test_ids_seen_before_and_missing_ids(folder):
    folder("a.csv", "学号,姓名\n1,甲\n2,乙\n1,丙\n,丁\n")
    folder("b.csv", "学号,姓名\n3,甲\n2,乙\n2,丙\n")
    for size in (1, 2, 100):
        ledger = open_ledger(["a.csv", "b.csv"])
        for _ in range(2):
            batches = list(ledger.batches(size))
            found = [f for b in batches for f in b.input]
            assert [(f.code, f.record, f.file, f.row, dict(f.args)) for f in found] == [
                ("records.same-id", "1", "a.csv", 4, {"first": "a.csv", "first_row": 2}),
                ("records.no-id", None, "a.csv", 5, {}),
                ("records.same-id", "2", "b.csv", 3, {"first": "a.csv", "first_row": 3}),
                ("records.same-id", "2", "b.csv", 4, {"first": "a.csv", "first_row": 3}),
            ]
            assert sum(b.frame.height for b in batches) == 7
    assert [say_ok for f in found for lang in LANGS if (say_ok := f.message(lang))]


@given(st.lists(st.lists(st.none() | st.sampled_from("abcdef"), max_size=6), max_size=8))
def test_seen_ids_agree_with_a_dictionary(batches):
    seen, first = DuplicateIdIndex(), {}
    row = 0
    for number, batch in enumerate(batches):
        rows = range(row, row + len(batch))
        source = f"file {number // 2}"
        expected = []
        for at, (i, n) in enumerate(zip(batch, rows, strict=True)):
            if i is not None and first.setdefault(i, (source, n)) != (source, n):
                expected.append((at, *first[i]))
        found = seen.check(pl.Series(batch, dtype=pl.String), pl.Series(rows, dtype=pl.Int64),
                           (source, None))
        assert [(at, place.file, place.row) for at, place in found] == expected
        row += len(batch)


def test_without_a_column_of_ids_it_is_said_once(folder):
    folder("a.csv", "姓名,性别\n甲,男\n乙,女\n")
    ledger = open_ledger(["a.csv"])
    assert [n.code for n in ledger.notices] == ["records.no-id-column"]
    assert [f for b in ledger.batches() for f in b.input] == []


def test_the_mapping_of_the_user_and_what_it_misses(folder):
    folder("a.csv", "编号,日期\n1,2007-06-20\n")
    columns = {"编号": "member.id", "日 期": "转出时间", "别的": "member.name"}
    ledger = open_ledger(["a.csv"], columns)
    assert ledger.fields == {"member.id", "letter.issued_on"}
    assert [(n.code, n.args) for n in ledger.notices] == [
        ("records.columns-unused", {"heading": "别的"})]
    with pytest.raises(InputError):
        open_ledger(["a.csv"], {"编号": "member.idd"})


def test_fields_are_those_of_any_file_and_frames_have_their_own(folder):
    folder("a.csv", "学号,姓名\n1,甲\n")
    folder("b.csv", "转出时间,学号\n2007-06-20,2\n")
    ledger = open_ledger(["a.csv", "b.csv"])
    assert ledger.fields == {"member.id", "member.name", "letter.issued_on"}
    assert [b.frame.columns for b in ledger.batches()] == [
        ["member.id", "member.name"], ["member.id", "letter.issued_on"]]


def test_digests(folder):
    one, two = folder("a.csv", "学号\n1\n"), folder("b.json", '[{"学号": "2"}]')
    assert open_ledger([one]).sha256 == hashlib.sha256(one.read_bytes()).hexdigest()
    both = hashlib.sha256(one.read_bytes() + two.read_bytes()).hexdigest()
    assert open_ledger([one, two]).sha256 == both
    assert from_records([{"学号": "1"}]).sha256 == from_records([{"学号": "1"}]).sha256
    assert from_records([{"学号": "1"}]).sha256 != from_records([{"学号": "2"}]).sha256
    frame = pl.DataFrame({"学号": ["1"]})
    assert from_frame(frame).sha256 == from_frame(frame.clone()).sha256


def test_a_finding_of_every_cell_can_be_said(folder):
    bad = {"转出时间": "2007-02-30", "介绍信式样": "x", "接收后能否参加组织生活": "另议",
           "介绍信有效期天数": "x", "届别": "1", "审批日期": "2007-06", "报到日期": "07/06/20",
           "接收日期": "x", "入党时间": "3000-01-01", "姓名": "#N/A", "学号": "1", "性别": "难"}
    folder("a.json", json.dumps([bad | {"民族": ["x"], "手机号码": "\ud800"}]))
    found = [f for b in open_ledger(["a.json"]).batches() for f in b.input]
    assert len(found) == 13
    for finding in found:
        for lang in LANGS:
            assert "{" not in finding.message(lang)


def test_every_message_code_in_the_source_is_in_both_languages(root):
    used, built = set(), set()
    for path in (*(root / "engine").rglob("*.py"), *(root / "report").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'"(records\.[a-z0-9_.-]*[a-z0-9])"', text))
        # A code put together from its beginning and one of the endings that the module names.
        begun = re.findall(r'f"(records\.[a-z.-]+)\{', text)
        built |= {start + end for start in begun for end in re.findall(r'"(-[a-z-]+|)"', text)}
    # What is beyond a bound is called as the bound is.
    built |= {f"records.beyond.{bound.name}" for bound in msgspec.structs.fields(Limits)}
    for lang in LANGS:
        assert used <= set(catalogue(lang))
    ours = {lang: {c: set(re.findall(r"\{(\w+)\}", t)) for c, t in catalogue(lang).items()
                   if c.startswith("records.")} for lang in LANGS}
    assert ours["zh"] == ours["en"]
    derived = re.compile(
        r"records\.((hint\.)?(really-|is-folder|no-permission|unreadable)|.*\.many$)")
    assert {c for c in ours["en"] if c not in used | built and not derived.match(c)} == set()


def test_a_pipe_with_a_name(tmp_path):
    pipe = tmp_path / "ledger.csv"
    os.mkfifo(pipe)
    with pytest.raises(InputError) as caught:
        open_ledger([pipe])
    assert caught.value.diagnostics[0].code == "records.not-a-file"
