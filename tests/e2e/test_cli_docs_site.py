"""`zhuanjie policy docs` of several packs: the index, a site, and what it must not write over."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import MANIFEST, write
from support.cli_command import run

OVER = MANIFEST.replace("id: tried", "id: over\nbuilds_on: tried >=1.0").split("parameters:")[0]


def packs(tmp_path: Path) -> Path:
    write(tmp_path / "tried")
    folder = tmp_path / "over"
    folder.mkdir()
    (folder / "pack.yaml").write_text(OVER, encoding="utf-8")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}


def test_a_site_has_its_packs_and_those_they_build_on(tmp_path: Path) -> None:
    made = run("policy", "docs", packs(tmp_path), "--site", tmp_path / "a" / "site", lang="zh")
    assert (made.returncode, made.stdout) == (0, "")
    assert "7 个页面" in made.stderr
    found = files(tmp_path / "a" / "site")
    assert sorted(found) == sorted(["index.html", *(
        f"{lang}/{name}.html" for lang in ("zh", "en")
        for name in ("index", "pack-over", "pack-tried"))])
    assert b'<html lang="zh">' in found["index.html"]
    # What was written before is written anew, the same.
    assert run("policy", "docs", tmp_path / "over", "--site", tmp_path / "a" / "site",
               lang="zh").returncode == 0
    assert files(tmp_path / "a" / "site") == found


def test_nothing_is_written_over_that_is_no_former_output(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "zh").mkdir(parents=True)
    mine = site / "zh" / "pack-tried.html"
    mine.write_text("<html>mine</html>", encoding="utf-8")
    (site / "notes.txt").write_text("mine", encoding="utf-8")
    refused = run("policy", "docs", packs(tmp_path), "--site", site)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pack-tried.html" in refused.stderr
    assert sorted(files(site)) == ["notes.txt", "zh/pack-tried.html"]
    assert run("policy", "docs", tmp_path / "over", "--site", site, "--force").returncode == 0
    assert mine.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (site / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine", encoding="utf-8")
    refused = run("policy", "docs", packs(tmp_path), "--site", tmp_path / "site")
    assert refused.returncode == 2 and "site" in refused.stderr
    assert (tmp_path / "site").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("args", [("a", "b"), ("fujian-2007-80", "central-2015-33"),
                                  ("fujian-2007-80", "--site", "s", "--output", "x.html"),
                                  ("nowhere", "--site", "s")])
def test_calls_that_mean_nothing(tmp_path: Path, args: tuple[str, ...]) -> None:
    refused = run("policy", "docs", *args, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert files(tmp_path) == {}


def test_a_broken_pack_leaves_no_half_a_site(tmp_path: Path) -> None:
    folder = packs(tmp_path)
    rules = tmp_path / "tried" / "10-rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("letter.issued_on", "letter.x"),
                     encoding="utf-8")
    refused = run("policy", "docs", "fujian-2007-80", folder, "--site", tmp_path / "site")
    assert refused.returncode == 2 and "letter.x" in refused.stderr
    assert not (tmp_path / "site").exists()


def test_the_index_of_all_packs(tmp_path: Path) -> None:
    shown = run("policy", "docs")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("# Rule packs\n") and "| fujian-2007-80" in shown.stdout
    page = run("policy", "docs", "--format", "html", lang="zh").stdout
    assert page.startswith("<!doctype html>") and "规则包一览" in page and "search-data" not in page
