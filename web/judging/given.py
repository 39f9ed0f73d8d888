"""Members as tables of a ledger. In: a register, a day. Out: records with the columns they have.

Withdrawn members are left out; those with the same columns are a table, so that what is absent for
one is absent in an audit too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from zhuanjie.engine.api import GivenLedger, GivenTable, InputError, Place, fail, office_zone
from zhuanjie.web.judging.law import WaiverSource, no_waivers
from zhuanjie.web.judging.past import PastMember, last_event, members_at
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.tables import EVENTS, TRAIL_HEAD


def given_tables(members: Iterable[PastMember], file: str) -> list[GivenTable]:
    """Members as tables called after `file`, one for each set of columns.

    Of whom no table has any column there is nothing to audit: they are in none.
    """
    by_columns: defaultdict[frozenset[str], list[PastMember]] = defaultdict(list)
    for member in members:
        if not member.withdrawn and member.columns:
            by_columns[member.columns].append(member)
    several = len(by_columns) > 1
    return [GivenTable(file, sorted(columns), [m.record for m in group], [m.id for m in group],
                       str(number) if several else None)
            for number, (columns, group) in enumerate(by_columns.items(), 1)]


def read_register(url: str, day: date | None, place: Place,
                  waivers: WaiverSource = no_waivers) -> GivenLedger:
    """The records of a register, or those that it had at the end of a day, with what was waived.

    Raises InputError, which names `place`, where there is no register, or no record in it.
    """
    database = RegisterDatabase(url)
    if database.file is not None and not database.file.is_file():
        raise fail(InputError, "register.ledger.no-file", place, "register.ledger.no-register.hint")
    try:
        with database.reading() as conn:
            size = conn.execute(select(TRAIL_HEAD.c.size)).scalar() or 0
            upto = size if day is None else last_event(conn, day, office_zone())
            leaf = conn.execute(select(EVENTS.c.leaf).where(EVENTS.c.seq == upto)).scalar()
            tables = given_tables(members_at(conn, upto), place.file or "")
            approved = waivers(conn, None if day is None else upto)
    except SQLAlchemyError as error:
        raise fail(InputError, "register.ledger.unreadable", place,
                   "register.ledger.no-register.hint", kind=type(error).__name__) from None
    finally:
        database.close()
    if not tables:
        code = "register.ledger.empty" if day is None else "register.ledger.empty-then"
        raise fail(InputError, code, place, "register.ledger.empty.hint", day=day)
    return GivenLedger(tables, f"{upto} {leaf.hex() if leaf else ''}", waivers=approved)
