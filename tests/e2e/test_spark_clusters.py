"""Spark in processes of its own: executors apart from the driver, reached through Connect."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from support.cli_command import AS_OF, COMMAND, LEDGER, record, run

from zhuanjie.cli import main, start
from zhuanjie.engine.backends.spark import worker
from zhuanjie.engine.core.allocator import VARIABLE

WAIVERS = """
waivers:
  - id: W-1
    clause: "1.6b"
    record: "06002"
    reason: 军训封闭，回执由学院统一补寄
    requested_by: zhang
    approved_by: li
    granted_on: 2007-10-01
    expires: 2008-02-29
  - id: W-2
    clause: "1.1a"
    where: has(member.name)
    at_most: 1
    reason: 名册待补
    requested_by: zhang
    approved_by: li
    granted_on: 2007-10-01
    expires: 2008-02-29
"""


@pytest.mark.engine("spark")
def test_connect_and_two_executors_of_spark(tmp_path: Path) -> None:
    """Waivers, one of which would cover too much, groups, and ids that come again, in two files."""
    ledger, waivers, out = tmp_path / "ledger", tmp_path / "waivers.yaml", tmp_path / "o.parquet"
    ledger.mkdir()
    waivers.write_text(WAIVERS, encoding="utf-8")
    late = [record(20 + n, 离校教育时间="2007-07-10", 原所在党支部=f"支部{n}") for n in range(4)]
    pl.DataFrame([*LEDGER, record(1)]).write_parquet(ledger / "a.parquet")
    pl.DataFrame(late).write_parquet(ledger / "b.parquet")
    call = ("audit", ledger, *AS_OF, "--waivers", waivers, "--by", "member.name", "--format", "json",
            "--lang", "en")
    done = subprocess.run(
        [COMMAND, *map(str, call), "--backend", "spark", "--output", str(out)], check=False,
        capture_output=True, encoding="utf-8", env={
            **os.environ, "SPARK_REMOTE": "local-cluster[2,1,1024]", "SPARK_TESTING": "1",
            "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": "pyspark-shell"})
    assert done.returncode == 1, done.stderr
    here, there = json.loads(run(*call).stdout), json.loads(done.stdout)
    assert there["summary"] == here["summary"] and here["summary"]["waived"] == 1
    found = pl.concat([pl.read_parquet(part) for part in sorted(out.glob("part-*.parquet"))])
    assert found.columns[-1] == "member.name"
    columns = ("record", "clause", "outcome", "row")
    assert sorted(found.select(columns).iter_rows(), key=str) == sorted((
        (f["record"], f["clause"], f["outcome"], f["location"]["row"]) for f in here["findings"]),
        key=str)
    assert found.filter(outcome="waived")["waiver"].to_list() == ["W-1"]
    unread = pl.concat([pl.read_parquet(part) for part in sorted(
        (tmp_path / "o-input.parquet").glob("part-*.parquet"))])
    assert ("06001", "records.same-id", 8) in set(unread.select("record", "code", "row").iter_rows())
    assert len(unread) == sum(f["count"] for f in here["input"])


@pytest.mark.parametrize(("said", "code"), [
    ("  File x\nModuleNotFoundError: No module named 'zhuanjie'\n", "backend.spark.lacks"),
    ("ModuleNotFoundError: No module named 'polars.io'", "backend.spark.lacks"),
    ("[PACKAGE_NOT_INSTALLED] PyArrow >= 18.0.0 must be installed; however", "backend.spark.lacks"),
    ("RuntimeError: zhuanjie-version=0.0.9\n\n\tat org", "backend.spark.version"),
    ("[PYTHON_VERSION_MISMATCH] Python in worker", "backend.spark.python"),
    ('java.io.IOException: Cannot run program "python9": error=2', "backend.spark.python"),
    ("java.lang.OutOfMemoryError", None),
])
def test_what_workers_lack_is_told_from_the_trace(said: str, code: str | None) -> None:
    found = worker.unfit(said)
    assert (found.diagnostics[0].code if found else None) == code


def test_another_version_is_refused_before_anything_is_unpacked(
        monkeypatch: pytest.MonkeyPatch) -> None:
    call = worker.WorkerCall(iter)
    assert list(call(iter([1, 2]))) == [1, 2]
    monkeypatch.setattr(worker, "_version", lambda: "0.0.9")
    with pytest.raises(RuntimeError, match=r"zhuanjie-version=0\.0\.9"):
        list(call(iter([])))


@pytest.mark.parametrize(("said", "kept"), [
    ("", True), ("dirty_decay_ms:0", False), ("muzzy_decay_ms:0,narenas:512", False),
])
def test_how_memory_is_kept_is_the_environments_to_say(
        said: str, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it comes to a worker: from elsewhere, or from here, where Polars and the command say so."""
    name, asked = VARIABLE, f"import os, polars; print(os.environ['{VARIABLE}'])"
    monkeypatch.setattr(main, "main", lambda: 0)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    for begins in (lambda: None, start.main):
        if said:
            monkeypatch.setenv(name, said)
        else:
            monkeypatch.delenv(name, raising=False)
        begins()
        for here in (os.environ.get(name, ""), subprocess.run(
                [sys.executable, "-c", asked], check=True, capture_output=True,
                encoding="utf-8").stdout.strip()):
            monkeypatch.setenv(name, here)
            assert list(worker.WorkerCall(iter)(iter([1]))) == [1]
            assert (os.environ[name] != here) is kept


@pytest.mark.engine("spark")
def test_a_worker_of_spark_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               capfd: pytest.CaptureFixture[str]) -> None:
    from zhuanjie.cli.main import main
    from zhuanjie.engine.backends.spark.session import session

    ledger = tmp_path / "ledger.parquet"
    pl.DataFrame(LEDGER).write_parquet(ledger)
    bare = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    monkeypatch.setattr(session().sparkContext, "pythonExec", str(bare))
    code = main(["audit", str(ledger), *AS_OF, "--backend", "spark", "--summary", "--lang", "en"])
    said = capfd.readouterr().err
    assert code == 2 and "workers lack the library" in said and "Traceback" not in said
