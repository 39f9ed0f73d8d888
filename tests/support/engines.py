"""Engines that need something beside the program: a library, a server, Java. In: a name.

Where it is lacking, tests are skipped with a message; `ZHUANJIE_ENGINES=all` says that everything
is installed, so that they fail instead.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from functools import cache
from importlib.util import find_spec
from itertools import count

import pytest

from support.cluster import Cluster, binaries, cluster

ALL = os.environ.get("ZHUANJIE_ENGINES") == "all"
SPARK = ("--master local[2] --conf spark.sql.shuffle.partitions=2 "
         "--conf spark.sql.codegen.wholeStage=false "
         "--conf spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 pyspark-shell")
"""How the tests start Spark: on two cores, and without making programs for a few records."""

DEAR = ("postgresql", "spark")
"""Engines that take a process of their own: a test that uses one is marked with it."""

_numbers = count(1)

allowed: frozenset[str] = frozenset()
"""The engines that the running test is marked with."""

_running = ExitStack()
"""What was started for the tests, to be stopped when they end."""


@cache
def server() -> Cluster:
    """The one PostgreSQL server of this test process; libpq's variables name it from now on."""
    started = _running.enter_context(cluster())
    os.environ.update(started.environ)
    return started


def stop() -> None:
    """Stop what was started."""
    _running.close()


def lacking(name: str) -> str | None:
    """What the engine `name` needs and this machine has not, or None."""
    if name == "duckdb" and find_spec("duckdb") is None:
        return "the library duckdb"
    if name == "postgresql" and binaries() is None:
        return "a PostgreSQL server's programs (Debian's package postgresql)"
    if name == "spark" and find_spec("pyspark") is None:
        return "the library pyspark"
    if name == "spark" and shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "Java"
    return None


def need(name: str) -> None:
    """Skip the test, or fail it, where the engine `name` cannot run here."""
    assert name in allowed or name not in DEAR, f'the test lacks the mark engine("{name}")'
    if what := lacking(name):
        assert not ALL, f"{what} is not there, though everything is said to be installed"
        pytest.skip(f"the engine {name} needs {what}")
    if name == "postgresql":
        server()
    if name == "spark":
        os.environ.setdefault("PYSPARK_SUBMIT_ARGS", SPARK)


def fresh_database() -> str:
    """The address of an empty database of its own on the server of this test process."""
    import psycopg

    started = server()
    name = f"register_{next(_numbers)}"
    with psycopg.connect(host=str(started.folder), port=started.port, user="owner",
                         dbname="postgres", autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
    return f"postgresql://owner@/{name}?host={started.folder}&port={started.port}"
