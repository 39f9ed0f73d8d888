"""Files that were changed or taken away are found, by the event that brought them."""

from __future__ import annotations

from support.acts_office import Office, jpeg, png

from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.service.attachment_check import check_attachments


def found(office: Office) -> list[tuple[str, int | None]]:
    flaws = Flaws()
    with office.store.database.reading() as conn:
        check_attachments(conn, office.folder, flaws)
    return [(f.code, f.seq) for f in flaws]


def test_a_file_that_is_not_what_it_was(office: Office) -> None:
    office.add("m1")
    office.issue("m1")
    one, other = office.folder.receive([jpeg()]), office.folder.receive([png()])
    done = office.do("receive", "m1", attachments=[one, other])
    assert found(office) == []
    place = office.folder.path(one.sha256)
    place.write_bytes(place.read_bytes()[:-1] + b"x")
    office.folder.path(other.sha256).unlink()
    assert sorted(found(office)) == [("file-changed", done["version"]), ("file-gone", done["version"])]
