"""The commands of an import and an export, as an office calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.transfer import LEDGERS, table

from zhuanjie.cli.main import main

Call = Callable[..., tuple[str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
         capfd: pytest.CaptureFixture[str]) -> Call:
    """Calls `zhuanjie register` in a folder of its own, on its own register."""
    monkeypatch.chdir(tmp_path)

    def called(*args: object, code: int = 0) -> tuple[str, str]:
        came = main(["register", *map(str, args), "--lang", "zh"])
        said = capfd.readouterr()
        assert came == code, said
        return said.out, said.err

    called("init", "--database", "sqlite:///reg.db")
    return called


def test_an_office_imports_looks_takes_back_and_exports(call: Call, tmp_path: Path) -> None:
    ledger = LEDGERS / "school-b.csv"
    shown = json.loads(call("import", ledger, "--format", "json")[0])
    assert (shown["counts"]["new"], shown["before"]) == (60, None)
    assert "不是已有单位" not in call("import", ledger)[0]
    call("import", ledger, "--save", "--token", shown["token"])
    assert "已导入过" in call("import", ledger, "--save")[0]
    call("export", "--output", "all.csv")
    assert "没有变动" in call("import", "all.csv")[0]
    assert "合计" not in call("export", "--lists", "--output", "lists.xlsx")[1]
    audited = json.loads(call("audit", "--format", "json", "--as-of", "2099-12-31", code=1)[0])
    assert audited["ledger"]["records"] == 60
    id = json.loads(call("import", "--list", "--format", "json")[0])["imports"][0]["id"]
    assert "撤下" in call("import", "--undo", id, "--reason", "发错了文件")[0]
    assert "此前已撤回" in call("import", "--undo", id[:8])[0]


@pytest.mark.parametrize(("name", "content"), [
    ("empty.csv", b""), ("broken.xlsx", b"PK\x03\x04" + bytes(200)),
    ("headings.csv", "学号,姓名\n".encode()), ("none.csv", b"\x00\x01\x02" * 99)])
def test_what_cannot_be_read_is_refused_once_and_saves_nothing(call: Call, tmp_path: Path,
                                                               name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    out, said = call("import", name, "--save", code=2)
    assert out == "" and said.count("错误：") == 1 and name in said
    assert json.loads(call("import", "--list", "--format", "json")[0]) == {"imports": []}


def test_calls_that_do_not_go_together_are_refused(call: Call, tmp_path: Path) -> None:
    file = table(tmp_path, "a", "学号", "A1")
    for wrong in (["import"], ["import", file, "--list"], ["import", file, "--undo", "x"],
                  ["import", "--undo", "nothing"], ["import", file, "--save", "--token", "x"],
                  ["export", "--lists"], ["export", "--list", "nowhere", "-o", "l.xlsx"],
                  ["export", "--format", "parquet"]):
        assert call(*wrong, code=2)[1].count("错误：") == 1
    assert call("import", table(tmp_path, "b", "学号,姓名", ",无号"), "--save", code=1)
