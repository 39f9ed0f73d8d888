"""Rows fetched from a PostgreSQL server: whatever their columns hold, as judged in the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support import engines
from support.cluster import Cluster
from support.tables import execute
from support.values import replace

from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.core.limits import DEFAULT, using
from zhuanjie.engine.core.results import Report

DAY = date(2007, 12, 31)
IN_PARTS = replace(DEFAULT, stream_from=1, copied_block=3000, copied_bytes=20_000, kept_part=50,
                   slice_rows=1000, typed_rows=300, hashed_rows=500, reported_rows=100)
"""Limits that have a small table fetched in blocks, kept in files and streamed in slices."""

DAYS = ("2007-06-30", "infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "5874897-12-31",
        "1899-12-31", "3000-01-01", None, "4713-01-01 BC", "1900-01-01", "2999-12-31", "262000-01-01")
TIMES = ("2007-06-30 12:30:01.25", "infinity", "-infinity", "0044-03-15 00:00 BC", "10000-01-01",
         "294276-12-31 23:59:59", "1899-12-31 23:59", "3000-01-01", None,
         "2007-12-31 23:59:59.999999", "1900-01-01")
ISSUERS = ("中共示例大学委员会组织部", "\u3000中共示例大学委员会组织部 ", '="中共示例大学委员会"', None)
"""Long texts, of which there are few."""
NAMES = ("甲", "合计", " 乙\n丙", '"', "", "\ufeff丁", "x,y", '="己"', "\u3000#REF!", "＇戊", "\\.")
COLUMNS = {
    "member.id": "text", "member.name": "text", "member.sex": "sexes", "member.left_on": "date",
    "letter.issued_on": "timestamp", "arrival.accepted_on": "timestamptz",
    "letter.valid_days": "numeric", "member.cohort": "smallint", "employment.employed": "boolean",
    "destination.kind": "jsonb", "letter.serial": "text[]", "floating.registered_on": "date",
    "member.born_on": "date", "备注": "jsonb", "letter.reissued_on": "timestamp",
    "member.phone": "float8", "member.ethnicity": "text", "letter.origin_phone": "text",
    "letter.issuer": "text",
}


def row(i: int) -> tuple[Any, ...]:
    def of(values: tuple[Any, ...], step: int = 1, start: int = 0) -> Any:
        return values[(i * step + start) % len(values)]

    return (
        f"A{i:03}" if i % 37 else None, of(NAMES), of(("male", "female", "x", None)), of(DAYS),
        of(TIMES), of(TIMES, start=3), of((1, 1.0, 2.50, "NaN", None, 99_999_999, 45)),
        of((2007, 1888, None, 32000)), of((True, False, None)),
        of(('"retained"', '{"a":1}', None)), of((["a", "b"], None, [])), of(DAYS, start=5),
        of(DAYS, 3), '{"k":"#N/A"}', of(TIMES, 5), of((1.5, "NaN", None, 3e20)),
        of((*NAMES, "汉", "汉", "汉")), of(("+86 1", "1.2E+11", '="12"', None, "0595-1")),
        of(ISSUERS))


@pytest.fixture(scope="module")
def odd() -> Iterator[Cluster]:
    """A partitioned table of columns of every type, and a view of it."""
    engines.need("postgresql")
    server = engines.server()
    execute("DROP TABLE IF EXISTS odd CASCADE")
    execute("DROP TYPE IF EXISTS sexes")
    execute("CREATE TYPE sexes AS ENUM ('male', 'female', 'x')")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    execute(f'CREATE TABLE odd ({columns}) PARTITION BY HASH ("member.id")')  # type: ignore[arg-type]
    for number in range(2):
        execute(f"CREATE TABLE odd{number} PARTITION OF odd FOR VALUES WITH "  # type: ignore[arg-type]
                f"(MODULUS 2, REMAINDER {number})")
    with psycopg.connect("", autocommit=True) as connection:
        places = ", ".join(["%s"] * len(COLUMNS))
        for i in range(143):
            connection.execute(f"INSERT INTO odd VALUES ({places})", row(i))  # type: ignore[arg-type]
    execute('INSERT INTO odd ("备注") VALUES (\'{}\'), (NULL)')
    execute('INSERT INTO odd ("member.id", "member.name", "member.phone") VALUES '
            "('合计', '12', 7), ('A001', '重', 1), ('A001', '重', 1), ('A001', '又', 1)")
    execute("CREATE VIEW odd_view AS SELECT * FROM odd")
    yield server
    execute("DROP TABLE odd CASCADE")


def said(report: Report) -> tuple[Any, ...]:
    return (report.findings, report.input, report.summary, report.ledger, report.no_columns)


@pytest.mark.engine("postgresql")
@pytest.mark.parametrize("table", ["odd", "odd_view", "odd&order=member.left_on",
                                   "odd_view&order=member.cohort,member.id"])
@pytest.mark.parametrize("more", [
    {}, {"absent": "blank"}, {"by": ["member.cohort"]}, {"only": ["1.1a", "1.3e"]}], ids=str)
def test_every_type_means_the_same(odd: Cluster, table: str, more: dict[str, Any],
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged in the server, fetched as columns in parts, fetched as texts: the same report; also
    where columns are taken to hold nothing, and all of them do."""
    policy, url = load_policy("fujian-2007-80"), odd.url(table)
    there = said(audit(url, policy, as_of=DAY, backend="postgresql", **more))
    assert said(audit(url, policy, as_of=DAY, **more)) == there
    with using(IN_PARTS):
        assert said(audit(url, policy, as_of=DAY, **more)) == there
    monkeypatch.setattr("zhuanjie.engine.ledger.readers.postgres.SAMPLED", 0)
    for parts in () if more else (DEFAULT, IN_PARTS):
        with using(parts):
            assert said(audit(url, policy, as_of=DAY, **more)) == there
    texts = {text for found in there[1] for text in (found.value, *found.values)}
    assert {"infinity", "0044-03-15 BC", "5874897-12-31"} <= texts or "only" in more


@pytest.mark.engine("postgresql")
def test_a_roster_is_held_against_what_is_fetched(odd: Cluster, tmp_path: Path) -> None:
    (roster := tmp_path / "roster.csv").write_text("学号\nA001\nA999\nA002\n", encoding="utf-8")
    policy, url = load_policy("fujian-2007-80"), odd.url("odd")
    there = said(audit(url, policy, as_of=DAY, backend="postgresql", roster=roster))
    with using(IN_PARTS):
        here = audit(url, policy, as_of=DAY, roster=roster)
    assert said(here) == there
    assert [f.record for f in here.findings if f.clause == "1.5a"] == ["A999"]


@pytest.mark.engine("postgresql")
def test_rows_that_are_alike_in_their_key_keep_their_order(odd: Cluster) -> None:
    """More keys that several rows share than are named one by one: the order is the same, and that
    of characters, not of the database's language; what is empty comes last."""
    execute("CREATE TABLE ties AS SELECT nullif(k, '-') AS \"学号\", '无' || n AS \"姓名\", "
            "date '2007-06-30' AS \"离校时间\" FROM unnest(ARRAY['\ufeffZ9', '', '-', '']) "
            "WITH ORDINALITY AS odd(k, n) UNION ALL SELECT (ARRAY['b', 'A', 'B'])[mod(n / 2, 3) + 1] "
            "|| n / 2, n::text, date '2007-06-30' FROM generate_series(2, 61) AS n")
    policy, found = load_policy("fujian-2007-80"), []
    with pytest.MonkeyPatch.context() as patch:
        for most in (1000, 5):
            patch.setattr("zhuanjie.engine.ledger.readers.postgres.TIES", most)
            for backend in (None, "postgresql"):
                report = audit(odd.url("ties"), policy, as_of=DAY, absent="blank", backend=backend)
                found.append([(f.record, f.name, f.location.row) for f in report.findings])
    execute("DROP TABLE ties")
    assert found[0] and all(one == found[0] for one in found)
    by_row = {row: record for record, _, row in found[0]}
    records = [by_row[row] for row in range(1, 61)]
    assert records == sorted(records) and len({record[:1] for record in records}) == 3
    assert [by_row.get(row) or "" for row in range(61, 65)] == ["Z9", "", "", ""]
