"""Reports compared. In: files of reports. Out: what became of each finding, and why perhaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePath

import polars as pl
from msgspec import Struct

from zhuanjie.engine.api import Diagnostic, UsageError, fail
from zhuanjie.report.comparing.matching import STATES, UNREPORTED, compare
from zhuanjie.report.comparing.report_file import ReportFile, read_report

GROUP = "group"


class ReportComparison(Struct):
    """The differences of the last of some reports from the one before.

    `found` has a row for each finding (`report/comparing/matching.py`); `by` is the column that
    they are grouped by.
    """

    reports: Sequence[ReportFile]
    found: pl.DataFrame
    notices: list[Diagnostic]
    by: str = GROUP

    @property
    def heaviest(self) -> int:
        """The most that anything new weighs."""
        return max(self.found["weighs"].unique().to_list(), default=0)

    def totals(self) -> dict[str, int]:
        """How often each thing became of a finding."""
        counts = Counter(self.found["state"].to_list())
        return {state: counts[state] for state in STATES}

    def counts(self, column: str) -> Mapping[str, Mapping[str, int]]:
        """The same by the values of a column; what is blank is ""."""
        made: dict[str, dict[str, int]] = {}
        for value, state, times in self.found.group_by(column, "state").len().sort(
                column, nulls_last=True).iter_rows():
            made.setdefault(value or "", dict.fromkeys(STATES, 0))[state] = times
        return made

    def since(self, at: int) -> str:
        """The day, or the file, of the report at a place."""
        return self.reports[at].label


def compare_files(paths: Sequence[Path], by: str | None = None,
                  present: pl.Series | None = None, *,
                  group: str | None = None) -> ReportComparison:
    """Compare reports in the order of their days, or as given where they do not say theirs.

    `by` is the field that findings are grouped by, in place of what their records belong to;
    `present` are the records of the newest ledger, `group` is the field that every report has the
    values of. Raises InputError for what is no report, UsageError for a field that none has.
    """
    by = None if by == group else by
    given = [read_report(path, (by,) if by else ()) for path in paths]
    if by and all(report.findings[by].is_null().all() for report in given):
        raise fail(UsageError, "compare.no-by", hint="compare.no-by.hint", name=by)
    reports = given
    if all(report.as_of for report in given):
        reports = sorted(given, key=lambda report: report.as_of.isoformat() if report.as_of else "")
    found = compare(reports, present)
    notices = list(_notices(given, reports, doubt=UNREPORTED in found["state"]))
    return ReportComparison(reports, found, notices, by or GROUP)


def _notices(given: Sequence[ReportFile], reports: Sequence[ReportFile], *,
             doubt: bool) -> Iterator[Diagnostic]:
    """What explains differences that no mending explains."""
    if [id(r) for r in given] != [id(r) for r in reports]:
        yield Diagnostic("compare.order", {"files": ", ".join(r.path.name for r in reports)})
    for report in reports:
        if report.policy is None:
            yield Diagnostic("compare.no-head", {"file": report.path.name})
    if not all(report.has_ids for report in reports):
        yield Diagnostic("compare.no-ids")
    for old, new in pairwise(reports):
        yield from _between(old, new)
    if doubt:
        yield Diagnostic("compare.no-ledger", hint="compare.no-ledger.hint")


def _between(old: ReportFile, new: ReportFile) -> Iterator[Diagnostic]:
    """What is not alike in two reports."""
    pair = {"old": old.label, "new": new.label}
    if old.policy and new.policy and old.policy != new.policy:
        yield Diagnostic("compare.policy", {
            **pair, "before": f"{old.policy['id']} {old.policy['version']}",
            "after": f"{new.policy['id']} {new.policy['version']}"})
    if old.as_of and old.as_of == new.as_of:
        yield Diagnostic("compare.same-day", {**pair, "old": old.path.name, "new": new.path.name})
    if old.sha256 and old.sha256 == new.sha256:
        yield Diagnostic("compare.same-ledger", pair)
    elif old.files is not None and new.files is not None:
        names = [{PurePath(file).name for file in files} for files in (old.files, new.files)]
        if names[0] != names[1]:
            yield Diagnostic("compare.files", {**pair, "before": _list(names[0]),
                                               "after": _list(names[1])})
    if old.not_kept is not None and new.not_kept is not None and old.not_kept != new.not_kept:
        yield Diagnostic("compare.columns", {
            **pair, "lost": _list(new.not_kept - old.not_kept),
            "won": _list(old.not_kept - new.not_kept)})
    for code, before, after in (
            ("compare.asked", old.not_asked, new.not_asked),
            ("compare.unjudged", old.unjudged - old.not_asked, new.unjudged - new.not_asked),
            ("compare.skipped", old.skipped, new.skipped)):
        if before != after:
            yield Diagnostic(code, {**pair, "before": _list(before), "after": _list(after)})


def _list(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "—"
