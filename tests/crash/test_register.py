"""A register whose processes are killed, whose disk is full, whose server goes and comes back.

What was acknowledged is there, nothing is there by half, and the trail is whole.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from support import engines
from support.cluster import Cluster, cluster
from support.disk import Disk, Ended, crashes
from support.register_writer import Promises, change, opened

CHANGES = 40
KILLED, DIED = -9, -14
SAFE = "fsync=on\nsynchronous_commit=on\nfull_page_writes=on\n"
"""What the server of an office has, and that of other tests has not."""


class Place:
    """A folder with a register, and a process that writes to it."""

    def __init__(self, disk: Disk, folder: Path, url: str = "") -> None:
        self.disk, self.here, self.said = disk, folder / "here", folder / "said"
        self.here.mkdir()
        self.promises = Promises(url or f"sqlite:///{self.here / 'register.db'}")

    def run(self, changes: int = CHANGES, dies_after: float = 0, **how: int) -> Ended:
        """Let a process make changes, and take in what it says."""
        ended = self.disk(below=self.here, stdout=self.said, **how, writer={
            "url": self.promises.url, "start": self.promises.next, "changes": changes,
            "dies_after": dies_after})
        self.promises.take(self.said)
        return ended


def test_sqlite_killed_at_a_byte(disk: Disk, tmp_path: Path) -> None:
    rng, place, killed = Random(0), Place(disk, tmp_path), 0
    (tmp_path / "whole").mkdir()
    whole = Place(disk, tmp_path / "whole").run()
    for _ in range(crashes(4)):
        ended = place.run(kill=rng.randint(1, whole.written))
        assert ended.code in (0, KILLED), ended.said
        killed += ended.code == KILLED
        place.promises.check()
    assert killed
    assert place.promises.acknowledged


@pytest.mark.slow
def test_sqlite_on_a_disk_that_is_full(disk: Disk, tmp_path: Path) -> None:
    rng, place = Random(1), Place(disk, tmp_path)
    written = place.run().written
    for _ in range(crashes(4)):
        ended = place.run(fail=rng.randint(1, written), error=errno.ENOSPC)
        assert ended.code in (0, 2), ended.said
        place.promises.check()
    assert place.promises.refused
    ended = place.run()
    assert ended.code == 0, ended.said
    place.promises.check()


@pytest.mark.slow
def test_sqlite_on_a_disk_that_syncs_nothing(disk: Disk, tmp_path: Path) -> None:
    """What could not be brought to the disk is not acknowledged."""
    rng, place = Random(2), Place(disk, tmp_path)
    written = place.run().written
    for _ in range(crashes(4)):
        ended = place.run(fail=rng.randint(1, written), error=errno.EIO, sync_error=1)
        assert ended.code in (0, 2), ended.said
        place.promises.check()


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of its own, since it is killed; it keeps what it acknowledges."""
    engines.need("postgresql")
    with cluster(SAFE) as made:
        yield made


@pytest.mark.slow
@pytest.mark.engine("postgresql")
def test_postgresql_its_client_killed(disk: Disk, tmp_path: Path, server: Cluster) -> None:
    rng = Random(3)
    place = Place(disk, tmp_path, server.database("killed"))
    for _ in range(2):  # the first one takes longer than those that follow
        begun = time.monotonic()
        assert place.run().code == 0
        takes = time.monotonic() - begun
    place.promises.check()
    died = 0
    for _ in range(crashes(4)):
        ended = place.run(dies_after=rng.uniform(0.001, takes))
        assert ended.code in (0, DIED), ended.said
        died += ended.code == DIED
        place.promises.check()
    assert died


@pytest.mark.slow
@pytest.mark.engine("postgresql")
def test_postgresql_killed_under_its_client(disk: Disk, tmp_path: Path, server: Cluster) -> None:
    """The client goes on by itself once the server is back."""
    rng = Random(4)
    place = Place(disk, tmp_path, server.database("server"))
    assert place.run(4).code == 0
    for _ in range(crashes(2)):
        with ThreadPoolExecutor(1) as aside:
            writing = aside.submit(place.run, 2 * CHANGES)
            time.sleep(rng.uniform(0.05, 0.8))
            server.stop("immediate")
            server.start()  # here: it ends with the thread that started it
        ended = writing.result()
        assert ended.code in (0, 2), ended.said
        place.promises.check(may_be_refused_and_there=True)
    ended = place.run(4)
    assert ended.code == 0, ended.said
    assert len(place.promises.acknowledged) >= 8


@pytest.mark.slow
@pytest.mark.engine("postgresql")
def test_a_server_that_goes_and_comes_back(server: Cluster) -> None:
    """One process, whose connections are all lost."""
    from sqlalchemy.exc import DBAPIError

    promises = Promises(server.database("away"))
    store = opened(promises.url)
    for number in range(0, 3 * crashes(1), 3):
        change(store, number)
        server.stop("immediate")
        with pytest.raises(DBAPIError):
            change(store, number + 1)
        server.start()
        change(store, number + 2)
        promises.acknowledged |= {number, number + 2}
        promises.refused.add(number + 1)
    promises.check()
