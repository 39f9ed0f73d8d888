"""Waivers through the real command: the same in every command and form, around the edges of days."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import yaml
from support.cli_command import AS_OF, record, run, write_ledger

from zhuanjie.engine.api import audit, office_day, use_settings
from zhuanjie.engine.core import clock

ENTRY: Mapping[str, Any] = {
    "id": "W-1", "clause": "1.6b", "record": "06002", "reason": "回执由学院统一补寄",
    "requested_by": "zhang", "approved_by": "li", "granted_on": "2007-12-01",
    "expires": "2007-12-31"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "ledger.csv",
                        [record(1), record(2, 回执收到日期=""), record(3, 回执收到日期="")])


def waivers(folder: Path, *entries: Mapping[str, Any], name: str = "waivers.yaml") -> Path:
    file = folder / name
    file.write_text(yaml.safe_dump({"waivers": [dict(e) for e in entries]}, allow_unicode=True),
                    encoding="utf-8")
    return file


def report(ledger: Path, *more: str | Path) -> dict[str, Any]:
    done = run("audit", ledger, *AS_OF, "--only", "1.6b", "-f", "json", "-q", *more)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"code": done.returncode}


def test_a_waived_violation_is_counted_shown_and_no_failure(ledger: Path, tmp_path: Path) -> None:
    assert report(ledger)["summary"]["violation"] == 2
    one = report(ledger, "--waivers", waivers(tmp_path, ENTRY))
    assert (one["summary"]["violation"], one["summary"]["waived"], one["code"]) == (1, 1, 1)
    both = report(ledger, "--waivers", waivers(tmp_path, ENTRY, dict(
        ENTRY, id="W-2", record="06003")))
    assert (both["summary"]["violation"], both["summary"]["waived"], both["code"]) == (0, 2, 0)
    waived = both["findings"][0]
    assert (waived["record"], waived["outcome"]) == ("06002", "waived")
    assert waived["waiver"]["reason"] == ENTRY["reason"]
    assert waived["message"]
    assert both["summary"]["people"] == 0


def test_a_waiver_that_expired_comes_back_with_a_note(ledger: Path, tmp_path: Path) -> None:
    file = waivers(tmp_path, dict(ENTRY, expires="2007-12-30"))
    found = report(ledger, "--waivers", file)
    assert (found["summary"]["violation"], found["summary"]["waived"]) == (2, 0)
    assert found["findings"][0]["waiver"]["in_force"] is False
    for lang, word in (("zh", "已于 2007-12-30 到期"), ("en", "expired on 2007-12-30")):
        done = run("audit", ledger, *AS_OF, "--only", "1.6b", "--waivers", file, lang=lang)
        assert word in done.stderr
        assert word in " ".join(done.stdout.split()) or word.replace(" ", "") in "".join(
            done.stdout.split())


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_every_form_says_which_waiver(form: str, ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / f"findings.{form}"
    done = run("audit", ledger, *AS_OF, "--only", "1.6b", "-o", out, "--waivers",
               waivers(tmp_path, ENTRY))
    assert done.returncode == 1, done.stderr
    if form == "csv":
        rows = list(csv.DictReader(out.open(encoding="utf-8-sig")))
        said = [(r["outcome"], r["waiver"]) for r in rows]
    elif form == "jsonl":
        said = [(r["outcome"], (r["waiver"] or {}).get("id", "")) for r in map(
            json.loads, out.read_text("utf-8").splitlines())]
    else:
        said = [(o, w or "") for o, w in pl.read_parquet(out).select("outcome", "waiver").rows()]
    assert [pair for pair in said if pair[0] != "not_audited"] == [
        ("waived", "W-1"), ("violation", "")]


def test_a_stopped_audit_goes_on_under_the_same_waivers_alone(
        ledger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    call = ("audit", ledger, *AS_OF, "--only", "1.6b", "--partition-by", "clause", "-o", folder)
    file = waivers(tmp_path, ENTRY)
    assert run(*call, "--waivers", file).returncode == 1
    journal = folder / "_audit.jsonl"
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]), encoding="utf-8")  # as if it had not come to its end
    again = run(*call, "--waivers", file, "--resume")
    assert again.returncode == 1, again.stderr
    assert "W-1" not in again.stderr  # it speaks of a finding, also of one written before
    journal.write_text("".join(lines[:-1]), encoding="utf-8")
    assert run(*call, "--resume").returncode == 2


def test_single_records_deadlines_and_explanations_agree(ledger: Path, tmp_path: Path) -> None:
    file = waivers(tmp_path, ENTRY)
    alone = tmp_path / "record.json"
    alone.write_text(json.dumps(record(2, 回执收到日期="")), encoding="utf-8")
    checked = json.loads(run("check", alone, *AS_OF, "-f", "json", "--waivers", file).stdout)
    assert [f["outcome"] for f in checked["findings"] if f["clause"] == "1.6b"] == ["waived"]
    due = json.loads(run("deadlines", ledger, *AS_OF, "-f", "json", "--waivers", file).stdout)
    assert {f["record"]: f["outcome"] for f in due["findings"] if f["clause"] == "1.6b"} == {
        "06002": "waived", "06003": "violation"}
    told = run("explain", ledger, "06002", "1.6b", *AS_OF, "--waivers", file, "-f", "json")
    assert json.loads(told.stdout)["explanations"][0]["outcome"] == "waived"


def test_a_record_is_named_by_any_of_its_keys(tmp_path: Path) -> None:
    """An approval may name the id number where the ledger goes by another key, and that one too."""
    number = "350502198501010124"
    row = record(2, 回执收到日期="") | {"身份证号": number}
    ledger, alone = tmp_path / "ledger.csv", tmp_path / "record.json"
    ledger.write_text("\n".join(map(",".join, (row, row.values()))) + "\n", encoding="utf-8")
    alone.write_text(json.dumps(row), encoding="utf-8")
    several = tmp_path / "records.json"
    several.write_text(json.dumps([row, record(3)]), encoding="utf-8")
    for name in (number, "06002"):
        file = waivers(tmp_path, dict(ENTRY, record=name))
        assert report(ledger, "--waivers", file)["summary"]["waived"] == 1
        for given in (alone, several):
            found = json.loads(run("check", given, *AS_OF, "-f", "json", "--waivers", file).stdout)
            assert [f["outcome"] for f in found["findings"] if f["clause"] == "1.6b"] == ["waived"]
        due = json.loads(run("deadlines", ledger, *AS_OF, "-f", "json", "--waivers", file).stdout)
        assert {f["outcome"] for f in due["findings"] if f["clause"] == "1.6b"} == {"waived"}
        told = run("explain", ledger, "06002", "1.6b", *AS_OF, "--waivers", file, "-f", "json")
        assert json.loads(told.stdout)["explanations"][0]["outcome"] == "waived"


def test_a_live_register_turns_when_a_waiver_begins_and_ends(tmp_path: Path) -> None:
    file = waivers(tmp_path, dict(ENTRY, granted_on="2007-11-10", expires="2007-11-20"))
    events = tmp_path / "events.jsonl"
    values = {k: v for k, v in record(2, 回执收到日期="").items() if v}
    events.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in (
        values, {"clock": "2007-11-10"}, {"clock": "2007-11-20"}, {"clock": "2007-11-21"})),
        encoding="utf-8")
    journal = tmp_path / "journal"
    call = ("watch", events, "--policy", "fujian-2007-80", "--as-of", "2007-11-09", "--waivers",
            file, "--journal", journal)
    lines = [json.loads(line) for line in run(*call).stdout.splitlines()]
    turned = [(line["since"], line["is"], line.get("waiver")) for line in lines
              if line["rule"] == "receipt-returned"]
    assert turned == [("2007-11-09", "violation", None), ("2007-11-10", "waived", "W-1"),
                      ("2007-11-21", "violation", "W-1")]
    # Started again with other waivers, what they change is said.
    waivers(tmp_path, dict(ENTRY, granted_on="2007-11-10", expires="2007-11-30"))
    again = [json.loads(line) for line in run(*call).stdout.splitlines()]
    assert [(line["rule"], line["is"]) for line in again] == [("receipt-returned", "waived")]
    assert run(*call).stdout == ""


def test_a_live_register_covers_no_more_than_it_may(tmp_path: Path) -> None:
    file = waivers(tmp_path, {**{k: v for k, v in ENTRY.items() if k != "record"},
                              "where": "has(letter.issued_on)", "at_most": 1})
    events = tmp_path / "events.jsonl"
    first, second = ({k: v for k, v in record(n, 回执收到日期="").items() if v} for n in (1, 2))
    mended = {"学号": "06002", "回执收到日期": "2007-07-20"}
    events.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n"
                              for e in (first, second, mended)), encoding="utf-8")
    done = run("watch", events, "--policy", "fujian-2007-80", "--as-of", "2007-12-31",
               "--waivers", file)
    said = [(line["record"], line["is"]) for line in map(json.loads, done.stdout.splitlines())
            if line["rule"] == "receipt-returned"]
    assert said == [("06001", "waived"), ("06002", "violation"), ("06001", "violation"),
                    ("06002", "satisfied"), ("06001", "waived")]
    assert "at_most" in done.stderr


def test_lint_and_list(ledger: Path, tmp_path: Path) -> None:
    file = waivers(tmp_path, ENTRY, dict(ENTRY, id="W-2", approved_by="zhang"),
                   dict(ENTRY, id="W-3", record="06001"))
    done = run("waivers", "lint", file, *AS_OF, "--ledger", ledger, "-f", "json", "-q")
    assert done.returncode == 1
    assert [lint["kind"] for lint in json.loads(done.stdout)["lints"]] == [
        "waiver.same-person", "waiver.unmatched"]
    listed = json.loads(run("waivers", "list", file, *AS_OF, "--ledger", ledger, "-f", "json",
                            "-q").stdout)["waivers"]
    assert [(w["id"], w["findings"]) for w in listed] == [("W-1", 1), ("W-3", 0)]
    assert run("waivers", "lint", waivers(tmp_path, ENTRY), *AS_OF, "-q").returncode == 0
    assert run("waivers", "lint").returncode == 2
    assert run("waivers", "lint", tmp_path / "none.yaml").returncode == 2


def test_the_settings_name_waivers_from_their_own_folder(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    waivers(tmp_path / "rules", ENTRY)
    (tmp_path / "zhuanjie.toml").write_text('waivers = "rules/waivers.yaml"\nfail-on = "never"\n'
                                            'set = {receipt_return_days = 200}\n', "utf-8")
    inside = tmp_path / "a"
    inside.mkdir()
    done = run("audit", ledger, *AS_OF, "--only", "1.6b", "-f", "json", cwd=inside)
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["pending"] == 2
    done = run("audit", ledger, *AS_OF, "--only", "1.6b", "-f", "json", "--set",
               "receipt_return_days=30", "--fail-on", "error", cwd=inside)
    assert done.returncode == 1  # the command line wins
    assert json.loads(done.stdout)["summary"]["waived"] == 1


@pytest.mark.parametrize(("text", "said"), [
    ('fail-on = "sometimes"', "sometimes"), ('waiver = "a"', "waivers"), ("quiet = 1", "true"),
    ('timezone = "Fujian"', "Fujian"), ('set = {days = "many"}', "set"),
])
def test_a_setting_that_cannot_be_is_refused(text: str, said: str, ledger: Path,
                                             tmp_path: Path) -> None:
    (tmp_path / "zhuanjie.toml").write_text(f"{text}\n", encoding="utf-8")
    done = run("audit", ledger, *AS_OF, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "zhuanjie.toml:1" in done.stderr


@pytest.mark.parametrize(("zone", "outcome"), [
    ("Asia/Shanghai", "violation"), ("America/New_York", "waived"), (None, None)])
def test_a_waiver_ends_with_the_day_of_the_office(
        zone: str | None, outcome: str | None, ledger: Path, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    """At 17 o'clock in Greenwich it is the next day in Shanghai, and not in New York."""
    moment = datetime(2007, 12, 31, 17, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", moment.astimezone)
    monkeypatch.chdir(tmp_path)
    if zone is None:
        assert office_day() == moment.astimezone().date()
        return
    (tmp_path / "zhuanjie.toml").write_text(f'timezone = "{zone}"\n', encoding="utf-8")
    use_settings(None)
    assert office_day() == moment.astimezone(ZoneInfo(zone)).date()
    found = audit(ledger, "fujian-2007-80", waivers=[waivers(tmp_path, ENTRY)], only=["1.6b"])
    assert found.as_of in (date(2007, 12, 31), date(2008, 1, 1))
    assert {f.outcome.value for f in found.findings if f.record == "06002"} == {outcome}


def test_what_is_wrong_with_an_entry_is_in_the_report_too(ledger: Path, tmp_path: Path) -> None:
    file = waivers(tmp_path, dict(ENTRY, approved_by="zhang"))
    found = report(ledger, "--waivers", file)
    assert [Path(p["file"]).name for p in found["waiver_problems"]] == ["waivers.yaml"]
    assert found["summary"]["violation"] == 2


def test_a_setting_of_a_form_that_there_is_not_is_refused(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "zhuanjie.toml").write_text('format = "nonsense"\n', encoding="utf-8")
    done = run("audit", ledger, *AS_OF, cwd=tmp_path)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    (tmp_path / "zhuanjie.toml").write_text('format = "parquet"\n', encoding="utf-8")
    assert run("fields", cwd=tmp_path).returncode == 0  # which offers no such form
