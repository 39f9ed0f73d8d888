"""`audit` killed at a byte of what it writes, or refused a write: no output is cut and looks whole."""

from __future__ import annotations

import errno
from pathlib import Path
from random import Random

import polars as pl
import pytest
from support.cli_command import LEDGER, record, write_ledger
from support.disk import Disk, Ended, crashes
from support.marks import few

ARGS = ("--policy", "fujian-2007-80", "--fail-on", "never", "--lang", "en", "-q")
NOW, BEFORE = "2007-12-31", "2007-11-30"
FORMS = {
    "out.txt": (), "out.md": (), "out.html": (), "out.json": (), "out.jsonl": (), "out.csv": (),
    "out.parquet": (), "out.xml": (), "out.sarif": (), "out.xlsx": (), "marked.xlsx": (),
    "github.txt": ("-f", "github"), "gitlab.json": ("-f", "gitlab"),
}
"""Each form of output, by the file it is written to, and how it is asked for."""


class Place:
    """A ledger, a former output beside it, and a folder for files of the moment."""

    def __init__(self, disk: Disk, folder: Path, name: str) -> None:
        self.disk, self.here, self.name = disk, folder / "here", name
        self.here.mkdir()
        (self.here / "tmp").mkdir()
        rows = [*LEDGER, *(record(n, 回执收到日期="") for n in range(8, 60))]
        self.ledger = write_ledger(self.here / "ledger.csv", rows)
        if name == "marked.xlsx":
            self.ledger.unlink()
            self.ledger = self.here / "ledger.xlsx"
            pl.DataFrame(rows).write_excel(self.ledger)
        self.target = self.here / name

    def run(self, *args: str, as_of: str = NOW, **how: int) -> Ended:
        """Audit the ledger into the target."""
        return self.disk(
            "audit", self.ledger.name, *ARGS, "--as-of", as_of, *FORMS.get(self.name, ()), *args,
            "-o", self.name, below=self.here, tmp=str(self.here / "tmp"), **how)

    def others(self) -> list[str]:
        """All that stands there beside the ledger and the target."""
        return sorted(str(p.relative_to(self.here)) for p in self.here.rglob("*")
                      if p not in (self.ledger, self.target) and self.target not in p.parents)

    def points(self, written: int, count: int, seed: int) -> list[int]:
        """Bytes at which something happens."""
        rng = Random(seed)
        return [rng.randint(1, written) for _ in range(crashes(count))]


@pytest.mark.parametrize(("name", "count"), few([(name, 2) for name in FORMS], ("out.json", 2)))
def test_a_file_is_whole_or_what_it_was(
        disk: Disk, tmp_path: Path, name: str, count: int) -> None:
    place = Place(disk, tmp_path, name)
    first = place.run("--skip", "1.6b", as_of=BEFORE)
    assert first.code == 0, first.said
    former = place.target.read_bytes()
    second = place.run()
    whole, written = place.target.read_bytes(), second.written
    assert second.code == 0
    assert whole != former
    assert written > 1000
    for at in place.points(written, count, 1):
        place.target.write_bytes(former)
        killed = place.run(kill=at)
        assert killed.code == -9, (at, killed.said)
        assert place.target.read_bytes() in (former, whole), at
        again = place.run()  # which sweeps what the killed one left
        assert again.code == 0, (at, again.said)
        assert place.target.read_bytes() == whole, at
        assert place.others() == ["tmp"], at
    rng = Random(2)
    for at in place.points(written - 1, count, 3):
        place.target.write_bytes(former)
        error = rng.choice((errno.ENOSPC, errno.EIO))
        failed = place.run(fail=at, error=error, piece=rng.choice((0, 100)))
        assert failed.code == 2, (at, failed)
        assert "Traceback" not in failed.said
        assert place.target.read_bytes() == former, at
        assert place.others() == ["tmp"], at


@pytest.mark.parametrize("count", few((2, 10), 2))
def test_what_goes_to_stdout_is_all_there_or_the_exit_code_says_so(
        disk: Disk, tmp_path: Path, count: int) -> None:
    place = Place(disk, tmp_path, "out")
    form = Random(4)

    def run(how: str, **more: int) -> Ended:
        place.target.unlink(missing_ok=True)
        return disk("audit", "ledger.csv", *ARGS, "--as-of", NOW, "-f", how, below=place.here,
                    stdout=place.target, tmp=str(place.here / "tmp"), **more)

    for _ in range(crashes(count)):
        how = form.choice(("table", "json", "jsonl", "csv", "markdown", "sarif", "junit"))
        assert run(how).code == 0
        size = place.target.stat().st_size
        whole = run(how).written
        failed = run(how, fail=whole - form.randint(1, size), error=errno.ENOSPC)
        assert failed.code == 2, (how, failed)
        assert "Traceback" not in failed.said
        assert place.others() == ["tmp"]


@pytest.mark.parametrize("count", few((1, 4), 1))
def test_a_folder_of_parts_is_resumed(disk: Disk, tmp_path: Path, count: int) -> None:
    place = Place(disk, tmp_path, "parts")
    keys = ("--partition-by", "clause,outcome")

    def rows() -> list[str]:
        return sorted(f"{path.parent} {row}" for path in place.target.rglob("*.parquet")
                      for row in pl.read_parquet(path, hive_partitioning=False).rows())

    def clear() -> None:
        for path in sorted(place.target.rglob("*"), reverse=True):
            (path.rmdir if path.is_dir() else path.unlink)()
        place.target.rmdir()

    first = place.run(*keys)
    assert first.code == 0, first.said
    whole, names = rows(), {p.name for p in place.target.rglob("*")}
    assert len(whole) > 50
    for at in place.points(first.written, count, 5):
        for how in ({"kill": at}, {"fail": at - 1, "error": errno.ENOSPC}):
            clear()
            ended = place.run(*keys, **how)
            assert ended.code == (-9 if "kill" in how else 2), (at, ended)
            assert set(rows()) <= set(whole)
            resumed = place.run(*keys, "--resume")
            assert resumed.code == 0, (at, resumed.said)
            assert rows() == whole
            assert {p.name for p in place.target.rglob("*")} == names
            assert place.others() == ["tmp"]
