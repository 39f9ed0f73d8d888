"""Where acts are asked for. In: a store, who acts, what is asked. Out: what was done, or a refusal.

Each act is a change of its own. One that the rules forbid is kept as a decision, in the change in
which it was judged, and raised once that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zhuanjie.engine.api import Lang, ZhuanjieError, fail
from zhuanjie.web.acts.attachments import Attachment, AttachmentFolder, check_room
from zhuanjie.web.acts.idempotency import body_hash, keep_answer, kept_answer
from zhuanjie.web.acts.mending import plain_ways, refusal_fix
from zhuanjie.web.acts.perform import ActDesk, AskedAct, DoneAct, PreparedAct
from zhuanjie.web.judging.casework import decide
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError, RefusedError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.store import RegisterStore


@dataclass(frozen=True, slots=True)
class ActAnswer:
    """What an act came to, as plain data; `repeated` where the same was asked and done before."""

    data: Mapping[str, Any]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became, or would become, of one member of a selection."""

    member: str
    answer: Mapping[str, Any] | None = None
    error: ZhuanjieError | None = None


@dataclass(frozen=True)
class ActRoom:
    """Acts on a register; safe to share among threads."""

    store: RegisterStore
    desk: ActDesk
    folder: AttachmentFolder | None = None

    def do(self, actor: Actor, asked: AskedAct, *, key: str | None = None,
           lang: Lang = "zh", search: bool = True) -> ActAnswer:
        """Do an act. With a `key` the same request is answered and not done again.

        With `search` a refusal says what would let the act through.

        Raises NotFoundError, ForbiddenError, ConflictError, InputError, RefusedError.
        """
        # In another role or unit it is another request: what was answered may be seen no more.
        now = self.store.now()
        body = body_hash({**_plain(asked), "role": actor.role, "unit": actor.unit})
        with self.store.change(actor) as work:
            if key is not None:
                kept = kept_answer(work.conn, actor.id, key, body, now)
                if kept is not None:
                    return ActAnswer(kept, repeated=True)
            done = self.perform(work, asked, lang=lang)
            if isinstance(done, DoneAct):
                answer = answer_of(done)
                if key is not None:
                    keep_answer(work, key, body, answer, now)
        if isinstance(done, RefusedError):
            if search:  # once nobody waits for the trail
                done.fix = self._fix(actor, asked, lang)
            raise done
        return ActAnswer(answer)

    def _fix(self, actor: Actor, asked: AskedAct, lang: Lang) -> Mapping[str, Any] | None:
        with self.store.reading(actor) as conn:
            try:
                prepared = self.desk.prepare(conn, actor, asked, lang=lang)
            except ZhuanjieError:  # somebody else has changed the case since
                return None
            found = refusal_fix(self.desk, conn, prepared, lang)
        return None if found is None else plain_ways(found)

    def perform(self, work: UnitOfWork, asked: AskedAct, *,
                lang: Lang = "zh") -> DoneAct | RefusedError:
        """Do an act within a change; where the rules forbid it, that is kept and returned."""
        prepared = self.desk.prepare(work.conn, work.actor, asked, lang=lang,
                                     whole=work.everything)
        if prepared.refusal is not None:
            return self._keep_refusal(work, prepared)
        return self.desk.keep(work, replace(asked, attachments=self._files(work, asked)), prepared)

    @staticmethod
    def _keep_refusal(work: UnitOfWork, prepared: PreparedAct) -> RefusedError:
        assert prepared.refusal is not None and prepared.case is not None
        prepared.refusal.decision = decide(work, prepared.case).id
        return prepared.refusal

    def _files(self, work: UnitOfWork, asked: AskedAct) -> Sequence[Attachment]:
        """The files of a request as they are, whatever the request says of them.

        Nobody takes a file away but in a change, and this is one.
        """
        if not asked.attachments:
            return ()
        if self.folder is None:
            raise fail(NotFoundError, "register.acts.no-file")
        check_room(work.conn, asked.member, asked.attachments)
        given = {file.sha256: file for file in asked.attachments}
        return [self.folder.found(sha256, file.name) for sha256, file in given.items()]

    def preview(self, actor: Actor, asked: AskedAct, *, lang: Lang = "zh") -> PreparedAct:
        """What an act would come to now; nothing is kept. Raises what doing it would raise."""
        with self.store.reading(actor) as conn:
            prepared = self.desk.prepare(conn, actor, asked, lang=lang)
            found = refusal_fix(self.desk, conn, prepared, lang)
        if prepared.refusal is not None:
            prepared.refusal.fix = None if found is None else plain_ways(found)
            raise prepared.refusal
        return prepared

    def preview_all(self, actor: Actor, asked: AskedAct, chosen: Iterable[str], *,
                    lang: Lang = "zh") -> list[BulkResult]:
        """What the same act would come to for each member of a selection."""
        out = []
        with self.store.reading(actor) as conn:
            for member in dict.fromkeys(chosen):
                each = replace(asked, member=member, expected_version=None)
                try:
                    prepared = self.desk.prepare(conn, actor, each, lang=lang)
                except ZhuanjieError as error:
                    out.append(BulkResult(member, error=error))
                    continue
                changes = prepared.values.changes(prepared.member.record)
                out.append(BulkResult(member, {
                    "member": member, "version": prepared.member.version,
                    "changes": {n: after for n, (_, after) in changes.items()},
                    "findings": findings_of(prepared.findings),
                }, prepared.refusal))
        return out

    def do_all(self, actor: Actor, asked: AskedAct, chosen: Mapping[str, int | None], *,
               key: str | None = None, lang: Lang = "zh") -> list[BulkResult]:
        """The same act for each member of a selection (by the version that was seen of it).

        Each is a change of its own: what is refused for one does not hold up the others.
        """
        out = []
        for member, version in chosen.items():
            each = replace(asked, member=member, expected_version=version)
            try:
                answer = self.do(actor, each, lang=lang, search=False,
                                 key=None if key is None else f"{key}/{member}")
            except ZhuanjieError as error:
                out.append(BulkResult(member, error=error))
            else:
                out.append(BulkResult(member, answer.data))
        return out


def answer_of(done: DoneAct) -> dict[str, Any]:
    """What was done, as plain data."""
    return {"act": done.act, "member": done.member, "event": done.event, "version": done.version,
            "changes": dict(done.changes), "number": done.number, "ended": done.ended,
            "decision": done.decision, "findings": findings_of(done.findings)}


def findings_of(findings: Sequence[Any]) -> list[dict[str, Any]]:
    """Findings as answers have them."""
    return [{"id": f.id, "rule": f.rule, "clause": f.clause, "outcome": f.outcome.value,
             "severity": f.severity.value, "message": f.message, "remedy": f.remedy,
             "missing": list(f.missing), "judged": f.judged,
             "waiver": f.waiver.id if f.waiver else None}
            for f in findings]


def _plain(asked: AskedAct) -> dict[str, Any]:
    """What tells one request from another, in plain data."""
    return {"act": asked.act, "member": asked.member, "inputs": dict(asked.inputs),
            "reason": asked.reason, "expected_version": asked.expected_version,
            "attachments": [[f.sha256, f.name] for f in asked.attachments],
            "acknowledged": sorted(asked.acknowledged)}
