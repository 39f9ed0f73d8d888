"""`watch` killed at a byte of what it writes, or refused a write: all is said, once, at the end."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.disk import Disk, crashes
from support.marks import slow
from support.register_events import some_events, write_events

ARGS = ("--policy", "fujian-2007-80", "--as-of", "2007-05-01", "--lang", "en", "--backend")
SMALL = {"chunk": 300, "tail": 4000}
"""Batches of a few events, and a journal that is soon shortened."""


class Feed:
    """A feed, and a place where `watch` follows it."""

    def __init__(self, disk: Disk, folder: Path, seed: int, count: int,
                 engine: str = "python") -> None:
        self.disk, self.folder, self.engine = disk, folder, engine
        self.here = folder / "here"
        self.here.mkdir()
        self.events = write_events(folder / "events", *some_events(count, seed))
        self.out = self.here / "out"
        ended = self.run()
        assert ended.code == 0, ended.said
        self.whole, self.written = self.out.read_bytes(), ended.written
        self.clear()

    def run(self, **how: int):
        """Follow the feed from where the journal left off; lines are added to `out`."""
        return self.disk("watch", str(self.events), *ARGS, self.engine, "--journal", "journal",
                         below=self.here, stdout=self.out, **SMALL, **how)

    def clear(self) -> None:
        """Begin anew."""
        for path in self.here.iterdir():
            path.unlink()

    def ends_well(self) -> None:
        """To the end, without failures: all is there, and nothing else."""
        ended = self.run()
        assert ended.code == 0, ended.said
        assert self.out.read_bytes() == self.whole
        assert sorted(p.name for p in self.here.iterdir()) == ["journal", "out"]


@pytest.fixture
def feed(disk: Disk, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Feed]:
    """A feed of a seed."""
    yield Feed(disk, tmp_path, *request.param)


def points(feed: Feed, count: int, seed: int) -> list[int]:
    """Bytes at which something happens, from the first to the last."""
    rng = Random(seed)
    return sorted({1, feed.written, *(rng.randint(1, feed.written) for _ in range(count))})


CASES = [(1, (0, 25)), slow(40, (1, 60)), slow(4, (2, 60, "durable"))]


@pytest.mark.parametrize(("count", "feed"), CASES, indirect=["feed"])
def test_killed_at_a_byte(feed: Feed, count: int) -> None:
    for at in points(feed, crashes(count), 1):
        ended = feed.run(kill=at)
        assert ended.code == -9, (at, ended.said)
        feed.ends_well()
        feed.clear()


@pytest.mark.parametrize(("count", "feed"), CASES, indirect=["feed"])
def test_killed_again_and_again(feed: Feed, count: int) -> None:
    """Each start is killed some bytes further on."""
    rng = Random(2)
    for _ in range(crashes(count)):
        if feed.run(kill=rng.randint(1, feed.written // 3)).code == 0:
            break
    feed.ends_well()


@pytest.mark.parametrize(("count", "feed"), CASES, indirect=["feed"])
def test_a_write_fails_at_a_byte(feed: Feed, count: int) -> None:
    """It ends with a message, not with success, and goes on when there is room again."""
    rng = Random(3)
    for at in points(feed, crashes(count), 3)[:-1]:
        error = rng.choice((errno.ENOSPC, errno.EIO, errno.EDQUOT))
        ended = feed.run(fail=at, error=error, sync_error=rng.randrange(2))
        # A journal that cannot be shortened goes on growing, and that is no failure.
        assert ended.code in (2, 3) or "shortened" in ended.said, (at, ended)
        assert "Traceback" not in ended.said
        assert ended.said
        feed.ends_well()
        feed.clear()


@pytest.mark.parametrize("feed", [(4, 25)], indirect=True)
def test_writes_that_take_a_few_bytes(feed: Feed) -> None:
    assert feed.run(piece=7).code == 0
    feed.ends_well()
