"""What jobs do. In: a job's folder. Out: its state, result and files, written there.

This runs in a process of its own, which has opened the register for itself.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from zhuanjie.engine.api import Report, Text, ZhuanjieError, audit, office_zone, say, use_settings
from zhuanjie.report.view import View
from zhuanjie.web.acts.waiver_rows import waiver_entries
from zhuanjie.web.evidence.keys import verifiers_of
from zhuanjie.web.evidence.projections import compare_projections
from zhuanjie.web.evidence.reads import read_in_bulk
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.judging.decisions import decision_draft
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.past import last_event, members_at
from zhuanjie.web.service import bulk
from zhuanjie.web.service.attachment_check import check_attachments
from zhuanjie.web.service.board import DAY_JOB, work_out
from zhuanjie.web.service.exporting import export_to
from zhuanjie.web.service.import_desk import note_saved, write_marked
from zhuanjie.web.service.importing import headings_of, save_upload, undo_import
from zhuanjie.web.service.previews import make_preview
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.service.what_if import tried_law, try_law
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.preview import version_of

Progress = Callable[[int, int | None], None]
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

def audit_register(job: JobContext) -> Mapping[str, Any]:
    """Audit the members that the owner sees, as they stood on a day, by the law of that day."""
    register, day = job.register, _day(job)
    policy = register.policy(day)
    with register.store.reading(job.actor) as conn:
        past = day < register.day()
        upto = last_event(conn, day, office_zone()) if past else version_of(conn)
        tables = given_tables(members_at(conn, upto), "register")
        waivers = waiver_entries(conn, register.vocabulary, upto if past else None)
    given = []
    if waivers:
        file = job.files.parent / "waivers.yaml"
        file.write_bytes(orjson.dumps({"waivers": [dict(each) for each in waivers]}, default=str))
        given.append(file)
    report = audit(tables, policy, as_of=day, lang=job.arguments["lang"], waivers=given,
                   progress=job.progress)
    return {**_saved(job, report), "upto": upto}


def audit_file(job: JobContext) -> Mapping[str, Any]:
    """Audit ledgers that were sent; nothing of them is kept but the results."""
    day, said = _day(job), job.arguments
    policy, files = job.register.policy(day), [
        job.files.parent / "upload" / name for name in said["files"]]
    with _by_name(files, job.files.parent / "named") as names:
        report = audit(names, policy, as_of=day, lang=said["lang"], join=said["join"],
                       absent=said["absent"], columns=said["columns"] or None,
                       progress=job.progress)
        _save(job, report)
    return _decided(job, report)


def export_register(job: JobContext) -> Mapping[str, Any]:
    """Write the members that the owner may take out to files."""
    said = job.arguments
    count = export_to(
        job.register, job.actor, job.files, units=said["units"], formats=said["formats"],
        day=date.fromisoformat(said["as_of"]) if said.get("as_of") else None,
        lists=said["lists"], only=said["only"], full=said["full"], lang=said["lang"])
    return {"records": count}


def work_out_day(job: JobContext) -> Mapping[str, Any]:
    """Work out the figures of a past day."""
    day = _day(job)
    known = work_out(job.register, job.actor, day, job.progress)
    return {"as_of": day.isoformat(), "decision": known.decision, "upto": known.upto}


def import_preview(job: JobContext) -> Mapping[str, Any]:
    """Work out what files that were sent would change."""
    upload = job.register.uploads.upload(job.arguments["upload"], job.actor)
    found = make_preview(job.register, job.actor, upload, job.progress)
    return {"upload": upload.id, "read": found.error is None}


def import_save(job: JobContext) -> Mapping[str, Any]:
    """Save files that were sent, as they were shown."""
    upload = job.register.uploads.upload(job.arguments["upload"], job.actor)
    done = save_upload(job.register, job.actor, upload, job.arguments["token"], job.progress)
    note_saved(job.register, upload, done)
    return {"import": done.id, "counts": dict(done.counts)}


def import_undo(job: JobContext) -> Mapping[str, Any]:
    """Take an import back."""
    said = job.arguments
    done = undo_import(job.register, job.actor, said["import"], said["reason"])
    return {"import": done.past.id, "restored": done.restored, "withdrawn": done.withdrawn,
            "kept": len(done.kept)}


def import_marked(job: JobContext) -> Mapping[str, Any]:
    """Write what is wrong with files that were sent into them, cell by cell."""
    upload = job.register.uploads.upload(job.arguments["upload"], job.actor)
    policy, day = job.register.policy(), _day(job)
    columns = headings_of(job.register, job.actor, upload)
    with _by_name(upload.files, job.files.parent / "named") as names:
        report = audit(names, policy, as_of=day, lang=job.arguments["lang"], columns=columns,
                       progress=job.progress)
        view = View.of(policy, job.arguments["lang"])
        write_marked(report, job.files.parent / "marked", job.files, view)
    return _decided(job, report)


def verify_trail(job: JobContext) -> Mapping[str, Any]:
    """Verify the whole trail."""
    register = job.register
    with register.database.reading() as conn:
        register.guard.require(conn, job.actor, "verify-trail")
        found = verify(conn, verifiers_of(register.place.folder),
                       outside=tuple(job.arguments.get("notes", ())), progress=job.progress)
    if job.arguments.get("projections"):
        found = found.with_more(lambda flaws: compare_projections(register.store, flaws))
    if job.arguments.get("files"):
        with register.database.reading() as conn:
            found = found.with_more(
                lambda flaws: check_attachments(conn, register.attachments, flaws))
    lang = job.arguments["lang"]
    return {"size": found.size, "root": found.root.hex() if found.root else None,
            "checkpoints": found.checkpoints, "covered": found.covered, "flaws": [
                {"seq": flaw.seq, "code": code, "message": say(code, lang, **args)}
                for flaw in found.flaws for code, args in (flaw.message,)],
            "count": found.count, "holds": not found.count}


def _day(job: JobContext) -> date:
    said = job.arguments.get("as_of")
    return date.fromisoformat(said) if said else job.register.day()


def _saved(job: JobContext, report: Report) -> dict[str, Any]:
    """Write a report in the forms asked for, and keep that it was made."""
    _save(job, report)
    return _decided(job, report)


def _save(job: JobContext, report: Report) -> None:
    for ending in job.arguments["formats"]:
        report.save(job.files / f"audit.{ending}")


@contextmanager
def _by_name(files: Sequence[Path], folder: Path) -> Iterator[list[str]]:
    """The same files by their names alone, as this process sees them for the block: a report names
    what it read, and where that is kept is told nobody.
    """
    known = Counter(file.name for file in files)
    names = [name if known[name] == 1 and name[0].isalnum() else f"{number}/{name}"
             for number, name in enumerate((file.name for file in files), 1)]
    for file, name in zip(files, names, strict=True):
        place = folder / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    try:
        with chdir(folder):
            yield names
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _decided(job: JobContext, report: Report) -> dict[str, Any]:
    """Keep that a report was made."""
    ref = report.policy
    by_outcome = Counter(str(found.outcome) for found in report.findings)
    with job.register.store.change(job.actor) as work:
        judge = job.register.judging.law.judge(work.conn, report.as_of)
        read_in_bulk(work, "audit", report.ledger.records, unit=job.actor.unit)
        decision = work.record(decision_draft(
            judge, report.ledger.sha256, (f.outcome for f in report.findings),
            records=report.ledger.records, why=("audit",)))
    return {"policy": {"id": ref.id, "version": ref.version, "sha256": ref.sha256},
            "as_of": report.as_of.isoformat(), "decision": decision.id,
            "records": report.ledger.records, "outcomes": dict(by_outcome)}


def what_if(job: JobContext) -> Mapping[str, Any]:
    """Try another law on the members that the owner sees."""
    register, day, said = job.register, _day(job), job.arguments
    law = tried_law(register, day, said.get("policy"), said.get("params", {}))
    return try_law(register, job.actor, day, law, job.files, said["lang"], job.progress)


def bulk_look(job: JobContext) -> Mapping[str, Any]:
    """Say what an act would come to for each of a list, or of those that were looked at before;
    where more is to be typed first, who they are alone.
    """
    said, folder = job.arguments, job.files.parent
    if (before := said.get("look")) is not None:
        chosen = bulk.as_now(job.register, job.actor, bulk.kept_chosen(folder.parent / before))
    elif "chosen" in said:
        chosen = bulk.as_now(job.register, job.actor, said["chosen"])
    else:
        chosen = bulk.choose(job.register, job.actor, said["list"])
        with job.register.store.change(job.actor) as work:
            read_in_bulk(work, "list", len(chosen), unit=job.actor.unit)
    bulk.keep_chosen(folder, chosen)
    if not said["ready"]:
        return {"looked": False, "whole": len(chosen)}
    return bulk.go_through(
        job.register, job.actor, bulk.act_of(said), chosen, said["lang"], named=bulk.NAMED,
        file=job.files / bulk.FILE, progress=job.progress)


def bulk_do(job: JobContext) -> Mapping[str, Any]:
    """Do what was looked at, to each by itself; what another go has done already is not repeated.
    """
    said = job.arguments
    chosen = bulk.kept_chosen(job.files.parent.parent / said["look"])
    return bulk.go_through(
        job.register, job.actor, bulk.act_of(said), chosen, said["lang"], key=said["look"],
        do=True, named=bulk.NAMED, file=job.files / bulk.FILE, progress=job.progress)


KINDS: Final[Mapping[str, Callable[[JobContext], Mapping[str, Any]]]] = {
    "audit-register": audit_register, "audit-file": audit_file, "verify-trail": verify_trail,
    "export": export_register, DAY_JOB: work_out_day,
    "import-preview": import_preview, "import-save": import_save,
    "import-undo": import_undo, "import-marked": import_marked,
    "what-if": what_if, bulk.LOOK: bulk_look, bulk.DO: bulk_do,
}
_LOG: Final = logging.getLogger(__name__)
_OFTEN: Final = 0.25


def run_job(url: str, place: Path, settings: Path | None, folder: Path) -> None:
    """Do the job of a folder."""
    folder, place = folder.resolve(), place.resolve()  # a job may work in a folder of its own
    use_settings(settings)
    asked = orjson.loads((folder / "asked.json").read_bytes())
    told = [0.0]

    def progress(done: int, whole: int | None) -> None:
        now = time.monotonic()
        if now - told[0] >= _OFTEN:
            told[0] = now
            _write(folder, {"state": "running", "done": done, "whole": whole or 0})

    try:
        # The day is that of whoever asked: a job that runs past midnight is of one day.
        today = date.fromisoformat(asked["arguments"]["today"])
        register = open_register(url, folder=place, day=lambda: today)
        try:
            result = KINDS[asked["kind"]](JobContext(
                register, Actor(**asked["actor"]), asked["arguments"], folder, progress))
        finally:
            register.close()
        _write(folder, {"state": "done", "result": result})
    except ZhuanjieError as error:
        first = error.diagnostics[0]
        _write(folder, {"state": "failed", "error": {
            "code": first.code, "values": {
                n: v.model_dump() if isinstance(v, Text) else str(v)
                for n, v in first.args.items()}}})
    except Exception as error:  # noqa: BLE001  # whose message may quote what the register holds
        _LOG.warning("a job failed: %s", type(error).__name__)
        _write(folder, {"state": "failed", "error": {"code": "register.job.failed"}})


def _write(folder: Path, said: Mapping[str, Any]) -> None:
    draft = folder / f"state.json.{uuid.uuid4().hex}"
    draft.write_bytes(orjson.dumps(said))
    draft.replace(folder / "state.json")
