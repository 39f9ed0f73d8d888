"""Imports step by step, for those who look before they save. In: uploads. Out: previews, events.

What is small is done at once. What is large is a job: whoever asked for it may leave, and finds it
again with the upload.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import Lang, Report, fail
from zhuanjie.report.view import View
from zhuanjie.report.workbook.save import save as save_book
from zhuanjie.web.service.importing import save_upload, undo_import
from zhuanjie.web.service.jobs import ENDED, Job, JobRunner
from zhuanjie.web.service.previews import (
    StoredPreview,
    forget_preview,
    make_preview,
    stored_preview,
)
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.errors import ConflictError, NotFoundError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.projection import PastImport, import_of
from zhuanjie.web.transfer.save import SavedImport
from zhuanjie.web.transfer.undo import UndoneImport

SMALL: Final = 200_000
"""Bytes of files that are read while somebody waits."""
FEW: Final = 300
"""Members that are saved, or taken back, while somebody waits."""
SAVED: Final = "import"
"""The note of an upload that was saved: the import."""
MARKED: Final = "marked"
"""The name of the marked workbook, and the note of the job that makes it."""
_JOB: Final = "job"


@dataclass(frozen=True, slots=True)
class ImportDesk:
    """Imports of one register, with what does jobs."""

    register: Register
    jobs: JobRunner

    def look(self, actor: Actor, upload: Upload, lang: Lang) -> StoredPreview | Job:
        """What saving an upload would do: as it was worked out, or the job that works it out."""
        found = stored_preview(upload)
        if found is not None:
            return found
        running = self.running(actor, upload)
        if running is not None:
            return running
        self._require(actor)
        if upload.size <= SMALL:
            return make_preview(self.register, actor, upload)
        return self._begin("import-preview", actor, upload, lang, {})

    def look_anew(self, actor: Actor, upload: Upload, *,
                  columns: Mapping[str, str] | None = None,
                  options: Mapping[str, str | bool] | None = None) -> Upload:
        """Have an upload read again: with other headings, in another way, or as things are now."""
        self._idle(actor, upload)
        said = {**upload.options, **(options or {})}
        if columns is not None:
            said["columns"] = dict(columns)
        forget_preview(upload)
        changed = self.register.uploads.change(upload, said)
        return self.register.uploads.note(changed, **{_JOB: "", MARKED: ""})

    def save(self, actor: Actor, upload: Upload, token: str, lang: Lang) -> SavedImport | Job:
        """Save an upload as it was shown; the job that does, where it is large.

        Raises ConflictError, and saves nothing, where it would be something else by now.
        """
        self._idle(actor, upload)
        found = stored_preview(upload)
        if found is None or found.error is not None:
            raise fail(ConflictError, "register.import.unseen")
        self._require(actor)
        if upload.size > SMALL or found.changes > FEW:
            return self._begin("import-save", actor, upload, lang, {"token": token})
        done = save_upload(self.register, actor, upload, token)
        note_saved(self.register, upload, done)
        return done

    def mark(self, actor: Actor, upload: Upload, lang: Lang) -> Job:
        """Have an upload's workbook marked: a job, whose file is the workbook."""
        job = self.marked(actor, upload)
        if job is not None and job.state not in {"failed", "cancelled"}:
            return job
        self._require(actor)
        job = self.jobs.submit("import-marked", actor, self._arguments(upload, lang))
        self.register.uploads.note(upload, **{MARKED: job.id})
        return job

    def marked(self, actor: Actor, upload: Upload) -> Job | None:
        """The job that marks an upload's workbook, where one was asked for since it was read."""
        return self._noted(actor, upload, MARKED)

    def undo(self, actor: Actor, id: str, reason: str | None, lang: Lang) -> UndoneImport | Job:
        """Take an import back; the job that does, where it is large."""
        past = self.past(actor, id)
        running = self.undoing(actor, past.id)
        if running is not None and running.state not in ENDED:
            return running
        if past.undone is None and past.counts.get("new", 0) + past.counts.get("changed", 0) > FEW:
            return self.jobs.submit("import-undo", actor, {
                "import": past.id, "reason": reason, **self._asked(lang)})
        return undo_import(self.register, actor, past.id, reason)

    def undoing(self, actor: Actor, id: str) -> Job | None:
        """The last job that takes an import back."""
        return next((job for job in self.jobs.jobs(actor) if job.kind == "import-undo"
                     and job.arguments.get("import") == id), None)

    def past(self, actor: Actor, id: str) -> PastImport:
        """An import that was saved; raises NotFoundError where none is seen."""
        with self.register.store.reading(actor) as conn:
            past = import_of(conn, id)
        if past is None:
            raise fail(NotFoundError, "register.import.gone")
        return past

    def running(self, actor: Actor, upload: Upload) -> Job | None:
        """The job that reads or saves an upload, where one is waiting or under way."""
        job = self.last(actor, upload)
        return job if job is not None and job.state not in ENDED else None

    def last(self, actor: Actor, upload: Upload) -> Job | None:
        """The last job that read or saved an upload, as it is by now."""
        return self._noted(actor, upload, _JOB)

    def _noted(self, actor: Actor, upload: Upload, note: str) -> Job | None:
        id = self.register.uploads.upload(upload.id, actor).notes.get(note, "")
        try:
            return self.jobs.job(id, actor) if id else None
        except NotFoundError:
            return None

    def _idle(self, actor: Actor, upload: Upload) -> None:
        if self.running(actor, upload) is not None:
            raise fail(ConflictError, "register.import.busy")

    def _begin(self, kind: str, actor: Actor, upload: Upload, lang: Lang,
               more: Mapping[str, str]) -> Job:
        job = self.jobs.submit(kind, actor, {**self._arguments(upload, lang), **more})
        self.register.uploads.note(upload, **{_JOB: job.id})
        return job

    def _arguments(self, upload: Upload, lang: Lang) -> dict[str, str]:
        return {"upload": upload.id, **self._asked(lang)}

    def _asked(self, lang: Lang) -> dict[str, str]:
        return {"lang": lang, "today": self.register.day().isoformat()}

    def _require(self, actor: Actor) -> None:
        with self.register.store.reading(actor) as conn:
            self.register.guard.require(conn, actor, "import")


def note_saved(register: Register, upload: Upload, done: SavedImport) -> None:
    """Keep with an upload as which import it was saved."""
    id = done.id or (done.before.id if done.before is not None else None)
    if id is not None:
        register.uploads.note(upload, **{SAVED: id})


def write_marked(report: Report, folder: Path, out: Path, view: View) -> None:
    """Write a report's ledgers with its findings marked in them: a workbook, several as an archive.
    """
    folder.mkdir(mode=0o700)
    save_book(report, folder, view)
    made = sorted(folder.iterdir())
    if len(made) == 1:
        shutil.move(made[0], out / f"{MARKED}{made[0].suffix.lower()}")
        return
    with zipfile.ZipFile(out / f"{MARKED}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in made:
            archive.write(file, file.name)
