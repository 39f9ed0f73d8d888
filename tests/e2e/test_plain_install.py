"""What works with no extra installed, and without durable-rules; what the rest says to install."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.cli_command import AS_OF, LEDGER, write_ledger
from support.marks import few, slow

from zhuanjie.engine import api
from zhuanjie.engine.backends import registry
from zhuanjie.engine.core.extras import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]
EXTRA = sorted({name for names in LIBRARIES.values() for name in names})
NETWORK = ("durable", "durable_rules_engine")
PACK = "fujian-2007-80"

# Shows by its last line on stderr which of the libraries a call has loaded all the same.
_CALL = """
import sys
absent, watched, args = {absent!r}, {watched!r}, {args!r}
sys.modules.update(dict.fromkeys(absent))
from zhuanjie.cli.main import main
code = main(args)
print([name for name in watched if sys.modules.get(name)], file=sys.stderr)
sys.exit(code)
"""


def call(args: Sequence[str | Path], *, absent: Sequence[str] = (),
         watched: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """A call of the command where libraries are `absent`, or are there and `watched`."""
    code = _CALL.format(absent=tuple(absent), watched=tuple(watched),
                        args=[*map(str, args), "--lang", "en"])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8",
                          check=False, timeout=120)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(LEDGER[4]), encoding="utf-8")
    return file


@pytest.fixture
def plain(tmp_path: Path, record: Path) -> dict[str, list[str | Path]]:
    """Calls that need no extra."""
    ledger, other = write_ledger(tmp_path / "ledger.csv"), tmp_path / "made.xlsx"
    events = tmp_path / "events.jsonl"
    events.write_text(json.dumps(LEDGER[4]) + "\n", encoding="utf-8")
    return {
        "audit": ["audit", ledger, *AS_OF, "--roster", ledger],
        "audit-table": ["audit", ledger, *AS_OF, "--output", tmp_path / "out.parquet"],
        "check": ["check", record, *AS_OF],
        "destinations": ["destinations", record, *AS_OF],
        "explain": ["explain", ledger, "06005", *AS_OF, "--fix"],
        "deadlines": ["deadlines", ledger, *AS_OF, "--format", "ics"],
        "watch": ["watch", events, *AS_OF],
        "eval": ["eval", "1 + 1"],
        "generate": ["generate", "--records", "5", "--seed", "1", "--output", other],
        "list": ["policy", "list"],
        "show": ["policy", "show", PACK],
        "lint": ["policy", "lint", PACK],
        "test": ["policy", "test", PACK, "--filter", "1.6"],
        "coverage": ["policy", "coverage", PACK, "--diff", PACK],
        "fmt": ["policy", "fmt", ROOT / "rules" / PACK, "--check"],
        "docs": ["policy", "docs", PACK],
        "schema": ["policy", "schema", "pack"],
    }


PLAIN = ("audit", "audit-table", "check", "destinations", "explain", "deadlines", "watch", "eval",
         "generate", "list", "show", "lint", "test", "coverage", "fmt", "docs", "schema")


def test_an_audit_loads_no_engine_but_its_own(plain: dict[str, list[str | Path]]) -> None:
    done = call(plain["audit"], watched=(*EXTRA, *NETWORK, "icalendar", "xlsxwriter"))
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", few(PLAIN, "audit", "check", "test"))
def test_nothing_is_missed_where_no_extra_is_there(
        name: str, plain: dict[str, list[str | Path]]) -> None:
    done = call(plain[name], absent=EXTRA)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout or name in ("generate", "fmt")


def told(stderr: str) -> list[str]:
    """What is said, without the progress that a slow machine shows now and then."""
    return [line for line in stderr.splitlines()
            if not re.match(r"reading, \d|\d+ of \d+ records, ", line)]


@pytest.mark.parametrize("name", few(
    ["audit", "check", "explain", "deadlines", "coverage"], "explain"))
def test_no_extra_is_used_where_it_is_there(
        name: str, plain: dict[str, list[str | Path]]) -> None:
    whole, bare = call(plain[name], watched=EXTRA), call(plain[name], absent=EXTRA)
    assert whole.stderr.splitlines()[-1] == "[]"
    assert (bare.returncode, bare.stdout) == (whole.returncode, whole.stdout)
    assert told(bare.stderr) == told(whole.stderr)


@pytest.mark.parametrize(("args", "absent", "extra"), [
    (("policy", "verify", PACK), "z3", "[authoring]"),
    (("policy", "lsp"), "pygls", "[lsp]"),
    slow(("policy", "mutate", PACK), "z3", "[authoring]"),
    slow(("policy", "diff", PACK, PACK), "z3", "[authoring]"),
    (("audit", "postgresql://nowhere.invalid/db?table=t"), "psycopg", "[postgresql]"),
    slow(("audit", "postgresql://nowhere.invalid/db?table=t"), "sqlglot", "[postgresql]"),
    slow(("explain", "postgresql://nowhere.invalid/db?table=t", "1"), "psycopg", "[postgresql]"),
    (("eval", "1", "--backend", "postgresql"), "psycopg", "[postgresql]"),
    (("eval", "1", "--backend", "duckdb"), "sqlglot", "[duckdb]"),
    (("audit", "spark:db.t", "--output", "nowhere"), "pyspark", "[spark]"),
])
def test_what_lacks_its_extra_says_which(args: tuple[str, ...], absent: str, extra: str) -> None:
    # In brackets: an engine's bare name as a parameter would ask for the engine itself.
    done = call(args, absent=[absent])
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert f"`{absent}`" in done.stderr
    assert f"pip install 'zhuanjie{extra}'" in done.stderr
    assert done.stderr.count("error: ") == 1


@pytest.mark.parametrize("name", few(["check", "destinations"], "check"))
def test_another_engine_stands_in_for_durable_rules(
        name: str, plain: dict[str, list[str | Path]]) -> None:
    usual, bare = call(plain[name]), call(plain[name], absent=NETWORK)
    assert usual.stdout
    assert (bare.returncode, bare.stdout) == (usual.returncode, usual.stdout)
    assert usual.stderr.splitlines() == ["[]"]
    assert bare.stderr.count("notice: ") == 1
    assert "the engine `python` judges" in bare.stderr
    assert "pip install durable-rules" in bare.stderr
    chosen = call([*plain[name], "--backend", "python"], absent=NETWORK)
    assert (chosen.stdout, chosen.stderr) == (usual.stdout, usual.stderr)


@pytest.mark.slow
def test_a_stand_in_is_said_once_for_a_list_of_records(tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text(json.dumps(LEDGER), encoding="utf-8")
    for command in ("check", "destinations"):
        usual = call([command, file, *AS_OF])
        bare = call([command, file, *AS_OF], absent=NETWORK)
        assert (bare.returncode, bare.stdout) == (usual.returncode, usual.stdout)
        assert bare.stderr.count("the engine `python` judges") == 1


def test_durable_rules_that_are_asked_for_are_named() -> None:
    done = call(["eval", "1", "--backend", "durable"], absent=NETWORK)
    assert done.returncode == 2
    assert "pip install durable-rules" in done.stderr


def test_the_other_engines_run_the_cases() -> None:
    done = call(["policy", "test", PACK, "--filter", "1.6a", "--backend", "all"], absent=NETWORK)
    assert done.returncode == 0, done.stderr
    assert "`durable` is left out" in done.stderr


def test_programs_are_told_of_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = api.load_policy(PACK)
    day = policy.start
    usual = api.check_one(LEDGER[4], policy, as_of=day)
    where = api.destinations(LEDGER[4], policy, as_of=day)
    monkeypatch.setattr(registry, "single_engine", lambda: registry.EMBEDDED)
    told = api.check_one(LEDGER[4], policy, as_of=day)
    assert [n.code for n in told.notices] == ["backend.stand-in", *(n.code for n in usual.notices)]
    assert told.findings == usual.findings
    with pytest.warns(RuntimeWarning, match="the engine `python` judges"):
        assert api.destinations(LEDGER[4], policy, as_of=day) == where
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert api.destinations(LEDGER[4], policy, as_of=day, backend="python") == where


def test_the_extras_are_those_the_program_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = dict(project["optional-dependencies"])
    names = {"z3-solver": "z3", "psycopg[binary]": "psycopg", "pyspark[connect]": "pyspark",
             "argon2-cffi": "argon2", "fonttools": "fontTools", "prometheus-client": "prometheus_client",
             "python-multipart": "python_multipart"}
    (everything,) = extras.pop("all")
    assert everything == f"zhuanjie[{','.join(sorted(extras))}]"
    found = {extra: tuple(names.get(name := need.partition(">=")[0], name) for need in needs
                            if ";" not in need)
             for extra, needs in extras.items()}
    assert found == LIBRARIES
    plain = " ".join(project["dependencies"])
    assert not [name for name in (*EXTRA, *names) if name in plain]


@pytest.mark.slow
def test_events_need_no_durable_rules(plain: dict[str, list[str | Path]]) -> None:
    usual = call(plain["watch"], watched=NETWORK)
    bare = call(plain["watch"], absent=NETWORK)
    assert usual.stdout and usual.stderr.splitlines() == ["[]"]
    assert (bare.returncode, bare.stdout, bare.stderr) == (
        usual.returncode, usual.stdout, usual.stderr)
