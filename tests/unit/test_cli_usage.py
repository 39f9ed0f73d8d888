"""A wrong call: exit code 2, one clear message in the caller's language, a way out."""

from __future__ import annotations

from datetime import date

import pytest

from zhuanjie.cli.main import main
from zhuanjie.cli.options import Count, Day, Pair, whole
from zhuanjie.engine.core.errors import UsageError

WRONG = [
    (["audot"], "no command `audot`", "did you mean `audit`?"),
    (["policy", "shwo"], "no command `shwo`", "did you mean `show`?"),
    (["zzz"], "no command `zzz`", "--help"),
    (["audit"], "needs `LEDGER...`", "--help"),
    (["audit", "x", "--fromat", "json"], "no option `--fromat`", "did you mean `--format`?"),
    (["audit", "x", "--format", "jsno"], "does not take `jsno`", "did you mean `json`?"),
    (["audit", "x", "--format", "%"], "does not take `%`", "table, json, jsonl, csv, markdown"),
    (["audit", "x", "--as-of", "2007-02-30"], "`2007-02-30` is not a date", "2007-12-31"),
    (["audit", "x", "--set", "receipt_return_days"], "does not set a parameter", "NAME=VALUE"),
    (["audit", "x", "--set", "a=1.5"], "does not set a parameter", "whole number"),
    (["audit", "x", "--set", "=3"], "does not set a parameter", "NAME=VALUE"),
    (["audit", "x", "--set"], "`--set`", "--help"),
    (["audit", "x", "--all=yes"], "`--all`", "--help"),
    (["destinations", "a", "b"], "unexpected argument `b`", "--help"),
    (["deadlines", "x", "--within", "-1"], "`--within` does not take `-1`", "0 or more"),
    (["generate", "--records", "many"], "`--records` does not take `many`", "whole number"),
    (["generate", "--records", "1"], "needs `--seed`", "--help"),
    (["audit", "x", "--lang", "fr"], "`--lang` does not take `fr`", "zh, en"),
    (["policy", "schema"], "several schemas", "--output"),
    (["policy", "schema", "pock"], "does not take `pock`", "topic"),
    (["policy", "show", "fujian-2007-80", "9.9"], "no rule and no clause `9.9`", "1.6b"),
    (["completion", "tcsh"], "does not take `tcsh`", "bash"),
]


@pytest.mark.parametrize(("args", "what", "remedy"), WRONG, ids=[" ".join(w[0]) for w in WRONG])
def test_a_wrong_call_says_what_and_what_to_do(
    args: list[str], what: str, remedy: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert what in err.splitlines()[0]
    assert remedy in err
    assert "Traceback" not in err


@pytest.mark.parametrize("args", [w[0] for w in WRONG if "--lang" not in w[0]],
                         ids=" ".join)
def test_a_wrong_call_is_told_in_chinese(
    args: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(args) == 2
    err = capsys.readouterr().err
    assert err.startswith("错误：")


@pytest.mark.parametrize("text", ["2007-12-31", "2007/12/31", "2007.12.31", "20071231",
                                  "2007年12月31日", "31/12/2007"])
def test_a_day_is_read_in_every_form_a_ledger_uses(text: str) -> None:
    assert Day().convert(text, None, None) == date(2007, 12, 31)


@pytest.mark.parametrize("text", ["", "yesterday", "2007-13-01", "11/12/2007", "31/13/2007",
                                  "2007"])
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(UsageError):
        Day().convert(text, None, None)


def test_counts_and_pairs_are_read() -> None:
    assert Count(0).convert("12", None, None) == 12
    assert Pair(whole, "cli.usage.set").convert(" a = -3 ", None, None) == ("a", -3)
