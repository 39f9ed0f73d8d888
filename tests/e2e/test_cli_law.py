"""Law in time and overlays, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from support.cli_command import run
from support.marks import few

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "timeline"
LEDGER = FOLDER / "office.csv"
AS_OF = ("--as-of", "2020-12-31", "--quiet")
MEMBER = {"member.id": "1", "employment.employed": False}


@pytest.fixture
def member(tmp_path: Path) -> Path:
    path = tmp_path / "member.json"
    path.write_text(json.dumps(MEMBER), encoding="utf-8")
    return path


def write(path: Path, **values: object) -> Path:
    path.write_text(json.dumps({**MEMBER, **values}), encoding="utf-8")
    return path


def test_a_ledger_that_spans_a_change_needs_no_policy() -> None:
    done = run("audit", LEDGER, *AS_OF, "--format", "json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert data["policy"] == expected["policy"]
    assert [(f["record"], f["rule"], f["clause"], f["pack"]) for f in data["findings"]] == [
        (f["record"], f["rule"], f["clause"], f["pack"]) for f in expected["findings"]]


@pytest.mark.parametrize("form", few(["table", "markdown"], "table"))
@pytest.mark.parametrize(("lang", "title"), [("en", "Judged by the rules in force"),
                                             ("zh", "各按所涉日期时施行的规定判断")])
def test_reports_for_people_say_which_pack_judged_what(form: str, lang: str, title: str) -> None:
    said = run("audit", LEDGER, *AS_OF, "--format", form, lang=lang).stdout
    assert title in said
    for pack in ("fujian-2007-80", "central-2015-33", "central-2019-regulations"):
        assert pack in said
    assert "1.2b" in said and "33.2a" in said


@pytest.mark.slow
def test_every_machine_format_names_the_pack() -> None:
    rows = list(csv.DictReader(io.StringIO(
        run("audit", LEDGER, *AS_OF, "--format", "csv").stdout)))
    lines = [json.loads(line) for line in
             run("audit", LEDGER, *AS_OF, "--format", "jsonl").stdout.splitlines()]
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["findings"]
    packs = [(f["record"], f["clause"], f["pack"]) for f in expected]
    assert [(r["record"], r["clause"], r["pack"]) for r in rows] == packs
    assert [(f["record"], f["clause"], f["pack"]) for f in lines] == packs


def test_with_all_there_is_one_outcome_for_a_record_and_a_rule() -> None:
    data = json.loads(run("audit", LEDGER, *AS_OF, "--all", "--format", "json").stdout)
    pairs = [(f["record"], f["rule"]) for f in data["findings"]]
    assert len(pairs) == len(set(pairs))
    assert ("T01", "destination-allowed") in pairs and ("T03", "destination-allowed") in pairs
    assert ("T03", "retention-reasoned") not in pairs  # withdrawn by then


def test_a_named_pack_judges_everything() -> None:
    data = json.loads(run("audit", LEDGER, *AS_OF, "--policy", "fujian-2007-80",
                          "--format", "json").stdout)
    assert "versions" not in data["policy"]
    assert not any("pack" in f for f in data["findings"])
    assert not any(f["clause"].startswith("33") for f in data["findings"])


def test_an_audit_as_of_2007_knows_nothing_of_later_law() -> None:
    office = LEDGER.parents[1] / "ledgers" / "office-2007.xlsx"
    call = ("audit", office, "--as-of", "2007-12-31", "--quiet", "--format", "json")
    by_date, named = run(*call), run(*call, "--policy", "fujian-2007-80")
    assert by_date.stdout == named.stdout
    assert by_date.stderr == named.stderr


def test_before_the_first_pack_it_is_said() -> None:
    done = run("audit", LEDGER, "--as-of", "2007-10-31", "--fail-on", "never")
    assert "no pack is in force on 2007-10-31" in done.stderr
    later = run("audit", LEDGER, "--as-of", "2007-11-01", "--fail-on", "never")
    assert "no pack is in force" not in later.stderr


def test_explain_says_who_judged_and_why() -> None:
    said = run("explain", LEDGER, "T03", "33", *AS_OF).stdout
    assert "judged by central-2015-33 (since 2015-07-01), by 2015-07-01 (letter.issued_on)" in said
    assert "replaces the rule destination-allowed of fujian-2007-80" in said.replace("\n", " ")
    told = json.loads(run("explain", LEDGER, "T05", "33", *AS_OF, "--format", "json").stdout)
    (item,) = told["explanations"]
    assert item["chosen_by"] == {
        "field": None, "day": "2020-12-31", "from": "2015-07-01", "to": None}
    assert [c["reason"]["en"][:14] for c in item["history"]] == ["three sections"]


def test_explain_says_why_a_clause_does_not_judge() -> None:
    said = run("explain", LEDGER, "T03", "1.2", *AS_OF).stdout.replace("\n", " ")
    assert "not judged by fujian-2007-80 (until 2015-06-30)" in said
    assert "2015-07-01 (letter.issued_on)" in said


def test_explain_leaves_out_what_does_not_judge() -> None:
    told = json.loads(run("explain", LEDGER, "T01", *AS_OF, "--format", "json").stdout)
    rules = [e["rule"] for e in told["explanations"]]
    assert len(rules) == len(set(rules))
    assert {e["pack"] for e in told["explanations"] if e["rule"] == "destination-allowed"} == {
        "fujian-2007-80"}


def test_fixes_do_not_move_a_record_into_another_time() -> None:
    told = json.loads(run("explain", LEDGER, "T03", "33", "--fix", *AS_OF,
                          "--format", "json").stdout)
    (fixes,) = told["fixes"]
    changed = {c["field"] for way in fixes["alternatives"] for c in way["changes"]}
    assert "destination.kind" in changed
    assert not changed & {"letter.issued_on", "retention.approved_on"}


@pytest.mark.parametrize(("issued", "open_to", "pack"), [
    ("2015-06-30", "parents_township", "fujian-2007-80"),
    ("2015-07-01", None, "central-2015-33"), (None, None, "central-2015-33")])
def test_destinations_follow_the_letters_day(tmp_path: Path, issued: str | None,
                                             open_to: str | None, pack: str) -> None:
    file = write(tmp_path / "m.json", **({"letter.issued_on": issued} if issued else {}))
    data = json.loads(run("destinations", file, "--as-of", "2020-12-31",
                          "--format", "json").stdout)
    answers = {d["kind"]: d["outcome"] for d in data["destinations"]}
    assert answers["parents_township"] == ("satisfied" if open_to else "violation")
    assert {d["pack"] for d in data["destinations"]} == {pack}


def test_check_judges_one_record_by_its_dates(tmp_path: Path) -> None:
    file = write(tmp_path / "m.json", **{
        "letter.issued_on": "2014-06-30", "destination.kind": "parents_township"})
    data = json.loads(run("check", file, "--as-of", "2020-12-31", "--format", "json").stdout)
    assert "33" not in {f["clause"][:2] for f in data["findings"]}
    counts = {v["id"]: v["records_by_clause"] for v in data["policy"]["versions"]}
    assert counts["fujian-2007-80"]["1.2"] == 1 and "33" not in counts["central-2015-33"]
    # Before the letter is issued there is none, and today's rules judge.
    before = json.loads(run("check", write(tmp_path / "n.json", **{
        "destination.kind": "parents_township"}), "--before", "issue", "--as-of", "2020-12-31",
        "--format", "json").stdout)
    assert ("33.2a", "central-2015-33") in {(f["clause"], f["pack"]) for f in before["findings"]}


def test_deadlines_are_those_of_the_law_that_judges() -> None:
    data = json.loads(run("deadlines", LEDGER, *AS_OF, "--format", "json",
                          "--fail-on", "never").stdout)
    due = {(f["record"], f["clause"]): (f["due"], f["pack"]) for f in data["findings"]}
    assert due["T10", "A34a"] == ("2020-12-31", "central-2019-regulations")
    assert ("T14", "A34a") not in due
    assert due["T09", "33.2d"][1] == "central-2019-regulations"


@pytest.mark.slow
def test_a_number_can_be_set_whichever_pack_has_it() -> None:
    data = json.loads(run("audit", LEDGER, *AS_OF, "--set", "retention_max_months=12",
                          "--format", "json").stdout)
    late = {f["record"] for f in data["findings"]
            if f["clause"] == "A34a" and f["outcome"] == "violation"}
    assert late == {"T08", "T09", "T10", "T11", "T12", "T13"}
    wrong = run("audit", LEDGER, *AS_OF, "--set", "retention_month=12")
    assert wrong.returncode == 2 and "retention_max_months" in wrong.stderr


def test_list_says_what_judges_by_default() -> None:
    packs = {p["id"]: p["by_default"] for p in json.loads(
        run("policy", "list", "--format", "json").stdout)}
    assert packs == {"central-2015-33": True, "central-2019-regulations": True,
                     "fujian-2007-80": True, "quanzhou-normal-2007-23": False}


def test_show_and_docs_tell_what_a_pack_changes() -> None:
    shown = json.loads(run("policy", "show", "central-2019-regulations", "--format",
                           "json").stdout)
    told = {(c["kind"], c["change"], c["name"], c["pack"]) for c in shown["changes"]}
    assert ("rule", "withdrawn", "retention-reasoned", "central-2015-33") in told
    assert ("rule", "replaced", "retained-contact-kept", "central-2019-regulations") in told
    contact = next(r for r in shown["rules"] if r["id"] == "retained-contact-kept")
    assert [c["pack"] for c in contact["history"]] == [
        "central-2015-33", "central-2019-regulations"]
    page = run("policy", "docs", "central-2015-33", lang="zh").stdout
    assert "对所依据规则包的改动" in page and "替换规则 destination-allowed" in page


def test_watch_keeps_to_the_pack_of_its_first_day() -> None:
    events = "\n".join(json.dumps(e) for e in (
        {"member.id": "1", "employment.employed": False, "destination.kind": "parents_township"},
        {"clock": "2016-01-01"}))
    done = run("watch", "--as-of", "2014-01-01", input=events)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["rule"], line["is"]) for line in lines if line["rule"].startswith("dest")] == [
        ("destination-allowed", "satisfied")]
    assert done.returncode == 0
