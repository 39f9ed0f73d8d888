"""Law in the open: clauses with cases, which law judged whom, another law tried and none changed."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from support.register_office import DAY, Office, office

from zhuanjie.engine.api import Outcome, UsageError, audit
from zhuanjie.web.acts.waivers import WaiverRequest
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.past import members_at
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.service.law_book import (
    clause_counts,
    decisions,
    judged_by,
    parameter_values,
)
from zhuanjie.web.service.what_if import tried_law, try_law
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.transfer.preview import version_of

WHOLE = Actor("zhao", "department", "office")
MATHS = Actor("li", "college", "maths")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        for n, (name, unit) in enumerate([("late", "maths"), ("far", "physics")], start=1):
            made.add(name, unit, letter__issued_on="2026-01-05",
                     letter__serial=f"转字第 {n} 号", letter__valid_days=90)
        yield made


def test_a_clause_has_its_words_rules_and_cases(made: Office) -> None:
    book = made.register.law_book
    names = book.names()
    today = made.register.policy()
    assert today.id in names and len(names) > 1
    document = book.document(today.id, "zh")
    tried = {name for name in document.policy.clauses for rule in document.rules_of(name)
             for _ in document.cases(rule)}
    assert tried and set(document.policy.clauses) >= set(clause_counts_of(made))
    with pytest.raises(NotFoundError):
        book.document("../etc", "zh")


def clause_counts_of(made: Office) -> dict[str, object]:
    with made.register.store.reading(WHOLE) as conn:
        return dict(clause_counts(conn))


def test_counts_of_clauses_are_those_of_an_audit(made: Office) -> None:
    register = made.register
    with register.store.reading(SYSTEM) as conn:
        tables = given_tables(members_at(conn, version_of(conn)), "register")
        kept = clause_counts(conn)
    report = audit(tables, register.policy(), as_of=DAY)
    wanted = {str(Outcome.VIOLATION), str(Outcome.UNDETERMINED)}
    found = Counter((clause, outcome) for clause, outcome, _ in {
        (f.clause, str(f.outcome), f.location.entry) for f in report.findings
        if str(f.outcome) in wanted and f.share is None})
    assert found and found == {(clause, outcome): count for clause, counts in kept.items()
                               for outcome, count in counts.items() if outcome in wanted}
    with register.store.reading(MATHS) as conn:
        seen = clause_counts(conn)
    assert sum(sum(c.values()) for c in seen.values()) < \
        sum(sum(c.values()) for c in kept.values())


def test_it_is_known_which_law_judged_whom(made: Office) -> None:
    register, ref = made.register, made.register.policy().ref
    with register.store.reading(MATHS) as seen, register.database.reading() as whole:
        found, = judged_by(seen, whole)
    assert (found.policy, found.version, found.sha256) == (ref.id, ref.version, ref.sha256)
    assert (found.members, found.last) == (3, DAY)
    with register.store.reading(WHOLE) as conn:
        first, second = decisions(conn, limit=2)
        assert first.seq > second.seq
        assert decisions(conn, before=first.seq, limit=1) == [second]
        assert first.data["sha256"] == ref.sha256


def test_another_law_is_tried_and_nothing_changes(made: Office, tmp_path: Path) -> None:
    register = made.register
    number = next(name for name, p in register.policy().parameters.items()
                  if p.unit in {"days", "months"} and "@" not in name)
    with register.store.reading(SYSTEM) as conn:
        before = list(conn.execute(select(OUTCOMES)))
    other = next(name for name in register.law_book.names() if name != register.policy().id)
    law = tried_law(register, DAY, other, {})
    found = try_law(register, WHOLE, DAY, law, tmp_path, "zh")
    assert found["policy"]["id"] == other and found["records"] == 5
    assert found["instead_of"]["sha256"] == register.policy().sha256
    assert found["counts"] and 0 < found["records_changed"] <= 5
    with (tmp_path / "impact.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == found["whole"] == sum(c["count"] for c in found["counts"])
    assert {row["member"] for row in rows} <= {"m1", "m2", "p1", "late", "far"}
    assert {row["record"] for row in rows} <= {f"no-{id}" for id in ("m1", "m2", "p1", "late", "far")}
    # A college tries it on its own members.
    own = try_law(register, MATHS, DAY, law, tmp_path, "zh")
    assert own["records"] == 3 and not {c["member"] for c in own["changes"]} & {"p1", "far"}
    with register.store.reading(SYSTEM) as conn:
        assert list(conn.execute(select(OUTCOMES))) == before
        made_one = next(e for e in decisions(conn) if e.id == found["decision"])
    assert made_one.data["why"] == ["what-if"]
    assert made_one.data["sha256"] == found["policy"]["sha256"]
    # Another number of the same law.
    same = tried_law(register, DAY, None, {number: "1"})
    told: list[tuple[int, int | None]] = []
    found = try_law(register, WHOLE, DAY, same, tmp_path, "en",
                    lambda done, whole: told.append((done, whole)))
    assert found["records"] == 5 and told[0] == (0, 5) and told[-1] == (5, 5)
    assert found["policy"]["params"] == {number: "1"} and not found["instead_of"].get("params")
    with register.store.reading(SYSTEM) as conn:
        assert next(e for e in decisions(conn) if e.id == found["decision"]).data["params"] == {
            number: "1"}


def test_what_is_waived_is_waived_where_another_law_is_tried(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        register = made.register
        made.add("late", "maths", letter__issued_on="2026-01-05", letter__valid_days=90)
        with register.store.change(MATHS) as work:
            asked = register.waivers.request(work, WaiverRequest(
                date(2026, 9, 30), "对方不寄", clause="1.6b", member="late"))
        with register.store.change(WHOLE) as work:
            register.waivers.approve(work, asked)

        def told(days: int) -> dict[str, tuple[str, str]]:
            law = tried_law(register, DAY, None, {"receipt_return_days": str(days)})
            found = try_law(register, WHOLE, DAY, law, tmp_path, "en")
            return {change["aspect"]: (change["was"], change["is"]) for change in found["changes"]
                    if (change["member"], change["clause"]) == ("late", "1.6b")}

        assert told(300)["outcome"] == ("waived", "pending")
        moved = told(31)
        assert "outcome" not in moved and moved["due"] == ("2026-05-05", "2026-05-06")


def test_what_cannot_be_tried_is_said(made: Office) -> None:
    register = made.register
    name = next(n for n, p in register.policy().parameters.items() if p.unit != "date")
    for pack, said in ((None, {}), (None, {name: " "}), (None, {name: "many"}),
                       (None, {"unheard-of": "1"}), ("unheard-of", {})):
        with pytest.raises((UsageError, NotFoundError)):
            tried_law(register, DAY, pack, said)
    assert parameter_values(register.policy(), {name: " 7 "}) == {name: 7}


@pytest.mark.slow
def test_a_what_if_is_a_job(made: Office) -> None:
    other = next(name for name in made.register.law_book.names()
                 if name != made.register.policy().id)
    asked = made.ask("POST", "/what-ifs", json={"policy": other})
    assert asked.status_code == 202, asked.text
    id = asked.json()["id"]
    for _ in range(600):
        job = made.ask("GET", f"/jobs/{id}").json()
        if job["state"] not in {"waiting", "running"}:
            break
        time.sleep(0.1)
    assert job["state"] == "done", job
    assert job["files"] == ["impact.csv"] and job["result"]["records"] == 5
    assert made.ask("POST", "/what-ifs", json={}).status_code == 400
    assert made.ask("POST", "/what-ifs", "administrator", json={"policy": other}
                    ).status_code == 403
