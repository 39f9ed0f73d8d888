"""Why findings came out, for callers. In: a ledger, a record of it. Out: explanations, changes."""

from __future__ import annotations

from contextlib import closing
from typing import Unpack

from zhuanjie.engine.api.callers import check_given
from zhuanjie.engine.api.ledgers import AuditOptions, Given, Sources, stream
from zhuanjie.engine.auditing.explain import Explanation, explain_and_fix
from zhuanjie.engine.auditing.explain import explain as explain_run
from zhuanjie.engine.auditing.record_search import RecordName
from zhuanjie.engine.auditing.repair.record_fix import RecordFix
from zhuanjie.engine.core.worker_process import survives_fork

__all__ = ["explain", "explain_and_fix", "explain_run", "fixes"]


@survives_fork
def explain(sources: Sources, record_id: str | None = None, clause: str | None = None,
            policy: Given = None, *, row: int | None = None,
            sheet: str | None = None, file: str | None = None,
            **options: Unpack[AuditOptions]) -> list[Explanation]:
    """Why each outcome of a record came out. Options as for `stream`.

    A record goes by its id, or by its `row` (with `sheet` and `file` where there are several).
    """
    check_given(record=record_id)
    with closing(stream(sources, policy, **options)) as run:
        return explain_run(run, RecordName(record_id, row, sheet, file), clause)


@survives_fork
def fixes(sources: Sources, record_id: str, clause: str | None = None,
          policy: Given = None, **options: Unpack[AuditOptions]) -> list[RecordFix]:
    """The smallest changes that make a record compliant, for each record called `record_id`.

    `clause` keeps to its rules; no other rule that was in order is broken. Options as for `stream`.
    """
    check_given(record=record_id)
    with closing(stream(sources, policy, **options)) as run:
        return explain_and_fix(run, record_id, clause)[1]
