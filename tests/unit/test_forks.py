"""Threads, processes that are spawned, and those that are forked: an answer in each."""

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
    import os
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


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")


@forks
def test_a_child_that_is_forked_after_an_audit_audits(tmp_path: Path) -> None:
    """Another process does the work, and the child is none the wiser; single records need none."""
    first, children, single = ran(
        tmp_path, "print(judged())", "print(in_children('fork', judged))",
        "print(in_children('fork', checked) == [checked()] * 3)")
    assert int(first) > 0
    assert children == str([int(first)] * 3)
    assert single == "True"


@forks
def test_polars_may_have_been_used_by_the_caller(tmp_path: Path) -> None:
    children, here = ran(
        tmp_path, "import polars as pl",
        "pl.DataFrame({'a': [1] * 1000}).lazy().select(pl.col('a').sort()).collect()",
        "print(in_children('fork', judged))", "print(judged())")
    assert children == str([int(here)] * 3)


EVERYTHING = """
import io, os, signal, threading
import polars as pl
from pathlib import Path

class Odd(dict):
    pass

def everything():
    policy = z.load_policy("fujian-2007-80")
    path, out = sys.argv[1], {}
    rows = [{"member.id": "1", "letter.issued_on": "2007-06-30"}, {"member.id": "2"}]
    told = []
    whole = z.audit(path, policy, as_of=DAY, progress=lambda done, of: told.append(done))
    out["told"] = bool(told)
    out["findings"] = [f.id for f in whole.findings]
    out["records"] = len(z.audit(iter(rows), policy, as_of=DAY).findings)
    out["odd"] = len(z.audit([Odd(r) for r in rows], policy, as_of=DAY).findings)
    out["frame"] = len(z.audit(pl.DataFrame(rows), policy, as_of=DAY).findings)
    out["lazy"] = len(z.audit(pl.LazyFrame(rows), policy, as_of=DAY).findings)
    out["file"] = len(z.audit(io.BytesIO(Path(path).read_bytes()), policy, as_of=DAY).findings)
    out["due"] = len(z.deadlines(path, policy, as_of=DAY).findings)
    out["why"] = [e.rule for e in z.explain(path, policy=policy, row=2, as_of=DAY)]
    run = z.stream(path, policy, as_of=DAY)
    out["stream"] = [f.id for f in run]
    out["head"] = run.head().summary.total(z.Outcome.VIOLATION)
    run.close()
    out["to_frame"] = whole.to_frame().shape
    out["to_dict"] = sorted(whole.to_dict())
    folder = Path(path).parent / str(os.getpid())
    folder.mkdir(exist_ok=True)
    for ending in ("csv", "json", "parquet", "xlsx", "html"):
        whole.save(folder / f"report.{ending}")
    out["saved"] = sorted(p.name for p in folder.iterdir() if p.stat().st_size)
    out["notebook"] = "<iframe" in whole._repr_html_()
    try:
        z.audit("nowhere.csv", policy)
    except z.InputError as error:
        out["error"] = str(error)
    try:
        z.audit(path, "no-such-pack")
    except z.UsageError as error:
        out["usage"] = str(error)
    try:
        z.audit(path, policy, as_off=DAY)
    except TypeError as error:
        out["type"] = str(error)
    threads = [threading.Thread(target=lambda: out.setdefault("threads", []).append(judged()))
               for _ in range(3)]
    [t.start() for t in threads], [t.join() for t in threads]
    return out
"""


@forks
@pytest.mark.slow
def test_all_that_a_caller_may_ask_is_the_same_in_a_forked_child(tmp_path: Path) -> None:
    """Ledgers of every kind, deadlines, explanations, reports saved, errors, threads."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM) + EVERYTHING + textwrap.dedent("""
        if __name__ == "__main__":
            here = everything()
            with mp.get_context("fork").Pool(1) as pool:
                there = pool.apply_async(everything).get(timeout=300)
            for name in here:
                assert here[name] == there[name], (name, here[name], there[name])
            print(len(here), here["saved"])
        """), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program), str(write_ledger(tmp_path / "l.csv"))],
        capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("19 ['report.csv',"), done.stdout
    assert done.stderr == ""


@forks
def test_the_other_process_ends_with_the_child_and_its_death_is_said(tmp_path: Path) -> None:
    said, left = ran(
        tmp_path, "print_first = judged()", "pid = os.fork()",
        "if not pid:",
        "    judged()",
        "    from zhuanjie.engine.core import worker_process",
        "    (worker,) = worker_process._workers._idle",
        "    worker._process.kill()",
        "    try:",
        "        z.audit(sys.argv[1], 'fujian-2007-80', as_of=DAY)",
        "    except z.BackendError as error:",
        "        print(str(error).splitlines()[0], flush=True)",
        "    print(judged() == print_first, flush=True)",
        "    os._exit(0)",
        "os.waitpid(pid, 0)")
    assert "ended before it had answered" in said
    assert left == "True"


@forks
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
