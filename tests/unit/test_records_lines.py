"""JSON lines kept as columns: the same cells, line by line, as the objects they were."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.party_transfer import MAPPING
from support.values import replace

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import Limits, limits, using
from zhuanjie.engine.ledger.assemble import assemble
from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex
from zhuanjie.engine.ledger.readers.json_lines import LinesTable

PLAIN = [
    '{"member.id": "1", "member.name": "甲\\u4e00", "letter.phone": "\\":", "member.cohort": 2007}',
    "",
    '{"member.name":"乙","member.id":"2","employment.employed":true,"member.cohort":null}',
    "   ",
    '{"member.id" : "3", "employment.employed":false}',
    "{}",
    '{"member": {"id": "4", "name": "丁"}, "left": "\u2028"}',
    '{"member.id":"05", "联系电话": "１", "备注": null}',
]
"""What columns can hold: also keys in another order, late, in groups, by other headings."""

MIXED = {
    "number and text": '{"member.id": 7}',
    "truth and text": '{"member.name": true}',
    "truth and number": '{"member.cohort": true}',
    "a float": '{"member.cohort": 2007.0}',
    "no number": '{"member.cohort": NaN}',
    "a large number": '{"member.cohort": 123456789012345678901234567890}',
    "a number without sign": '{"member.cohort": 18446744073709551615}',
    "a list": '{"letter.phone": ["1"]}',
    "half a character": '{"member.name": "\\ud800"}',
}

WRONG = {
    "twice": '{"member.id":"1","member.id":"2"}',
    "twice in a group": '{"member":{"id":"1","id":"2"}}',
    "twice, once apart": '{"member.id" :"1", "member.id":"2"}',
    "twice, once far apart": '{"member.id"\t :"1", "member.id":"2"}',
    "twice, apart": '{"member.id" :"1", "member.id" :"2"}',
    "in two ways": '{"member.id":"1","member":{"id":"2"}}',
    "no object": '["member.id"]',
    "cut off": '{"member.id":"1"',
    "a comma too many": '{"member.id":"1",}',
    "two": '{"member.id":"1"} {"member.id":"2"}',
    "deep": '{"member.id":' + "[" * 100_000,
}


@pytest.fixture(autouse=True)
def tiny_parts() -> Iterator[None]:
    with using(Limits(line_block=2, kept_part=5, held_bytes=0)):
        yield


def opened(path: Path, kept_from: int) -> LinesTable:
    with using(replace(limits(), lines_kept_from=kept_from)):
        return LinesTable(path, "a.jsonl", MAPPING, hashlib.sha256())


def save(tmp_path: Path, texts: list[str], end: str = "\n") -> Path:
    path = tmp_path / "a.jsonl"
    path.write_bytes(end.join([*texts, ""]).encode("utf-8-sig"))
    return path


def read(table: LinesTable) -> Any:
    """Every record with its line, and what could not be read."""
    batches = list(assemble(table, 3, 0, DuplicateIdIndex()))
    records = [(row, {k: v for k, v in record.items() if v is not None})
               for b in batches
               for row, record in zip(b.rows, b.frame.iter_rows(named=True), strict=True)]
    return records, [i for b in batches for i in b.input], table.headings


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_hold_what_objects_held(end: str, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, PLAIN * 3, end)
    kept, objects = opened(path, 1), opened(path, 10**9)
    scan = kept.scan()
    assert scan is not None and kept.parts and objects.scan() is None and not objects.parts
    assert scan.select(pl.len()).collect().item() == kept.size_hint == 3 * len(PLAIN)
    assert read(kept) == read(objects)
    assert [row for row, _ in read(kept)[0]][:5] == [1, 3, 5, 7, 8]


@pytest.mark.parametrize("end", ["\r", "\n\r", "\r\r\n"])
def test_lines_end_in_every_way(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, ['{"member.id":"1"}', f'{{"member.id":"2"}}{end}{{"member.id":"3"}}'])
    expected = [n for n, line in enumerate(path.read_text("utf-8-sig").split("\n"), 1) if line]
    for large in (1, 10**9):
        records, _, _ = read(opened(path, large))
        assert [row for row, _ in records] == expected
        assert [record["member.id"] for _, record in records] == ["1", "2", "3"]


@pytest.mark.parametrize("line", MIXED.values(), ids=MIXED.keys())
@pytest.mark.parametrize("where", [0, 3, 20])
def test_what_kinds_are_mixed_makes_no_difference(line: str, where: int, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    texts = PLAIN * 3
    texts.insert(where, line)
    path = save(tmp_path, texts)
    kept, objects = opened(path, 1), opened(path, 10**9)
    assert read(kept) == read(objects)


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_line_is_named(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, [*PLAIN, line, *PLAIN])
    said = []
    for large in (1, 10**9):
        with pytest.raises(InputError) as caught:
            opened(path, large)
        said.append(caught.value.diagnostics)
    assert said[0] == said[1]
    assert said[0][0].place.line == len(PLAIN) + 1


def test_what_was_kept_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    path = save(tmp_path, PLAIN * 3)

    def folders() -> list[Path]:
        return list(tmp_path.glob("zhuanjie-*"))

    table = opened(path, 1)
    assert len(folders()) == 1
    table.close()
    assert not folders()
    table = opened(path, 1)
    del table
    gc.collect()
    assert not folders()
    opened(save(tmp_path, [*PLAIN * 3, MIXED["a float"]]), 1)
    gc.collect()
    assert not folders()


def test_no_room_to_keep_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, PLAIN * 3)
    expected = read(opened(path, 10**9))

    def full(self: pl.DataFrame, path: Path, **_: object) -> None:
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")

    with monkeypatch.context() as patched:
        patched.setattr(pl.DataFrame, "write_parquet", full)
        table = opened(path, 1)
    assert table.scan() is None
    assert read(table) == expected
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: (_ for _ in ()).throw(OSError("no place")))
    assert read(opened(path, 1)) == expected


def test_generated_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column may begin anywhere, and hold blanks only."""
    records = [{f"k{n % 7}": n, "学号": str(n), "姓名": None} for n in range(50)]
    path = save(tmp_path, [json.dumps(r, ensure_ascii=n % 2 == 0) for n, r in enumerate(records)])
    table = opened(path, 1)
    scan = table.scan()
    assert scan is not None
    frame = scan.collect()
    assert frame[str(table.headings.index("姓名"))].null_count() == 50
    assert frame[str(table.headings.index("学号"))].to_list() == [str(n) for n in range(50)]
    assert frame[str(table.headings.index("k6"))].drop_nulls().to_list() == list(range(6, 50, 7))
