"""What jobs do. In: a job's folder. Out: its state, result and files, written there.

This runs in a process of its own, which has opened the register for itself.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from zhuanjie.engine.api import ZhuanjieError, use_settings
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import Actor

Progress = Callable[[int, int], None]
"""Told how much of the whole is done."""


class JobContext:
    """What a job works with."""

    def __init__(self, register: Register, actor: Actor, arguments: Mapping[str, Any],
                 folder: Path, progress: Progress) -> None:
        self.register, self.actor, self.arguments = register, actor, arguments
        self.progress, self._folder = progress, folder

    @property
    def files(self) -> Path:
        """The folder for what comes of it."""
        return self._folder / "files"

    @property
    def upload(self) -> Path:
        """The file that was sent with it."""
        return next(self._folder.glob("upload*"))


KINDS: Final[Mapping[str, Callable[[JobContext], Mapping[str, Any]]]] = {}
_LOG: Final = logging.getLogger(__name__)
_OFTEN: Final = 0.25


def run_job(url: str, place: Path, settings: Path | None, folder: Path) -> None:
    """Do the job of a folder."""
    use_settings(settings)
    asked = orjson.loads((folder / "asked.json").read_bytes())
    told = [0.0]

    def progress(done: int, whole: int) -> None:
        now = time.monotonic()
        if now - told[0] >= _OFTEN:
            told[0] = now
            _write(folder, {"state": "running", "done": done, "whole": whole})

    try:
        register = open_register(url, folder=place)
        try:
            result = KINDS[asked["kind"]](JobContext(
                register, Actor(**asked["actor"]), asked["arguments"], folder, progress))
        finally:
            register.close()
        _write(folder, {"state": "done", "result": result})
    except ZhuanjieError as error:
        first = error.diagnostics[0]
        _write(folder, {"state": "failed", "error": {
            "code": first.code, "values": {n: str(v) for n, v in first.args.items()}}})
    except Exception as error:  # noqa: BLE001  # whose message may quote what the register holds
        _LOG.warning("a job failed: %s", type(error).__name__)
        _write(folder, {"state": "failed", "error": {"code": "register.job.failed"}})


def _write(folder: Path, said: Mapping[str, Any]) -> None:
    draft = folder / f"state.json.{uuid.uuid4().hex}"
    draft.write_bytes(orjson.dumps(said))
    draft.replace(folder / "state.json")
