"""The generator: the same call gives the same bytes, every kind the same records, shares hold."""

from __future__ import annotations

import csv
import json
import weakref
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.marks import few
from support.party_transfer import fields, open_ledger

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.core.errors import UsageError
from zhuanjie.synthetic import DEFAULT_DAY, generate, ledger, plantable
from zhuanjie.synthetic import draft as numbers
from zhuanjie.synthetic.compose import ChunkPlan

KINDS = ("csv", "xlsx", "json", "jsonl", "parquet")


def planted(path: Path) -> list[tuple[str, str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["record", "clause", "outcome"]
    return [(record, clause, outcome) for record, clause, outcome in rows]


def make(folder: Path, name: str = "ledger.csv", **options: Any) -> Path:
    options = {"records": 300, "seed": 5, **options}
    generate(output=folder / name, **options)
    return folder / name


@pytest.mark.parametrize("kind", KINDS)
def test_same_call_same_bytes(kind: str, tmp_path: Path) -> None:
    made = [make(tmp_path, f"{i}.{kind}", planted=tmp_path / f"{i}.planted",
                 roster=tmp_path / f"{i}.roster") for i in range(2)]
    assert made[0].read_bytes() == made[1].read_bytes()
    for side in ("planted", "roster"):
        assert (tmp_path / f"0.{side}").read_bytes() == (tmp_path / f"1.{side}").read_bytes()
    assert make(tmp_path, f"2.{kind}", seed=6).read_bytes() != made[0].read_bytes()


@pytest.mark.parametrize("kind", few(KINDS, "csv"))
def test_same_bytes_in_chunks_of_any_size(kind: str, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for size in (7, 100, 1000):
        monkeypatch.setattr(ledger, "CHUNK", size)
        files = [tmp_path / f"{size}.{end}" for end in (kind, "planted", "planted.parquet")]
        for truth in files[1:]:
            make(tmp_path, files[0].name, planted=truth, rates={"1.3e": 0.2})
        made.append([file.read_bytes() for file in files])
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_in_the_middle_is_raised(kind: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_late(chunk: ChunkPlan, *given: Any) -> Any:
        if chunk.first >= 200:
            raise KeyboardInterrupt
        return whole(chunk, *given)

    whole = ledger.make
    monkeypatch.setattr(ledger, "CHUNK", 50)
    monkeypatch.setattr(ledger, "make", fail_late)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, f"ledger.{kind}", planted=tmp_path / "planted.parquet")


@pytest.mark.parametrize("side", ["output", "planted"])
def test_a_parquet_file_that_cannot_be_written_is_said(side: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        generate(**{"records": 300, "seed": 1, "output": tmp_path / "ledger.parquet",
                    side: tmp_path / "nowhere" / "file.parquet"})


def test_progress_counts_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 128)
    told: list[tuple[int, int]] = []
    make(tmp_path, progress=lambda *count: told.append(count))
    assert told == [(128, 300), (256, 300), (300, 300)]


@pytest.mark.parametrize("kind", few(KINDS, "csv"))
def test_few_chunks_are_held_at_a_time(kind: str, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(chunk: ChunkPlan, *given: Any) -> Any:
        frames = whole(chunk, *given)
        held.extend(weakref.ref(frame) for frame in frames)
        return frames

    def look(*_: int) -> None:
        most.append(sum(frame() is not None for frame in held))

    whole, most = ledger.make, []
    held: list[weakref.ref[pl.DataFrame]] = []
    monkeypatch.setattr(ledger, "CHUNK", 20)
    monkeypatch.setattr(ledger, "make", counted)
    make(tmp_path, f"ledger.{kind}", records=1000, planted=tmp_path / "planted.parquet",
         progress=look)
    assert len(held) == 100
    # Two tables a chunk: two chunks made ahead, one in hand, two on their way to the file.
    assert max(most) <= 12


def test_what_is_planted_may_be_parquet(tmp_path: Path) -> None:
    table, text = tmp_path / "planted.parquet", tmp_path / "planted.csv"
    for file in (table, text):
        make(tmp_path, planted=file, rates={"1.6b": 0.2}, roster=tmp_path / "roster.csv")
    assert pl.read_parquet(table).rows() == planted(text)


def test_every_record_has_an_id_and_a_serial_of_its_own(tmp_path: Path) -> None:
    frame = pl.read_parquet(make(tmp_path, "ledger.parquet", records=120_000, clean=True))
    for name in ("member.id", "letter.serial", "floating.certificate_no"):
        assert frame[name].drop_nulls().is_unique().all(), name
    assert frame["member.name"].n_unique() > 20_000
    assert frame.unique(subset=pl.selectors.date()).height > 100_000  # no story is told twice


def test_draws_are_even_and_know_nothing_of_one_another() -> None:
    draws = [numbers.between(f"draw {i}", 0, 9).alias(f"{i}") for i in range(4)]
    frame = pl.concat([numbers.numbered(first, 100_000, seed).select(draws)
                       for seed in (0, 1) for first in (0, 20_000_000)])
    for one in range(4):
        for two in range(one):
            counts = frame.group_by(f"{one}", f"{two}").len()["len"]
            # Four thousand in each of the hundred cells; five standard deviations are 315.
            assert len(counts) == 100
            assert 3685 < counts.min() <= counts.max() < 4315  # type: ignore[operator]


def test_no_text_needs_escaping_in_json() -> None:
    texts = [text for pool in numbers.pools().values() for text in pool]
    assert json.dumps(texts, ensure_ascii=False).count("\\") == 0


@pytest.mark.parametrize("headings", few(["zh", "names"], "zh"))
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_holds_the_same_records(kind: str, headings: Any, tmp_path: Path) -> None:
    plain = [json.loads(line) for line in make(tmp_path, "plain.jsonl").open(encoding="utf-8")]
    opened = open_ledger([make(tmp_path, f"ledger.{kind}", headings=headings)])
    assert not opened.notices
    batches = list(opened.batches())
    assert not [f for b in batches for f in b.input]
    frame = pl.concat([b.frame for b in batches])
    read = [{n: v.isoformat() if isinstance(v, date) else v for n, v in row.items()
             if v is not None} for row in frame.iter_rows(named=True)]
    assert read == plain


@pytest.mark.parametrize("kind", KINDS)
def test_headings_follow_language_and_kind(kind: str, tmp_path: Path) -> None:
    chinese = make(tmp_path, f"ledger.{kind}", records=1, lang="zh")
    english = make(tmp_path, f"english.{kind}", records=1, lang="en")
    # Tables that people open are Chinese; what programs read bears field names.
    assert (chinese.read_bytes() != english.read_bytes()) == (kind in ("csv", "xlsx"))
    if kind == "csv":
        heads = [p.read_text("utf-8").splitlines()[0].split(",") for p in (chinese, english)]
        assert heads == [[f.heading for f in fields()], [f.name for f in fields()]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_ledger_may_be_empty(kind: str, tmp_path: Path) -> None:
    assert make(tmp_path, f"ledger.{kind}", records=0).exists()


@pytest.mark.parametrize("key", few(plantable(), *list(plantable())[::6]))
def test_anything_can_be_asked_for_alone(key: str, tmp_path: Path) -> None:
    truth = tmp_path / "planted.csv"
    make(tmp_path, clean=True, rates={key: 0.1}, planted=truth, roster=tmp_path / "roster.csv")
    clause, _, outcome = key.partition(":")
    wanted = outcome or "violation"
    found = Counter((c, o) for _, c, o in planted(truth))
    assert found[clause, wanted] == 30 or (wanted == "pending" and found[clause, wanted] >= 30)


def test_a_share_holds_beside_all_others(tmp_path: Path) -> None:
    truth = tmp_path / "planted.csv"
    make(tmp_path, records=5000, rates={"1.6b": 0.05}, planted=truth)
    records = [r for r, c, o in planted(truth) if (c, o) == ("1.6b", "violation")]
    assert abs(len(records) - 250) <= 2
    assert len(set(records)) == len(records)


def test_a_share_may_be_all(tmp_path: Path) -> None:
    truth = tmp_path / "planted.csv"
    make(tmp_path, rates={"1.6b": 1.0}, planted=truth)
    assert len([c for _, c, o in planted(truth) if (c, o) == ("1.6b", "violation")]) == 300


def test_clean_breaks_nothing(tmp_path: Path) -> None:
    truth = tmp_path / "planted.csv"
    make(tmp_path, records=2000, clean=True, planted=truth)
    assert {o for _, _, o in planted(truth)} == {"pending"}


def test_every_clause_can_be_broken() -> None:
    clauses = {r.clause for r in load_policy("fujian-2007-80").rules}
    rows = {"1.2a", "1.2b", "1.2c"}
    assert clauses | rows <= set(plantable())


def test_the_numbers_are_the_packs() -> None:
    parameters = load_policy("fujian-2007-80").parameters
    assert {name: p.at(DEFAULT_DAY) for name, p in parameters.items()} == {
        "letter_validity_days": numbers.VALIDITY, "receipt_return_days": numbers.RETURN,
        "followup_days": numbers.FOLLOW_UP, "branch_assign_days": numbers.ASSIGN,
        "certificate_days": numbers.CERTIFY, "contact_interval_days": numbers.CONTACT,
        "verification_interval_days": numbers.VERIFY, "file_transfer_days": numbers.FILE,
        "origin_contact_days": numbers.ORIGIN, "probation_months": numbers.PROBATION,
        "conversion_grace_days": numbers.GRACE,
        "extension_min_months": numbers.EXTENSION[0], "extension_max_months": numbers.EXTENSION[1],
    }


def test_a_roster_names_some_whom_the_ledger_lacks(tmp_path: Path) -> None:
    truth, roster = tmp_path / "planted.csv", tmp_path / "roster.csv"
    made = make(tmp_path, planted=truth, roster=roster, rates={"1.5a": 0.02})
    with made.open(encoding="utf-8", newline="") as file:
        there = {row["学号"] for row in csv.DictReader(file)}
    with roster.open(encoding="utf-8", newline="") as file:
        named = [row["学号"] for row in csv.DictReader(file)]
    absent = [r for r, c, _ in planted(truth) if c == "1.5a"]
    assert len(absent) == 6
    assert [i for i in named if i not in there] == absent
    assert len(named) == len(set(named)) == 306


@pytest.mark.parametrize(("options", "code"), [
    ({"name": "ledger.ods"}, "generate.kind"),
    ({"name": "ledger"}, "generate.no-kind"),
    ({"name": "ledger.xlsx", "records": 2_000_000}, "generate.rows"),
    ({"rates": {"1.6z": 0.1}}, "generate.clause"),
    ({"rates": {"1.6b": 1.5}}, "generate.share"),
    ({"rates": {"1.6b": float("nan")}}, "generate.share"),
    ({"rates": {"1.5a": 0.1}}, "generate.no-roster"),
    ({"as_of": date(1800, 1, 1)}, "generate.as-of"),
])
def test_what_cannot_be_made_is_refused(options: dict[str, Any], code: str,
                                        tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        make(tmp_path, **options)
    assert [d.code for d in error.value.diagnostics] == [code]
    assert str(error.value)
    assert list(tmp_path.iterdir()) == []
