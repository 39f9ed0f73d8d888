"""A register of a domain with its acts, cases in it, and files for them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from zhuanjie.engine.api import Policy, RegisterActs, load_policy, register_acts
from zhuanjie.web.acts.attachments import AttachmentFolder
from zhuanjie.web.acts.desk import ActRoom
from zhuanjie.web.acts.numbers import NumberBook
from zhuanjie.web.acts.perform import ActDesk, AskedAct
from zhuanjie.web.acts.projection import PROJECTIONS, projectors
from zhuanjie.web.acts.waiver_rows import waiver_entries
from zhuanjie.web.acts.waivers import Waivers
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.law import Law
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.members import Member, column_set, members
from zhuanjie.web.store.store import RegisterStore

PERMITS = Path(__file__).resolve().parents[2] / "fixtures" / "permits" / "harbour-2024-6"
LI, WANG = Actor("li", "department"), Actor("wang", "department")
SOUND: dict[str, Any] = {
    "member.id": "06001", "member.name": "王一", "member.sex": "male", "member.category": "full",
    "member.school_branch": "maths", "member.phone": "13800000001", "member.cohort": 2007,
    "employment.employed": True, "employment.employer_has_party_org": True,
    "destination.kind": "employer_org", "destination.org": "某公司委员会",
}
LETTER = {"letter.origin_address": "泉州市某路1号"}

@cache
def policy(name: str) -> Policy:
    return load_policy(name)

@dataclass
class Office:
    """A register with one domain's acts, and the day on which it stands."""

    database: RegisterDatabase
    policy: Policy
    files: Path
    day: date = date(2007, 7, 2)
    now: datetime = datetime(2007, 7, 2, tzinfo=UTC)
    acts: RegisterActs = field(init=False)

    def __post_init__(self) -> None:
        self.acts = register_acts(self.policy)
        vocabulary = self.policy.vocabulary
        forms = {name: vocabulary.fields[name].compared
                 for name in (*vocabulary.keys, *(s.field for s in self.acts.series.values()))}
        self.law = Law(lambda _day: self.policy,
                       lambda conn, upto: waiver_entries(conn, vocabulary, upto))
        self.judging = Judging(self.law, lambda: self.day)
        self.store = RegisterStore(
            self.database, forms, projectors=[projectors(self.acts)], projections=PROJECTIONS,
            hooks=[self.judging.hook], now=self.clock)
        self.store.begin()
        self.book = NumberBook(self.acts, frozenset(forms))
        self.desk = ActDesk(self.acts, self.book, self.judging)
        self.folder = AttachmentFolder(self.files)
        self.room = ActRoom(self.store, self.desk, self.folder)
        self.waivers = Waivers(self.law.policy, lambda: self.day)

    def clock(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def add(self, id: str = "m1", unit: str = "maths", **values: Any) -> str:
        """A member with the values of a sound case, and others; None leaves a cell blank."""
        if self.policy.vocabulary.id == "party-transfer":
            values = {**SOUND, "member.id": id, **values}
        with self.store.change(SYSTEM) as work:
            columns = column_set(work.conn, values)
            work.record(EventDraft(
                "member.imported", id, unit,
                {n: (None, v) for n, v in values.items() if v is not None}, columns=columns))
        return id

    def do(self, act: str, member: str = "m1", actor: Actor = LI, *, key: str | None = None,
           lang: str = "zh", **more: Any) -> dict[str, Any]:
        asked = AskedAct(act, member, **more)
        return dict(self.room.do(actor, asked, key=key, lang=lang).data)  # type: ignore[arg-type]

    def member(self, id: str = "m1") -> Member:
        with self.store.reading(SYSTEM) as conn:
            return members(conn, [id])[id]

    def issue(self, member: str = "m1", **inputs: Any) -> dict[str, Any]:
        return self.do("issue", member, inputs={**LETTER, **inputs})


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(width: int = 2, height: int = 2) -> bytes:
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0\0" * 2))
            + chunk(b"IEND", b""))


def jpeg(width: int = 8, height: int = 8) -> bytes:
    size = bytes([8]) + height.to_bytes(2) + width.to_bytes(2) + bytes([1, 1, 0x11, 0])
    sof = b"\xff\xc0" + (len(size) + 2).to_bytes(2) + size
    sos = b"\xff\xda" + (8).to_bytes(2) + bytes([1, 1, 0, 0, 63, 0])
    return b"\xff\xd8\xff\xe0" + (4).to_bytes(2) + b"ab" + sof + sos + b"\x12\xff\x00\x34\xff\xd0\x56\xff\xd9"


def pdf(inside: bytes = b"", *, packed: bytes | None = None) -> bytes:
    more = b""
    if packed is not None:
        held = zlib.compress(packed)
        more = (b"5 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length "
                + str(len(held)).encode() + b" >>\nstream\n" + held + b"\nendstream\nendobj\n")
    return (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + inside + b" >>\nendobj\n"
            b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n" + more
            + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n")
