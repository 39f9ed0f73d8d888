"""What an audit is asked: some clauses, by groups, in totals. In: ledgers. Out: alike on all ways.

Whichever engine and strategy judges, what is asked for comes out the same, and what was not asked
about is said.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli_command import AS_OF, record, write_ledger
from support.marks import few

from zhuanjie.cli.main import main
from zhuanjie.engine.api import (
    UsageError,
    audit,
    audit_to_file,
    audit_to_folder,
    load_policy,
    stream,
)
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Outcome, Report, Summary
from zhuanjie.engine.policy.asked import asked_clauses, carried_clauses
from zhuanjie.synthetic.ledger import generate

DAY = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")
BRANCH, ADMITTED = "member.school_branch", "member.admitted_on"
WAYS: list[dict[str, Any]] = [
    {"bulk": True}, {"bulk": False}, {"backend": "reference"}, {"backend": "python"},
    {"backend": "durable"},
]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asked") / "ledger.csv"
    generate(records=120, seed=5, output=path, as_of=DAY, rates=dict.fromkeys(
        ("1.3b", "1.6b", "1.2"), 0.2), lang="zh")
    text = path.read_text("utf-8").splitlines()
    text += [text[1], text[2]]  # two ids that come again
    text[5] = text[5].replace(next(csv.reader([text[5]]))[0], "", 1)  # and a record without one
    path.write_text("\n".join(text) + "\n", "utf-8")
    return path


def judged(ledger: Path, **more: Any) -> Report:
    return audit([ledger], POLICY, as_of=DAY, **more)


def counts(report: Report) -> Summary:
    """What the findings of a report come to, counted anew."""
    return Summary.of(report.findings)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_people_are_counted_once(ledger: Path, way: dict[str, Any]) -> None:
    report = judged(ledger, **way)
    assert report.summary.people == counts(report).people
    wrong = [f for f in report.findings if f.outcome is Outcome.VIOLATION]
    assert 0 < report.summary.people < len({f.location for f in wrong}) + 1
    assert report.summary.days_late == counts(report).days_late


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_groups_add_up(ledger: Path, way: dict[str, Any]) -> None:
    report = judged(ledger, by=(BRANCH, "入党时间"), **way)
    assert list(report.summary.by) == [BRANCH, ADMITTED]
    for field, groups in report.summary.by.items():
        found = Counter((f.by[field] or "", f.outcome) for f in report.findings)
        assert found == Counter({(value, outcome): times for value, held in groups.items()
                                 for outcome, times in held.items()})
    assert {f.name for f in report.findings} >= {
        row["姓名"] for row in csv.DictReader(ledger.open(encoding="utf-8"))
        if row["学号"] in {f.record for f in report.findings}} - {""}


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("asked", few([
    {"only": ("1.3",)}, {"skip": ("1.2a", "2")}, {"only": ("1.2a", "1.6")},
    {"only": ("1",), "skip": ("1.3b",)},
], {"only": ("1",), "skip": ("1.3b",)}), ids=str)
def test_what_is_left_out_changes_nothing_else(ledger: Path, way: dict[str, Any],
                                               asked: dict[str, tuple[str, ...]]) -> None:
    whole, some = judged(ledger, **way), judged(ledger, **asked, **way)
    kept = asked_clauses(POLICY, asked.get("only", ()), asked.get("skip", ()))
    assert kept is not None
    assert some.findings == [f for f in whole.findings if f.clause in kept]
    assert some.summary.not_asked == tuple(c for c in carried_clauses(POLICY) if c not in kept)
    assert some.summary.counts == {c: n for c, n in whole.summary.counts.items() if c in kept}


@pytest.mark.parametrize("way", few(WAYS, WAYS[0], WAYS[1]), ids=str)
@pytest.mark.parametrize("lacking", [(), ("离校时间",), ("离校时间", "转出时间", "书面告知时间")], ids=str)
def test_each_clause_alone_is_judged_by_the_law_of_its_dates(
    ledger: Path, lacking: tuple[str, ...], way: dict[str, Any], tmp_path: Path,
) -> None:
    """Also where nothing that the clause asks reads the dates that say which law it is."""
    day = date(2020, 1, 1)
    policy = load_policy(as_of=day)
    part = tmp_path / "ledger.csv"
    pl.read_csv(ledger, infer_schema=False).drop(lacking).write_csv(part)
    whole = audit([part], policy, as_of=day, **way)
    clauses = [c for c in carried_clauses(policy) if c.startswith("1.1")]
    assert len(clauses) > 2
    for clause in clauses:
        alone = audit([part], policy, as_of=day, only=[clause], **way)
        assert alone.findings == [f for f in whole.findings if f.clause == clause]
        assert [(law.policy, law.clauses) for law in alone.judged if law.clauses] == [
            (law.policy, {clause: law.clauses[clause]}) for law in whole.judged
            if clause in law.clauses]


def test_a_part_of_a_table_is_asked_alone(ledger: Path) -> None:
    some = judged(ledger, only=("1.2a",), all_outcomes=True)
    assert {f.clause for f in some.findings} == {"1.2a"}


@pytest.mark.parametrize(("asked", "code"), [
    ({"only": ("1.9",)}, "policy.no-such-clause"), ({"skip": ("",)}, "policy.no-such-clause"),
    ({"only": ("1.3a",), "skip": ("1.3",)}, "policy.nothing-asked"),
    ({"by": ("所在基层党萎",)}, "policy.no-such-field"),
])
def test_what_there_is_not_is_refused(ledger: Path, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        judged(ledger, **asked)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_tables_have_names_groups_and_what_was_left_out(ledger: Path, tmp_path: Path) -> None:
    asked = {"by": (BRANCH,), "skip": ("2",)}
    report = judged(ledger, **asked)
    with_file = stream([ledger], POLICY, as_of=DAY, **asked)
    came = audit_to_file(tmp_path / "f.parquet", with_file)
    frame = pl.read_parquet(tmp_path / "f.parquet")
    assert came.summary == report.summary
    rows = frame.filter(pl.col("outcome") != "not_audited")
    assert rows.select("record", "name", "group", BRANCH, "clause").rows() == [
        (f.record, f.name, f.group, f.by[BRANCH], f.clause) for f in report.findings]
    rest = frame.filter(outcome="not_audited")
    assert tuple(rest["clause"]) == report.summary.not_asked


@pytest.fixture
def slices() -> Iterator[None]:
    with using(Limits(slice_rows=40, reported_rows=20, beat_rows=10)):
        yield


@pytest.mark.usefixtures("slices")
def test_a_folder_gone_on_with_counts_all(ledger: Path, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"by": (BRANCH,), "only": ("1",), "bulk": True}
    whole = stream([ledger], POLICY, as_of=DAY, **asked)
    report = audit_to_folder(tmp_path / "w", whole, ["clause", "outcome"], [str(ledger)])
    assert report.summary.people == judged(ledger, **asked).summary.people

    from zhuanjie.engine.auditing.writers import partitions
    written = partitions.Partitions._slice
    calls: list[Any] = []

    def stops(self: partitions.Partitions, part: tuple[int, int], batches: Any) -> None:
        calls.append(part)
        if len(calls) == 2:
            raise KeyboardInterrupt
        written(self, part, batches)

    monkeypatch.setattr(partitions.Partitions, "_slice", stops)
    folder = tmp_path / "p"
    with pytest.raises(KeyboardInterrupt):
        audit_to_folder(folder, stream([ledger], POLICY, as_of=DAY, **asked),
                        ["clause", "outcome"], [str(ledger)])
    resumed = audit_to_folder(folder, stream([ledger], POLICY, as_of=DAY, **asked),
                              ["clause", "outcome"], [str(ledger)], resume=True)
    assert resumed.summary == report.summary
    with pytest.raises(UsageError):  # another question is another audit
        audit_to_folder(folder, stream([ledger], POLICY, as_of=DAY, **{**asked, "only": ("2",)}),
                        ["clause", "outcome"], [str(ledger)], resume=True)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return write_ledger(tmp_path / "ledger.csv", [
        record(1), record(2, 回执收到日期=""), record(3, 离校教育时间="2007-07-10", 跟踪责任人="")])


def said(capsys: pytest.CaptureFixture[str], *args: str | Path) -> str:
    main(["audit", *map(str, args), *AS_OF, "--quiet", "--absent", "blank"])
    return capsys.readouterr().out


def test_every_form_says_what_was_not_asked(small: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    ask = ("--skip", "1.6b", "--by", "member.sex")
    for form in ("table", "markdown", "html"):
        text = said(capsys, small, *ask, "-f", form)
        assert "1.6b" in "".join(text.rpartition("What to do first")[:1])
    data = json.loads(said(capsys, small, *ask, "-f", "json"))
    assert data["summary"]["not_asked"] == ["1.6b"]
    assert data["summary"]["by"] == {"member.sex": {"male": {"violation": 3}}}
    assert [f["by"] for f in data["findings"]] == [{"member.sex": "male"}] * 3
    lines = [json.loads(line) for line in said(capsys, small, *ask, "-f", "jsonl").splitlines()]
    assert (lines[-1]["outcome"], lines[-1]["clause"]) == ("not_audited", "1.6b")
    rows = list(csv.DictReader(io.StringIO(said(capsys, small, *ask, "-f", "csv"))))
    assert (rows[-1]["outcome"], rows[-1]["clause"]) == ("not_audited", "1.6b")
    assert [r["member.sex"] for r in rows] == ["male"] * 3 + [""]


def test_totals_alone(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(said(capsys, small, "--summary", "-f", "json"))
    whole = json.loads(said(capsys, small, "-f", "json"))
    assert data == {**whole, "findings": []}
    assert "06002" not in said(capsys, small, "--summary")
    assert main(["audit", str(small), *AS_OF, "--summary", "-f", "csv"]) == 2


def test_the_report_is_read_from_the_top(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, small)
    order = ["violation: 4, in 2 member(s)", "What to do first", "By clause", "violation: 4\n"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    first = text.split("What to do first")[1].splitlines()[3]
    assert first.startswith("1.6b")  # an error, and overdue; 1.6a has no day, 1.1a is a warning
    assert "张三" in text


def test_the_first_pass_says_how_far_it_is(ledger: Path) -> None:
    told: list[tuple[int, int | None]] = []
    stream_ = stream([ledger], POLICY, as_of=DAY, bulk=True,
                     progress=lambda done, total: told.append((done, total)))
    assert len(list(stream_)) > 0
    rows = stream_.totals.records
    assert (rows, None) in told
    assert told[-1][0] == rows


def test_quiet_says_errors_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    ledger = tmp_path / "l.csv"
    ledger.write_text("学号,姓名,转出时间,某列\n06001,张三,2007-06-30,1\n", "utf-8")
    main(["audit", str(ledger), *AS_OF, "-f", "csv"])
    assert "notice" in capsys.readouterr().err
    main(["audit", str(ledger), *AS_OF, "-f", "csv", "-q"])
    assert capsys.readouterr().err == ""
    assert main(["audit", str(tmp_path / "none.csv"), *AS_OF, "-q"]) == 2
    assert "error" in capsys.readouterr().err
