"""Jobs as others meet them: whoever has another role by now, a process that cannot be begun."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

import pytest
from support.values import replace

from zhuanjie.web.service import jobs
from zhuanjie.web.service.job_kinds import run_job
from zhuanjie.web.service.jobs import Job, JobRunner
from zhuanjie.web.service.place import RegisterPlace
from zhuanjie.web.service.uploads import Uploads
from zhuanjie.web.store.errors import ConflictError, NotFoundError
from zhuanjie.web.store.event import Actor

OWNER = Actor("li", "college", unit="maths")


def _do(_url: str, _place: Path, _settings: Path | None, folder: Path) -> None:
    (folder / jobs.FILES / "result.json").write_text("{}")
    (folder / jobs.STATE).write_text('{"state": "done", "result": {}}')


def ended(runner: JobRunner, job: Job) -> Job:
    until = time.monotonic() + 60
    while job.state not in jobs.ENDED and time.monotonic() < until:
        time.sleep(0.05)
        job = runner.job(job.id, OWNER)
    return job


def test_what_somebody_had_in_another_role_or_unit_is_not_theirs(tmp_path: Path) -> None:
    runner = JobRunner(RegisterPlace("sqlite://", tmp_path), _do)
    job = runner.submit("export", OWNER, {})
    _do("", tmp_path, None, tmp_path / "jobs" / job.id)
    assert runner.job(job.id, OWNER).files == ("result.json",)
    for other in (replace(OWNER, unit="physics"), replace(OWNER, role="branch"),
                  replace(OWNER, id="wang")):
        for ask in (lambda who: runner.job(job.id, who),
                    lambda who: runner.file(job.id, "result.json", who)):
            with pytest.raises(NotFoundError):
                ask(other)
        assert runner.jobs(other) == []


def test_a_job_that_is_taken_away_meanwhile_is_not_listed(tmp_path: Path) -> None:
    runner = JobRunner(RegisterPlace("sqlite://", tmp_path), _do)
    job, half = (runner.submit("export", OWNER, {}) for _ in range(2))
    (tmp_path / "jobs" / half.id / jobs.FILES).rmdir()
    assert [each.id for each in runner.jobs(OWNER)] == [job.id]


def test_of_one_owner_only_so_many_wait(tmp_path: Path) -> None:
    runner = JobRunner(RegisterPlace("sqlite://", tmp_path), _do)
    waiting = [runner.submit("export", OWNER, {}) for _ in range(10)]
    with pytest.raises(ConflictError):
        runner.submit("export", OWNER, {})
    runner.submit("export", replace(OWNER, id="wang"), {})
    runner.cancel(waiting[3].id, OWNER)
    runner.submit("export", OWNER, {})


def test_files_that_somebody_sent_in_another_role_or_unit_are_not_theirs(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    sent = uploads.receive(OWNER, [("a.csv", BytesIO(b"a"))], {})
    assert uploads.upload(sent.id, OWNER).files
    for other in (replace(OWNER, unit="physics"), replace(OWNER, role="department")):
        assert uploads.uploads(other) == []
        with pytest.raises(NotFoundError):
            uploads.upload(sent.id, other)


def test_a_job_that_cannot_be_begun_holds_up_no_other(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, full = jobs._write, [True]

    def no_room(folder: Path, said: dict[str, object]) -> None:
        if said["state"] == "running" and full:
            full.clear()
            raise OSError(28, "No space left on device")
        write(folder, said)

    monkeypatch.setattr(jobs, "_write", no_room)
    # Without a day in its arguments the job itself fails, which only its process can say.
    runner = JobRunner(RegisterPlace("sqlite://", tmp_path), run_job)
    runner.start()
    try:
        first = ended(runner, runner.submit("export", OWNER, {}))
        assert first.state == "failed" and first.error == {"code": "register.job.died"}
        second = ended(runner, runner.submit("export", OWNER, {}))
        assert second.error == {"code": "register.job.failed"}
    finally:
        runner.stop()
