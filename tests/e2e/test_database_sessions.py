"""Ledgers in a PostgreSQL server: which packs judge there, and what is left when they have."""

from __future__ import annotations

import gc
import random
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from support import engines
from support.cli_command import LEDGER
from support.cluster import Cluster
from support.messy_ledgers import ledger as over_the_years
from support.messy_ledgers import typed as as_typed
from support.tables import load
from support.values import replace

from zhuanjie.engine import api
from zhuanjie.engine.api import audit, load_policy
from zhuanjie.engine.auditing.strategies.postgres import PostgresJudge
from zhuanjie.engine.core.errors import InputError, ZhuanjieError

DAY = date(2007, 12, 31)


def as_conninfo(server: Cluster) -> dict[str, str]:
    """What a client of its own connects with."""
    return {name.removeprefix("PG").lower().replace("database", "dbname"): value
            for name, value in server.environ.items()}


@pytest.fixture(scope="module")
def server() -> Cluster:
    return engines.server()


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("texts", [False, True], ids=["typed", "texts"])
def test_packs_chosen_by_date(server: Cluster, every: bool, texts: bool, tmp_path: Path) -> None:
    """Where law changed the server judges by what was in force, and counts which pack judged."""
    records = over_the_years(random.Random(f"{every} {texts}"), 300, 0.05)
    frame = (pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String)) if texts
             else as_typed(records)).with_columns(pl.int_range(pl.len()).alias("at"))
    load("years", frame)
    path = tmp_path / "years.parquet"
    frame.write_parquet(path)
    for day in (date(2016, 1, 31), date(2021, 6, 30)):
        with closing(api.stream(server.url("years", "&order=at"), as_of=day,
                                    backend="postgresql")) as run_:
            assert isinstance(run_.strategy, PostgresJudge)
        there = audit(server.url("years", "&order=at"), as_of=day, all_outcomes=every,
                      backend="postgresql")
        here = audit(path, as_of=day, all_outcomes=every)
        assert [replace(f, location=replace(f.location, file=None)) for f in there.findings] == [
            replace(f, location=replace(f.location, file=None)) for f in here.findings]
        assert there.summary == here.summary
        assert there.judged == here.judged and len(there.judged) > 1
        assert len({f.pack for f in there.findings}) == len(there.judged)


@pytest.mark.parametrize("backend", ["postgresql", None])
def test_no_session_is_left(server: Cluster, backend: str | None) -> None:
    """The session ends with the call, not when memory is tidied up: its locks would stand."""
    load("left", pl.DataFrame(LEDGER))
    url, more = server.url("left"), {"backend": backend, "as_of": date(2007, 12, 31)}
    policy = load_policy("fujian-2007-80")
    others, seen = _sessions(), []
    gc.disable()
    try:
        run = api.stream(url, policy, **more)
        seen.append(len(_sessions(others)))
        run.close()
        seen.append(len(_sessions(others)))
        kept: Any = [f(url, policy, **more) for f in (api.audit, api.deadlines)]
        kept += [f(url, "06002", None, policy, **more) for f in (api.explain, api.fixes)]
        for call in (lambda: api.explain(url, "unheard of", None, policy, **more),
                     lambda: api.audit(url, policy, roster="none.csv", **more),
                     lambda: api.audit(url, policy, **{**more, "backend": "none"})):
            with pytest.raises(ZhuanjieError) as caught:
                call()
            kept.append(caught)  # and with it the frames that it passed through
        seen.append(len(_sessions(others)))
    finally:
        gc.enable()
    assert seen == [1, 0, 0]


def _sessions(but: frozenset[int] = frozenset()) -> frozenset[int]:
    """The sessions of ours; those that end are given a second to be gone."""
    with psycopg.connect("", autocommit=True) as connection:
        for _ in range(50):
            found = frozenset(pid for pid, in connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'zhuanjie'")) - but
            if not found:
                break
            time.sleep(0.02)
    return found


@pytest.mark.parametrize("backend", ["postgresql", None])
def test_whoever_waits_for_a_lock_is_told_so(server: Cluster, backend: str | None) -> None:
    load("locked", pl.DataFrame(LEDGER))
    with psycopg.connect(**as_conninfo(server)) as other:
        other.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(InputError) as error:
            audit(server.url("locked", "&options=-c%20lock_timeout%3D200ms"), as_of=DAY,
                  backend=backend)
    assert "lock_timeout (200ms)" in str(error.value)
    assert "--backend" not in str(error.value)


@pytest.mark.parametrize("backend", ["postgresql", None])
def test_a_limit_of_time_that_somebody_set_holds(server: Cluster, backend: str | None) -> None:
    load("slow", pl.DataFrame(LEDGER))
    with psycopg.connect(**as_conninfo(server)) as other:
        other.execute("CREATE VIEW slower AS SELECT *, pg_sleep(0.2)::text AS nap FROM slow")
        other.commit()
        with pytest.raises(InputError) as error:
            audit(server.url("slower", "&options=-c%20statement_timeout%3D100ms"), as_of=DAY,
                  backend=backend, columns={"nap": "member.name"})
        other.execute("DROP VIEW slower")
    assert "statement_timeout (100ms)" in str(error.value)
