"""A standalone Spark cluster of two workers: it finds what is found here, whatever ends on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.cli_command import AS_OF, COMMAND, LEDGER, record, run
from support.spark_cluster import SparkCluster, spark_cluster

pytestmark = [pytest.mark.engine("spark"), pytest.mark.slow]
FILES, RECORDS = 24, 600


@pytest.fixture(scope="module")
def cluster() -> Iterator[SparkCluster]:
    with spark_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many files; some ids and serials stand in two of them, some cells cannot be read."""
    folder = tmp_path_factory.mktemp("ledger")
    for file in range(FILES):
        rows = [record(n, 介绍信联系电话="１３８", 离校教育时间="2007-07-10" if n % 3 else "#N/A")
                for n in range(file * RECORDS, (file + 1) * RECORDS + 2)]
        pl.DataFrame([*LEDGER, *rows] if file == FILES - 1 else rows).write_parquet(
            folder / f"{file:02}.parquet")
    return folder


def told(folder: Path) -> list[dict[str, Any]]:
    return pl.concat([pl.read_parquet(part) for part in sorted(folder.glob("part-*"))]).to_dicts()


def compare(done: dict[str, Any], out: Path, here: dict[str, Any]) -> None:
    assert done["summary"] == here["summary"]
    assert done["ledger"]["records"] == here["ledger"]["records"]
    found = [(f["record"], f["clause"], f["outcome"], f["file"], f["row"], f["missing"])
             for f in told(out)]
    assert found == [(f["record"], f["clause"], f["outcome"], f["location"]["file"],
                      f["location"]["row"], f["missing"]) for f in here["findings"]]
    unread = told(out.with_name(f"{out.stem}-input{out.suffix}"))
    assert len(unread) == sum(f["count"] for f in here["input"])
    assert not [p for p in out.iterdir() if p.name.startswith(".") and p.suffix != ".crc"]
    assert not [p for p in out.parent.iterdir() if p.name.startswith(".")]


def test_a_worker_that_is_killed_on_the_way(cluster: SparkCluster, ledger: Path,
                                            tmp_path: Path) -> None:
    out = tmp_path / "findings.parquet"
    here = json.loads(run("audit", ledger, *AS_OF, "--format", "json").stdout)
    with (tmp_path / "said").open("w+", encoding="utf-8") as said:
        audit = subprocess.Popen(
            [COMMAND, "audit", str(ledger), *AS_OF, "--format", "json", "--backend", "spark",
             "--output", str(out)], stdout=said, stderr=subprocess.PIPE, encoding="utf-8",
            env=cluster.environ())
        killed = None
        while killed is None and audit.poll() is None:
            # The first findings of the first part are there: the job is on its way.
            if [*tmp_path.glob(".findings.parquet.*/.part-*")]:
                killed = cluster.executors()[0]
                os.kill(killed, signal.SIGKILL)
            time.sleep(0.01)
        _, errors = audit.communicate(timeout=300)
        assert killed is not None, errors
        assert audit.returncode == 1, errors
        said.seek(0)
        compare(json.loads(said.read()), out, here)


def test_lines_of_text(cluster: SparkCluster, ledger: Path, tmp_path: Path) -> None:
    """Spark reads them, and hands the cells to workers on the other side of a socket."""
    texts, out = tmp_path / "texts", tmp_path / "findings.parquet"
    texts.mkdir()
    for file in sorted(ledger.iterdir())[-2:]:
        pl.read_parquet(file).write_csv(texts / f"{file.stem}.csv")
    call = ("audit", texts, *AS_OF, "--format", "json")
    here = json.loads(run(*call).stdout)
    done = subprocess.run(
        [COMMAND, *map(str, call), "--backend", "spark", "--output", str(out)], check=False,
        capture_output=True, encoding="utf-8", env=cluster.environ())
    assert done.returncode == 1, done.stderr
    compare(json.loads(done.stdout), out, here)
