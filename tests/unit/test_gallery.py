"""Notices of other bodies as packs: every check of an author is content with each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.marks import few

from zhuanjie.cli.main import main

PACKS = Path(__file__).parents[2] / "fixtures" / "packs"
CHECKS = ("fmt --check", "lint", "test --backend all", "coverage --fail-under 100", "mutate",
          "verify", "docs", "docs --format html --lang zh")


@pytest.mark.parametrize("check", few(CHECKS, "lint", "coverage --fail-under 100"))
@pytest.mark.parametrize("pack", sorted(p.parent.name for p in PACKS.glob("*/pack.yaml")))
def test_every_check_is_content(pack: str, check: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, *options = check.split()
    assert main(["policy", command, str(PACKS / pack), *options]) == 0, capsys.readouterr()


def test_the_gallery_lists_them_all() -> None:
    page = (PACKS / "README.md").read_text(encoding="utf-8")
    for pack in PACKS.glob("*/pack.yaml"):
        assert f"[{pack.parent.name}]({pack.parent.name}/pack.yaml)" in page
