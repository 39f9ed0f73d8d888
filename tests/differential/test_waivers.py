"""Waivers against a reading by hand: what they cover, what they do not, whichever engine judges.

By hand means from the findings of an audit without waivers, which other tests hold to be right.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
import yaml
from support.edge_records import PACK, chinese, record
from support.marks import few
from support.party_transfer import fields
from support.values import replace

from zhuanjie.engine.api import audit, check, load_policy
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Finding, Outcome

AS_OF = date(2007, 12, 31)
CONDITIONS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    ("has(letter.issued_on)", lambda r: "letter.issued_on" in r),
    ("!has(letter.issued_on)", lambda r: "letter.issued_on" not in r),
    ("letter.issued_on >= as_of", lambda r: r.get("letter.issued_on", date.min) >= AS_OF),
    ('member.name == "林一" || employment.employed', lambda r: r.get("member.name") == "林一"
     or r.get("employment.employed") is True),
)
"""Conditions of waivers, and when they definitely hold."""
FAR = date(2009, 1, 1)


def wide(text: str) -> str:
    """A text in full-width figures, as a clerk may type it."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


def entries(rng: Random, found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Waivers of all kinds around the violations that there are."""
    wrong = [f for f in found if f.outcome is Outcome.VIOLATION]
    out = []
    for number in range(12):
        about = rng.choice(wrong)
        entry: dict[str, Any] = {
            "id": f"W-{number}", "reason": "已核实", "requested_by": "zhang", "approved_by": "li"}
        entry |= rng.choice(({"clause": about.clause}, {"rule": about.rule}))
        named = [f.record or "" for f in rng.sample(wrong, 3)] + [about.record or ""]
        whom = rng.choice(("record", "records", "where", "where"))
        if whom == "where":
            entry |= {"where": rng.choice(CONDITIONS)[0], "at_most": rng.choice((1, 2, 5, 20, 50))}
        else:
            entry[whom] = wide(named[-1]) if whom == "record" else named
        # Around the edges of the day: begins, ends, is over, is not there yet.
        start = AS_OF + timedelta(rng.choice((-40, -1, 0, 1)))
        entry["granted_on"], entry["expires"] = start, start + timedelta(rng.choice((0, 1, 41)))
        out.append(entry)
    return out


def by_hand(found: Sequence[Finding], records: Mapping[str, Mapping[str, Any]],
            waivers: Sequence[Mapping[str, Any]], barred: set[str]) -> list[tuple[str, str | None]]:
    """The outcome of each finding, and the waiver that it names."""
    holds = dict(CONDITIONS)

    def speaks(entry: Mapping[str, Any], f: Finding) -> bool:
        if f.outcome is not Outcome.VIOLATION or f.clause in barred:
            return False
        if f.clause != entry.get("clause") and f.rule != entry.get("rule"):
            return False
        if "where" in entry:
            return holds[entry["where"]](records[f.record or ""])
        return f.record in [wide_to_narrow(n) for n in entry.get("records", [entry.get("record")])]

    def wide_to_narrow(text: str) -> str:
        return "".join(chr(ord(c) - 0xFEE0) if "０" <= c <= "９" else c for c in text)

    force = [w for w in waivers if w["granted_on"] <= AS_OF <= w["expires"]]
    over = sorted((w for w in waivers if w["expires"] < AS_OF),
                  key=lambda w: w["expires"], reverse=True)
    covering = [w for w in force if "where" not in w
                or len({f.record for f in found if speaks(w, f)}) <= w["at_most"]]
    out: list[tuple[str, str | None]] = []
    for f in found:
        first = next((w for w in covering if speaks(w, f)), None)
        last = next((w for w in over if speaks(w, f)), None)
        if first:
            out.append(("waived", first["id"]))
        else:
            out.append((f.outcome.value, last["id"] if last else None))
    return out


def said(found: Sequence[Finding]) -> list[tuple[str, str | None]]:
    return [(f.outcome.value, f.waiver.id if f.waiver else None) for f in found]


@pytest.mark.parametrize("backend", [n for n in NAMES if n != "spark"])
@pytest.mark.parametrize("seed", few(range(4), 0))
def test_waivers_cover_what_they_say(backend: str, seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    records = [record(seed * 100 + i, AS_OF) for i in range(60)]
    policy = load_policy(PACK)
    barred = {name for name, clause in policy.clauses.items() if not clause.waivable}
    plain = audit(records, policy, as_of=AS_OF, backend=backend).findings
    # What cannot be waived is refused beforehand; here only what a pack allows is tried.
    waivers = [w for w in entries(rng, plain) if w.get("clause") not in barred
               and not ("rule" in w and barred.intersection(next(
                   r for r in policy.rules if r.id == w["rule"]).clauses))]
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": waivers}, allow_unicode=True), encoding="utf-8")
    expected = by_hand(plain, {r["member.id"]: r for r in records}, waivers, barred)
    report = audit(records, policy, as_of=AS_OF, backend=backend, waivers=[file])
    assert not [n for n in report.notices if n.code == "waiver.left-out"], report.notices
    assert said(report.findings) == expected
    # Nothing else has changed, and nothing is lost from the counts.
    assert [replace(f, outcome=p.outcome, waiver=None) for f, p in zip(
        report.findings, plain, strict=True)] == list(plain)
    waived = [outcome for outcome, _ in expected].count("waived")
    assert report.summary.total(Outcome.WAIVED) == waived
    assert report.summary.total(Outcome.VIOLATION) == sum(
        f.outcome is Outcome.VIOLATION for f in plain) - waived


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("seed", few(range(4), 1))
def test_a_stream_covers_the_same(form: str, seed: int, tmp_path: Path) -> None:
    """In parts of a few rows, from a file; the rules of bounded waivers are judged beforehand."""
    rng = Random(seed)
    records = [record(seed * 100 + i, AS_OF) for i in range(60)]
    path = tmp_path / f"ledger.{form}"
    rows = [chinese(r) for r in records]
    if form == "csv":
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, [f.heading for f in fields()])
            writer.writeheader()
            writer.writerows(rows)
    else:
        pl.DataFrame([{f.heading: None if r.get(f.heading) is None else str(r[f.heading])
                       for f in fields()} for r in rows],
                     schema={f.heading: pl.String for f in fields()}).write_parquet(path)
    policy = load_policy(PACK)
    small = audit(path, policy, as_of=AS_OF, bulk=False)
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": entries(rng, small.findings)}, allow_unicode=True),
                    encoding="utf-8")
    options: dict[str, Any] = {"as_of": AS_OF, "waivers": [file]}
    small = audit(path, policy, bulk=False, **options)
    with using(Limits(reported_rows=7, hashed_rows=5, beat_rows=3, slice_rows=6, text_rows=4,
                      typed_rows=6, sample_rows=4, chunk_rows=6)):
        large = audit(path, policy, bulk=True, **options)
    assert large.findings == small.findings
    assert any(f.outcome is Outcome.WAIVED for f in large.findings)
    assert large.summary == small.summary
    assert large.waivers == small.waivers
    assert large.notices == small.notices


@pytest.mark.parametrize("backend", ["reference", "python", "durable"])
def test_a_record_by_itself_is_covered_as_in_a_ledger(backend: str, tmp_path: Path) -> None:
    rng = Random(4)
    records = [record(900 + i, AS_OF) for i in range(30)]
    policy = load_policy(PACK)
    waivers = [w for w in entries(rng, audit(records, policy, as_of=AS_OF).findings)
               if "where" not in w]
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": waivers}, allow_unicode=True), encoding="utf-8")
    whole = audit(records, policy, as_of=AS_OF, waivers=[file]).findings
    assert any(f.outcome is Outcome.WAIVED for f in whole)
    alone = [f for r in records for f in check(r, policy, as_of=AS_OF, backend=backend,
                                               waivers=[file])]
    shared = {r.id for r in policy.rules if r.shape == "unique"}  # one record shares nothing
    assert said([f for f in alone if f.rule not in shared]) == said(
        [f for f in whole if f.rule not in shared])
