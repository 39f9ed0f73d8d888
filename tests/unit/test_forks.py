"""Threads, processes that are spawned, and those that are forked: an answer, or a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.cli_command import write_ledger

PROGRAM = """
    import multiprocessing as mp
    import sys
    from concurrent.futures import ThreadPoolExecutor
    from datetime import date
    import zhuanjie.engine as z

    DAY = date(2007, 12, 31)

    def judged(_=None):
        policy = z.load_policy("fujian-2007-80")
        try:
            return len(z.audit(sys.argv[1], policy, as_of=DAY).findings)
        except z.UsageError as error:
            return str(error)

    def checked(_=None):
        policy = z.load_policy("fujian-2007-80")
        return len(z.check({"member.id": "1", "letter.issued_on": "2007-06-30"}, policy, as_of=DAY))

    def in_children(how, what):
        with mp.get_context(how).Pool(2) as pool:
            return pool.map_async(what, range(3)).get(timeout=50)
"""


def ran(tmp_path: Path, *lines: str) -> list[str]:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM) + "\nif __name__ == '__main__':\n    "
                       + "\n    ".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run([sys.executable, str(program), str(write_ledger(tmp_path / "l.csv"))],
                          capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_child_that_is_forked_after_an_audit_is_told(tmp_path: Path) -> None:
    first, said, single = ran(tmp_path, "print(judged())", "print(in_children('fork', judged))",
                              "print(in_children('fork', checked) == [checked()] * 3)")
    assert int(first) > 0
    assert said.count("was forked after a ledger had been read") == 3
    assert "spawn" in said
    assert single == "True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_polars_may_have_been_used_by_the_caller(tmp_path: Path) -> None:
    said, = ran(tmp_path, "import polars as pl",
                "pl.DataFrame({'a': [1] * 1000}).lazy().select(pl.col('a').sort()).collect()",
                "print(in_children('fork', judged))")
    assert sys.platform != "linux" or said.count("was forked") == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_child_that_is_forked_before_any_audit_audits(tmp_path: Path) -> None:
    """As a server that loads its program before it forks its workers."""
    here, there = ran(tmp_path, "z.load_policy('fujian-2007-80'); checked()",
                      "there = in_children('fork', judged)", "print(judged())", "print(there)")
    assert there == str([int(here)] * 3)


def test_spawned_processes_and_threads_audit(tmp_path: Path) -> None:
    here, there, threads = ran(
        tmp_path, "print(judged())", "print(in_children('spawn', judged))",
        "print(list(ThreadPoolExecutor(3).map(judged, range(3))))")
    assert there == threads == str([int(here)] * 3)
