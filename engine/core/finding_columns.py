"""The columns of a finding, said once. In: nothing. Out: their names, kinds and values, in order.

JSON, JSON lines, CSV, Parquet and Spark have them from here; each says only how it writes a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from msgspec import Struct

from zhuanjie.engine.core.results import Finding, plain
from zhuanjie.engine.core.shares import SHARE_COLUMNS

Kind = Literal["text", "day", "count", "row", "texts", "values"]


def _figure(name: str, finding: Finding) -> Any:
    return None if finding.share is None else finding.share.shown(name)


class FindingColumn(Struct, frozen=True):
    """One thing said of a finding.

    `of` takes it from a finding, as JSON has it. `tabular` columns stand in tables of findings too,
    which leave out what follows from the rule and the record: words, and the finding's id. A folder
    of findings may be divided by columns that have `divides`. `place` columns say where a record
    stands. `pack` ones are there only where several packs judge.
    """

    name: str
    kind: Kind
    of: Callable[[Finding], Any]
    tabular: bool = True
    divides: bool = False
    place: bool = False
    pack: bool = False


COLUMNS = (
    FindingColumn("id", "text", lambda f: f.id, tabular=False),
    FindingColumn("record", "text", lambda f: f.record),
    FindingColumn("name", "text", lambda f: f.name),
    FindingColumn("group", "text", lambda f: f.group),
    FindingColumn("rule", "text", lambda f: f.rule, divides=True),
    FindingColumn("clause", "text", lambda f: f.clause, divides=True),
    FindingColumn("outcome", "text", lambda f: f.outcome.value, divides=True),
    FindingColumn("severity", "text", lambda f: f.severity.value, divides=True),
    FindingColumn("message", "text", lambda f: f.message, tabular=False),
    FindingColumn("due", "day", lambda f: plain(f.due)),
    FindingColumn("days_late", "count", lambda f: f.days_late),
    FindingColumn("missing", "texts", lambda f: list(f.missing)),
    FindingColumn("fields", "values", lambda f: {n: plain(v) for n, v in f.fields.items()},
                  tabular=False),
    FindingColumn("remedy", "text", lambda f: f.remedy, tabular=False),
    FindingColumn("waiver", "text", lambda f: f.waiver and f.waiver.id),
    FindingColumn("file", "text", lambda f: f.location.file, divides=True, place=True),
    FindingColumn("sheet", "text", lambda f: f.location.sheet, divides=True, place=True),
    FindingColumn("row", "row", lambda f: f.location.row, place=True),
    FindingColumn("pack", "text", lambda f: f.pack, pack=True),
)
"""All of them, in the order of every output."""
SHARES = {name: FindingColumn(name, "count" if at < 3 else "text", partial(_figure, name[6:]))
          for at, name in enumerate(SHARE_COLUMNS)}
"""How many records a finding on a share asks, how many meet it, what is unknown, and the range."""
KNOWN_SINCE = FindingColumn("known_since", "day", lambda f: plain(f.known_since))
"""The day on which the baseline of the audit first saw the finding."""


def columns(*, packs: bool, tables: bool = False,
            by: Sequence[str] = ()) -> tuple[FindingColumn, ...]:
    """The columns of an output: with `packs` where several judge, of `tables` without words.

    The fields that findings are grouped `by` come last, each under its own name; so does
    `known_since`, where a baseline is asked, and the figures of shares where there are such rules.
    """
    grouped = (KNOWN_SINCE if name == KNOWN_SINCE.name else SHARES[name] if name in SHARES else
               FindingColumn(name, "text", partial(_grouped, name)) for name in by)
    return (*(c for c in COLUMNS if (packs or not c.pack) and (c.tabular or not tables)), *grouped)


def _grouped(field: str, finding: Finding) -> str | None:
    return finding.by.get(field)
