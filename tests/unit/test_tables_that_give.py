"""Tables with inputs above their rows, values that other rules read, and rows in files beside a pack."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from support.cli_command import run
from support.verify_pack import WORDS, policy, rule

from zhuanjie.engine.api import PolicyError, check, coverage, load_policy, verify, written_rows
from zhuanjie.engine.authoring.mutation.faults import mutants
from zhuanjie.engine.authoring.mutation.mutate import mutate
from zhuanjie.engine.authoring.phrases import Phrases
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.policy.policy import Policy

DAY = date(2007, 12, 31)
INPUTS = ["arrival.attends", "member.cohort", "destination.kind"]
OUTPUTS = {"days": {"type": "int", "default": 30},
           "track": {"type": "text", "values": ["fast", "slow"], "default": "slow"},
           "till": {"type": "date", "default": "as_of"},
           "watched": {"type": "bool", "default": False}}
ROWS: list[dict[str, Any]] = [
    {"cells": [True, "[2000..2006)", "employer_org, talent_service"],
     "set": {"days": "15", "track": "fast", "till": "2007-07-01"}},
    {"cells": ["-", "< 2000", "not(employer_org)"], "set": {"days": 15, "watched": True}},
    {"cells": [False, "", "-"], "set": {"days": "10 + 10", "track": "fast"}},
]
READING = rule("reads", {"require": {"ask": "outputs.days < 20 && outputs.track == 'fast'"}})


def pack(folder: Path, rows: Any = ROWS, hit: str = "first", reading: Mapping[str, Any] = READING,
         **more: Any) -> Policy:
    table = {"hit": hit, "inputs": INPUTS, "outputs": OUTPUTS, "rows": rows, **more}
    return policy(folder, [rule("gives", {"table": table}), reading])


def outcomes(of: Policy, record: dict[str, Any]) -> dict[str, str]:
    return {f.rule: str(f.outcome) for f in check(record, of, as_of=DAY, all_outcomes=True,
                                                  backend="python")}


@pytest.mark.parametrize(("record", "wanted"), [
    ({"arrival.attends": True, "member.cohort": 2005, "destination.kind": "employer_org"},
     "satisfied"),
    ({"arrival.attends": True, "member.cohort": 2006, "destination.kind": "employer_org"},
     "violation"),
    ({"arrival.attends": True, "member.cohort": 1999, "destination.kind": "talent_service"},
     "violation"),
    ({"arrival.attends": False, "member.cohort": 2005, "destination.kind": "employer_org"},
     "violation"),
    ({"member.cohort": 2005, "destination.kind": "employer_org"}, "undetermined"),
    # Whatever the destination is, no row gives both.
    ({"arrival.attends": False, "member.cohort": 2007}, "violation"),
    ({"arrival.attends": True, "member.cohort": 2007}, "violation"),
])
def test_rows_give_values_that_rules_read(tmp_path: Path, record: dict[str, Any],
                                          wanted: str) -> None:
    assert outcomes(pack(tmp_path), record) == {"gives": "satisfied", "reads": wanted}


@pytest.mark.parametrize("hit", ["first", "unique", "any"])
def test_what_is_known_is_what_every_complete_record_says(tmp_path: Path, hit: str) -> None:
    fields = ("arrival.attends", "retention.attends", "arrival.by_proxy")
    for n, given in enumerate(product((1, 2), repeat=3)):
        rows = [{"when": f, "set": {"x": v}} for f, v in zip(fields, given, strict=True)]
        table = {"hit": hit, "outputs": {"x": {"type": "int", "default": 2}}, "rows": rows}
        of = policy(tmp_path / f"{n}", [rule("gives", {"table": table}),
                                        rule("reads", {"require": {"ask": "outputs.x == 1"}})])

        def came(held: tuple[bool | None, ...], of: Policy = of) -> str:
            return outcomes(of, {f: v for f, v in zip(fields, held, strict=True)
                                 if v is not None})["reads"]

        full = {held: came(held) for held in product((True, False), repeat=3)}
        for held in product((True, False, None), repeat=3):
            complete = {came for h, came in full.items()
                        if all(v in (None, h[i]) for i, v in enumerate(held))}
            assert came(held) == (complete.pop() if len(complete) == 1 else "undetermined")


@pytest.mark.parametrize(("rows", "more", "code"), [
    ([{"cells": [True]}], {}, "pack.table.cells"),
    ([{"cells": ["-", "-", "-"], "set": {"dyas": 1}}], {}, "pack.table.no-output"),
    ([{"cells": ["-", "-", "-"], "set": {"track": "slwo"}}], {}, "pack.table.not-given"),
    ([{"cells": ["-", "-", "-"], "set": {"days": "'x'"}}], {}, "cel.want"),
    ([{"cells": ["-", "-", "-"], "allow": ["a"]}], {}, "pack.table.allow-no-subject"),
    ([{"cells": ["-", "-", "-"]}], {"subject": "destination.kind"}, "pack.table.allow-nothing"),
    ([{"cells": ["-", "> 'x'", "-"]}], {}, "cel.types"),
    ([{"cells": ["-", "1,,2", "-"]}], {}, "cel.cell-empty"),
    ([{"cells": ["-", "-", "talent"]}], {}, "cel.not-a-value"),
    ([{"cells": ["-", "-", "-"], "when": "outputs.days > 3"}], {}, "pack.output-circle"),
    ([{"cells": ["-", "-", "-"]}], {"outputs": {"days": {"type": "int"}, "track": {
        "type": "text", "default": "fast"}}}, "pack.table.no-default"),
])
def test_what_is_wrong_with_a_table(tmp_path: Path, rows: Any, more: dict[str, Any],
                                    code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        pack(tmp_path, rows, **more)
    assert code in [d.code for d in caught.value.diagnostics]


@pytest.mark.parametrize(("field", "cell", "wanted"), [
    ("arrival.attends", "是", "arrival.attends"),
    ("arrival.attends", "FALSE", "!arrival.attends"),
    ("arrival.attends", "has(member.id)", "arrival.attends == has(member.id)"),
    ("member.cohort", "2006, 2007", "member.cohort in [2006, 2007]"),
    ("member.cohort", "2006, > 2010", "member.cohort > 2010 || member.cohort == 2006"),
    ("member.cohort", "]2000..2005[", "member.cohort > 2000 && member.cohort < 2005"),
    ("member.cohort", "not([2000..2005], 2010)",
     "!(member.cohort >= 2000 && member.cohort <= 2005 || member.cohort == 2010)"),
    ("member.left_on", ">= 2007-07-01", "member.left_on >= date(2007, 7, 1)"),
    ("member.left_on", "(2007-01-31..as_of]",
     "member.left_on > date(2007, 1, 31) && member.left_on <= as_of"),
    ("destination.kind", "'employer_org'", "destination.kind == 'employer_org'"),
    ("destination.kind", "!= retained", "destination.kind != 'retained'"),
    ("member.name", "甲, member.phone", "member.name in ['甲', member.phone]"),
])
def test_short_conditions(tmp_path: Path, field: str, cell: str, wanted: str) -> None:
    of = pack(tmp_path, [{"cells": [cell]}], inputs=[field])
    row = of.rules[0].rows[0]
    assert row.when is not None
    assert to_text(row.when) == wanted


def test_an_output_is_given_once(tmp_path: Path) -> None:
    table = {"outputs": {"x": {"type": "int", "default": 1}}, "rows": [{"set": {"x": 2}}]}
    with pytest.raises(PolicyError) as caught:
        policy(tmp_path, [rule("a", {"table": table}), rule("b", {"table": table})])
    assert [d.code for d in caught.value.diagnostics] == ["pack.output-twice"]


def test_a_fault_of_the_table_shows_in_what_reads_it(tmp_path: Path) -> None:
    of = pack(tmp_path)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "c.yaml").write_text(
        "as_of: 2007-12-31\nunnamed: any\ncases:\n  - name: a\n    record: {arrival.attends: true,"
        " member.cohort: 2005, destination.kind: employer_org}\n"
        "    expect: {reads: satisfied, gives: satisfied}\n", encoding="utf-8")
    made = [m for m in mutants(of) if m.rule == "gives"]
    assert {"value", "boundary", "order", "hit", "row"} <= {m.fault for m in made}
    found = mutate(load_policy(tmp_path))
    assert found.killed, "no case notices what the table gives"
    left = {(s.mutant.role, s.mutant.fault) for s in found.survivors}
    assert ("row 1", "value") not in left
    assert ("row 1 #3", "value") in left
    tried = coverage(load_policy(tmp_path))
    assert tried.hits[next(p for p in tried.points if p.kind == "row" and p.part == "row 1")]


def test_verify_refuses_rows_that_give_different_values(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
            {"when": "arrival.attends", "set": {"days": 1}},
            {"when": "arrival.by_proxy", "set": {}}]
    codes = []
    for hit, second in (("any", 2), ("any", 1), ("unique", 1), ("first", 2)):
        rows[1]["set"] = {"days": second}
        of = policy(tmp_path, [rule("gives", {"table": {
            "hit": hit, "outputs": {"days": {"type": "int", "default": 3}}, "rows": rows}})])
        codes.append([f.code.rpartition(".")[2] for f in verify(of).findings])
    assert codes == [["overlap-outputs"], [], ["overlap-unique"], []]


def in_file(folder: Path, name: str) -> None:
    """The pack's rows, in a file beside it."""
    of = pack(folder)
    assert of.rules[0].rule.table is not None
    lines = list(written_rows(of.rules[0].rule.table))
    if name.endswith(".csv"):
        with (folder / name).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(lines)
    else:
        with xlsxwriter.Workbook(folder / name) as book:
            page = book.add_worksheet("行")
            for at, line in enumerate(lines):
                for column, cell in enumerate(line):
                    value: Any = cell == "true" if cell in ("true", "false") else (
                        int(cell) if cell.isdigit() else cell)
                    page.write(at, column, value)


@pytest.mark.parametrize("name", ["rows.csv", "rows.xlsx"])
def test_rows_in_a_file_are_the_same_table(tmp_path: Path, name: str) -> None:
    in_file(tmp_path, name)
    there, here = pack(tmp_path, name), pack(tmp_path / "inline")
    assert there.rules[0].rows == here.rules[0].rows
    assert there.rules[1].ask == here.rules[1].ask
    tables = [of.rules[0].rule.table for of in (there, here)]
    assert tables[0] and tables[1]
    assert list(written_rows(tables[0])) == list(written_rows(tables[1]))
    digest = there.sha256
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text(path.read_text(encoding="utf-8").replace("15", "16"), encoding="utf-8")
        assert load_policy(tmp_path).sha256 != digest


HEAD = "clause,title,arrival.attends,member.cohort,destination.kind,days,track,till,watched\n"


@pytest.mark.parametrize(("text", "code", "line", "column"), [
    (HEAD + "\n1,a,true,x,-,1,fast,,\n", "cel.unknown-name", 3, 4),
    (HEAD + "9,a,true,-,-,1,fast,,\n", "pack.unknown-clause", 2, 1),
    (HEAD + "1,a,true,-,-,1,fsat,,\n", "pack.table.not-given", 2, 7),
    (HEAD + "1,a,true,-,-,1,fast,,,beside\n", "pack.rows.beside", 2, 10),
    (HEAD.replace("days", "dyas") + "1,a,true,-,-,1,fast,,\n", "pack.rows.heading", 1, 6),
    (HEAD.replace("watched", "days") + "1,a,true,-,-,1,fast,,\n", "pack.rows.heading-twice", 1, 9),
    ("clause,title\n1,a\n", "pack.rows.no-input", 1, None),
    ("", "pack.rows.empty", None, None),
    (HEAD + '1,"a\n', "pack.rows.unreadable", None, None),
])
def test_mistakes_in_a_file_are_placed_there(tmp_path: Path, text: str, code: str,
                                             line: int | None, column: int | None) -> None:
    tmp_path.joinpath("rows.csv").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        pack(tmp_path, "rows.csv")
    place = next(d.place for d in caught.value.diagnostics if d.code == code)
    assert place is not None and place.file
    assert (Path(place.file).name, place.line, place.column) == ("rows.csv", line, column)


@pytest.mark.parametrize(("name", "code"), [
    ("../rows.csv", "pack.rows.name"), ("rows.txt", "pack.rows.name"),
    ("none.csv", "pack.rows.no-file")])
def test_files_that_are_no_rows(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        pack(tmp_path, name)
    assert [d.code for d in caught.value.diagnostics][:1] == [code]


def test_words_in_a_row_have_defaults_of_the_rule(tmp_path: Path) -> None:
    row = pack(tmp_path).rules[0].rows[0]
    assert (row.clause, row.title.zh) == ("1", WORDS["zh"])


@pytest.mark.parametrize(("lang", "said"), [("en", "the table's days left"),
                                            ("zh", "表中所定的余日")])
def test_what_a_table_gives_goes_by_its_title(tmp_path: Path, lang: Any, said: str) -> None:
    titled = {**OUTPUTS, "days": {**OUTPUTS["days"], "title": {"zh": "余日", "en": "days left"}}}
    of = policy(tmp_path, [rule("gives", {"table": {
        "hit": "first", "inputs": INPUTS, "outputs": titled, "rows": ROWS}}), READING])
    asked = Phrases.of(of, lang).asked(of.rules[1])["ask"]
    assert said in asked and "track" in asked  # one that has no title goes by its name
    ledger = tmp_path / "one.csv"
    ledger.write_text("member.id,arrival.attends,member.cohort,destination.kind\n"
                      "s1,true,2007,employer_org\n", encoding="utf-8")
    told = run("explain", str(ledger), "--policy", str(of.chain[-1].folder), "--lang", lang,
               "--as-of", "2007-12-31", "--row", "2")
    assert said in told.stdout
