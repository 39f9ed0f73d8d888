"""A standalone Spark cluster of its own for the tests. In: nothing. Out: a master and two workers.

They are real processes that listen on the loopback address alone, and end with the context.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

WORKERS = 2
_START = 90
"""Seconds that a process may take to say where it listens, on a busy machine."""


@dataclass(frozen=True)
class SparkCluster:
    """A master, by its address, and the processes of its workers."""

    address: str
    workers: Sequence[subprocess.Popen[bytes]]

    def environ(self, *more: str) -> dict[str, str]:
        """What a program needs that is to run there; `more` is given to spark-submit."""
        given = ["--master", self.address, "--driver-memory", "512m", "--executor-memory", "512m",
                 "--conf", "spark.ui.enabled=false", "--conf", "spark.driver.host=127.0.0.1",
                 *more, "pyspark-shell"]
        return {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": " ".join(given)}

    def executors(self) -> list[int]:
        """The processes that the workers have started."""
        return [pid for worker in self.workers for pid in children(worker.pid)]


def children(parent: int) -> list[int]:
    """The processes that a process has started and that are there."""
    tasks = Path("/proc", str(parent), "task")
    return [int(pid) for task in tasks.glob("*/children") for pid in task.read_text().split()]


@contextmanager
def spark_cluster() -> Iterator[SparkCluster]:
    """A cluster that runs while the context does."""
    folder = Path(tempfile.mkdtemp(prefix="zj-spark-"))
    spec = find_spec("pyspark")
    assert spec and spec.submodule_search_locations
    home = Path(spec.submodule_search_locations[0])
    environ = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
               "SPARK_DAEMON_MEMORY": "128m", "PYSPARK_PYTHON": sys.executable,
               "SPARK_LOCAL_DIRS": str(folder / "scratch"), "SPARK_WORKER_DIR": str(folder / "work")}
    environ.pop("PYSPARK_SUBMIT_ARGS", None)
    # They end with this process, however that ends.
    tied = [which, "--pdeathsig", "TERM", "--"] if (which := shutil.which("setpriv")) else []

    with ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)

        def start(name: str, kind: str, *options: str) -> subprocess.Popen[bytes]:
            with (folder / name).open("wb") as log:
                process = subprocess.Popen(
                    [*tied, str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}",
                     "--host", "127.0.0.1", "--webui-port", "0", *options],
                    env=environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                    start_new_session=True)
            running.callback(_end, process)
            return process

        start("master", "master.Master", "--port", "0")
        address = _said(folder / "master", r"Starting Spark master at (spark://\S+)")
        workers = [start(f"worker-{n}", "worker.Worker", "--cores", "1", "--memory", "1g", address)
                   for n in range(WORKERS)]
        for n in range(WORKERS):
            _said(folder / f"worker-{n}", "(Successfully registered with master)")
        yield SparkCluster(address, workers)


def _said(log: Path, pattern: str) -> str:
    end = time.monotonic() + _START
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        if found := re.search(pattern, text):
            return found[1]
        assert time.monotonic() < end, text
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started: they are a session of their own."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
