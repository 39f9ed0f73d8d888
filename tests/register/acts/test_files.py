"""Files of cases: removed with their names, swept up where nobody has them."""

from __future__ import annotations

import time

import pytest
from support.acts_office import LI, PERMITS, Office, jpeg, pdf, png, policy

from zhuanjie.engine.api import InputError, register_acts
from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.acts import attachments
from zhuanjie.web.acts.attachments import Attachment, attached
from zhuanjie.web.acts.removal import remove_attachment, sweep, tidy
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events_of


def test_a_file_is_removed_by_erasing_its_name(office: Office) -> None:
    for id in ("m1", "m2"):
        office.add(id)
        office.issue(id)
    scan = office.folder.receive([jpeg()], "王一.jpg")
    for id in ("m1", "m2"):
        office.do("receive", id, attachments=[scan])
    for id, gone in (("m1", False), ("m2", True)):
        with office.store.change(LI) as work:
            remove_attachment(work, id, scan.sha256, "误传")
        assert sweep(office.store, office.folder, scan.sha256) is gone
    with office.store.reading(SYSTEM) as conn:
        assert attached(conn, "m1") == attached(conn, "m2") == []
        event = next(e for e in events_of(conn, "m1") if e.data.get("attachments"))
    assert event.after.get(f"#file.{scan.sha256}") is None
    with pytest.raises(NotFoundError):
        office.folder.read(scan.sha256)
    with pytest.raises(NotFoundError), office.store.change(LI) as work:
        remove_attachment(work, "m1", scan.sha256, "再次")
    office.store.rebuild()
    with office.store.reading(SYSTEM) as conn:
        assert attached(conn, "m1") == []


def test_what_a_request_says_of_a_file_is_not_believed(office: Office) -> None:
    office.add()
    office.issue()
    kept = office.folder.receive([pdf()], "回执.pdf")
    done = office.do("receive", attachments=[
        Attachment(kept.sha256, 1, "text/html", "../x.pdf"), Attachment(kept.sha256, 1, "x")])
    with office.store.reading(SYSTEM) as conn:
        assert attached(conn, "m1") == [kept]
        event = next(e for e in events_of(conn, "m1") if e.id == done["event"])
    assert event.data["attachments"] == [kept.data]


def test_files_that_no_case_has_are_swept_up(office: Office) -> None:
    office.add()
    office.issue()
    kept, left = office.folder.receive([jpeg()]), office.folder.receive([png()])
    office.do("receive", attachments=[kept])
    assert tidy(office.store, office.folder, time.time() - 3600) == 0
    assert tidy(office.store, office.folder, time.time() + 60) == 1
    assert office.folder.hashes() == {kept.sha256}
    assert left.sha256 != kept.sha256


def test_a_case_holds_so_many_files(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.add()
    office.issue()
    monkeypatch.setattr(attachments, "MOST_OF_ONE", 1)
    files = [office.folder.receive([jpeg(8, n)]) for n in (8, 9)]
    with pytest.raises(InputError, match="holds 1 files"):
        office.do("receive", attachments=files)
    office.do("receive", attachments=files[:1])


@pytest.mark.parametrize("pack", ["fujian-2007-80", str(PERMITS)])
def test_every_act_needs_a_permission_that_there_is(pack: str) -> None:
    acts = register_acts(policy(pack)).acts
    assert {act.act.permission for act in acts.values()} <= permission_table().permissions.keys()
