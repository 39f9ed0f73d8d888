"""`zhuanjie policy try`, at a terminal, from a pipe and with `-e`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.child import on_own_terminal
from support.cli_command import COMMAND, record, run, write_ledger

PACK = "fujian-2007-80"
DAY = ("--as-of", "2007-12-31")


def ledger(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "ledger.csv", [
        record(1), record(2, 回执收到日期=""), record(3, 转出时间="2007-02-30"),
        record(4)])


def tried(tmp_path: Path, *expressions: str, row: int = 2,
          code: int = 0) -> subprocess.CompletedProcess[str]:
    asked = [part for each in expressions for part in ("-e", each)]
    done = run("policy", "try", PACK, "--ledger", ledger(tmp_path), "--row", row, *DAY, *asked)
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize(("expression", "value", "read"), [
    ("letter.issued_on + days(params.receipt_return_days)", '"2007-07-30"',
     ["letter.issued_on (Issued on): 2007-06-30", "params.receipt_return_days: 30"]),
    ("member.cohort == 2007 && has(member.name)", "true",
     ["member.name (Name): 张三", "member.cohort (Class of): 2007"]),
    ("slip_due_on", '"2007-10-28"', ["slip_due_on: 2007-10-28",
                                     "params.letter_validity_days: 90"]),
    ("as_of - letter.issued_on", "184 day(s)", ["as_of: 2007-12-31"]),
    ("7 / 2", "3", []),
])
def test_an_expression_has_its_value_and_what_it_reads(
        tmp_path: Path, expression: str, value: str, read: list[str]) -> None:
    lines = tried(tmp_path, expression).stdout.splitlines()
    assert lines[0] == f"= {value}"
    said = {line.strip() for line in lines[1:]}
    for each in read:
        assert each in said or each.replace("Class of", "Class") in said, lines


TERMS = """\
id: terms
version: 1.0.0
title: {en: terms}
authority: {en: an office}
document: {number: "1", issued_on: 2007-01-01, title: {en: a notice}}
in_force: {from: 2007-01-01}
working_days:
  2007: {off: [2007-07-02]}
clauses:
  "1": {binds: sender, text: {en: a term}}
"""
TERM = """\
topic: {en: terms}
rules:
  - id: term
    clause: "1"
    title: {en: the term}
    table:
      hit: first
      outputs: {term: {type: int, default: 30}}
      rows: [{when: letter.form == 'three_part', set: {term: "15"}}]
    message: {en: none}
    remedy: {en: none}
"""


@pytest.mark.parametrize(("line", "code", "said"), [
    ("outputs.term", 0, "= 15\n"), ("letter.issued_on + days(outputs.term)", 0, '= "2007-07-15"'),
    ("letter.issued_on + workdays(1)", 0, '= "2007-07-03"'),
    ("letter.issued_on + workdays(500)", 0, "= unknown, because of letter.issued_on"),
    ("outputs.trem", 2, "did you mean `outputs.term`?")])
def test_a_line_reads_what_tables_give_and_counts_by_the_calendar(
        tmp_path: Path, line: str, code: int, said: str) -> None:
    for name, text in (("terms/pack.yaml", TERMS), ("terms/10.yaml", TERM), (
            "record.yaml", "letter.issued_on: 2007-06-30\nletter.form: three_part\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run("policy", "try", tmp_path / "terms", "--record", tmp_path / "record.yaml", *DAY,
               "-e", line)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_unknown_says_because_of_which_field(tmp_path: Path) -> None:
    blank = tried(tmp_path, "receipt.returned_on < as_of", row=3).stdout
    assert blank.startswith("= unknown, because of receipt.returned_on (Slip returned on): blank\n")
    unread = tried(tmp_path, "letter.issued_on < as_of", row=4)
    assert "because of letter.issued_on (Issued on): could not be read" in unread.stdout
    assert "2007-02-30" in unread.stderr
    absent = tried(tmp_path, "has(member.ethnicity)", "has(receipt.returned_on)", row=3).stdout
    assert absent.splitlines()[0].startswith("= unknown, because of member.ethnicity")
    assert "not a column" in absent.splitlines()[0]
    assert "= false" in absent


@pytest.mark.parametrize(("line", "said"), [
    ("member.cohrt == 2007", "did you mean `member.cohort`?"),
    ("届别 == 2007", "`member.cohort`"),
    ("params.receipt_return_day", "did you mean `params.receipt_return_days`?"),
    ("slip_due_om", "did you mean `slip_due_on`?"),
    ("recipt-returned", "did you mean `receipt-returned`?"),
    ("member.cohort == 'x'", "does not take int, string"),
    ("member.cohort +", "syntax"),
    ("months(1)", "value"),
    (":rwo 3", "did you mean `:row`?"),
    (":row x", "`:row` does not take `x`"),
    (":row 99", "99"),
    (":id nobody", "nobody"),
    (":as-of tomorrow", "`:as-of` does not take `tomorrow`"),
    (":set followup_day=3", "did you mean `followup_days`?"),
    (":set followup_days", "`:set` does not take"),
    ("register-complete", "judges a whole ledger"),
])
def test_what_is_wrong_is_an_error_and_the_next_line_is_answered(
        tmp_path: Path, line: str, said: str) -> None:
    done = tried(tmp_path, line, "1 + 1", code=2)
    assert said in done.stderr
    assert done.stdout == "= 2\n"


def test_a_rule_says_what_it_comes_to_and_why(tmp_path: Path) -> None:
    late = tried(tmp_path, "receipt-returned", row=3).stdout
    assert "1.6b" in late and "violation" in late and "receipt.returned_on, blank" in late
    by_clause = tried(tmp_path, "1.6b", row=3).stdout
    assert by_clause == late
    alone = tried(tmp_path, "letter-serial-unique")
    assert "stands alone" in alone.stderr and "satisfied" in alone.stdout


def test_lines_from_a_pipe_are_answered_in_turn(tmp_path: Path) -> None:
    lines = ("# a comment\n\nhas(receipt.returned_on)\n:row 3\nhas(receipt.returned_on)\n"
             ":id 06004\nmember.id\n:set receipt_return_days=40\n:as-of 2008-01-02\nas_of\n"
             ":parameters receipt_return\n:definitions slip_due\n:rules 1.6b\n:fields Cohort\n"
             ":record\n:help\n:quit\nmember.x\n")
    done = run("policy", "try", PACK, "--ledger", ledger(tmp_path), "--row", 2, *DAY, input=lines)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "= true" and "= false" in said and '= "06004"' in said
    assert "params.receipt_return_days = 40" in said and '= "2008-01-02"' in said
    for begun in ("params.receipt_return_days = 40  ", "slip_due_on  ", "receipt-returned  1.6b ",
                  "member.cohort  ", "  member.name (Name): 张三", ":quit "):
        assert any(line.startswith(begun) for line in said), begun
    wrong = run("policy", "try", PACK, input="member.x\n1\n")
    assert (wrong.returncode, wrong.stdout) == (2, "= 1\n")
    assert run("policy", "try", PACK, input="").returncode == 0
    assert run("policy", "try", PACK, input="\ufeff1 + 1").stdout == "= 2\n"


def test_a_record_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"学号": "1", "转出时间": "2007-06-20"}), encoding="utf-8")
    done = run("policy", "try", PACK, "--record", file, *DAY, "-e", "letter.issued_on",
               "-e", "has(receipt.returned_on)")
    assert [line for line in done.stdout.splitlines() if line.startswith("=")] == [
        '= "2007-06-20"', "= false"]  # a record by itself has no columns: what is left out is blank
    file.write_text("[{}, {}]", encoding="utf-8")
    assert run("policy", "try", PACK, "--record", file, "-e", "1").returncode == 2


@pytest.mark.parametrize("args", [
    ("--ledger", "l.csv"), ("--row", "2"), ("--sheet", "x"), ("--id", "1"),
    ("--ledger", "l.csv", "--record", "r.json", "--row", "1"), ("--ledger", "no.csv", "--row", "2"),
    ("--record", "no.json"), ("--set", "nothing=1")])
def test_calls_that_name_no_record(tmp_path: Path, args: tuple[str, ...]) -> None:
    write_ledger(tmp_path / "l.csv")
    done = run("policy", "try", PACK, *args, "-e", "1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


def test_id_numbers_are_masked_where_they_are_shown(tmp_path: Path) -> None:
    number = "350102200001011234"
    pack = tmp_path / "own"
    pack.mkdir()
    (pack / "pack.yaml").write_text("""\
id: own
version: 1.0.0
title: {en: own}
authority: {en: own}
document: {number: "1", issued_on: 2007-01-01, title: {en: own}}
in_force: {from: 2007-01-01}
builds_on: fujian-2007-80
""", encoding="utf-8")
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"身份证号": number, "姓名": number}), encoding="utf-8")
    done = run("policy", "try", pack, "--record", file, "-e", ":record", "-e", "member.name",
               "-e", "has(member.sex) ? '' : member.name", "-e", ":fields 身份证")
    assert done.returncode == 0, done.stderr
    assert number not in done.stdout + done.stderr and "350102**********34" in done.stdout


class Terminal:
    """The command with a terminal at both ends."""

    def __init__(self, *args: str) -> None:
        import pty

        self.ours, theirs = pty.openpty()
        env = {**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
        self.running = subprocess.Popen(
            # Ctrl-C comes from a terminal that is the session's own.
            on_own_terminal([COMMAND, *args]), stdin=theirs, stdout=theirs, stderr=theirs,
            env=env, start_new_session=True)
        os.close(theirs)
        self.shown = ""

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def until(self, wanted: str, seconds: float = 30, *, press: str = "") -> str:
        """What the terminal shows up to a text; a key is pressed at each second without it.

        A Ctrl-C that arrives after Python's readline has shown its prompt and before it waits
        for keys is noticed at the next key only, so that a person presses it again.
        """
        end = time.monotonic() + seconds
        while wanted not in self.shown:
            assert time.monotonic() < end, self.shown
            if press:
                self.type(press)
            while select.select([self.ours], [], [], 1)[0] and wanted not in self.shown:
                self.shown += os.read(self.ours, 4096).decode(errors="replace")
        found, _, self.shown = self.shown.partition(wanted)
        return found + wanted

    def close(self) -> None:
        self.running.kill()
        self.running.wait()
        os.close(self.ours)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of this kind are Unix's")
def test_a_prompt_at_a_terminal() -> None:
    with closing(Terminal("policy", "try", PACK, "--lang", "en")) as terminal:
        terminal.until("> ")
        terminal.type("1 + 1\n")
        assert "= 2" in terminal.until("= 2")
        terminal.until("> ")
        terminal.type("half a line")
        terminal.until("half a line")
        terminal.until("> ", press="\x03")  # Ctrl-C gives up the line, and no more
        terminal.type("member.cohrt\n")
        assert "member.cohort" in terminal.until("did you mean `member.cohort`?")
        terminal.until("> ")
        terminal.type("member.coh\t == 2007\n")
        terminal.until("because of member.cohort")
        terminal.until("> ")
        terminal.type("\x04")  # Ctrl-D leaves
        assert terminal.running.wait(30) == 0
