"""`zhuanjie audit` of what is large: said in time, written as it comes, in bounded memory."""

from __future__ import annotations

import errno
import io
import json
import tempfile
from pathlib import Path

import pytest
from support.values import replace

from zhuanjie.cli.main import main
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.report import FORMATS

CALL = ["--policy", "fujian-2007-80", "--as-of", "2007-12-31", "--fail-on", "never", "--lang", "en"]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "l.csv"
    path.write_text("学号,姓名,转出时间\n06021,张三,2007-06-20\n06022,李四,2007-02-30\n",
                    encoding="utf-8")
    return path


@pytest.mark.parametrize(("form", "said"), [("table", True), ("markdown", True), ("json", False),
                                            ("csv", False)])
def test_a_large_ledger_is_not_for_a_table(
    form: str, said: bool, ledger: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with using(Limits(table_report_to=3)):
        assert main(["audit", str(ledger), *CALL, "-f", form]) == 0
    assert "findings.parquet" not in capsys.readouterr().err
    with using(Limits(table_report_to=2)):
        assert main(["audit", str(ledger), *CALL, "-f", form]) == 0
    assert ("findings.parquet" in capsys.readouterr().err) == said


def test_a_document_holds_what_lines_hold(ledger: Path, tmp_path: Path) -> None:
    whole, lines = tmp_path / "o.json", tmp_path / "o.jsonl"
    for output in (whole, lines):
        assert main(["audit", str(ledger), *CALL, "-o", str(output), "--absent", "blank"]) == 0
    document = json.loads(whole.read_bytes())
    told = [json.loads(line) for line in lines.read_bytes().splitlines()]
    assert document["findings"] == [line for line in told if line["outcome"] != "not_audited"]
    assert len(document["findings"]) > 10
    assert [i["value"] for i in document["input"]] == ["2007-02-30"]
    assert document["ledger"]["records"] == 2


def test_no_room_to_set_findings_aside(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: Full())
    target = tmp_path / "o.json"
    target.write_text("before")
    assert main(["audit", str(ledger), *CALL, "-o", str(target), "--force"]) == 2
    err = capsys.readouterr().err
    assert tempfile.gettempdir() in err and "Traceback" not in err
    assert target.read_text() == "before"


def test_no_place_to_set_findings_aside(
    ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["audit", str(ledger), *CALL, "-f", "json"]) == 0
    expected = capsys.readouterr().out

    def nowhere(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", nowhere)
    assert main(["audit", str(ledger), *CALL, "-f", "json"]) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_more_findings_than_a_text_bears_are_refused(
        form: str, ledger: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    few = replace(FORMATS[form], most=3)
    monkeypatch.setitem(FORMATS, form, few)  # type: ignore[arg-type]  # a dict, told to be read
    assert main(["audit", str(ledger), *CALL, "--absent", "blank", "-f", form]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "parquet" in said.err
    assert main(["audit", str(ledger), *CALL, "--absent", "blank", "-f", form, "--summary"]) == 0
