"""Working days: the table of years, what is counted by it, and where it ends, on every engine."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
import z3
from support.cli_command import run
from support.marks import few

from zhuanjie.engine import audit, check, load_policy
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.backends.smt.encode import AS_OF, Encoder, Formula, Uses, every, present, value
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.core.workdays import WorkCalendar, known_for, moved
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.type_checker import check as check_types
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import make_plan
from zhuanjie.engine.policy.workday_model import WorkingYear, calendar_of

PACK = """
id: working
version: 1.0.0
title: {zh: 工作日, en: working days}
authority: {zh: 测试, en: test}
document: {number: "1", issued_on: 2007-01-01, title: {zh: 测试, en: test}}
in_force: {from: 2007-01-01}
parameters:
  return_days:
    unit: workdays
    values: [{value: 5}, {from: 2008-02-01, value: 3}]
    source: {zh: 通知, en: the notice}
    note: {zh: 自次日起算, en: counted from the next day}
working_days:
  2007:
    off: [2007-01-01, 2007-01-02, 2007-01-03, {from: 2007-02-18, to: 2007-02-24},
          {from: 2007-05-01, to: 2007-05-07}, {from: 2007-10-01, to: 2007-10-07}, 2007-12-31]
    worked: [2007-02-17, 2007-02-25, 2007-04-28, 2007-04-29, 2007-09-29, 2007-09-30, 2007-12-29]
  2008:
    off: [2008-01-01, {from: 2008-02-06, to: 2008-02-12}]
    worked: [2008-02-02, 2008-02-03]
clauses:
  "1": {binds: sender, text: {zh: 测试, en: test}}
"""
RULES = """
topic: {zh: 测试, en: test}
rules:
  - id: returned
    clause: "1"
    title: {zh: 按期交回, en: returned in time}
    when: has(letter.issued_on)
    deadline: {due: letter.issued_on + workdays(params.return_days), done: receipt.returned_on}
    message: {zh: '应于{due}前', en: 'by {due}, {days_late} late'}
    remedy: {zh: 请核对, en: look}
  - id: not-before
    clause: "1"
    title: {zh: 提前三个工作日, en: three working days before}
    when: has(letter.issued_on)
    require: {ask: member.left_on >= letter.issued_on - workdays(3)}
    message: {zh: 过早, en: early}
    remedy: {zh: 请核对, en: look}
"""
CASES = """
as_of: 2007-12-31
unnamed: any
cases:
  - {name: over the feast, record: {letter.issued_on: 2007-02-15},
     as_of: 2007-02-20, expect: {returned: {outcome: pending, due: 2007-02-27}}}
  - {name: a worked Saturday, record: {letter.issued_on: 2007-12-28},
     expect: {returned: {outcome: pending, due: 2008-01-07}}}
  - {name: early, record: {letter.issued_on: 2007-02-26, member.left_on: 2007-02-15},
     expect: {not-before: violation}}
"""


def pack(folder: Path, text: str = PACK, rules: str = RULES) -> Path:
    (folder / "cases").mkdir(parents=True)
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    (folder / "10.yaml").write_text(rules, encoding="utf-8")
    (folder / "cases" / "10.yaml").write_text(CASES, encoding="utf-8")
    return folder


def by_hand(calendar: WorkCalendar, day: date, count: int) -> date | None:
    """One day after the other, as on paper."""
    years = {y for first, last in calendar.years for y in range(first, last + 1)}
    while count:
        day += timedelta(1 if count > 0 else -1)
        if day.year not in years:
            return None
        number = to_day(day)
        if number in calendar.worked if day.weekday() > 4 else number not in calendar.off:
            count -= 1 if count > 0 else -1
    return day


@pytest.fixture(scope="module")
def calendar(tmp_path_factory: pytest.TempPathFactory) -> WorkCalendar:
    folder = pack(tmp_path_factory.mktemp("packs") / "working")
    years = load_policy(folder).chain[0].manifest.working_days
    apart = {**years, 2010: WorkingYear(off=(date(2010, 1, 1),))}  # of 2009 nothing is known
    found = calendar_of(apart)
    assert found is not None and found.years == ((2007, 2008), (2010, 2010))
    return found


def test_it_is_counted_as_by_hand(calendar: WorkCalendar) -> None:
    for number in range(to_day(date(2006, 12, 1)), to_day(date(2011, 2, 1))):
        day = from_day(number)
        for count in (-300, -5, -1, 0, 1, 3, 5, 22, 261):
            there = moved(calendar, number, count)
            wanted = by_hand(calendar, day, count)
            assert (None if there is None else from_day(there)) == wanted, (day, count)
            if count:
                known = any(a <= number <= b for a, b in known_for(calendar, count))
                assert known is (there is not None), (day, count)


@pytest.mark.parametrize("engine", few(NAMES[1:], "polars", "python", "durable", "duckdb"))
def test_every_engine_counts_alike(engine: str, tmp_path: Path) -> None:
    policy = load_policy(pack(tmp_path / "working"))
    random = Random(3)
    days = [None, *(date(2006, 12, 1) + timedelta(random.randrange(800)) for _ in range(60))]
    frame = pl.DataFrame({
        name: [random.choice(days) for _ in range(80)]
        for name in ("letter.issued_on", "receipt.returned_on", "member.left_on")}).with_columns(
            pl.lit(str(n)).alias(n) for n in ("member.id", "member.name"))
    for today in (date(2007, 10, 8), date(2008, 3, 3)):
        plan = make_plan(policy, today)
        wanted = backend("reference").judge(plan, frame, all_outcomes=True)
        assert backend(engine).judge(plan, frame, all_outcomes=True) == wanted
        assert len({(v.rule, v.outcome) for v in wanted}) > 6


@pytest.mark.parametrize(("old", "new"), [
    ('version: 1.0.0', 'version: one'), ('version: 1.0.0', 'version: 1.0.0\nbuilds_on: nobody'),
    ('    off: [2008-01-01,', '    off: [1908-01-01,')])
def test_a_pack_refused_for_something_else_has_its_calendar(tmp_path: Path, old: str, new: str,
                                                            ) -> None:
    assert old in PACK
    with pytest.raises(PolicyError) as told:
        load_policy(pack(tmp_path / "working", PACK.replace(old, new)))
    assert "cel.no-workdays" not in [d.code for d in told.value.diagnostics]
    with pytest.raises(PolicyError) as told:
        load_policy(pack(tmp_path / "without", PACK.replace("working_days:", "working_years:")))
    assert "cel.no-workdays" in [d.code for d in told.value.diagnostics]


def test_a_year_that_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    policy = load_policy(pack(tmp_path / "working"))
    found, *_ = check({"letter.issued_on": date(2008, 12, 30)}, policy, as_of=date(2009, 3, 1))
    assert (found.outcome, found.missing) == ("undetermined", ("letter.issued_on",))
    assert "reckoned" in found.message
    ledger = tmp_path / "ledger.json"
    ledger.write_text('[{"member.id": "1", "letter.issued_on": "2008-12-30"}]', encoding="utf-8")
    shown = run("audit", ledger, "--policy", policy.chain[-1].folder, "--as-of", "2009-03-01", "-q")
    assert "a value reckoned from letter.issued_on is missing (records: 1" in shown.stdout
    assert "the day of" not in shown.stdout
    shown = run("explain", ledger, "1", "--policy", policy.chain[-1].folder, "--as-of",
                "2009-03-01", "-q")
    assert "missing: a value reckoned from letter.issued_on" in shown.stdout
    found, *_ = audit([{"member.id": "1", "letter.issued_on": date(2008, 12, 24)}], policy,
                      as_of=date(2009, 3, 1)).findings
    assert (found.outcome, found.due) == ("violation", date(2008, 12, 29))


@pytest.mark.parametrize(("was", "now", "word"), [
    ("2007-12-31]", "2008-01-01]", "another year"),
    ("worked: [2007-02-17,", "worked: [2007-02-16,", "Monday to Friday"),
    ("2007-01-03,", "2007-02-17,", "both under"),
    ("to: 2007-02-24", "to: 2007-02-10", "period|before|ends"),
])
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, was: str, now: str, word: str) -> None:
    with pytest.raises(PolicyError, match=word) as told:
        load_policy(pack(tmp_path / "working", PACK.replace(was, now)))
    assert str(told.value.diagnostics[0].place.path).startswith("working_days")


@pytest.mark.parametrize(("text", "word"), [
    ("letter.issued_on + workdays(letter.valid_days)", "same for every record"),
    ("letter.issued_on + workdays(as_of.getMonth())", "same for every record"),
    ("workdays(3) + workdays(4) + letter.issued_on", "does not take"),
    ("dues.none + workdays(3)", "unknown name"),
])
def test_what_cannot_be_counted_is_refused(tmp_path: Path, text: str, word: str) -> None:
    rules = RULES.replace("letter.issued_on + workdays(params.return_days)", text)
    with pytest.raises(PolicyError, match=word):
        load_policy(pack(tmp_path / "working", rules=rules))


def test_without_a_table_nothing_is_counted(tmp_path: Path) -> None:
    text = PACK[:PACK.index("working_days:")] + PACK[PACK.index("clauses:"):]
    with pytest.raises(PolicyError, match="on which days there is work"):
        load_policy(pack(tmp_path / "working", text))


def test_a_pack_takes_the_years_of_its_base(tmp_path: Path) -> None:
    pack(tmp_path / "working")
    above = tmp_path / "above"
    above.mkdir()
    head = PACK[:PACK.index("parameters:")].replace("id: working", "id: above")
    (above / "pack.yaml").write_text(
        f"{head}builds_on: working\nworking_days: {{2008: {{off: [2008-12-25]}}}}\n",
        encoding="utf-8")
    record = {"letter.issued_on": date(2007, 12, 28)}
    due = {name: check(record, load_policy(tmp_path / name), as_of=date(2007, 12, 30))[0].due
           for name in ("working", "above")}
    # The table above has no day off for New Year in 2008, and says nothing of 2007.
    assert due == {"working": date(2008, 1, 7), "above": date(2008, 1, 4)}


def test_authors_tools(tmp_path: Path) -> None:
    folder = pack(tmp_path / "working")
    for command in (("lint",), ("test",), ("verify",)):
        done = run("policy", *command, folder)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "2007, 2008" in run("policy", "show", folder).stdout
    docs = run("policy", "docs", folder).stdout
    assert "working day(s)" in docs


def test_another_table_is_another_meaning(tmp_path: Path) -> None:
    pack(tmp_path / "old")
    pack(tmp_path / "new", PACK.replace("{from: 2007-05-01, to: 2007-05-07}", "2007-05-01"))
    done = run("policy", "diff", tmp_path / "old", tmp_path / "new", "--format", "json")
    found = json.loads(done.stdout)
    assert "working_days.2007.off" in {edit["key"] for edit in found["text"]}
    (meaning,) = found["meaning"].values()
    assert meaning["verdict"] == "stricter" and meaning["witness"]


def test_a_deadline_before_its_day_is_found(tmp_path: Path) -> None:
    rules = RULES.replace("workdays(params.return_days)", "workdays(0 - params.return_days)")
    done = run("policy", "verify", pack(tmp_path / "working", rules=rules))
    assert done.returncode == 1 and "backward" in done.stdout, done.stdout


def test_the_solver(calendar: WorkCalendar) -> None:
    """It knows where a day comes to, and proves what holds of all days."""
    from support.strategies import FIELDS

    schema = PackSchema(FIELDS, {}, calendar=calendar)

    def can(text: str, **cells: date) -> Answer:
        expr = check_types(read(text), schema, text)
        asked = Encoder(FIELDS).formula(Kleene(AS_OF, {}).must_be_true(expr))
        parts = [p for name, day in cells.items() for p in (
            present(f"m.{name}"), value(FIELDS[f"m.{name}"]) == to_day(day))]
        query = Query([every((asked, Formula(z3.And(parts), Uses())))], 20_000)
        return query.check()

    random = Random(1)
    for _ in range(12):
        day = date(2006, 12, 25) + timedelta(random.randrange(780))
        there = by_hand(calendar, day, 5)
        for other in ({there, day + timedelta(7)} if there else {day + timedelta(7)}):
            want = Answer.YES if other == there else Answer.NO
            said = can(f"m.d1 + workdays(5) == timestamp('{other}T00:00:00Z')", d1=day)
            assert said is want, (day, other)
    assert can("m.d1 + workdays(5) <= m.d1") is Answer.NO
    assert can("m.d1 + workdays(5) >= m.d1 + workdays(6)") is Answer.NO
    assert can("m.d1 + workdays(5) > m.d1 + days(12)") is Answer.YES
    assert can("n.d2 > m.d1 && n.d2 + workdays(3) < m.d1 + workdays(3)") is Answer.NO
