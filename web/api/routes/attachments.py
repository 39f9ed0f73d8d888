"""Files beside members. In: requests. Out: files by their hashes, of members that are seen."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response, UploadFile

from zhuanjie.engine.api import fail
from zhuanjie.web.acts.attachments import Attachment, attached
from zhuanjie.web.acts.removal import remove_attachment, sweep
from zhuanjie.web.api.deps import Key, Register, Who
from zhuanjie.web.api.models.acts import FileRef, Reason
from zhuanjie.web.service.attaching import receive_file
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.store.errors import NotFoundError

router = APIRouter(tags=["attachments"])
Sha = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_PLAIN: Final = "application/octet-stream"
_BYTES: Final = {"type": "string", "format": "binary"}
_SANDBOX: Final = "sandbox; default-src 'none'"


@router.post("/attachments", status_code=201)
def send(register: Register, who: Who, file: UploadFile) -> FileRef:
    """Send a scan or photograph (PDF, JPEG, PNG), for an act that then names it."""
    return _ref(receive_file(register, who, file.file, file.filename))


@router.get("/members/{key}/attachments")
def list_(register: Register, who: Who, key: Key) -> list[FileRef]:
    """The files of a member."""
    with register.store.reading(who) as conn:
        found = attached(conn, member_of(conn, key, register.vocabulary).id)
    return [_ref(each) for each in found]


@router.get("/members/{key}/attachments/{sha256}", response_class=Response, responses={
    200: {"content": {_PLAIN: {"schema": _BYTES}}, "description": (
        "The file as it was sent; the list of files says what it is.")}})
def show(register: Register, who: Who, key: Key, sha256: Sha) -> Response:
    """A file of a member, as it was sent."""
    with register.store.reading(who) as conn:
        member = member_of(conn, key, register.vocabulary)
        found = next((f for f in attached(conn, member.id) if f.sha256 == sha256), None)
    if found is None:
        raise fail(NotFoundError, "register.acts.no-file")
    end = found.type.rpartition("/")[2]
    return Response(register.attachments.read(sha256), media_type=_PLAIN, headers={
        # What somebody sent is shown by no page of ours.
        "content-disposition": f'attachment; filename="{sha256[:16]}.{end}"',
        "content-security-policy": _SANDBOX})


@router.delete("/members/{key}/attachments/{sha256}", status_code=204)
def remove(register: Register, who: Who, key: Key, sha256: Sha, asked: Reason) -> None:
    """Take a file away for good: its name is erased from the history, too."""
    with register.store.change(who) as work:
        member = member_of(work.conn, key, register.vocabulary)
        remove_attachment(work, member.id, sha256, asked.reason)
    sweep(register.store, register.attachments, sha256)


def _ref(file: Attachment) -> FileRef:
    return FileRef(sha256=file.sha256, size=file.size, type=file.type, name=file.name)
