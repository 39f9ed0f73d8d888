"""The permits of `fixtures/permits` through every command: the engine knows no domain of its own.

Whatever is printed of them holds no word of the vocabulary that comes with the program.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zhuanjie.cli.commands import policy as policy_commands
from zhuanjie.cli.commands import register as register_commands
from zhuanjie.cli.main import COMMANDS, main
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.vocabulary.load import default_vocabulary

PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits"
PACK = PERMITS / "harbour-2024-6"
LEDGER, WORKBOOK, RECEIVED = (PERMITS / n for n in ("permits.csv", "permits.xlsx", "received.csv"))
JUDGED = ("--policy", PACK, "--as-of", "2024-06-30")
RECORD = {"permit.number": "S-001", "inspection.result": "defects", "许可种类": "摊位",
          "application": {"received_on": "2024-06-20", "complete": True}}
VIOLATIONS = {
    ("S-001", "H6"), ("S-002", "H1"), ("S-003", "H2"), ("S-004", "H3c"), ("S-005", "H6"),
    ("S-006", "H4"), ("S-007", "H5"), ("S-009", "H5"), ("S-009", "H10"), ("S-011", "H9"),
}
UNDETERMINED = {("S-005", "H3"), ("S-007", "H10"), ("S-010", "H4")}


def foreign() -> re.Pattern[str]:
    """Words that the permits' files have not: fields, headings, values and terms of the other."""
    other = default_vocabulary()
    said = "".join(p.read_text(encoding="utf-8") for p in sorted(PERMITS.rglob("*.yaml")))
    names = {rf"\b{f.name.replace('.', '[.]')}\b" for f in other.fields}
    headings = {f.heading for f in other.fields}
    values = {word for f in other.fields if f.type == "enum" for word in f.values.values()
              if len(word) > 2}
    terms = {"党", "成员", "组织关系", "介绍信", "去向", "学校", "高校", "毕业", "学生", "转接"}
    english = {r"\b[Mm]embers?\b", r'(?<![/"])\bParty\b', r"\b[Dd]estination\b", r"\buniversit", r"\bgraduat",
               r"\bletters? of introduction\b", r"\bretained\b"}
    plain = map(re.escape, sorted(w for w in headings | values | terms if w not in said))
    return re.compile("|".join((*plain, *sorted(names | english))))


FOREIGN = foreign()


class Caller:
    """Calls commands in one language."""

    def __init__(self, lang: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.lang, self.capfd = lang, capfd

    def __call__(self, *args: str | Path, code: int = 0, native: bool = True) -> str:
        """What a call prints that ends with `code`; nothing foreign is in it, unless told so."""
        came = main([*map(str, args), "--lang", self.lang])
        said = self.capfd.readouterr()
        assert came == code, said
        for text in (said.out, said.err) if native else ():
            assert not (found := FOREIGN.search(text)), text[max(found.start() - 200, 0):][:400]
        return said.out


@pytest.fixture(params=["zh", "en"])
def call(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Caller:
    """A caller in each language."""
    return Caller(request.param, capfd)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """One permit before it is decided."""
    file = tmp_path / "permit.json"
    file.write_text(json.dumps(RECORD), encoding="utf-8")
    return file


def came(report: str, outcome: str) -> set[tuple[str, str]]:
    """The records and clauses of a report in JSON that came out so."""
    return {(f["record"], f["clause"]) for f in json.loads(report)["findings"]
            if f["outcome"] == outcome}


TRIED: set[str] = {"completion", "generate", "policy lsp", "policy lock", "policy try",
                   "register reminders", "register backup", "register restore", "register upgrade",
                   "serve", "register init", "register import", "register export", "register audit",
                   "register trail", "register users",
                   "register calendars", "register report"}
"""Commands that are tried below; the first two say nothing of a pack's domain, the others have files of
their own (`test_second_domain_editor.py`, `test_second_domain_author.py`, `test_second_domain_register.py`)."""


def tries(*names: str) -> Callable[[Any], Any]:
    """Notes which commands a test tries."""
    TRIED.update(names)
    return lambda test: test


@tries("audit")
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown", "parquet"])
def test_audit_in_every_form(call: Caller, form: str, tmp_path: Path) -> None:
    output = ("--output", tmp_path / "found.parquet") if form == "parquet" else ()
    text = call("audit", LEDGER, "--roster", RECEIVED, *JUDGED, "--format", form, *output, code=1)
    assert (tmp_path / "found.parquet").is_file() if output else "S-011" in text
    if form == "table":
        assert ("许可编号" if call.lang == "zh" else "record") in text


@pytest.mark.parametrize("engine", [n for n in NAMES if n != "spark"])
@pytest.mark.parametrize("ledger", [LEDGER, WORKBOOK], ids=["csv", "xlsx"])
def test_every_engine_finds_the_same_in_either_file(call: Caller, ledger: Path,
                                                    engine: str) -> None:
    text = call("audit", ledger, "--roster", RECEIVED, *JUDGED, "--format", "json",
                "--backend", engine, code=1)
    assert came(text, "violation") == VIOLATIONS
    assert came(text, "undetermined") == UNDETERMINED
    report = json.loads(text)
    assert (report["ledger"]["records"], report["ledger"]["out_of_scope"]) == (10, 1)
    # The workbook has a sum and a signature below its records.
    assert [(f["row"], f["value"]) for f in report["input"]] == (
        [] if ledger == LEDGER else [(13, "合计"), (14, "经办：某某")])


def test_a_column_that_only_the_scope_reads_is_told_as_that(call: Caller, tmp_path: Path) -> None:
    ledger = tmp_path / "permits.csv"
    ledger.write_text("许可编号,决定,决定理由\nS-1,不予许可,占用消防通道\n",
                      encoding="utf-8")
    asked = ["explain", str(ledger), "S-1", "H4", *map(str, JUDGED), "--lang", call.lang]
    main([*asked, "--absent", "blank"])
    assert notices(call) == [{
        "zh": "提示：台账没有这些列：许可种类；按空白核对：适用范围",
        "en": "notice: the ledger has no column for permit.kind; counted as blank in the scope",
    }[call.lang]]
    main(asked)
    assert notices(call) == [{
        "zh": "提示：台账没有这些列：许可种类；全部或部分无法核对：适用范围；补上这些列即可核对",
        "en": "notice: the ledger has no column for permit.kind; not or not wholly judged here: "
              "the scope; with these columns it could be",
    }[call.lang]]
    main([*asked, "--quiet"])
    assert notices(call) == []


def notices(call: Caller) -> list[str]:
    """What a call said beside its answer, but for how far it came."""
    return [line for line in call.capfd.readouterr().err.splitlines()
            if line.startswith(("提示", "notice"))]


def test_a_number_that_counts_has_no_unit_of_its_own(call: Caller) -> None:
    assert re.search(r"^fee_rate +12 {2,}\S", call("policy", "show", PACK), re.MULTILINE)


@tries("check", "destinations", "explain", "deadlines", "eval", "watch")
def test_records_one_by_one(call: Caller, record: Path, tmp_path: Path) -> None:
    assert "S-001" in call("check", record, *JUDGED)
    assert "H5" in call("check", record, *JUDGED, "--before", "issue", code=1)
    answers = json.loads(call("destinations", record, *JUDGED, "--format", "json"))
    assert {a["kind"]: a["outcome"] for a in answers["destinations"]} == {
        "granted": "violation", "conditional": "satisfied", "refused": "satisfied",
        "referred": "satisfied"}
    assert ("S-001 可选的决定" if call.lang == "zh" else "decision.outcome"
            ) in call("destinations", record, *JUDGED)
    assert "H3c" in call("explain", LEDGER, "S-004", *JUDGED)
    fixes = json.loads(call("explain", LEDGER, "S-006", "--fix", *JUDGED, "--format", "json"))
    assert "decision.reason" in json.dumps(fixes["fixes"])
    assert "H3b" in call("explain", LEDGER, "S-005", "--fix", *JUDGED)
    assert "S-010" in call("deadlines", WORKBOOK, *JUDGED)
    assert "BEGIN:VEVENT" in call("deadlines", LEDGER, *JUDGED, "--format", "ics")
    assert call("eval", "application.complete && inspection.result == 'defects'",
                "--data", record).strip() == "true"
    kinds = tmp_path / "kinds.yaml"
    kinds.write_text("许可种类: 摊位\n收件日期: 2024年6月20日\n拟起用月份: 2024年8月\n", encoding="utf-8")
    assert call("eval", "permit.kind == 'stall' && application.received_on < application.from_month",
                "--data", kinds, "--policy", PACK).strip() == "true"
    events = tmp_path / "events.jsonl"
    events.write_text('{"许可编号": "S-1", "application.received_on": "2024-06-20"}\n'
                      '{"clock": "2024-07-11"}\n', encoding="utf-8")
    lines = [json.loads(line) for line in call("watch", events, *JUDGED).splitlines()]
    assert [(n["clause"], n["is"]) for n in lines if n["clause"] == "H2"] == [
        ("H2", "pending"), ("H2", "violation")]


@tries("policy lint", "policy fmt", "policy test", "policy coverage", "policy show", "policy docs",
       "policy schema", "fields", "template", "columns")
def test_what_its_author_and_its_readers_ask(call: Caller, tmp_path: Path) -> None:
    call("policy", "lint", PACK)
    call("policy", "fmt", PACK, "--check")
    call("policy", "test", PACK)
    assert json.loads(call("policy", "coverage", PACK, "--format", "json"))["uncovered"] == []
    assert "H3a" in call("policy", "show", PACK)
    assert "H8" in call("policy", "docs", PACK)
    assert "<html" in call("policy", "docs", PACK, "--format", "html")
    call("policy", "docs", PACK, "--site", tmp_path / "site")
    assert "H8" in (tmp_path / "site/en" / f"pack-{PACK.name}.html").read_text(encoding="utf-8")
    for file in sorted((PERMITS / "_schema").iterdir()):
        name = file.name.removesuffix(".schema.json")
        assert json.loads(call("policy", "schema", name, PACK)) == json.loads(
            file.read_text(encoding="utf-8")), "run `make schemas`"
    assert "inspection.result" in call("fields", PACK)
    call("template", PACK, "--output", tmp_path / "blank.xlsx")
    taken = json.loads(call("columns", WORKBOOK, "--policy", PACK, "--format", "json"))
    (table,) = taken["tables"]
    assert {c["heading"]: c["field"] for c in table["columns"]}["拟起用月份"] == "application.from_month"
    call("columns", LEDGER, "--policy", PACK, "--output", tmp_path / "columns.yaml")
    assert came(call("audit", LEDGER, *JUDGED, "--columns", tmp_path / "columns.yaml", "--format",
                     "json", code=1), "violation") == VIOLATIONS - {("S-011", "H9")}


@tries("policy list")
def test_an_office_has_its_packs_listed(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUANJIE_PACKS", str(PERMITS))
    # The packs that come with the program are listed too.
    assert PACK.name in call("policy", "list", native=False)
    assert "H3" in call("policy", "show", "harbour-2024-6", "H3")


@tries("policy mutate", "policy verify", "policy diff")
def test_what_the_solver_says(call: Caller, tmp_path: Path) -> None:
    assert json.loads(call("policy", "verify", PACK, "--format", "json"))["findings"] == []
    worse = copied(tmp_path, lambda text: re.sub(
        r"        - clause: H3c.*?allow: \[referred\]\n", "", text, flags=re.DOTALL))
    gap = call("policy", "verify", worse, code=1)
    assert ("使这样的许可没有任何决定可选" if call.lang == "zh"
            else "leaves this permit no decision.outcome at all") in re.sub(r"\n *", "", gap)
    changed = call("policy", "diff", PACK, worse, "--ledger", LEDGER, "--as-of", "2024-06-30",
                   code=1)
    assert "H3c" in changed
    if call.lang == "en":
        call("policy", "mutate", PACK, "--jobs", "1")


def copied(folder: Path, change: Callable[[str], str]) -> Path:
    """A copy of the pack beside its vocabulary, with another table."""
    shutil.copytree(PERMITS, folder / "permits", dirs_exist_ok=True)
    pack = folder / "permits" / PACK.name
    file = pack / "10-decision.yaml"
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    return pack


@tries("policy new")
@pytest.mark.parametrize("more", [("--vocabulary", "permits"), ("--builds-on", PACK.name)],
                         ids=["by itself", "on a base"])
def test_a_new_pack_speaks_its_vocabulary(call: Caller, tmp_path: Path, more: tuple[str, str]) -> None:
    shutil.copytree(PERMITS, tmp_path / "permits")
    new = tmp_path / "permits" / "mine-2024-7"
    call("policy", "new", new.name, *more, "--output", new)
    for file in new.rglob("*.*"):
        assert not FOREIGN.search(file.read_text(encoding="utf-8")), file
    lints = json.loads(call("policy", "lint", new, "--format", "json", code=1, native=False))["lints"]
    assert {lint["id"] for lint in lints} == {"left-over"}
    call("policy", "test", new)
    call("policy", "verify", new)


def test_mistakes_are_told_in_its_own_words(call: Caller, tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    for text in ("a,b\n1,2\n", "Kind,Area,Received on\nstall,999,2024-13-01\n",
                 "Permit number,Kind\n1,stall\n1,terrace\n,terrace\n", "Permit numbr,Kind,Area\n1,stall,2\n"):
        file.write_text(text, encoding="utf-8")
        call("audit", file, *JUDGED, "--fail-on", "never", code=2 if text[0] == "a" else 0)
    (tmp_path / "c.yaml").write_text("Nr: permit.numbr\n", encoding="utf-8")
    call("audit", LEDGER, *JUDGED, "--columns", tmp_path / "c.yaml", code=2)
    (tmp_path / "e.jsonl").write_text('{"permit.kind": "stall"}\n[1]\n', encoding="utf-8")
    call("watch", tmp_path / "e.jsonl", *JUDGED, code=2)
    call("explain", LEDGER, "S-099", *JUDGED, code=2)
    call("eval", "nothing.there > 1 && nor == 2", code=2)
    broken = copied(tmp_path, lambda text: text.replace("inspection.result ==", "site.result =="))
    call("policy", "lint", broken, code=2)


@tries("waivers", "baseline", "compare")
def test_what_may_stand_what_is_known_and_what_has_changed(call: Caller, tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(
        "waivers:\n- {id: w1, clause: H4, record: S-006, reason: heard, requested_by: a,\n"
        "   approved_by: b, granted_on: 2024-06-01, expires: 2024-06-30}\n", encoding="utf-8")
    call("waivers", "lint", waivers, *JUDGED, "--ledger", LEDGER)
    assert "w1" in call("waivers", "list", waivers, *JUDGED)
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    call("audit", LEDGER, *JUDGED, "-o", before, code=1)
    call("audit", LEDGER, *JUDGED, "-o", after, "--waivers", waivers, code=1)
    assert json.loads(after.read_text("utf-8"))["summary"]["waived"] == 1
    assert "S-006" in call("compare", before, after)
    known = tmp_path / "known.jsonl"
    call("baseline", "create", LEDGER, *JUDGED, "-o", known)
    call("audit", LEDGER, *JUDGED, "--baseline", known)
    call("baseline", "update", known, LEDGER, *JUDGED)
    assert "fee-paid" in call("baseline", "show", known, LEDGER, *JUDGED, "--format", "json")


def test_every_command_is_tried() -> None:
    named = {*COMMANDS} - {"policy", "register"} | {
        f"policy {name}" for name in policy_commands.COMMANDS} | {
        f"register {name}" for name in register_commands.COMMANDS}
    assert named == TRIED


def test_the_ledgers_are_what_their_maker_writes(tmp_path: Path) -> None:
    import runpy

    runpy.run_path(str(PERMITS / "make.py"))["main"](tmp_path)
    for file in (LEDGER, WORKBOOK, RECEIVED):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), "run fixtures/permits/make.py"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_pack_that_forgot_its_vocabulary_is_told_so_once(
        tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(PERMITS / "_vocabularies", tmp_path / "_vocabularies")
    shutil.copytree(PACK, tmp_path / PACK.name)
    manifest = tmp_path / PACK.name / "pack.yaml"
    text = manifest.read_text(encoding="utf-8").replace("vocabulary: permits\n", "")
    manifest.write_text(text, encoding="utf-8")
    assert main(["policy", "lint", str(manifest.parent), "--lang", lang]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{manifest}:2:1: " in said
    assert "vocabulary: permits" in said and "party-transfer" in said
    # A mistake of layout besides is told of its own.
    manifest.write_text(text.replace("version: ", "verson: "), encoding="utf-8")
    assert main(["policy", "lint", str(manifest.parent), "--lang", lang]) == 2
    said = capsys.readouterr().err
    assert said.count(f"{PACK.name}/") == 3 and "vocabulary: permits" in said
    # Where no vocabulary has every name, each name that is not known is told.
    manifest.write_text(text.replace("when: permit.kind", "when: permt.kind"), encoding="utf-8")
    assert main(["policy", "lint", str(manifest.parent), "--lang", lang]) == 2
    assert "permt.kind" in capsys.readouterr().err
