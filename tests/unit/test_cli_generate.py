"""`zhuanjie generate` hands its options on, and writes both files or neither."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zhuanjie.cli.main import main

CALL = ["generate", "--records", "3", "--seed", "7"]


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands in for the generator; `fail` makes it stop half way."""
    told: dict[str, Any] = {}

    def generate(**options: Any) -> None:
        options["output"].write_text("ledger")
        if told.get("fail"):
            raise told["fail"]
        if options["planted"]:
            options["planted"].write_text("truth")
        told.update(options)

    module = ModuleType("zhuanjie.synthetic")
    module.generate = generate  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "zhuanjie.synthetic", module)
    return told


def test_options_are_handed_on(generator: dict[str, Any], tmp_path: Path) -> None:
    ledger, truth = tmp_path / "l.xlsx", tmp_path / "t.csv"
    code = main([*CALL, "-o", str(ledger), "--planted", str(truth), "--as-of", "2007年12月31日",
                 "--rate", "1.6b=0.25", "--rate", "1.1a=1", "--clean", "--lang", "zh"])
    assert code == 0
    assert (generator["records"], generator["seed"], generator["lang"]) == (3, 7, "zh")
    assert generator["as_of"] == date(2007, 12, 31)
    assert generator["rates"] == {"1.6b": 0.25, "1.1a": 1.0}
    assert generator["clean"] is True
    assert generator["output"].suffix == ".xlsx"
    assert (ledger.read_text(), truth.read_text()) == ("ledger", "truth")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (ValueError(), 3)])
def test_a_failure_leaves_neither_file(
    generator: dict[str, Any], tmp_path: Path, error: BaseException, code: int,
) -> None:
    generator["fail"] = error
    args = [*CALL, "-o", str(tmp_path / "l.csv"), "--planted", str(tmp_path / "t.csv")]
    assert main(args) == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", ["1.6b", "1.6b=2", "1.6b=-0.1", "=0.5", "1.6b=x", "1.6b=nan"])
def test_a_rate_that_is_no_share_is_refused(
    generator: dict[str, Any], tmp_path: Path, rate: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*CALL, "-o", str(tmp_path / "l.csv"), "--rate", rate]) == 2
    assert rate in capsys.readouterr().err
    assert not generator


def test_both_results_in_one_file_are_refused(generator: dict[str, Any], tmp_path: Path) -> None:
    same = str(tmp_path / "l.csv")
    assert main([*CALL, "-o", same, "--planted", same]) == 2
    assert not generator
