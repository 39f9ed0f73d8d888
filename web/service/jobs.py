"""Work that takes long. In: a kind of job, its arguments. Out: a process of its own, its results.

A job is a folder: what was asked, how far it is, what came of it. Its process is begun by spawn, so
that it has threads of its own, and the process that answers requests judges no ledger. Results hold
personal data: they are their owner's, and are taken away after some days.
"""

from __future__ import annotations

import logging
import multiprocessing
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from zhuanjie.engine.api import fail, settings_file
from zhuanjie.web.service.place import RegisterPlace
from zhuanjie.web.service.uploads import owner_of
from zhuanjie.web.store.errors import ConflictError, NotFoundError
from zhuanjie.web.store.event import Actor

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ASKED: Final = "asked.json"
STATE: Final = "state.json"
FILES: Final = "files"
CANCELLED: Final = "cancelled"
KEPT: Final = timedelta(days=7)
ENDED: Final = frozenset({"done", "failed", "cancelled"})
_WAITING: Final = 50
_OWN: Final = 10
_ID: Final = re.compile(r"[0-9a-f]{32}")
_PRIVATE: Final = 0o700
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One job, as its folder has it."""

    id: str
    kind: str
    owner: str
    made_at: str
    arguments: Mapping[str, Any]
    state: State
    done: int = 0
    whole: int = 0
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    files: tuple[str, ...] = ()


class JobRunner:
    """Runs jobs one after another; safe to share among threads."""

    def __init__(self, place: RegisterPlace, run: Callable[..., None], *,
                 seconds: float = 3600) -> None:
        """`run` does a job in its process; one that takes longer than `seconds` is ended."""
        self._place, self._run, self._seconds = place, run, seconds
        self._folder = place.folder / "jobs"
        self._waiting: dict[str, str] = {}
        """The owners of those that wait, in their turn."""
        self._changed = threading.Condition()
        self._running: tuple[str, BaseProcess] | None = None
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> None:
        """Begin to work; what another start left unfinished has failed."""
        self._folder.mkdir(mode=_PRIVATE, exist_ok=True)
        for folder in self._folder.iterdir():
            if _ID.fullmatch(folder.name) and _state(folder)["state"] not in ENDED:
                _write(folder, {"state": "failed", "error": {"code": "register.job.lost"}})
        self.tidy()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; the job that runs is ended."""
        with self._changed:
            self._ended = True
            if self._running is not None:
                self._running[1].terminate()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def submit(self, kind: str, actor: Actor, arguments: Mapping[str, Any],
               upload: Path | None = None) -> Job:
        """Have a job done; `upload` is a folder that it reads, which is moved into its own.

        Raises ConflictError where too many wait, of all or of this one's.
        """
        with self._changed:
            own = sum(owner == actor.id for owner in self._waiting.values())
            if len(self._waiting) >= _WAITING or own >= _OWN:
                raise fail(ConflictError, "register.job.full")
        id = uuid.uuid4().hex
        folder = self._folder / id
        asked = {"kind": kind, "owner": actor.id, "actor": asdict(actor),
                 "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                 "arguments": dict(arguments)}
        try:
            (folder / FILES).mkdir(mode=_PRIVATE, parents=True)
            if upload is not None:
                shutil.move(upload, folder / "upload")
            (folder / ASKED).write_bytes(orjson.dumps(asked))
            _write(folder, {"state": "waiting"})
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._changed:
            self._waiting[id] = actor.id
            self._changed.notify_all()
        return self.job(id, actor)

    def job(self, id: str, actor: Actor) -> Job:
        """A job of `actor`'s; raises NotFoundError for any other."""
        folder = self._folder / id
        if not _ID.fullmatch(id) or not (folder / ASKED).is_file():
            raise fail(NotFoundError, "register.job.none")
        try:
            asked = orjson.loads((folder / ASKED).read_bytes())
            files = tuple(sorted(p.name for p in (folder / FILES).iterdir()))
        except (OSError, orjson.JSONDecodeError):  # just taken away, or never written whole
            raise fail(NotFoundError, "register.job.none") from None
        if owner_of(Actor(**asked["actor"])) != owner_of(actor):
            raise fail(NotFoundError, "register.job.none")
        said = _state(folder)
        return Job(id, asked["kind"], asked["owner"], asked["made_at"], asked["arguments"],
                   said["state"], said.get("done", 0), said.get("whole", 0), said.get("result"),
                   said.get("error"), files if said["state"] == "done" else ())

    def jobs(self, actor: Actor) -> list[Job]:
        """The jobs of `actor`, the latest first."""
        found = []
        for folder in self._folder.iterdir():
            with suppress(NotFoundError):
                found.append(self.job(folder.name, actor))
        return sorted(found, key=lambda job: (job.made_at, job.id), reverse=True)

    def file(self, id: str, name: str, actor: Actor) -> Path:
        """A file that came of a job; raises NotFoundError where there is none."""
        job = self.job(id, actor)
        if name not in job.files:  # so that no name leads out of the folder
            raise fail(NotFoundError, "register.job.none")
        return self._folder / id / FILES / name

    def cancel(self, id: str, actor: Actor) -> Job:
        """End a job; one that has ended stays as it is."""
        job = self.job(id, actor)
        if job.state in ENDED:
            return job
        with self._changed:
            self._waiting.pop(id, None)
            (self._folder / id / CANCELLED).touch()
            if self._running is not None and self._running[0] == id:
                self._running[1].terminate()
        return self.job(id, actor)

    def tidy(self) -> None:
        """Take away what is old."""
        oldest = time.time() - KEPT.total_seconds()
        for folder in self._folder.iterdir():
            with suppress(OSError):
                if _ID.fullmatch(folder.name) and folder.stat().st_mtime < oldest \
                        and _state(folder)["state"] in ENDED:
                    shutil.rmtree(folder)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if self._ended:
                    return
                id = next(iter(self._waiting))
                del self._waiting[id]
                if _state(self._folder / id)["state"] in ENDED:
                    continue
                process = multiprocessing.get_context("spawn").Process(
                    target=self._run, name=f"job {id}", daemon=True,
                    args=(self._place.url, self._place.folder, settings_file(),
                          self._folder / id))
                try:
                    _write(self._folder / id, {"state": "running"})
                    process.start()
                except OSError as error:  # no room for a file, or for a process; others come
                    _LOG.warning("a job was not begun: %s", type(error).__name__)
                    self._failed(id)
                    continue
                self._running = id, process
            process.join(self._seconds)
            if process.is_alive():
                process.kill()
                process.join()
            with self._changed:
                self._running = None
                if _state(self._folder / id)["state"] not in ENDED:
                    self._failed(id)
            with suppress(OSError):
                self.tidy()

    def _failed(self, id: str) -> None:
        """Say that a job failed; without room for it the next start says so."""
        with suppress(OSError):
            _write(self._folder / id, {"state": "failed", "error": {"code": "register.job.died"}})


def _state(folder: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = orjson.loads((folder / STATE).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        said = {"state": "failed", "error": {"code": "register.job.lost"}}
    # What its process wrote last may be older than that somebody ended it.
    if said["state"] != "done" and (folder / CANCELLED).exists():
        return {"state": "cancelled"}
    return said


def _write(folder: Path, said: Mapping[str, Any]) -> None:
    draft = folder / f"{STATE}.{uuid.uuid4().hex}"
    draft.write_bytes(orjson.dumps(said))
    draft.replace(folder / STATE)
