"""Many clients at once: nobody's act is lost, no number is given twice, the trail stays whole."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from sqlalchemy import select
from support.acts_clients import clients
from support.acts_office import LETTER, LI, Office

from zhuanjie.web.acts.desk import ActAnswer
from zhuanjie.web.acts.numbers import fates
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.projection import PROJECTIONS
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import members
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import EVENTS, MEMBERS
from zhuanjie.web.trail.leaf import leaf_hash

ACTS = int(os.environ.get("ZHUANJIE_ACTS", "200"))
"""How many acts clients try; 10,000 take some minutes."""

CASES = int(os.environ.get("ZHUANJIE_CASES", "40"))
"""On how many cases, where it is not one."""


@pytest.mark.slow
@pytest.mark.parametrize("cases", [1, CASES])
def test_clients_act_at_once(office: Office, cases: int) -> None:
    ids = [office.add(f"m{n}") for n in range(cases)]
    url = office.database.url.render_as_string(hide_password=False)
    done = clients(url, office.files, ids, processes=2, threads=4, acts=ACTS // 8)
    assert sum(done.values()) == ACTS // 8 * 8
    assert not [said for said in done if said.startswith("failed")]
    acts = [e for e in _whole_trail(office) if "act" in e.data]
    assert len(acts) == sum(n for said, n in done.items() if said.startswith("done"))
    _no_update_is_lost(office, acts)
    _no_number_twice(office, acts)
    before = _tables(office)
    office.store.rebuild()
    assert _tables(office) == before


def _whole_trail(office: Office) -> list[Any]:
    with office.store.reading(SYSTEM) as conn:
        bodies = list(conn.execute(select(EVENTS.c.body, EVENTS.c.leaf).order_by(EVENTS.c.seq)))
        found = list(events(conn))
    previous = bytes(32)
    for body, leaf in bodies:
        assert leaf_hash(body) == leaf
        assert f'"previous":"{previous.hex()}"'.encode() in body
        previous = leaf
    assert [e.seq for e in found] == list(range(1, len(found) + 1))
    return found


def _no_update_is_lost(office: Office, acts: list[Any]) -> None:
    """What each act found is what the one before it left, and the last is what stands."""
    held: dict[str, dict[str, Any]] = {}
    with office.store.reading(SYSTEM) as conn:
        for event in events(conn, EVENTS.c.member.is_not(None)):
            record = held.setdefault(event.member or "", {})
            for name, (before, after) in event.fields.items():
                assert record.get(name) == before
                record[name] = after
        for id, member in members(conn, held).items():
            assert {n: v for n, v in held[id].items() if v is not None} == member.record
    assert acts


def _no_number_twice(office: Office, acts: list[Any]) -> None:
    given = [e.data["number"]["text"] for e in acts if "number" in e.data]
    assert len(set(given)) == len(given)
    with office.store.reading(SYSTEM) as conn:
        found = fates(conn, "letter", limit=len(given) + 1)
        standing = {m.id: m.record.get("letter.serial") for m in members(
            conn, {e.member for e in acts}).values()}
    assert sorted(f.number or 0 for f in found) == list(range(1, len(given) + 1))
    assert {f.member: f.text for f in found if f.state == "standing"} == {
        id: text for id, text in standing.items() if text is not None}


def _tables(office: Office) -> dict[str, Any]:
    with office.store.reading(SYSTEM) as conn:
        return {name: sorted(map(repr, conn.execute(select(METADATA.tables[name]))))
                for name in (*PROJECTIONS, MEMBERS.name)}


def test_one_key_at_once_acts_once(office: Office) -> None:
    office.add()
    answers: list[ActAnswer] = []

    def ask() -> None:
        answers.append(office.room.do(LI, AskedAct("issue", "m1", inputs=LETTER), key="k"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert sum(not answer.repeated for answer in answers) == 1
    assert len({answer.data["event"] for answer in answers}) == 1
    with office.store.reading(SYSTEM) as conn:
        assert [f.text for f in fates(conn, "letter")] == ["200700001"]


def test_a_change_that_fails_takes_its_number_back(office: Office) -> None:
    office.add()
    office.add("m2")
    with pytest.raises(RuntimeError), office.store.change(LI) as work:
        office.room.perform(work, AskedAct("issue", "m1", inputs=LETTER))
        raise RuntimeError
    assert office.issue("m2")["number"] == "200700001"
