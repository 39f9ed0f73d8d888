"""Imports step by step: looked at, headings mended and kept, saved, taken back, marked."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.register_office import Office, office

from zhuanjie.engine.api import UsageError
from zhuanjie.web.evidence.redaction import redact
from zhuanjie.web.service import import_desk
from zhuanjie.web.service.import_desk import ImportDesk
from zhuanjie.web.service.jobs import ENDED, Job
from zhuanjie.web.service.previews import PAGE, StoredPreview
from zhuanjie.web.service.uploads import Upload
from zhuanjie.web.store.errors import ConflictError, ForbiddenError, NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.history import events
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.transfer.kept_columns import keep_columns, kept_columns, mapping_of

CLERK = Actor("li", "department", "office", via="session")
COLLEGE = Actor("wang", "college", "maths", via="session")
LEDGER = ("学号,姓名,性别,所在党支部,随手记,离校时间\n"
          "no-m1,王m1,女,数学系,,2026-06-20\n"
          "no-x1,李一,男,数学系,9,2026年6月\n"
          ",无号,男,数学系,,\n")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office of its own: what is imported here is in no other test's way."""
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def desk(at: Office) -> ImportDesk:
    return ImportDesk(at.register, at.app.state.jobs)


def sent(desk: ImportDesk, content: str | bytes, who: Actor = CLERK, name: str = "台账.csv",
         **options: Any) -> Upload:
    data = content.encode() if isinstance(content, str) else content
    return desk.register.uploads.receive(who, [(name, io.BytesIO(data))], options)


def seen(desk: ImportDesk, upload: Upload, who: Actor = CLERK) -> StoredPreview:
    found = desk.look(who, upload, "zh")
    assert isinstance(found, StoredPreview)
    return found


def ended(desk: ImportDesk, job: object, who: Actor = CLERK) -> Job:
    assert isinstance(job, Job)
    until = time.monotonic() + 60
    while job.state not in ENDED and time.monotonic() < until:
        time.sleep(0.05)
        job = desk.jobs.job(job.id, who)
    return job


def test_what_is_found_is_kept_page_by_page(desk: ImportDesk) -> None:
    found = seen(desk, upload := sent(desk, LEDGER))
    counts = found.summary["counts"]
    assert (counts["new"], counts["changed"], counts["nameless"], counts["unread"]) == (1, 1, 1, 1)
    (table,) = found.summary["tables"]
    assert (table["file"], table["records"]) == ("台账.csv", 3)
    columns = {c["heading"]: (c["column"], c["field"], c["state"]) for c in table["columns"]}
    assert columns["学号"] == ("A", "member.id", "audited")
    assert columns["随手记"] == ("E", "", "unknown")
    samples = {c["heading"]: c["samples"] for c in table["columns"]}
    assert samples["性别"] == ["女", "男"] and samples["随手记"] == ["9"]
    wrong, nobody = found.page("input", 0)
    assert (nobody["row"], nobody["heading"]) == (4, "学号")
    assert (wrong["row"], wrong["column"], wrong["heading"], wrong["value"]) == (
        3, "F", "离校时间", "2026年6月")
    assert set(wrong["words"]) == {"zh", "en"} and wrong["words"]["zh"] != wrong["words"]["en"]
    (changed,) = found.page("changed", 0)
    assert ["member.sex", "male", "female"] in changed["values"]
    (new,) = found.page("new", 0)
    assert {n: v for n, _, v in new["values"]}["member.name"] == "李一"
    assert [line["place"] for line in found.page("nameless", 0)] == ["4"]
    assert found.page("new", 1) == [] and found.page("new", -1) == []
    assert str(upload.folder) not in str(found.summary)
    # Looked at again it is what was worked out.
    assert seen(desk, upload).summary == found.summary
    assert upload.id in {each.id for each in desk.register.uploads.uploads(CLERK)}
    assert desk.register.uploads.uploads(COLLEGE) == []


def test_pages_of_many_have_every_line_once(desk: ImportDesk) -> None:
    rows = "".join(f"many-{n},某{n}\n" for n in range(2 * PAGE + 3))
    found = seen(desk, sent(desk, "学号,姓名\n" + rows))
    keys = [line["key"] for page in range(3) for line in found.page("new", page)]
    assert keys == [f"many-{n}" for n in range(2 * PAGE + 3)]
    assert found.count("new") == len(keys) == found.changes


def test_numbers_are_masked_in_what_is_kept(desk: ImportDesk) -> None:
    upload = sent(desk, "学号,姓名,身份证号,某列\nmask-1,某,35010220000101001X,35010220000101001X\n")
    found = seen(desk, upload)
    assert "35010220000101001X" not in str(found.summary)
    assert "35010220000101001X" not in str(found.page("new", 0))


def test_headings_are_mended_by_hand_kept_and_used_next_time(desk: ImportDesk) -> None:
    ledger = "工号码,姓名\nhand-1,某甲\n"
    upload = sent(desk, ledger)
    first = seen(desk, upload)
    assert first.error is not None or first.summary["counts"]["nameless"] == 1
    mended = desk.look_anew(CLERK, upload, columns={"工号码": "member.id"})
    found = seen(desk, mended)
    assert found.summary["counts"]["new"] == 1
    assert found.summary["tables"][0]["columns"][0]["how"] == "mapped"
    store = desk.register.store
    assert keep_columns(store, CLERK, "office", {"工号码": "member.id", "备用": ""}) == 2
    assert keep_columns(store, CLERK, "office", {"工号码": "member.id"}) == 0
    next_time = seen(desk, sent(desk, ledger.replace("hand-1", "hand-2")))
    assert next_time.summary["counts"]["new"] == 1
    # A unit below reads so too, unless it keeps something else.
    assert seen(desk, sent(desk, ledger.replace("hand-1", "hand-3"), COLLEGE), COLLEGE
                ).summary["counts"]["new"] == 1
    keep_columns(store, COLLEGE, "maths", {"工号码": "member.phone"})
    with store.reading(COLLEGE) as conn:
        assert mapping_of(kept_columns(conn, "maths"))["工号码"] == "member.phone"
        assert mapping_of(kept_columns(conn, "office"))["工号码"] == "member.id"
    assert keep_columns(store, COLLEGE, "maths", {"工号码": None}) == 1
    assert keep_columns(store, COLLEGE, "maths", {"工号码": None}) == 0
    with store.reading(COLLEGE) as conn:
        assert mapping_of(kept_columns(conn, "maths"))["工号码"] == "member.id"
    # What another office's headings mean is not this one's to say; nor is it a branch's.
    with pytest.raises(NotFoundError):
        keep_columns(store, COLLEGE, "physics", {"工号码": "member.phone"})
    with pytest.raises(ForbiddenError):
        keep_columns(store, Actor("b", "branch", "algebra"), "algebra", {"工号码": "member.phone"})
    keep_columns(store, CLERK, "office", {"工号码": None, "备用": None})


@pytest.mark.parametrize("heading", ["", "  ", "学" * 201, "35010220000101001X"])
def test_what_is_no_heading_is_not_kept(desk: ImportDesk, heading: str) -> None:
    with pytest.raises(UsageError):
        keep_columns(desk.register.store, CLERK, "office", {heading: "member.id"})


def test_kept_headings_are_made_anew_from_events_and_can_be_erased(desk: ImportDesk) -> None:
    store = desk.register.store
    keep_columns(store, CLERK, "office", {"甲列": "member.id"})
    keep_columns(store, CLERK, "office", {"甲列": "member.name"})

    def kept() -> dict[str, str]:
        with store.reading(SYSTEM) as conn:
            return mapping_of(kept_columns(conn, "office"))

    store.rebuild()
    assert kept() == {"甲列": "member.name"}
    with store.reading(SYSTEM) as conn:
        last = list(events(conn, EVENTS.c.kind == "columns.set"))[-1]
    assert "甲列" not in str(last.data)
    redact(store, SYSTEM, event=last.seq, reason="误存")
    assert kept() == {"甲列": "member.id"}
    store.rebuild()
    assert kept() == {"甲列": "member.id"}
    keep_columns(store, CLERK, "office", {"甲列": None})


def test_the_same_file_is_known_whatever_headings_were_kept_since(desk: ImportDesk) -> None:
    ledger = "学号,姓名\nsame-1,某\n"
    upload = sent(desk, ledger)
    desk.save(CLERK, upload, seen(desk, upload).token, "zh")
    keep_columns(desk.register.store, CLERK, "office", {"别的表头": "member.phone"})
    assert seen(desk, sent(desk, ledger)).summary["before"] is not None
    keep_columns(desk.register.store, CLERK, "office", {"别的表头": None})


def test_saved_as_shown_and_taken_back(desk: ImportDesk) -> None:
    upload = sent(desk, "学号,姓名\nback-1,某\nback-2,某\n", COLLEGE)
    with pytest.raises(ConflictError):
        desk.save(COLLEGE, upload, "1-" + "0" * 32, "zh")  # nobody has looked yet
    done = desk.save(COLLEGE, upload, seen(desk, upload, COLLEGE).token, "zh")
    assert not isinstance(done, Job) and done.id is not None
    upload = desk.register.uploads.upload(upload.id, COLLEGE)
    assert upload.notes["import"] == done.id
    assert desk.past(COLLEGE, done.id).counts["new"] == 2
    with pytest.raises(NotFoundError):
        desk.past(Actor("zhao", "college", "physics"), done.id)
    taken = desk.undo(COLLEGE, done.id, "传错", "zh")
    assert not isinstance(taken, Job) and taken.withdrawn == 2
    again = desk.undo(COLLEGE, done.id, None, "zh")
    assert not isinstance(again, Job) and again.already


def test_what_is_another_by_now_is_not_saved(desk: ImportDesk, at: Office) -> None:
    upload = sent(desk, "学号,姓名\nno-m2,王改\n")
    found = seen(desk, upload)
    at.ask("POST", "/members/m2/acts/correct", json={
        "inputs": {"member.name": "王改"}, "reason": "更名"})
    with pytest.raises(ConflictError):
        desk.save(CLERK, upload, found.token, "zh")
    anew = seen(desk, desk.look_anew(CLERK, upload))
    assert anew.summary["counts"].get("changed", 0) == 0


def test_what_cannot_be_read_is_said_and_not_saved(desk: ImportDesk) -> None:
    for name, content in (("a.xlsx", b"no workbook"), ("a.csv", b""), ("a.exe", b"MZ")):
        upload = sent(desk, content, name=name)
        found = seen(desk, upload)
        assert found.error and all(line["zh"] and line["en"] for line in found.error)
        assert str(upload.folder) not in str(found.error)
        with pytest.raises(ConflictError):
            desk.save(CLERK, upload, "1-" + "0" * 32, "zh")


def test_a_branch_imports_nothing(desk: ImportDesk) -> None:
    branch = Actor("b", "branch", "algebra")
    with pytest.raises(ForbiddenError):
        desk.look(branch, sent(desk, LEDGER, branch), "zh")


@pytest.mark.slow
def test_what_is_large_is_a_job_that_is_found_again(
        desk: ImportDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_desk, "SMALL", 10)
    upload = sent(desk, "学号,姓名\n" + "".join(f"job-{n},某\n" for n in range(40)))
    job = desk.look(CLERK, upload, "zh")
    assert isinstance(job, Job) and job.state in {"waiting", "running"}
    with pytest.raises(ConflictError):
        desk.look_anew(CLERK, upload)
    upload = desk.register.uploads.upload(upload.id, CLERK)
    again = desk.look(CLERK, upload, "zh")
    assert not isinstance(again, Job) or again.id == job.id
    assert ended(desk, job).state == "done"
    found = seen(desk, upload)
    assert found.summary["counts"]["new"] == 40
    saved = ended(desk, desk.save(CLERK, upload, found.token, "zh"))
    assert saved.state == "done" and saved.result is not None
    id = saved.result["import"]
    assert desk.register.uploads.upload(upload.id, CLERK).notes["import"] == id
    monkeypatch.setattr(import_desk, "FEW", 1)
    undone = ended(desk, desk.undo(CLERK, id, None, "zh"))
    assert undone.result is not None and undone.result["withdrawn"] == 40
    assert desk.past(CLERK, id).undone is not None


@pytest.mark.slow
def test_the_workbook_comes_back_marked(desk: ImportDesk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["学号", "姓名", "离校时间"], ["mark-1", "某", "2026年6月"]):
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    upload = sent(desk, (tmp_path / "a.xlsx").read_bytes(), name="台账.xlsx")
    job = desk.mark(CLERK, upload, "zh")
    upload = desk.register.uploads.upload(upload.id, CLERK)
    assert desk.mark(CLERK, upload, "zh").id == job.id
    job = ended(desk, job)
    assert job.files == ("marked.xlsx",), job
    marked = openpyxl.load_workbook(desk.jobs.file(job.id, "marked.xlsx", CLERK))
    cell = marked.worksheets[0]["C2"]
    assert cell.value == "2026年6月" and cell.comment is not None
