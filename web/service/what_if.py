"""Another law tried. In: a pack, values for its parameters. Out: who would come out otherwise.

Nothing of the register changes: its records are judged twice, as they stood on the day, with the
waivers of then, and what differs is told. A waiver of a clause that the other law has not, or lets
nobody waive, covers nothing there.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Final

from zhuanjie.engine.api import (
    GivenTable,
    Impact,
    Lang,
    Policy,
    UsageError,
    fail,
    kept_policy,
    law_impact,
    office_zone,
    settings,
    with_params,
)
from zhuanjie.report.inert import csv_text
from zhuanjie.web.acts.waiver_rows import waiver_entries
from zhuanjie.web.evidence.reads import read_in_bulk
from zhuanjie.web.judging.decisions import made_decision
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.past import last_event, members_at
from zhuanjie.web.service.law_book import parameter_values
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor
from zhuanjie.web.transfer.preview import version_of

FILE: Final = "impact.csv"
KIND: Final = "what-if"
"""What such a job is called."""
_SHOWN: Final = 200
Progress = Callable[[int, int | None], None]
_NAME: Final = "register"


@dataclass(frozen=True, slots=True)
class TriedLaw:
    """The law of a day, and the one that is tried."""

    now: Policy
    tried: Policy
    params: Mapping[str, str]
    """Values of its parameters that are others than the pack's, or than the settings'."""


def tried_law(register: Register, day: date, pack: str | None,
              said: Mapping[str, str]) -> TriedLaw:
    """A pack, or the law of the day where none is named, with what is `said` of its parameters.

    Raises NotFoundError for a pack that there is not, UsageError for values that cannot be, and
    where nothing would be another.
    """
    now = register.policy(day)
    if pack is None:
        tried = now
    else:
        register.law_book.need(pack)  # a name leads to no folder but those of packs
        tried = kept_policy(pack, as_of=day)
        usual = settings().options.get("set")
        kept = {n: v for n, v in dict(usual.value).items() if n in tried.parameters} \
            if usual is not None else {}
        tried = with_params(tried, kept, day)
    values = parameter_values(tried, said)
    if pack is None and not values:
        raise fail(UsageError, "register.law.same")
    return TriedLaw(now, with_params(tried, values, day),
                    {name: str(value) for name, value in values.items()})


def try_law(register: Register, actor: Actor, day: date, law: TriedLaw, folder: Path,
            lang: Lang, progress: Progress = lambda _done, _whole: None) -> dict[str, Any]:
    """Judge the members that `actor` sees by both; the whole of it goes into a file of `folder`."""
    with register.store.reading(actor) as conn:
        past = day < register.day()
        upto = last_event(conn, day, office_zone()) if past else version_of(conn)
        waivers = waiver_entries(conn, register.vocabulary, upto if past else None)
        tables = [replace(table, file=f"{_NAME}/{number}") for number, table
                  in enumerate(given_tables(members_at(conn, upto), _NAME), 1)]
    whole = sum(len(table.entries) for table in tables)
    progress(0, whole)
    found = law_impact(law.now, law.tried, tables, day, lang=lang, waivers=waivers,
                       progress=lambda done: progress(done, whole)) if tables else Impact(0, ())
    rows = _rows(found, tables)
    with (folder / FILE).open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        writer.writerows([csv_text(str(row[name] or "")) for name in _COLUMNS] for row in rows)
    with register.store.change(actor) as work:
        read_in_bulk(work, "what-if", found.records, unit=actor.unit)
        decision = work.record(made_decision(
            law.tried.ref, day, [upto, [t.entries for t in tables]],
            [str(now) for (aspect, _, _, now, _), n in found.counts.items()
             for _ in range(n) if str(aspect) == "outcome"],
            records=found.records, why=("what-if",), params=law.params))
    return {"policy": {**_ref(law.tried), "params": dict(law.params)},
            "instead_of": _ref(law.now), "as_of": day.isoformat(),
            "decision": decision.id, "records": found.records,
            "records_changed": found.records_changed, "upto": upto,
            "counts": [{"aspect": str(aspect), "clause": clause, "was": _plain(was),
                        "is": _plain(now), "days": days, "count": count}
                       for (aspect, clause, was, now, days), count in found.counts.items()],
            "changes": rows[:_SHOWN], "shown": min(len(rows), _SHOWN), "whole": len(rows)}


_COLUMNS: Final = ("record", "clause", "rule", "aspect", "was", "is", "member")


def _rows(found: Impact, tables: Sequence[GivenTable]) -> list[dict[str, Any]]:
    entries = {table.file: table.entries for table in tables}
    out = []
    for each in found.changes:
        known = entries.get(each.file or "")
        member = known[each.row - 1] if known is not None and each.row is not None else None
        out.append({"record": each.record, "clause": each.clause, "rule": each.rule,
                    "aspect": str(each.aspect), "was": _plain(each.was), "is": _plain(each.now),
                    "member": member})
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _ref(policy: Policy) -> dict[str, Any]:
    ref = policy.ref
    return {"id": ref.id, "version": ref.version, "sha256": ref.sha256}
