"""Ledgers as offices keep them, from fixtures/field: what is read from each, in every form."""

from __future__ import annotations

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support import messy_ledgers
from support.cli_command import run
from support.field_gallery import FieldCase, gallery
from support.party_transfer import VOCABULARY, open_ledger

from zhuanjie.engine.api import audit, column_uses, load_policy
from zhuanjie.engine.core.errors import ZhuanjieError
from zhuanjie.engine.core.messages import say_diagnostic
from zhuanjie.engine.core.results import Outcome, Report
from zhuanjie.engine.ledger.batch import Batch

POLICY = load_policy("fujian-2007-80")
CASES = list(gallery())


def _marks(case: FieldCase) -> list[Any]:
    marks = []
    if not case.is_tried_always:
        marks.append(pytest.mark.slow)
    gap = case.data.get("gap", {})
    if reason := gap.get(case.form or "file", gap.get("all")):
        marks.append(pytest.mark.xfail(strict=True, reason=reason))
    return marks


@pytest.mark.parametrize("case", [
    pytest.param(c, marks=_marks(c), id="-".join(filter(None, (c.kind, c.name, c.form))))
    for c in CASES])
def test_it_is_read_as_an_office_means_it(case: FieldCase, tmp_path: Path) -> None:
    sources, read = case.write(tmp_path), case.read
    columns = _columns(case.data.get("columns"))
    if "refused" in read:
        with pytest.raises(ZhuanjieError) as refused:
            audit(sources, POLICY, as_of=_as_of(case), columns=columns)
        text = "\n".join(say_diagnostic(d, "zh") for d in refused.value.diagnostics)
        assert read["refused"] in text
        return
    report = audit(sources, POLICY, as_of=_as_of(case), columns=columns, lang="zh",
                   roster=case.write_roster(tmp_path), absent=case.data.get("absent", "unknown"))
    ledger = open_ledger(sources, columns)
    batches = list(ledger.batches())
    assert _read_of(report, batches, read) == _meant(read)
    _check_columns(case, sources, columns)
    _check_input(report, read)
    _check_findings(report, read)
    if case.is_tried_always and "roster" not in case.data and "absent" not in case.data:
        _check_that_nothing_rests_on_absent_columns(report, batches, _as_of(case))


def _as_of(case: FieldCase) -> date:
    return date.fromisoformat(case.data.get("as_of", "2007-12-31"))


def _columns(given: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if given is None else {
        heading: next((f.name for f in VOCABULARY.fields if name in (f.name, f.heading)), name)
        for heading, name in given.items()}


def _meant(read: Mapping[str, Any]) -> dict[str, Any]:
    """What has to come out, all of it: what a case does not speak of has to be nothing."""
    meant = {"records": int(read.get("records", len(read.get("ids", ())))),
             "rows": {role: int(count) for role, count in read.get("rows", {}).items()},
             "marked": {mark: int(count) for mark, count in read.get("marked", {}).items()},
             "skipped": sorted(read.get("skipped", ())), "tables": int(read.get("tables", 1)),
             "values": {key: dict(v) for key, v in read.get("values", {}).items()},
             "every": [dict(read["every"])] if "every" in read else []}
    return meant | ({"ids": list(read["ids"])} if "ids" in read else {})


def _read_of(report: Report, batches: list[Batch], read: Mapping[str, Any]) -> dict[str, Any]:
    records = [(row.get(batch.key), row) for batch in batches
               for row in batch.frame.iter_rows(named=True)]
    by_key = {key: row for key, row in records if key is not None}
    tables = report.ledger.tables
    rows: Counter[str] = sum((Counter(t.rows) for t in tables), Counter())
    marked: Counter[str] = sum((Counter(t.marked) for t in tables), Counter())
    every = {tuple((name, _text(name, row.get(name))) for name in read["every"])
             for _, row in records} if "every" in read else ()
    assert report.ledger.records == sum(t.records for t in tables) == len(records)
    return {"records": report.ledger.records, "rows": dict(rows), "marked": dict(marked),
            "skipped": sorted(s.sheet or Path(s.file).name for s in report.ledger.skipped),
            "tables": len(tables),
            "values": {key: {name: _text(name, by_key.get(key, {}).get(name)) for name in wanted}
                       for key, wanted in read.get("values", {}).items()},
            "every": [dict(found) for found in every],
            **({"ids": [key for key, _ in records]} if "ids" in read else {})}


def _text(name: str, value: Any) -> str | None:
    """A value as the gallery writes it; a month is kept as its first day."""
    if value is not None and VOCABULARY.fields[name].type == "month":
        return f"{value:%Y-%m}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _check_columns(case: FieldCase, sources: list[str], columns: dict[str, str] | None) -> None:
    """What each heading was taken for; `known` is one whose meaning is known and no rule reads."""
    read = case.read
    tables, notices = column_uses(sources, POLICY, columns)
    uses = {use.heading: use for table in tables for use in table.columns}
    taken = {heading: use.field.name if use.field else use.state for heading, use in uses.items()}
    wanted = {" ".join(heading.split()): name for heading, name in read.get("columns", {}).items()}
    assert {heading: taken.get(heading) for heading in wanted} == wanted
    assert not set(read.get("without", ())) & set(taken.values())
    near = {heading: list(use.suggestions) for heading, use in uses.items() if use.suggestions}
    assert {h: near.get(h) for h in read.get("suggestion", {})} == {
        heading: [name] for heading, name in read.get("suggestion", {}).items()}
    assert not set(read.get("no_suggestion", ())) & near.keys()
    said = "\n".join(say_diagnostic(notice, "zh") for notice in notices)
    assert not [word for word in read.get("silent", ()) if word in said]
    assert not [word for word in read.get("says", ()) if word not in said]


def _check_input(report: Report, read: Mapping[str, Any]) -> None:
    """What could not be read: the rows of each field in `unread`, entry by entry in `input`."""
    unread: dict[str, list[int]] = defaultdict(list)
    others = []
    roles: Counter[str] = Counter()
    for found in report.input:
        if role := re.fullmatch(r"records\.(\w+)-row", found.code):
            roles[role[1]] += found.count
        elif found.field in read.get("unread", {}):
            unread[found.field] += found.rows or ([found.row] if found.row else [])
        else:
            others.append((found.field, list(found.rows) or [found.row]))
        assert found.message("zh")
    assert {name: sorted(rows) for name, rows in unread.items()} == {
        name: list(map(int, rows)) for name, rows in read.get("unread", {}).items()}
    if read.get("input") != "any":
        assert roles == {role: int(count) for role, count in read.get("rows", {}).items()
                         if role != "blank"}
    if read.get("said"):
        assert report.input or report.notices
    wanted = read.get("input", ())
    if wanted == "any":
        return
    assert len(others) == len(wanted), report.input
    for (name, rows), entry in zip(others, wanted, strict=True):
        assert rows == list(map(int, entry["rows"]))
        assert name == entry.get("field", name)


def _check_findings(report: Report, read: Mapping[str, Any]) -> None:
    violations: dict[str, list[str | None]] = defaultdict(list)
    for finding in report.findings:
        if finding.outcome is Outcome.VIOLATION:
            violations[finding.clause].append(finding.record)
    if "violations" in read:
        assert dict(violations) == read["violations"]
    assert not violations.keys() & set(read.get("not_violated", ()))
    assert set(read.get("not_judged", ())) <= report.summary.not_judged.keys()
    shown = [f.record for f in report.findings] + [i.record for i in report.input]
    assert not set(shown) & set(read.get("hidden", ()))


def _check_that_nothing_rests_on_absent_columns(report: Report, batches: list[Batch],
                                                as_of: date) -> None:
    """Whatever the columns may hold that are not there, what is a violation remains one.

    But for a serial that stands twice: without a column of issuers all letters are of one.
    """
    places = [(b.file, b.sheet, row) for b in batches for row in b.rows]
    told = {(places.index((f.location.file, f.location.sheet, f.location.row)) + 1, f.rule)
            for f in report.findings if f.outcome is Outcome.VIOLATION and f.clause != "1.3e"}
    if not told:
        return
    keys = {*VOCABULARY.keys, "member.cohort"}
    for seed in range(3):
        rng = random.Random(seed)
        records = []
        for batch in batches:
            kept = batch.kept if batch.kept is not None else frozenset(batch.frame.columns)
            lacking = [f for f in VOCABULARY.fields if f.name not in kept | keys]
            records += [{**{f.name: messy_ledgers.cell(f, rng, 0) for f in lacking},
                         **{name: value for name, value in row.items() if value is not None}}
                        for row in batch.frame.iter_rows(named=True)]
        filled = audit(records, POLICY, as_of=as_of)
        assert told <= {(f.location.row, f.rule) for f in filled.findings
                        if f.outcome is Outcome.VIOLATION}


def test_the_gallery_holds_what_it_should() -> None:
    names = Counter((case.kind, case.name) for case in CASES if case.is_tried_always)
    assert len(names) >= 60
    assert set(names.values()) == {1}
    assert sum(kind == "registers" for kind, _ in names) >= 12


COMMANDED = {"rows-second-table-below", "sheets-a-sheet-for-each-college",
             "cells-days-that-are-not-known", "files-a-folder-of-all-sorts"}


@pytest.mark.parametrize("case", [c for c in CASES if f"{c.kind}-{c.name}" in COMMANDED
                                  and c.is_tried_always], ids=lambda c: f"{c.kind}-{c.name}")
def test_the_command_says_the_same(case: FieldCase, tmp_path: Path) -> None:
    sources = case.write(tmp_path)
    meant = _meant(case.read)
    options = ("--as-of", str(_as_of(case)), "--policy", POLICY.id, "--fail-on", "never")
    done = run("audit", *sources, *options, "--format", "json")
    told = json.loads(done.stdout)["ledger"]
    rows: Counter[str] = sum((Counter(t.get("rows", {})) for t in told["files"]), Counter())
    assert told["records"] == sum(t["records"] for t in told["files"]) == meant["records"]
    assert dict(rows) == meant["rows"]
    assert len(told["files"]) == meant["tables"]
    assert sorted(s["sheet"] or Path(s["file"]).name
                  for s in told["skipped"]) == meant["skipped"]
    table = run("audit", *sources, *options, lang="zh")
    listed = run("audit", *sources, *options, "--format", "csv")  # which breaks no long path
    assert all(name in listed.stdout for name in meant["skipped"])
    assert done.returncode == table.returncode == 0
