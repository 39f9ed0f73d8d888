"""Ledgers in text and Parquet, and single records. In: a random source. Out: inputs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import yaml
from support.cli_command import SOUND, record

from fuzz import nasty, texts, trees
from fuzz.inputs import FuzzInput
from fuzz.kinds.grids import COMMON, Grid, call, grid, quoted

WORDS = [w.encode() for w in (*list(SOUND)[:20], "member.id", "letter.issued_on", "2007-06-30")]


def _input(rng: Random, kind: str, name: str, data: bytes, made: Grid | None = None) -> FuzzInput:
    stdin = b""
    files = {name: data}
    args, form, output = call(rng, name)
    rows = made and len(made.rows)
    return FuzzInput(kind, args, files, stdin, form, output, rows=rows or None,
                     blank=made.blank if made else 0)


def _maybe(rng: Random, given: FuzzInput, mutate: Callable[[Random, FuzzInput], FuzzInput],
           chance: float = 0.5) -> FuzzInput:
    return mutate(rng, given) if rng.random() < chance else given


def fresh_csv(rng: Random) -> FuzzInput:
    """A ledger in delimited text, in some dialect and encoding."""
    made = grid(rng)
    sep, ending = rng.choice(((",", "csv"), (",", "csv"), ("\t", "tsv"), (";", "csv"), (",", "txt")))
    lines = quoted([made.headings, *made.rows], sep, rng.choice(("\n", "\r\n", "\r\n", "\r")),
                   rng.random() < 0.3)
    encoding = rng.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"))
    data = lines.encode(encoding, errors="replace")
    return _maybe(rng, _input(rng, "csv", f"l.{ending}", data, made), mutate_text)


def mutate_text(rng: Random, given: FuzzInput) -> FuzzInput:
    """The bytes of one of its files changed."""
    if not given.files:
        return given
    name = rng.choice(sorted(given.files))
    files = {**given.files, name: texts.mutate(rng, given.files[name], WORDS)}
    return replace(given, files=files, rows=None)


def _records(rng: Random, made: Grid) -> list[Any]:
    rows: list[Any] = [dict(zip(made.headings, row, strict=False)) for row in made.rows]
    if rng.random() < 0.3:
        for row in rows:
            row["letter"] = {"issued_on": rng.choice(("2007-06-30", nasty.value(rng)))}
    return rows


def dumped(tree: Any) -> bytes:
    """JSON, with halves of characters and endless numbers as they come."""
    return json.dumps(tree, ensure_ascii=False).encode(errors="surrogatepass")


def fresh_json(rng: Random) -> FuzzInput:
    """A ledger in JSON."""
    made = grid(rng)
    rows = _records(rng, made)
    given = _input(rng, "json", "l.json", dumped(rows))
    if len(set(made.headings)) == len(made.headings) and rng.random() < 0.3:
        return replace(given, rows=len(rows), blank=len(rows))
    tree = trees.mutate(rng, rows, count=rng.choice((1, 1, 2, 6)))
    if rng.random() < 0.2:
        tree = rng.choice(({"records": tree}, {"data": {"rows": tree}}, [tree], tree[:1]
                           if isinstance(tree, list) else tree))
    return _maybe(rng, replace(given, files={"l.json": dumped(tree)}), mutate_text, 0.3)


def mutate_json(rng: Random, given: FuzzInput) -> FuzzInput:
    """A place of the tree changed, or bytes of its text."""
    try:
        tree = json.loads(given.files["l.json"])
    except (ValueError, RecursionError):
        return mutate_text(rng, given)
    return replace(given, files={"l.json": dumped(trees.mutate(rng, tree))}, rows=None)


def fresh_jsonl(rng: Random) -> FuzzInput:
    """A ledger in JSON lines."""
    made = grid(rng)
    rows = _records(rng, made)
    for _ in range(rng.randrange(3)):
        rows[rng.randrange(len(rows))] = trees.mutate(rng, rng.choice(rows))
    data = rng.choice((b"\n", b"\n", b"\r\n")).join(map(dumped, rows))
    return _maybe(rng, _input(rng, "jsonl", rng.choice(("l.jsonl", "l.ndjson")), data), mutate_text)


def _column(rng: Random, size: int) -> pl.Series:
    some = rng.randrange(14)
    days = [date(1, 1, 1), date(9999, 12, 31), date(2007, 6, 30), None]
    plain: list[Any] = [rng.choice(days) for _ in range(size)]
    match some:
        case 0:
            return pl.Series([rng.randrange(-2**31, 2**31) for _ in range(size)],
                             dtype=pl.Int32).cast(pl.Date)
        case 1:
            return pl.Series([rng.choice((0, 2**62, -2**62)) for _ in range(size)]).cast(
                pl.Datetime(rng.choice(("ms", "us", "ns")), rng.choice((None, "Asia/Shanghai"))))
        case 2:
            return pl.Series([{"a": nasty.text(rng), "issued_on": d} for d in plain])
        case 3:
            return pl.Series([[nasty.text(rng)] * rng.randrange(3) for _ in range(size)],
                             dtype=pl.List(pl.String))
        case 4:
            return pl.Series([rng.choice((b"\xff\x00", b"2007-06-30", None)) for _ in range(size)],
                             dtype=pl.Binary)
        case 5:
            return pl.Series([rng.choice((float("nan"), float("inf"), 1e300, 39263.0, -0.0))
                              for _ in range(size)])
        case 6:
            return pl.Series([rng.choice((2**64 - 1, 0)) for _ in range(size)], dtype=pl.UInt64)
        case 7:
            return pl.Series([Decimal(rng.choice(("1.50", "39263"))) for _ in range(size)])
        case 8:
            return pl.Series([timedelta(days=rng.randrange(-10**6, 10**6))] * size)
        case 9:
            return pl.Series([datetime(2007, 6, 30, 23, 59).time()] * size)
        case 10:
            return pl.Series([rng.choice(("男", "女", nasty.text(rng))) for _ in range(size)],
                             dtype=pl.Categorical)
        case 11:
            return pl.Series([None] * size)
        case 12:
            return pl.Series([rng.choice((True, False, None)) for _ in range(size)], dtype=pl.Boolean)
        case _:
            return pl.Series([nasty.text(rng) for _ in range(size)])


def fresh_parquet(rng: Random) -> FuzzInput:
    """A ledger in Parquet, with columns of any type."""
    made = grid(rng)
    names = list(dict.fromkeys(made.headings))
    columns: dict[str, pl.Series] = {
        n: pl.Series([row[made.headings.index(n)] for row in made.rows]) for n in names}
    for _ in range(rng.randrange(1, 4)):
        columns[rng.choice((*names, "letter", "x", ""))] = _column(rng, len(made.rows))
    out = io.BytesIO()
    frame = pl.DataFrame([s.alias(n) for n, s in columns.items()])
    frame.write_parquet(out, compression=rng.choice(("zstd", "uncompressed", "gzip", "snappy")))
    given = _input(rng, "parquet", "l.parquet", out.getvalue())
    if rng.random() < 0.6:
        return replace(given, rows=frame.height, blank=frame.height)
    return mutate_text(rng, given)


TAGS = ("!!int x", "!!bool maybe", "!!float y", "!!timestamp z", "!!binary é", "!!set [1]", "!!null x",
        "!!python/object:os.system x", "&a [*a]", "*none", "<<: 1", "? x", "--- 1\n--- 2", "%YAML 9.9",
        "!<tag:x> y", "0o17", "0b1", "1:2:3", "~", ".nan", ".inf", "2007-06-30", "2007-06-30T00:00:00Z",
        "|\n  x", ">-\n  x", "[" * 2000, "{a: " * 500, "- " * 500, "\t", "'", '"\\x', '"\\ud800"',
        "@x", "`x", "9" * 5000)


def fresh_record(rng: Random) -> FuzzInput:
    """Single records in YAML or JSON, given to `check`, `destinations` and `eval`."""
    form = rng.choice(("json", "json", "table", "markdown", "sarif", "junit", "github", "gitlab"))
    one: Any = {k: v for k, v in record(1).items() if v or rng.random() < 0.1}
    if rng.random() < 0.4:
        one = {"member": {"id": "06001", "name": "张三", "left_on": "2007-06-30"},
               "letter": {"issued_on": "2007-06-30", "name": "张三"}, "destination.kind": "retained"}
    if rng.random() < 0.3:
        one = [one, trees.mutate(rng, one)]
    one = trees.mutate(rng, one, count=rng.choice((1, 1, 3)))
    args: tuple[str, ...] = ("check", "r", "--format", form, *COMMON)
    if rng.random() < 0.3:
        args = (*args, "--backend", rng.choice(("python", "reference", "durable", "polars", "duckdb")))
    if rng.random() < 0.15:
        form, args = "", ("destinations", "r", *COMMON)
    if rng.random() < 0.1:
        form, args = "", ("eval", "letter.issued_on > member.left_on", "--data", "r", *COMMON)
    name = rng.choice(("r.json", "r.yaml", "r.yaml", "r.yml"))
    try:
        data = dumped(one) if name == "r.json" else yaml.safe_dump(one, allow_unicode=True).encode(
            errors="surrogatepass")
    except (RecursionError, yaml.YAMLError):
        data = dumped(one)
    args = tuple(name if a == "r" else a for a in args)
    return _maybe(rng, FuzzInput("record", args, {name: data}, form=form), mutate_record, 0.6)


def mutate_record(rng: Random, given: FuzzInput) -> FuzzInput:
    """A value turned into one with a tag of YAML, or bytes changed."""
    name = next(iter(given.files))
    if rng.random() < 0.4 and name != "r.json":
        lines = given.files[name].split(b"\n")
        at = rng.randrange(len(lines))
        lines[at] = lines[at].partition(b":")[0] + b": " + rng.choice(TAGS).encode()
        return replace(given, files={name: b"\n".join(lines)})
    return mutate_text(rng, given)
