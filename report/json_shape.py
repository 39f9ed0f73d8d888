"""Findings and reports as plain data. In: results. Out: the mappings of the JSON interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from zhuanjie.engine.core.finding_columns import COLUMNS
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.results import (
    REPORTED,
    Finding,
    InputFinding,
    Judged,
    Outcome,
    PolicyRef,
    Report,
    Skipped,
    TableCounts,
    plain,
)
from zhuanjie.engine.core.unaudited import Unaudited
from zhuanjie.engine.core.waiver import BaselineUse, Waiver, WaiverUse
from zhuanjie.report.view import View

_FLAT = tuple((c.name, c.of) for c in COLUMNS if not c.place and not c.pack)


def finding(found: Finding) -> dict[str, Any]:
    """A finding, every key there; `pack` only where several packs judge, `by` where asked for."""
    shape = {name: of(found) for name, of in _FLAT}
    shape["waiver"] = waiver(found.waiver) if found.waiver else None
    shape["location"] = location(found.location)
    if found.pack:
        shape["pack"] = found.pack
    if found.by:
        shape["by"] = dict(found.by)
    if found.share is not None:
        shape["share"] = found.share.plain()
    if found.known_since:
        shape["known_since"] = plain(found.known_since)
    return shape


def waiver(given: Waiver) -> dict[str, Any]:
    """The approval that covers a finding, or did."""
    return {"id": given.id, "reason": given.reason, "basis": given.basis,
            "requested_by": given.requested_by, "approved_by": given.approved_by,
            "granted_on": plain(given.granted_on), "expires": plain(given.expires),
            "in_force": given.in_force}


def waiver_use(use: WaiverUse) -> dict[str, Any]:
    """A waiver that was given, how it stands, and of how many findings it speaks."""
    return {**waiver(use.waiver), "state": use.state, "findings": use.findings}


def waiver_problems(report: Report, lang: Lang) -> list[dict[str, Any]]:
    """What is wrong with waivers that were given, so that they cover nothing."""
    return [{"message": say(d.code, lang, **d.args), "file": d.place.file, "line": d.place.line}
            for d in report.waiver_problems]


def baseline(used: BaselineUse, day: date) -> dict[str, Any]:
    """What a baseline came to on a day."""
    return {"as_of": plain(used.as_of), "age_days": (day - used.as_of).days, "known": used.known,
            "stale": [{"id": e.id, "rule": e.rule, "record": e.record, "due": plain(e.due),
                       "first_seen": plain(e.first_seen)} for e in used.stale]}


def not_audited(part: Unaudited, lang: Lang) -> dict[str, Any]:
    """What was not audited, in the keys of a finding."""
    said = part.columns()
    shape: dict[str, Any] = {name: said.get(name) for name, _ in _FLAT}
    shape |= {"message": part.message(lang), "missing": [], "fields": {}, "remedy": ""}
    shape["location"] = location(Location(part.file, part.sheet))
    return shape


def policy(ref: PolicyRef) -> dict[str, str]:
    """Which pack judged."""
    return {"id": ref.id, "version": ref.version, "sha256": ref.sha256}


def judged(part: Judged) -> dict[str, Any]:
    """What one of several packs judged."""
    return {
        **policy(part.policy), "from": plain(part.start), "to": plain(part.end),
        "records_by_clause": dict(part.clauses),
    }


def location(at: Location) -> dict[str, Any]:
    """Where a record stands."""
    return {"file": at.file, "sheet": at.sheet, "row": at.row, "cells": at.cells,
            **({"entry": at.entry} if at.entry is not None else {})}


def input_finding(found: InputFinding, lang: Lang) -> dict[str, Any]:
    """A cell that could not be read."""
    return {
        "record": found.record, "field": found.field, "row": found.row, "column": found.column,
        "value": found.value, "message": found.message(lang), "file": found.file,
        "sheet": found.sheet, "count": found.count,
        "rows": list(found.rows or [row for row in (found.row,) if row is not None]),
        **({"records": list(found.records), "values": list(found.values)}
           if found.count > 1 else {}),
    }


def skipped(part: Skipped, lang: Lang) -> dict[str, Any]:
    """A file or sheet that was not audited."""
    return {"file": part.file, "sheet": part.sheet,
            "reason": say(part.reason.code, lang, **part.reason.args)}


def head(report: Report, view: View) -> dict[str, Any]:
    """A report but for its findings."""
    return {
        "policy": {
            **policy(report.policy),
            **({"versions": [judged(part) for part in report.judged]} if report.judged else {}),
        },
        "as_of": report.as_of.isoformat(),
        "ledger": {"records": report.ledger.records, "out_of_scope": report.ledger.out_of_scope,
                   "sha256": report.ledger.sha256,
                   "files": [table_rows(counts) for counts in report.ledger.tables],
                   "skipped": [skipped(part, view.lang) for part in report.ledger.skipped],
                   "not_kept": [{"field": name, "heading": view.field(name),
                                 "clauses": list(clauses)}
                                for name, clauses in report.no_columns.items()],
                   **({"no_column": {f: list(c) for f, c in report.no_columns.items()}}
                      if report.no_columns else {})},
        "summary": summary(report, view),
        **({"waivers": [waiver_use(use) for use in report.waivers]} if report.waivers else {}),
        **({"waiver_problems": wrong} if (wrong := waiver_problems(report, view.lang)) else {}),
        **({"baseline": baseline(report.baseline, report.as_of)} if report.baseline else {}),
        "input": [input_finding(found, view.lang) for found in report.input],
    }


def table_rows(counts: TableCounts) -> dict[str, Any]:
    """What the rows of a table are."""
    at = counts.table
    return {"file": at.file, "sheet": at.sheet, "header_row": at.header_row,
            "records": counts.records, "rows": dict(counts.rows), **counts.marked}


def summary(report: Report, view: View) -> dict[str, Any]:
    """Totals of the outcomes that are findings, then what each clause came to."""
    told = report.summary
    order = (*view.clauses, *told.counts, *told.not_judged)
    by_clause: Mapping[str, dict[str, int]] = {
        clause: {**{o.value: told.counts[clause][o] for o in view.outcomes
                    if clause in told.counts and told.counts[clause][o]},
                 **({"not_judged": told.not_judged[clause]} if told.not_judged[clause] else {})}
        for clause in dict.fromkeys(order)
    }
    return {
        **{outcome.value: report.summary.total(outcome) for outcome in REPORTED},
        "people": report.summary.people,
        **({"before_waivers": {"violation": told.total(Outcome.VIOLATION)
                               + told.total(Outcome.WAIVED)}} if report.waivers else {}),
        "by_clause": {clause: counts for clause, counts in by_clause.items() if counts},
        **({"by": {field: {value: {o.value: counts[o] for o in view.outcomes if counts[o]}
                           for value, counts in groups.items()}
                   for field, groups in report.summary.by.items()}}
           if report.summary.by else {}),
        **({"not_asked": list(report.summary.not_asked)} if report.summary.not_asked else {}),
    }


def value_text(value: Any) -> str:
    """A value as JSON; a length of time as ISO 8601 writes it."""
    if isinstance(value, timedelta):
        value = f"{'-' if value.days < 0 else ''}P{abs(value.days)}D"
    return json.dumps(plain(value), ensure_ascii=False)
