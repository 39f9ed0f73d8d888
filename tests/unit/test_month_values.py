"""Months as values: how they are written, read, typed, shown, and what they are refused for."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from support.month_ledgers import PACK
from support.verify_pack import ask, deadline, policy, rule

from zhuanjie.cli.main import main
from zhuanjie.engine import audit, check, evaluate, load_policy
from zhuanjie.engine.api import UNKNOWN
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.core.errors import ExpressionError, PolicyError
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import plain
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.type_checker import check as check_types
from zhuanjie.engine.ledger.cells.column_reader import column_reader
from zhuanjie.engine.ledger.cells.parser import CellError, read_cell, read_column
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.vocabulary.fields import Field, FieldTable
from zhuanjie.engine.watch.codec import dumps, loads
from zhuanjie.engine.watch.events import Update, read_event
from zhuanjie.engine.watch.register import WatchRegister

FIELD = Field("m.k", "month", "月份")
SCHEMA = PackSchema(FieldTable([
    FIELD, Field("m.k2", "month", "另一月份"), Field("m.d", "date", "日期"),
    Field("m.d2", "date", "另一日期"), Field("m.s", "string", "文本")]), {})
JUNE = Month(2007, 6, 1)
EXCEL = date(1899, 12, 30)


def test_a_month_is_a_day_that_is_written_without_its_day() -> None:
    assert Month.of(date(2007, 6, 30)) == JUNE == date(2007, 6, 1)
    assert str(JUNE) == JUNE.isoformat() == plain(JUNE) == f"{JUNE}" == "2007-06"
    assert str(Month(200, 1, 1)) == "0200-01"


@pytest.mark.parametrize("raw", [
    "2007-06", "2007.6", "2007/06", "200706", "2007年6月", "2007年06", "2007-6", "２００７年６月",
    " 2007 年 6 月 ", "2007-06-15", "2007.6.15", "20070615", "2007年6月15日", "2007-06-30 23:59:59",
    date(2007, 6, 15), datetime(2007, 6, 15, 3, 4), 200706, 20070615, 2007.6, 2007.06,
    Decimal("2007.06"), JUNE], ids=repr)
def test_cells_that_are_read(raw: object) -> None:
    found = read_cell(FIELD, raw)
    assert found == JUNE and isinstance(found, Month)


@pytest.mark.parametrize(("raw", "code"), [
    ("2007", "month"), ("2007年", "month"), ("2007-13", "month"), ("2007-00", "month"),
    ("0000-05", "month"), ("13/2007", "month"), ("六月", "date-no-year"), (True, "month"), (7, "month"),
    ("070615", "month"), ("1899-12", "date-range"), ("3000-01", "date-range"),
    (date(1850, 1, 1), "date-range"), ("2007-02-30", "date-none"), (2007.1, "month-unclear"),
    (Decimal("2007.1"), "month-unclear"), (39248, "date-number")], ids=repr)
def test_cells_that_are_not(raw: object, code: str) -> None:
    with pytest.raises(CellError) as caught:
        read_cell(FIELD, raw)
    assert caught.value.code == f"records.cell.{code}"
    for lang in ("zh", "en"):
        assert "2007" in say(caught.value.code, lang, value="2007", **caught.value.values) or (  # type: ignore[arg-type]
            code.startswith("date"))


def test_a_spreadsheets_numbers() -> None:
    """A count of days is a day; 2007.10 has lost its zero, whoever wrote it."""
    assert read_cell(FIELD, 39248, EXCEL) == read_cell(FIELD, 39248.0, EXCEL) == JUNE
    assert read_cell(FIELD, 200706, EXCEL) == JUNE
    assert read_cell(FIELD, 2007.12, EXCEL) == Month(2007, 12, 1)
    with pytest.raises(CellError):
        read_cell(FIELD, 2007.10, EXCEL)
    assert read_cell(FIELD, "2007.10") == Month(2007, 10, 1)


@pytest.mark.parametrize("dtype", [pl.Date, pl.Datetime])
def test_columns_of_days(dtype: Any) -> None:
    days = pl.Series("0", [date(2007, 6, 15), None, date(1800, 2, 3), date(2999, 12, 31)])
    cells = days.cast(dtype)
    column, errors = read_column(FIELD, cells)
    assert column.to_list() == [date(2007, 6, 1), None, None, date(2999, 12, 1)]
    assert [(at, e.code) for at, e in errors] == [(2, "records.cell.date-range")]
    quick = column_reader(FIELD, pl.col("0"), cells.dtype, cells)
    assert quick.needs_fallback is not None
    seen = cells.to_frame().select(v=quick.value, d=quick.needs_fallback(quick.value))
    assert seen["d"].to_list() == [False, None, True, False]
    assert seen["v"][0] == date(2007, 6, 1)


def _text(random: Random) -> str | None:
    y = random.choice((1899, 1900, 2007, 2007, 2007, 2999, 3000, 20070))
    m, d, s = random.randrange(14), random.randrange(33), random.choice("-/.")
    return random.choice((
        None, f"{y}{s}{m:02}", f"{y}{s}{m:02}", f"{y}{s}{m}", f"{y}{s}{m:02}{s}{d:02}",
        f"{y}{s}{m}{s}{d}", f"{y}年{m}月", f"{y}年{m:02}月", f"{y}年{m}月{d}日", f"{y}{m:02}",
        f"{y}{m:02}{d:02}", f"{y}{s}{m}{s}", f"{y}{s} {m}", f"{y}{s}-{m}", f" {y}{s}{m}",
        f"+{y}{s}{m}", f"-{y}{s}{m}", f"{y}{s}{m}{s}{d} 00:00:00", f"{y} {s}{m}", f"{y}年 {m}月"))


def test_what_a_query_reads_is_what_the_parser_reads() -> None:
    """Or it is in doubt, and then the parser reads it."""
    random, sure = Random(3), 0
    for _ in range(150):
        cells = pl.Series("0", [_text(random) for _ in range(40)], dtype=pl.String)
        quick = column_reader(FIELD, pl.col("0"), pl.String(), cells)
        assert quick.needs_fallback is not None
        seen = cells.to_frame().select(
            v=quick.value, d=quick.needs_fallback(quick.value).fill_null(value=False))
        wanted, errors = read_column(FIELD, cells)
        wrong = {at for at, _ in errors}
        for at, (value, doubt) in enumerate(seen.iter_rows()):
            if not doubt:
                sure += cells[at] is not None
                assert value == wanted[at] and at not in wrong, cells[at]
    assert sure > 200


@pytest.mark.parametrize("text", [
    "m.k < m.d", "m.d >= m.k", "m.k == m.d", "m.k != m.k2", "m.k <= as_of", "m.k in [m.k2]",
    "m.k + months(1) > m.d", "months(1) + m.k < m.d", "m.k - months(3) <= m.k2",
    "(has(m.d) ? m.k : m.k2) < m.d", "has(m.k)"])
def test_what_a_month_can_do(text: str) -> None:
    assert str(check_types(read(text), SCHEMA, text).type) == "bool"


@pytest.mark.parametrize("text", [
    "m.k - m.k2 < days(3)", "m.k - m.d < days(3)", "m.d - m.k < days(3)", "m.k + days(1) < m.d",
    "days(1) + m.k < m.d", "m.k + 1 < m.d", "m.k * 2 == m.k2", "m.k == 6", "m.k < m.s",
    "m.k in [m.d]", "m.d in [m.k]", "(has(m.d) ? m.k : m.d) < m.d", "size(m.k) > 1", "!m.k",
    "m.k.startsWith('2')", "m.k == '2007-06'"])
def test_what_a_month_cannot(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_types(read(text), SCHEMA, text)
    [said] = caught.value.diagnostics
    assert (said.code, said.hint) == ("cel.types", "cel.hint.month")
    assert said.place.caret is not None
    assert {lang: say("cel.hint.month", lang) for lang in ("zh", "en")}.keys()  # type: ignore[arg-type]


def test_a_list_holds_one_kind_and_months_stay_in_the_calendar() -> None:
    for text, code in (("m.k in [m.k2, m.d]", "cel.mixed-list"),
                       ("m.k + months(12 * 7001) > m.d", "cel.overflow")):
        with pytest.raises(ExpressionError) as caught:
            check_types(read(text), SCHEMA, text)
        assert caught.value.diagnostics[0].code == code


@pytest.mark.parametrize(("shape", "path"), [
    (deadline("dues.paid_to", "letter.issued_on"), "rules[0].deadline.due"),
    (deadline("letter.issued_on", "dues.paid_to"), "rules[0].deadline.done"),
    ({"recurring": {"start": "dues.paid_to", "last": "letter.issued_on", "every": "30"}},
     "rules[0].recurring.start"),
    ({"recurring": {"start": "letter.issued_on", "last": "dues.paid_to", "every": "30"}},
     "rules[0].recurring.last"),
], ids=["due", "done", "start", "last"])
def test_a_rule_that_needs_a_day(shape: dict[str, Any], path: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(tmp_path, [rule("x", shape)])
    [said] = caught.value.diagnostics
    assert said.code in ("pack.field-type", "cel.want")
    assert (said.args["got"], said.args["want"], said.place.path) == ("month", "date", path)
    assert said.place.line == 1


def test_a_moment_and_a_clause_that_need_a_day(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(tmp_path, [rule("x", ask("has(dues.paid_to)"))], moments={"paid": "dues.paid_to"})
    assert [(d.code, d.place.path) for d in caught.value.diagnostics] == [
        ("pack.field-type", "moments.paid.sets")]
    copy = tmp_path / "pack"
    copy.mkdir()
    text = (PACK / "pack.yaml").read_text(encoding="utf-8").replace(
        '"1": {binds: sender,', '"1": {binds: sender, dated_by: [dues.paid_to],')
    (copy / "pack.yaml").write_text(text, encoding="utf-8")
    (copy / "10.yaml").write_bytes((PACK / "10-dues.yaml").read_bytes())
    with pytest.raises(PolicyError) as caught:
        load_policy(copy)
    assert [d.code for d in caught.value.diagnostics] == ["pack.field-type"]


@pytest.mark.parametrize(("text", "day", "wanted"), [
    ("k + months(1)", None, Month(2007, 7, 1)), ("k < d", date(2007, 7, 1), True),
    ("k < d", date(2007, 6, 30), UNKNOWN), ("k < d", date(2007, 6, 1), False),
    ("k <= d", date(2007, 6, 30), True), ("k <= d", date(2007, 6, 1), UNKNOWN),
    ("k <= d", date(2007, 5, 31), False), ("k == d", date(2007, 6, 10), UNKNOWN),
    ("k != d", date(2007, 7, 1), True), ("d > k", date(2007, 7, 1), True)])
def test_single_expressions(text: str, day: date | None, wanted: Any) -> None:
    found = evaluate(text, {"k": JUNE, "d": day})
    assert found == wanted and type(found) is type(wanted)


RECORD = {"学号": "h1", "出生年月": "2006年5月", "转正时间": "2024.4", "党费缴至时间": "2024-05",
          "转出时间": "2024-07-15"}


def test_findings_show_months_as_such() -> None:
    found = {f.rule: f for f in check(RECORD, load_policy(PACK), as_of=date(2024, 12, 31))}
    assert found["of-age"].message == "born in 2006-05, a full member since 2024-04"
    assert plain(found["of-age"].fields["member.born_on"]) == "2006-05"
    dues = found["dues-paid"]
    assert (dues.outcome, dues.missing) == ("undetermined", ("dues.paid_to",))
    assert dues.message == "Dues are paid: cannot be judged without the day of dues.paid_to"
    assert dues.remedy == "look up the day of dues.paid_to and decide by hand"
    assert "fill in letter.serial" in found["number-once"].remedy
    chinese = check(RECORD, load_policy(PACK), as_of=date(2024, 12, 31), lang="zh")
    assert "党费缴至时间的具体日期" in chinese[0].message


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_reports_of_ledgers(suffix: str, tmp_path: Path,
                            capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / f"ledger.{suffix}"
    frame = pl.DataFrame([RECORD | {"党费缴至时间": date(2024, 5, 17)}])
    if suffix == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        book.active.append(frame.columns)
        book.active.append(frame.row(0))
        book.save(ledger)
    else:
        {"csv": frame.write_csv, "parquet": frame.write_parquet,
         "jsonl": frame.write_ndjson}[suffix](ledger)
    call = (str(ledger), "--policy", str(PACK), "--as-of", "2024-12-31", "--quiet")
    assert main(["audit", *call, "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["input"] == []
    fields = {f["rule"]: f["fields"] for f in report["findings"]}
    assert fields["of-age"] == {"member.born_on": "2006-05", "member.converted_on": "2024-04"}
    assert fields["dues-paid"]["dues.paid_to"] == "2024-05"
    assert main(["explain", call[0], "h1", "1", *call[1:]]) == 0
    said = capsys.readouterr().out
    assert "dues.paid_to 2024-05" in said and "after dues.paid_to: 2024-07\n" in said


def test_cells_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("学号,党费缴至时间\nh1,2024\nh2,2024-13\nh3,2024-12\n", encoding="utf-8")
    report = audit(ledger, load_policy(PACK), as_of=date(2024, 12, 31))
    assert [(i.records, i.rows, i.field, i.values) for i in report.input] == [
        (("h1", "h2"), (2, 3), "dues.paid_to", ("2024", "2024-13"))]
    assert all("2007-06" in i.message(lang) for i in report.input for lang in ("zh", "en"))


def test_a_fix_names_a_month_to_be_entered(tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    ledger = tmp_path / "ledger.csv"
    ledger.write_text("学号,转出时间,党费缴至时间,党费起缴年月\nh1,2024-06-15,,2024-06\n",
                      encoding="utf-8")
    call = ("--policy", str(PACK), "--as-of", "2024-12-31", "--fix", "--format", "json", "--quiet")
    assert main(["explain", str(ledger), "h1", "1", *call]) == 0
    [fix] = json.loads(capsys.readouterr().out)["fixes"]
    [change] = fix["alternatives"][0]["changes"]
    assert (change["field"], change["now"], change["open"]) == ("dues.paid_to", None, True)
    assert check({"member.id": "h1", "letter.issued_on": "2024-06-15",
                  "dues.paid_to": change["example"]}, load_policy(PACK),
                 as_of=date(2024, 12, 31), all_outcomes=True)[0].outcome == "satisfied"
    # What no cell can hold is not asked for.
    ledger.write_text("学号,转出时间,党费缴至时间\nh1,2024-07-15,2024-05\n", encoding="utf-8")
    assert main(["explain", str(ledger), "h1", "1", *call]) == 0
    [fix] = json.loads(capsys.readouterr().out)["fixes"]
    assert fix["alternatives"] == [] and [b["reason"] for b in fix["beyond"]] == ["record"]


def test_a_register_turns_with_the_month() -> None:
    """Day by day a case stands as a check of that day finds it, without being looked at daily."""
    pack, values = load_policy(PACK), {"member.id": "w", "dues.paid_to": "2024-09",
                                       "member.left_on": "2024-06-20"}
    register = WatchRegister(pack, record_backend_of("python"), date(2024, 8, 31), "en")
    assert not register._rules.any_day
    standing: dict[str, str] = {}

    def told(event: dict[str, Any]) -> None:
        found = read_event(json.dumps(event), "-", 1, register.mapping)
        standing.update((line["rule"], line["is"]) for line in map(json.loads, register.apply(found)))

    told(values)
    seen = set()
    for ahead in range(1, 70):
        day = date(2024, 8, 31) + timedelta(ahead)
        told({"clock": day.isoformat()})
        wanted = {f.rule: str(f.outcome)
                  for f in check(values, pack, as_of=day, all_outcomes=True)}
        assert {r: standing.get(r, "not_applicable") for r in wanted} == wanted, day
        seen.add(standing.get("quarterly"))
    assert seen == {None, "satisfied", "undetermined", "violation"}


def test_a_register_keeps_a_month() -> None:
    """What the journal and a closed case hold is read back as it was."""
    vocabulary = load_policy(PACK).vocabulary
    event = read_event('{"学号": "w", "党费缴至": "2024年9月"}', "-", 1, HeadingMap(vocabulary))
    assert isinstance(event, Update)
    codec = ValueCodec(vocabulary.fields)
    kept = codec.encode(event.values)
    assert kept["dues.paid_to"] == "2024-09"
    back = codec.decode(loads(dumps(kept)))
    assert back == event.values
    assert isinstance(back["dues.paid_to"], Month)


def test_lengths_of_time_in_months_add_up() -> None:
    text = "d + (months(1) + months(2)) - (months(3) - months(1))"
    for engine in ("reference", "polars", "python"):
        assert evaluate(text, {"d": date(2024, 1, 31)}, backend=engine) == date(2024, 2, 29)
    assert evaluate("k - (months(1) + months(5))", {"k": JUNE}) == Month(2006, 12, 1)
