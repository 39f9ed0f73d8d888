"""Files over HTTP: ledgers shown before they are saved, taken back; audits as jobs; attachments."""

from __future__ import annotations

import errno
import time
from typing import Any

import pytest
from support.register_office import Office

from zhuanjie.web.service.uploads import safe_name
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.tables import MEMBER_KEYS

LEDGER = "学号,姓名,性别,所在党支部\nno-m1,王m1,女,数学系\nno-x1,李一,男,数学系\n,无号,男,数学系\n"


def send(at: Office, text: str = LEDGER, *who: str, name: str = "台账.csv", **more: Any) -> Any:
    return at.ask("POST", "/imports", *who, files={"files": (name, text.encode())}, **more)


def done(at: Office, job: dict[str, Any], *who: str) -> dict[str, Any]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        job = at.ask("GET", f"/jobs/{job['id']}", *who).json()
        if job["state"] in {"done", "failed", "cancelled"}:
            return job
        time.sleep(0.1)
    raise AssertionError(job)


def test_a_ledger_is_shown_then_saved_then_taken_back(at: Office) -> None:
    shown = send(at)
    assert shown.status_code == 201, shown.text
    said = shown.json()
    assert said["counts"]["new"] == 1 and said["counts"]["changed"] == 1
    assert [t["file"].rpartition("/")[2] for t in said["tables"]] == ["台账.csv"]
    assert at.ask("GET", "/members/no-x1").status_code == 404
    again = at.ask("GET", f"/imports/uploads/{said['upload']}").json()
    assert again["token"] == said["token"]
    saved = at.ask("POST", f"/imports/uploads/{said['upload']}/save", json={"token": said["token"]})
    assert saved.status_code == 200, saved.text
    assert at.ask("GET", "/members/no-x1").json()["record"]["member.name"] == "李一"
    twice = at.ask("POST", f"/imports/uploads/{said['upload']}/save", json={"token": said["token"]})
    assert twice.json()["id"] is None
    id = saved.json()["id"]
    assert id in {i["id"] for i in at.ask("GET", "/imports").json()}
    taken = at.ask("POST", f"/imports/{id}/undo", json={"reason": "传错"}).json()
    assert (taken["withdrawn"], taken["restored"]) == (1, 1)
    assert at.ask("GET", "/members/m1").json()["record"]["member.sex"] == "male"


def test_headings_are_kept_by_a_unit_and_read_so(at: Office) -> None:
    college, text = ("college", "maths"), "编码,姓名,所在党支部\nno-h9,李九,数学系\n"
    assert send(at, text, *college).json()["counts"].get("new", 0) == 0
    kept = at.ask("PUT", "/imports/columns", *college, json={"columns": {
        "编码": "member.id", "备用": ""}})
    assert kept.status_code == 200, kept.text
    assert {(k["heading"], k["field"], k["unit"]) for k in kept.json()} == {
        ("编码", "member.id", "maths"), ("备用", "", "maths")}
    assert send(at, text, *college).json()["counts"]["new"] == 1
    assert at.ask("GET", "/imports/columns", *college).json() == kept.json()
    # Not the office's: it stands above.
    assert at.ask("GET", "/imports/columns").json() == []
    assert at.ask("GET", "/imports/columns?unit=maths").json() == kept.json()
    for who, body, status in (
            (("college", "physics"), {"columns": {"编码": "member.id"}, "unit": "maths"}, 404),
            (("branch", "algebra"), {"columns": {"编码": "member.id"}}, 403),
            (college, {"columns": {"编码": "member.nothing"}}, 422), (college, {"columns": {}}, 422)):
        assert at.ask("PUT", "/imports/columns", *who, json=body).status_code == status, body
    assert at.ask("GET", "/imports/columns?unit=maths", "college", "physics").status_code == 404
    assert at.ask("GET", "/imports/columns", "inspector").status_code == 403
    assert at.ask("PUT", "/imports/columns", *college, json={
        "columns": {"编码": None, "备用": None}}).json() == []


def test_an_answer_tells_nobody_where_files_are_kept(at: Office) -> None:
    ledger = "学号,姓名,离校时间\nno-m1,王m1,某日\n,无号,\n"
    said = at.ask("POST", "/imports", files=[
        ("files", ("甲.csv", ledger.encode())), ("files", ("乙.csv", ledger.encode())),
        ("files", ("甲.csv", ledger.replace("王", "李").encode()))])
    assert said.status_code == 201, said.text
    assert [t["file"] for t in said.json()["tables"]] == ["1/甲.csv", "乙.csv", "3/甲.csv"]
    assert {f["file"] for f in said.json()["input"]} <= {"1/甲.csv", "乙.csv", "3/甲.csv"}
    assert str(at.register.place.folder) not in said.text


def test_members_go_to_no_unit_that_there_is_not(at: Office) -> None:
    ledger = "学号,姓名\nno-y1,李一\n"
    for unit, who in (("nowhere", ()), ("physics", ("college", "maths"))):
        refused = send(at, ledger, *who, data={"unit": unit})
        assert (refused.status_code, refused.json()["code"]) == (404, "register.access.no-unit")
    for role, unit in (("branch", "algebra"), ("inspector", "office"), ("administrator", "office")):
        assert send(at, ledger, role, unit).status_code == 403


def imported(at: Office, ledger: str, *who: str) -> str:
    """The id of an import that was saved."""
    said = send(at, ledger, *who).json()
    saved = at.ask("POST", f"/imports/uploads/{said['upload']}/save", *who,
                   json={"token": said["token"]}).json()
    return str(saved["id"])


def test_who_was_moved_away_since_does_not_keep_an_import_from_being_taken_back(
        at: Office) -> None:
    for id in ("z1", "z2"):
        at.add(id, "maths")
    college = ("college", "maths")
    id = imported(at, "学号,姓名\nno-z1,改一\nno-z2,改二\nno-z3,新三\n", *college)
    moved = at.ask("POST", "/members/z1/acts/move", json={
        "inputs": {"member.school_branch": "物理系"}, "reason": "转系"})
    assert moved.status_code == 200, moved.text
    assert at.ask("POST", f"/imports/{id}/undo", "branch", "maths", json={}).status_code == 403
    taken = at.ask("POST", f"/imports/{id}/undo", *college, json={})
    assert taken.status_code == 200, taken.text
    assert (taken.json()["restored"], taken.json()["withdrawn"]) == (1, 1)
    assert taken.json()["kept"] == [{"member": "z1", "field": None}]
    assert at.ask("GET", "/members/z1").json()["record"]["member.name"] == "改一"
    assert at.ask("GET", "/members/z2").json()["record"]["member.name"] == "王z2"


def test_an_import_into_several_units_is_taken_back_by_who_reaches_all(at: Office) -> None:
    ledger = "学号,姓名,所在基层党委\nno-u1,一,数学系\nno-u2,二,物理系\n"
    said = at.ask("POST", "/imports", files={"files": ("a.csv", ledger.encode())},
                  data={"unit": "maths"}).json()
    id = at.ask("POST", f"/imports/uploads/{said['upload']}/save",
                json={"token": said["token"]}).json()["id"]
    refused = at.ask("POST", f"/imports/{id}/undo", "college", "maths", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "register.import.others-too")
    assert at.ask("GET", "/members/no-u1").status_code == 200
    assert at.ask("POST", f"/imports/{id}/undo", json={}).json()["withdrawn"] == 2


@pytest.mark.parametrize("path", ["/imports", "/audit"])
def test_a_full_disk_keeps_nothing_by_half(at: Office, path: str,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = set(at.register.place.folder.glob("uploads/*"))
    monkeypatch.setattr("zhuanjie.web.service.uploads.shutil.copyfileobj", full)
    refused = at.ask("POST", path, files={"files": ("a.csv", LEDGER.encode())})
    assert (refused.status_code, refused.json()["code"]) == (507, "register.http.room")
    assert set(at.register.place.folder.glob("uploads/*")) == kept


def test_a_day_that_there_is_not_is_no_job(at: Office) -> None:
    answer = at.ask("POST", "/audit", files={"files": ("a.csv", LEDGER.encode())},
                    data={"as_of": "2026-02-31"})
    assert answer.status_code == 422, answer.text


def test_what_is_another_by_now_is_not_saved(at: Office) -> None:
    said = send(at, LEDGER.replace("女", "male").replace("no-x1", "no-x2")).json()
    at.ask("POST", "/members/m1/acts/correct", json={
        "inputs": {"member.name": "王改"}, "reason": "更名"})
    answer = at.ask("POST", f"/imports/uploads/{said['upload']}/save",
                    json={"token": said["token"]})
    assert answer.status_code == 409, answer.text
    assert answer.json()["changes"]
    assert at.ask("GET", "/members/no-x2").status_code == 404


def test_an_upload_is_its_owners(at: Office) -> None:
    said = send(at).json()
    other = at.ask("GET", f"/imports/uploads/{said['upload']}", "college", "maths")
    assert (other.status_code, other.json()["code"]) == (404, "register.upload.gone")


@pytest.mark.parametrize(("name", "text"), [
    ("a.csv", ""), ("a.xlsx", "no workbook"), ("a.exe", "MZ"), ("", "a,b"), ("../../../a.csv", "x")])
def test_what_cannot_be_read_is_refused_with_its_name(at: Office, name: str, text: str) -> None:
    answer = send(at, text, name=name)
    assert 400 <= answer.status_code < 500, answer.text
    assert str(at.register.place.folder) not in answer.text


@pytest.mark.parametrize(("given", "kept"), [
    ("台账（数学）.xlsx", "台账（数学）.xlsx"), ("../../etc/passwd", "passwd"), ("..\\..\\a.csv", "a.csv"),
    ("...", "ledger"), ("", "ledger"), ("a\x00b.csv", "a_b.csv"), ("x" * 300 + ".csv", "x" * 100 + ".csv"),
    (".csv", "csv"), ("~/.ssh/id", "id"), ("a;rm -rf.csv", "a_rm -rf.csv")])
def test_a_file_is_called_so_that_it_stays_in_its_folder(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_an_audit_of_the_register_is_a_job_with_files(at: Office) -> None:
    job = at.ask("POST", "/audits", "college", "maths", json={"formats": ["json", "csv"]})
    assert job.status_code == 202, job.text
    ended = done(at, job.json(), "college", "maths")
    assert ended["state"] == "done", ended
    assert ended["files"] == ["audit.csv", "audit.json"]
    result = ended["result"]
    assert result["as_of"] == "2026-06-30" and len(result["policy"]["sha256"]) == 64
    kept = at.ask("GET", "/events?kind=decision.made&limit=200").json()["items"]
    assert result["decision"] in {event["id"] for event in kept}
    report = at.ask("GET", f"/jobs/{ended['id']}/files/audit.json", "college", "maths").json()
    assert report["ledger"]["records"] == result["records"]
    # What the register keeps of the college comes out so in its audit.
    listed = at.ask("GET", "/summary", "college", "maths").json()
    assert {k: v for k, v in report["summary"].items() if k in listed["outcomes"]} == \
        listed["outcomes"]
    # Another's job is not there; nor is a file outside it.
    assert at.ask("GET", f"/jobs/{ended['id']}").status_code == 404
    for name in ("asked.json", "..%2fasked.json", "state.json", "x.json"):
        answer = at.ask("GET", f"/jobs/{ended['id']}/files/{name}", "college", "maths")
        assert answer.status_code in {404, 422}


def test_a_ledger_is_audited_and_not_kept(at: Office) -> None:
    before = at.ask("GET", "/summary").json()["members"]
    ledger = LEDGER.replace("所在党支部", "离校时间").replace("数学系", "某日")
    job = at.ask("POST", "/audit", files={"files": ("a.csv", ledger.encode())},
                 data={"as_of": "2026-06-30", "formats": ["json", "csv"]})
    assert job.status_code == 202, job.text
    ended = done(at, job.json())
    for name in ended["files"]:  # where it was kept is told nobody
        report = at.ask("GET", f"/jobs/{ended['id']}/files/{name}").text
        assert str(at.register.place.folder) not in report
        assert name != "audit.json" or '"file": "a.csv"' in report
    assert ended["state"] == "done" and ended["result"]["records"] == 3, ended
    assert at.ask("GET", "/summary").json()["members"] == before
    broken = at.ask("POST", "/audit", files={"files": ("a.xlsx", b"none")})
    ended = done(at, broken.json())
    assert ended["state"] == "failed" and ended["error"]["detail"], ended


def test_the_trail_is_verified_as_a_job(at: Office) -> None:
    note = at.ask("GET", "/trail/checkpoint", "inspector").json()["note"]
    job = at.ask("POST", "/trail/verifications", "inspector", json={
        "notes": [note], "projections": True, "files": True})
    ended = done(at, job.json(), "inspector")
    assert ended["result"]["holds"] is True, ended
    at.add("q1", "maths")
    with at.register.database.engine.begin() as conn:
        conn.execute(MEMBER_KEYS.delete().where(MEMBER_KEYS.c.member == "q1"))
    job = at.ask("POST", "/trail/verifications", "inspector", json={"projections": True})
    found = done(at, job.json(), "inspector")["result"]
    assert (found["holds"], found["count"]) == (False, 2)
    assert all("q1" in flaw["message"] and "no-q1" not in flaw["message"]
               and "王q1" not in flaw["message"] for flaw in found["flaws"])
    assert at.ask("POST", "/trail/verifications", "branch", "algebra", json={}).status_code == 403
    proof = at.ask("GET", "/trail/events/3/proof", "inspector").json()
    assert proof["checkpoint"]
    went_on = at.ask("POST", "/trail/consistency", "inspector", json={"note": note})
    assert went_on.status_code == 200


def test_records_are_checked_and_not_kept(at: Office) -> None:
    answer = at.ask("POST", "/check", json={
        "records": [{"member": {"id": "1", "name": "王"}}, {"姓名": "李"}], "before": "issue"})
    said = answer.json()
    assert answer.status_code == 200, said
    kept = at.ask("GET", "/events?kind=decision.made&limit=200").json()["items"]
    event = next(e for e in kept if e["id"] == said["decision"])
    assert event["data"]["records"] == 2 and event["data"]["sha256"] == said["policy"]["sha256"]
    odd = at.ask("POST", "/check", json={"records": [{"a": 10**40}]})
    assert odd.status_code == 422


def test_whether_a_member_may_go(at: Office) -> None:
    answer = at.ask("GET", "/members/no-m2/clearance").json()
    assert answer["answer"] in {"yes", "no", "unclear"} and answer["moment"] == "departure"
    kept = at.ask("GET", "/events?kind=decision.made&limit=200").json()["items"]
    assert answer["decision"] in {event["id"] for event in kept}
    assert at.ask("GET", "/members/m2/clearance?moment=never").status_code == 400


def test_records_leave_as_files_and_that_they_do_is_kept(at: Office) -> None:
    at.add("e1", "maths", member__id_number="35010120020101001X")
    job = at.ask("POST", "/exports", "college", "maths", json={
        "formats": ["csv", "jsonl", "xlsx", "parquet"], "lists": True})
    assert job.status_code == 202, job.text
    ended = done(at, job.json(), "college", "maths")
    assert ended["state"] == "done", ended
    assert ended["files"] == ["lists.xlsx", "members.csv", "members.jsonl", "members.parquet",
                              "members.xlsx"]
    text = at.ask("GET", f"/jobs/{ended['id']}/files/members.csv", "college", "maths").text
    assert "王e1" in text and "王p1" not in text
    assert "35010120020101001X" not in text and "350101" in text
    read = at.ask("GET", "/events?kind=members.read&limit=200").json()["items"]
    assert (read[-1]["data"]["what"], read[-1]["data"]["count"]) == (
        "export", ended["result"]["records"])
    # What only the department may: whole numbers.
    assert at.ask("POST", "/exports", "college", "maths", json={"full": True}).status_code == 403
    assert at.ask("POST", "/exports", "branch", "algebra", json={}).status_code == 403
    whole = done(at, at.ask("POST", "/exports", json={"full": True, "units": ["maths"]}).json())
    text = at.ask("GET", f"/jobs/{whole['id']}/files/members.csv").text
    assert "35010120020101001X" in text


def test_whoever_turns_many_pages_is_noted(at: Office) -> None:
    for _ in range(70):
        at.ask("GET", "/members?limit=3", "inspector")
    read = at.ask("GET", "/events?kind=members.read&limit=200").json()["items"]
    mine = [e for e in read if e["role"] == "inspector"]
    assert mine and mine[-1]["data"]["what"] == "list" and mine[-1]["data"]["count"] >= 200


def test_values_are_erased_and_the_trail_holds(at: Office) -> None:
    at.add("z1", "maths")
    asked = {"member": "z1", "fields": ["member.name"], "reason": "本人申请"}
    refused = at.ask("POST", "/redactions", json=asked)
    assert refused.status_code == 403  # a key shows no second factor
    assert at.ask("GET", "/members/z1").json()["record"]["member.name"] == "王z1"


def test_reminders_and_calendars(at: Office) -> None:
    made = at.ask("POST", "/reminders", "college", "maths", json={
        "unit": "maths", "channel": "mail", "target": "li@example.edu.cn"})
    assert made.status_code == 201, made.text
    listed = at.ask("GET", "/reminders", "college", "maths").json()
    assert [r["target"] for r in listed] == ["li@example.edu.cn"]
    assert at.ask("GET", "/reminders", "college", "physics").json() == []
    theirs = at.ask("DELETE", f"/reminders/{made.json()['id']}", "college", "physics")
    assert theirs.status_code == 404
    other = at.ask("POST", "/reminders", "college", "maths", json={
        "unit": "physics", "channel": "mail", "target": "li@example.edu.cn"})
    assert other.status_code == 404
    assert at.ask("DELETE", f"/reminders/{made.json()['id']}", "college",
                  "maths").status_code == 204
    # A calendar is a person's: whether they may still see the unit is asked each time.
    refused = at.ask("POST", "/calendars", "college", "maths", json={"unit": "maths"})
    assert (refused.status_code, refused.json()["code"]) == (403, "register.access.person")


def test_a_calendar_is_whose_it_is(at: Office) -> None:
    at.register.access.add_user(SYSTEM, "li", role="college", unit="maths")
    li = at.signed_in("li")
    made = li.post("/api/v1/calendars", json={"unit": "maths"})
    assert made.status_code == 201, made.text
    path = made.json()["path"]
    shown = at.client.get(path)
    assert shown.status_code == 200 and "BEGIN:VCALENDAR" in shown.text and "王" not in shown.text
    assert li.post("/api/v1/calendars", json={"unit": "physics"}).status_code == 404
    id = made.json()["id"]
    assert id in {each["id"] for each in li.get("/api/v1/calendars").json()}
    assert at.ask("DELETE", f"/calendars/{id}", "college", "maths").status_code == 404
    assert li.delete(f"/api/v1/calendars/{id}").status_code == 204
    assert at.client.get(path).status_code == 404
