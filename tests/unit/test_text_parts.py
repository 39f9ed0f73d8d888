"""Large delimited text in parts: where they end, and what the same few texts in them mean."""

import codecs

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from support.party_transfer import open_ledger
from support.strategies import examples

from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.ledger.readers.text_parts import text_parts
from zhuanjie.engine.ledger.rows import AT, TypedTable


@examples(300)
@given(text=st.text(st.sampled_from('ab"\n\ufeff'), max_size=80), size=st.integers(1, 20))
def test_parts_are_whole_rows(tmp_path_factory, text, size):
    path = tmp_path_factory.mktemp("parts") / "a.csv"
    content = ("x\n" + text).encode()
    path.write_bytes(content)
    quoted = content.count(b'"') % 2 == 0
    held = [part.content(path) for part in text_parts(path, 1, size, quoted)]
    assert b"".join(held) == content[2:]
    assert not any(part.startswith(codecs.BOM_UTF8) for part in held[1:])
    for part in held[:-1]:
        assert part.endswith(b"\n")
        assert not (quoted and part.count(b'"') % 2)


def test_parts_are_no_larger_than_they_must(tmp_path):
    path = tmp_path / "a.csv"
    for cell, quoted in (("b", False), ('"b"', True), ('"b\nb"', True)):
        path.write_text("a\n" + f"{cell},c\n" * 2000, encoding="utf-8")
        sizes = [len(part.content(path)) for part in text_parts(path, 1, 500, quoted)]
        assert sum(sizes) == path.stat().st_size - 2
        assert max(sizes) <= 1000


CELL = st.sampled_from([
    "2007-06-20", "2007/6/20", "2007年6月", "20/06/2007", "03/04/2007", "+2007-06-20",
    "1850-01-01", "2007-02-30", " 2007-06-20 ", "是", "否", "true", "男", "female", "？", "30",
    "030", "30天", "-5", "无", "/", "", "\u3000", "#N/A", "'是", '="30"', "张三"])


@examples(40)
@given(cells=st.lists(st.tuples(*[CELL] * 7), min_size=1, max_size=30), again=st.booleans(),
       size=st.sampled_from([1, 200, 1 << 20]), texts=st.sampled_from([0, 3, 1 << 15]))
def test_texts_read_once_mean_what_cells_mean_one_by_one(
        tmp_path_factory, cells, again, size, texts):
    names = ["member.sex", "member.born_on", "letter.issued_on", "letter.valid_days",
             "receipt.returned", "dues.paid_to", "letter.serial"]
    if again:  # a sample in which all texts are the same
        cells = [*cells[:1] * 2, *cells]
    path = tmp_path_factory.mktemp("alike") / "a.csv"
    pl.DataFrame({"member.id": [f"06{n:03}" for n in range(len(cells))],
                  "member.name": "张三"} | {
        name: [row[at] for row in cells] for at, name in enumerate(names)}).write_csv(path)
    batches = list(open_ledger([path]).batches())
    frame = pl.concat(batch.frame for batch in batches)
    with using(Limits(sample_rows=2, text_part=size, distinct_texts=texts)):
        table, = open_ledger([path]).tables
        rows = list(TypedTable(table).rows(
            names, [pl.col(name) for name in names], size=7, findings=True))
    assert pl.concat(part.frame.drop(AT) for part in rows).equals(frame.select(names))
    assert [f for part in rows for f in part.input] == [f for batch in batches for f in batch.input]
