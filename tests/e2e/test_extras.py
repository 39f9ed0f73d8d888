"""Engines whose library is not installed: one message that says what to install, exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.cli_command import AS_OF, write_ledger


@pytest.mark.parametrize(("extra", "library"), [("[duckdb]", "duckdb"), ("[spark]", "pyspark")])
@pytest.mark.parametrize("command", ["audit", "eval"])
def test_a_missing_extra_is_named(extra: str, library: str, command: str, tmp_path: Path) -> None:
    ledger = str(write_ledger(tmp_path / "ledger.csv"))
    call = ["audit", ledger, *AS_OF] if command == "audit" else ["eval", "1 + 1"]
    name = extra.strip("[]")  # as a parameter it would ask for the engine
    code = (f"import sys; sys.modules[{library!r}] = None\n"
            "from zhuanjie.cli.main import main\n"
            f"sys.exit(main({[*call, '--backend', name, '--lang', 'en']!r}))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8",
                          check=False)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert f"pip install 'zhuanjie{extra}'" in done.stderr
    assert done.stderr.count("error: ") == 1
