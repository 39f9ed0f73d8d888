"""What all tests share: where the repository is, which tests need which engine, and how they run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from support import engines, slow_tests

from zhuanjie.engine.backends.registry import NAMES

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = {"server": "postgresql"}
"""Fixtures that hold an engine, whoever asks for them."""


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def suite() -> Path:
    """Conformance data published by others, kept beside the repository where they are there."""
    folder = ROOT.parent / "shared" / "conformance"
    if not folder.is_dir():
        pytest.skip("the published conformance suites are not on this machine")
    return folder


@pytest.fixture(scope="session")
def field_cases() -> Path:
    """Ledgers that others collected, kept beside the repository where they are there."""
    folder = ROOT.parent / "shared" / "field-cases"
    if not folder.is_dir():
        pytest.skip("the ledgers that others collected are not on this machine")
    return folder


KEPT = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """What commands keep is kept in a folder of this run, whoever's cache the machine has."""
    if not hasattr(config, "workerinput"):
        config.stash[KEPT] = os.environ["ZHUANJIE_CACHE"] = tempfile.mkdtemp()
        if config.getoption("--update-slow"):
            config.pluginmanager.register(slow_tests.Stopwatch())


def pytest_unconfigure(config: pytest.Config) -> None:
    """The folder goes with the run."""
    if KEPT in config.stash:
        shutil.rmtree(config.stash[KEPT], ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are rewritten only when asked to be."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
    parser.addoption("--update-slow", action="store_true",
                     help="measure what is run, and list anew what of it is slow")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """However many processes run, one has all tests on Spark, which so is started once.

    Which they are is read from their names: pytest-xdist's own groups are lost with pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class OneForSpark(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "spark" if "spark" in nodeid else nodeid

    return OneForSpark(config, log) if config.option.dist == "load" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its layer and with the engines it needs, so that `-m` can choose.

    A test that is run once for each engine is marked by its parameter, one that asks for an
    engine's fixture by that. A mark by hand names its engine plainly (`engine("spark")`); pytest's
    `-m` compares named values only, so that each gets its name beside: `-m 'engine(name="spark")'`.
    """
    slow_tests.mark(items)
    for item in items:
        if "e2e" in item.path.relative_to(ROOT).parts:
            item.add_marker("e2e")
        for name in needed(item):
            item.add_marker(pytest.mark.engine(name, name=name))
            if name == "spark" and name not in item.nodeid:
                raise pytest.UsageError(f"{item.nodeid} needs Spark and has to have it in its name")


def needed(item: pytest.Item) -> set[str]:
    """The engines a test needs: those it is marked with, its parameters', its fixtures'."""
    case = getattr(item, "callspec", None)
    names = {v for v in (case.params.values() if case else ()) if isinstance(v, str) and v in NAMES}
    names |= {FIXTURES[f] for f in getattr(item, "fixturenames", ()) if f in FIXTURES}
    return names | {name for mark in item.iter_markers("engine") for name in mark.args}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test is skipped where an engine that it needs cannot run; it may ask for no other."""
    engines.allowed = frozenset(needed(item))
    for name in sorted(engines.allowed):
        engines.need(name)


def pytest_sessionfinish() -> None:
    """Stop the servers that tests have started."""
    engines.stop()
