"""Ledgers come into a register as they were shown, once, and can be taken back whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from support.transfer import (
    ACTOR,
    LEDGERS,
    OPTIONS,
    correct,
    look,
    read,
    records,
    register,
    size,
    state,
    table,
)
from support.values import replace

from zhuanjie.engine.api import UsageError
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import ConflictError, NotFoundError
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.history import events, events_of
from zhuanjie.web.store.members import columns_of, find, members
from zhuanjie.web.store.tables import MEMBERS
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.preview import preview
from zhuanjie.web.transfer.projection import imports
from zhuanjie.web.transfer.save import save
from zhuanjie.web.transfer.undo import KeptValue, undo


def test_what_is_shown_is_saved_and_the_same_file_again_changes_nothing(
        database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    source = read(table(tmp_path, "a", "学号,姓名,离校时间,届别", "A1,王一,2007-06-20,2007", "A2,李二,,2007"))
    found = look(store, source)
    assert {c.key: c.kind for c in found.members} == {"A1": "new", "A2": "new"}
    assert size(store) == 0
    done = save(store, source, OPTIONS, ACTOR, token=found.token)
    assert done.id is not None
    assert records(store)["A1"] == {"member.id": "A1", "member.name": "王一",
                                    "member.left_on": "2007-06-20", "member.cohort": 2007}
    with store.reading(SYSTEM) as conn:
        id = find(conn, "member.id", ["A2"])["A2"][0]
        member = members(conn, [id])[id]
        assert member.unit == "office"
        assert "member.left_on" in columns_of(conn, member.columns)
        kinds = [e.kind for e in events(conn)]
        assert kinds == ["member.imported", "member.imported", "import.saved"]
        last = list(events(conn))[-1]
        assert last.data["sha256"] == source.sha256
        assert "a.csv" not in str(last.data)
        assert last.values["files"][1] == [str(tmp_path / "a.csv")]
    again = look(store, source)
    assert again.changes_nothing and again.before is not None and again.before.id == done.id
    assert save(store, source, OPTIONS, ACTOR).id is None
    assert save(store, source, replace(OPTIONS, again=True), ACTOR).id is None
    assert size(store) == 3
    before = state(store)
    store.rebuild()
    assert state(store) == before


def test_the_same_file_does_not_undo_what_was_corrected_since(database: RegisterDatabase,
                                                              tmp_path: Path) -> None:
    store = register(database)
    source = read(table(tmp_path, "a", "学号,姓名", "A1,王一"))
    save(store, source, OPTIONS, ACTOR)
    correct(store, "A1", {"member.name": ("王一", "王壹")})
    assert save(store, source, OPTIONS, ACTOR).before is not None
    assert records(store)["A1"]["member.name"] == "王壹"
    save(store, source, replace(OPTIONS, again=True), ACTOR)
    assert records(store)["A1"]["member.name"] == "王一"


def test_several_tables_fill_one_case(database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    one = table(tmp_path, "one", "学号,姓名,身份证号", "A1,王一,350500198501011239")
    two = table(tmp_path, "two", "身份证号,手机号码", "350500198501011239,13805950001")
    three = table(tmp_path, "three", "学号,去向类型", "Ａ１,保留在学校")
    save(store, read(one, two, three), OPTIONS, ACTOR)
    assert records(store) == {"A1": {
        "member.id": "A1", "member.name": "王一", "member.id_number": "350500198501011239",
        "member.phone": "13805950001", "destination.kind": "retained"}}
    # One after the other comes to the same.
    found = look(store, read(two))
    assert (found.counts["unchanged"], found.changes_nothing) == (1, True)


def test_what_contradicts_itself_is_left_as_it_is(database: RegisterDatabase,
                                                  tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "known", "学号,姓名,身份证号", "A1,王一,", "A2,李二,350500198501011239",
                           "A9,周九,")), OPTIONS, ACTOR)
    one = table(tmp_path, "one", "学号,姓名,身份证号,手机号码,届别", "A1,王一,350500198501011239,,",
                "A3,张三,,13805950003,2007", "A4,陈四,,13805950004,", "A4,陈四,,13805950005,",
                "A9,周九,,13805950009,2006")
    two = table(tmp_path, "two", "学号,姓名,届别", "A3,张三,2006", "A9,周十,2006")
    found = look(store, read(one, two))
    said = {c.key: (c.kind, {(x.reason, x.field) for x in c.contradictions}) for c in found.members}
    assert said == {
        "A1": ("contradicted", {("members", None)}),  # its keys are of two members
        "A3": ("new", {("cells", "member.cohort")}),
        "A4": ("contradicted", {("rows", "member.phone")}),
        "A9": ("contradicted", {("identity", "member.name")}),
    }
    places = {c.key: [x.places for x in c.contradictions] for c in found.members}
    assert places["A3"] == [[(0, 3), (1, 2)]]
    save(store, read(one, two), OPTIONS, ACTOR, token=found.token)
    assert records(store)["A3"] == {"member.id": "A3", "member.name": "张三",
                                    "member.phone": "13805950003"}
    assert "A4" not in records(store)
    assert "member.phone" not in records(store)["A9"]


def test_blank_and_unreadable_cells_take_nothing_away(database: RegisterDatabase,
                                                      tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名,离校时间,手机号码", "A1,王一,2007-06-20,13805950001")),
         OPTIONS, ACTOR)
    source = read(table(tmp_path, "b", "学号,姓名,离校时间,手机号码", "A1,王一,2007-02-30,/"))
    found = look(store, source)
    assert found.changes_nothing
    assert [(c.unread, c.blank) for c in found.members] == [
        (("member.left_on",), {"member.phone": "13805950001"})]
    clear = replace(OPTIONS, clear=True)
    assert look(store, source, clear).counts["changed"] == 1
    save(store, source, clear, ACTOR)
    assert records(store)["A1"] == {"member.id": "A1", "member.name": "王一",
                                    "member.left_on": "2007-06-20"}


def test_masked_numbers_overwrite_nothing(database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,身份证号", "A1,350500198501011239")), OPTIONS, ACTOR)
    source = read(table(tmp_path, "b", "学号,身份证号", "A1,350500**********39", "A2,350500**********32"))
    found = look(store, source)
    assert [f.code for f in source.input].count("register.import.masked") == 2
    assert found.counts["unchanged"] == 1
    save(store, source, OPTIONS, ACTOR)
    assert records(store)["A1"]["member.id_number"] == "350500198501011239"
    assert records(store)["A2"] == {"member.id": "A2"}


def test_rows_without_a_key_and_members_that_are_missing_are_said(
        database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名", "A1,王一", "A2,李二")), OPTIONS, ACTOR)
    save(store, read(table(tmp_path, "o", "学号,姓名", "B1,外一")), replace(OPTIONS, unit="other"), ACTOR)
    found = look(store, read(table(tmp_path, "b", "学号,姓名", "A1,王一", ",无号")))
    assert found.nameless == [(0, 3)]
    assert [m.record["member.id"] for m in found.missing] == ["A2"]


def test_a_member_of_another_unit_is_neither_touched_nor_told(database: RegisterDatabase,
                                                              tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名,手机号码", "A1,王一,13805950001")),
         replace(OPTIONS, unit="maths"), ACTOR)
    own = ImportOptions(unit="physics", scope=("physics",))
    found = look(store, read(table(tmp_path, "b", "学号,手机号码", "A1,13805950002", "A2,")), own)
    assert next((c.key, c.name, c.kind, c.values, c.blank) for c in found.members) == (
        "A1", None, "elsewhere", {}, {})
    save(store, found.source, own, ACTOR)
    assert records(store)["A1"]["member.phone"] == "13805950001"
    assert "A2" in records(store)


def test_a_member_goes_to_the_unit_that_it_names(database: RegisterDatabase,
                                                 tmp_path: Path) -> None:
    store = register(database)
    units = {"数学系": "maths"}
    asked = replace(OPTIONS, unit_of=lambda record: units.get(record["member.school_branch"]))
    found = look(store, read(table(tmp_path, "a", "学号,所在基层党委", "A1,数学系", "A2,不知何系", "A3,")), asked)
    assert {c.key: c.unit for c in found.members} == {"A1": "maths", "A2": "office", "A3": "office"}
    assert found.strays == {"不知何系": 1}


def test_somebody_else_between_preview_and_save(database: RegisterDatabase,
                                                tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名,届别", "A1,王一,2006", "A2,李二,2006")), OPTIONS, ACTOR)
    source = read(table(tmp_path, "b", "学号,姓名,届别", "A1,王一,2007"))
    token = look(store, source).token
    correct(store, "A2", {"member.name": ("李二", "李贰")})  # nothing to the import
    kept = size(store)
    changed = correct(store, "A1", {"member.cohort": (2006, 2005)})
    with pytest.raises(ConflictError) as refused:
        save(store, source, OPTIONS, ACTOR, token=token)
    assert [(c["member"], c["fields"]) for c in refused.value.changes] == [
        (changed, ["member.cohort"])]
    assert size(store) == kept + 1
    token = look(store, source).token
    correct(store, "A2", {"member.name": ("李贰", "李二")})
    save(store, source, OPTIONS, ACTOR, token=token)  # what is saved is what was shown
    assert records(store)["A1"]["member.cohort"] == 2007
    with pytest.raises(UsageError):
        save(store, source, OPTIONS, ACTOR, token="what")


def test_an_import_is_taken_back_whole(database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名,届别", "A1,王一,2006", "A2,李二,2006")), OPTIONS, ACTOR)
    before = records(store)
    with store.reading(SYSTEM) as conn:
        columns = {m.id: m.columns for m in members(
            conn, conn.execute(select(MEMBERS.c.id)).scalars()).values()}
    second = read(table(tmp_path, "b", "学号,姓名,届别,离校时间", "A1,王壹,2007,", "A2,李二,2007,2007-06-20",
                        "A3,张三,2007,", "A4,陈四,,"))
    done = save(store, second, OPTIONS, ACTOR)
    assert done.id is not None
    correct(store, "A2", {"member.cohort": (2007, 2005)})
    correct(store, "A3", {"member.name": ("张三", "张叁")})
    out = undo(store, done.id, ACTOR, "填错了")
    assert (out.restored, out.withdrawn) == (2, 1)
    with store.reading(SYSTEM) as conn:
        ids = {key: find(conn, "member.id", [key]).get(key, [""])[0] for key in ("A1", "A2", "A3")}
        assert members(conn, [ids["A1"]])[ids["A1"]].columns == columns[ids["A1"]]
        assert [e.reason for e in events_of(conn, ids["A1"])] == [None, None, "填错了"]
        assert imports(conn)[0].undone is not None
    assert out.kept == [KeptValue(ids["A2"], "member.cohort"), KeptValue(ids["A3"], None)]
    after = records(store)
    assert after["A1"] == before["A1"]
    assert after["A2"] == {**before["A2"], "member.cohort": 2005}
    assert "A4" not in after and after["A3"]["member.name"] == "张叁"
    count = size(store)
    assert undo(store, done.id[:8], ACTOR).already
    assert size(store) == count
    kept = state(store)
    store.rebuild()
    assert state(store) == kept
    # What was taken back can come again, as the same member.
    again = save(store, second, OPTIONS, ACTOR)
    assert again.counts["new"] == 1
    assert records(store)["A4"]["member.name"] == "陈四"
    with pytest.raises(NotFoundError):
        undo(store, "nothing", ACTOR)


def test_whom_somebody_withdrew_stays_so(database: RegisterDatabase, tmp_path: Path) -> None:
    store = register(database)
    save(store, read(table(tmp_path, "a", "学号,姓名", "A1,王一")), OPTIONS, ACTOR)
    with store.change(ACTOR) as work:
        id = find(work.conn, "member.id", ["A1"])["A1"][0]
        work.record(EventDraft("member.withdrawn", id, None, reason="重复"))
    found = look(store, read(table(tmp_path, "b", "学号,姓名", "A1,王壹")))
    assert [c.kind for c in found.members] == ["withdrawn"]
    assert save(store, found.source, OPTIONS, ACTOR).id is None


def test_whom_another_unit_withdrew_is_that_units(database: RegisterDatabase,
                                                  tmp_path: Path) -> None:
    store = register(database)
    theirs = replace(OPTIONS, unit="physics")
    save(store, read(table(tmp_path, "a", "学号,姓名", "A1,王一", "A2,李二")), theirs, ACTOR)
    with store.change(ACTOR) as work:
        id = find(work.conn, "member.id", ["A1"])["A1"][0]
        work.record(EventDraft("member.withdrawn", id, None, reason="重复"))
    source = read(table(tmp_path, "b", "学号,姓名", "A1,王壹", "A2,李贰"))
    found = preview(store, source, replace(OPTIONS, unit="maths", scope=("maths",)), ACTOR)
    assert [c.kind for c in found.members] == ["elsewhere", "elsewhere"]


@pytest.mark.parametrize("name", ["office-2007.xlsx", "school-b.csv", "school-c-gb18030.csv"])
def test_shipped_ledgers(database: RegisterDatabase, name: str) -> None:
    store = register(database)
    source = read(LEDGERS / name)
    done = save(store, source, OPTIONS, ACTOR, token=look(store, source).token)
    assert done.counts["new"] == sum(t.columns.records for t in source.tables) - (
        2 if name.startswith("office") else 0)  # two rows have one number
    assert look(store, source, replace(OPTIONS, again=True)).changes_nothing
    assert done.id is not None
    undo(store, done.id, ACTOR)
    assert records(store) == {}
