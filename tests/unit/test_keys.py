"""Records that another field than the first key names: checked, masked, found again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from support.party_transfer import VOCABULARY, read_record

from zhuanjie.cli.main import main
from zhuanjie.engine.api import audit, check, explain, load_policy, stream
from zhuanjie.engine.auditing.shown import shown_series
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.faults import fault

DAY = date(2007, 12, 31)
FIELD = VOCABULARY.fields["member.id_number"]
RIGHT = "11010519491231002X"
OTHER = "440524188001010014"
POLICY = load_policy("fujian-2007-80")


def digit(seventeen: str) -> str:
    """A number with the check digit that ISO 7064 MOD 11-2 gives it, worked out the long way."""
    rest = 0
    for sign in seventeen:
        rest = (rest + int(sign)) * 2 % 11
    last = (12 - rest) % 11
    return seventeen + ("X" if last == 10 else str(last))


def numbers(count: int) -> list[str]:
    return [digit(f"350102198501{i % 28 + 1:02}{i:03}") for i in range(count)]


@pytest.mark.parametrize(("text", "code"), [
    (RIGHT, None), (OTHER, None), ("11010519491231002x", None), ("１１０１０５１９４９１２３１００２Ｘ", None),
    ("110105 19491231 002x", None), ("110105491231002", None),
    ("110105194912310022", "digit"), ("11010519491231002", "length"),
    ("1101051949123100211", "length"), ("110105194902300028", "day"), ("110105491331002", "day"),
    ("11010519491231002A", "signs"), ("1101051949123100X1", "signs"), (digit("11010520990101002"),
                                                                      "day"),
])
def test_a_number_proves_right(text: str, code: str | None) -> None:
    found = fault(FIELD, text)
    assert (None if found is None else found.code) == (
        None if code is None else f"records.cell.id-number-{code}")


def test_a_query_suspects_whatever_is_wrong() -> None:
    right = numbers(40)
    wrong = [text[:17] + ("0" if text[17] != "0" else "1") for text in right] + ["1", "x" * 18]
    asked = pl.Series("value", [*right, *wrong, None]).to_frame().select(
        is_suspect(FIELD, pl.col("value"))).to_series().to_list()
    assert asked == [False] * 40 + [True] * len(wrong) + [False]
    assert all(fault(FIELD, text) is not None for text in wrong)


@pytest.mark.parametrize("text", [RIGHT, "110105491231002", "12345678", "1", "123456789", ""])
def test_a_column_is_masked_as_a_value_is(text: str) -> None:
    assert shown_series(FIELD, pl.Series([text, None])).to_list() == [FIELD.shown(text), None]
    assert VOCABULARY.fields["member.id"].shown(text) == text


def test_the_middle_is_hidden() -> None:
    assert FIELD.shown(RIGHT) == "110105**********2X"
    assert FIELD.shown("12345678") == "********"


def ledger(tmp_path: Path, name: str, rows: list[str]) -> Path:
    path = tmp_path / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("bulk", [False, True])
def test_a_ledger_by_another_key(tmp_path: Path, bulk: bool) -> None:
    one, two, three = numbers(3)
    wrong = three[:17] + ("0" if three[17] != "0" else "1")
    path = ledger(tmp_path, "a.csv", [
        "身份证号,姓名,转出时间,跟踪责任人", f"{one},甲,2007-06-20,", f"{two},乙,2007-06-20,",
        f"{wrong},丙,2007-06-20,", f"{one},甲,2007-06-20,"])
    run = stream(path, POLICY, as_of=DAY, bulk=bulk)
    findings = list(run)
    report = run.head()
    run.close()
    assert {f.record for f in findings} == {FIELD.shown(one), FIELD.shown(two), FIELD.shown(wrong)}
    assert {f.identity for f in findings} == {one, two, wrong}
    assert [(f.code, f.row, f.record) for f in report.input] == [
        ("records.cell.id-number-digit", 4, FIELD.shown(wrong)),
        ("records.same-id", 5, FIELD.shown(one))]
    said = repr(findings) + repr(report.input) + repr(report.notices)
    assert one not in said.replace(f"identity='{one}'", "")
    assert not any(n.code == "records.no-id-column" for n in report.notices)


@pytest.mark.parametrize("bulk", [False, True])
def test_tables_of_one_ledger_may_have_different_keys(tmp_path: Path, bulk: bool) -> None:
    one, two = numbers(2)
    first = ledger(tmp_path, "a.csv", ["学号,身份证号,姓名,转出时间,跟踪责任人", f"06001,{one},甲,2007-06-20,"])
    second = ledger(tmp_path, "b.csv", ["身份证号,姓名,转出时间,跟踪责任人", f"{two},乙,2007-06-20,"])
    run = stream([first, second], POLICY, as_of=DAY, bulk=bulk)
    by_file = {Path(f.location.file or "").name: f.record for f in run}
    run.close()
    assert by_file == {"a.csv": "06001", "b.csv": FIELD.shown(two)}


@pytest.mark.parametrize("asked", [RIGHT, FIELD.shown(RIGHT), RIGHT + " "])
def test_a_record_is_found_by_its_number_and_as_it_is_shown(tmp_path: Path, asked: str) -> None:
    path = ledger(tmp_path, "a.csv", ["身份证号,姓名,转出时间", f"{RIGHT},甲,2007-06-20"])
    found = explain(path, asked, "1.3c", POLICY, as_of=DAY)
    assert [e.finding.record for e in found] == [FIELD.shown(RIGHT)]


def test_a_single_record_by_another_key() -> None:
    record = {"身份证号": RIGHT, "姓名": "甲", "转出时间": "2007-06-20"}
    assert {f.record for f in check(record, POLICY, as_of=DAY)} == {FIELD.shown(RIGHT)}
    assert {f.record for f in check({**record, "学号": "1"}, POLICY, as_of=DAY)} == {"1"}
    wrong = read_record({"身份证号": "110105194912310022", "转出时间": "x"})
    assert wrong[0]["member.id_number"] == "110105194912310022"
    assert [(f.code, f.record) for f in wrong[1]] == [
        ("records.cell.id-number-digit", "110105**********22"),
        ("records.cell.date", "110105**********22")]


def test_a_roster_is_compared_by_what_both_have(tmp_path: Path) -> None:
    one, two = numbers(2)
    path = ledger(tmp_path, "a.csv", ["身份证号,姓名,转出时间", f"{one},甲,2007-06-20"])
    roster = ledger(tmp_path, "r.csv", ["学号,身份证号,姓名", f"06001,{one},甲", f"06002,{two},乙"])
    report = audit(path, POLICY, as_of=DAY, roster=roster)
    absent = [f for f in report.findings if f.clause == "1.5a"]
    assert [(f.record, f.name) for f in absent] == [(FIELD.shown(two), "乙")]
    other = ledger(tmp_path, "o.csv", ["学号,姓名", "06001,甲"])
    report = audit(path, POLICY, as_of=DAY, roster=other)
    assert not [f for f in report.findings if f.clause == "1.5a"]  # nothing can be compared
    assert report.summary.not_judged["1.5a"]


@pytest.mark.parametrize(("headings", "shown"), [
    ("身份证号,姓名,转出时间,跟踪责任人", "身份证号"), ("学号,身份证号,姓名,转出时间,跟踪责任人", "学号"),
])
def test_lists_are_headed_by_the_key(tmp_path: Path, headings: str, shown: str,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    cells = f"{RIGHT},甲,2007-06-20,"
    path = ledger(tmp_path, "a.csv", [headings, cells if shown == "身份证号" else f"06001,{cells}"])
    main(["audit", str(path), "--as-of", "2007-12-31", "--lang", "zh", "--policy", POLICY.id])
    out = capsys.readouterr().out
    assert any(line.split()[:3] == [shown, "姓名", "行"] for line in out.splitlines()), out
    assert RIGHT not in out
