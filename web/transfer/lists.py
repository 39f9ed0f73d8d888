"""Which list each record goes on. In: a table of records, what the domain lists. Out: lists.

Each record is on one list: the first that takes it. What none takes stands on a list of its own, so
that no record is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from zhuanjie.engine.api import Lang, RegisterActs, UsageError, fail, lists_of, say
from zhuanjie.web.judging.past import PastMember
from zhuanjie.web.transfer.export import ExportTable


def listed(table: ExportTable, acts: RegisterActs, day: date, lang: Lang,
           only: Sequence[str] = ()) -> Mapping[str, Sequence[PastMember]]:
    """The records by the titles of their lists; of `only` these lists, if given.

    Raises UsageError for a list that there is not.
    """
    known: dict[str, str] = {name: getattr(each.words, lang) for name, each in acts.lists.items()}
    if not known:
        raise fail(UsageError, "register.export.no-lists", id=acts.vocabulary.id)
    for name in only:
        if name not in known:
            raise fail(UsageError, "register.export.list", hint="register.export.list.hint",
                       name=name, known=", ".join(known))
    out: dict[str | None, list[PastMember]] = {name: [] for name in (*known, None)}
    found = lists_of((member.record for member in table.members), acts, day)
    for member, at in zip(table.members, found, strict=True):
        out[at].append(member)
    rest = {} if only or not out[None] else {say("output.register.export.rest", lang): out[None]}
    return {known[name]: out[name] for name in known if not only or name in only} | rest
