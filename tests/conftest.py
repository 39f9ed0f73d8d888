"""What all tests share: where the repository is, and data that lie beside it on some machines."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import engines

from zhuanjie.engine.backends.registry import NAMES

ROOT = Path(__file__).resolve().parents[1]


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files are rewritten only when asked to be."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


def pytest_sessionfinish() -> None:
    """Stop the servers that tests have started."""
    engines.stop()


@pytest.fixture(autouse=True)
def _engines_are_there(request: pytest.FixtureRequest) -> None:
    """A test that is run once for each engine is skipped for those that cannot run here."""
    case = getattr(request.node, "callspec", None)
    for value in case.params.values() if case else ():
        if isinstance(value, str) and value in NAMES:
            engines.need(value)
