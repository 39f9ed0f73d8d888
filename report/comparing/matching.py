"""What became of each finding. In: reports in the order of time. Out: every difference, in columns.

A finding is known by its id. What is left over is the same where rule and record are: an outcome or
a day that is another is a change, and nothing new. That a violation is not reported any more proves
nothing by itself: it is mended where the record is known to be in the ledger still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from zhuanjie.engine.core.results import Outcome, Severity, fingerprint
from zhuanjie.report.comparing.report_file import WRONG, ReportFile

NEW, CHANGED, OPEN, WAIVED = "new", "changed", "open", "waived"
MENDED, UNREPORTED, GONE, NOT_JUDGED = "mended", "unreported", "gone", "not_judged"
STATES: Final = (NEW, CHANGED, OPEN, WAIVED, NOT_JUDGED, UNREPORTED, GONE, MENDED)
"""What may become of a finding, in the order in which it is told."""
_TOLD_BY: Final = ["id", "record", "rule", "clause", "outcome", "severity", "due", "file"]
"""What says what became of a finding; the rest is left where it is meanwhile."""
_SAME: Final = ["id", "nth"]
_ALIKE: Final = ["rule", "record", "nth-of-record"]


def compare(reports: Sequence[ReportFile], present: pl.Series | None = None) -> pl.DataFrame:
    """Every finding of the last two reports with its `state`, and `since` when it stands.

    Columns of the finding are those of the newer report, else of the older one; `was`, `was_due`
    and `was_clause` of the older. `since` is the place among `reports` of the earliest in which it
    stands without a gap, `weighs` how much of it is new. `present` are the records known to be in
    the newer ledger.
    """
    if not all(report.has_ids for report in reports):
        for report in reports:
            report.findings = _with_ids(report.findings)
    *_, before, after = reports
    old, new = _numbered(before.findings), _numbered(after.findings)
    both, old_left, new_left = _paired(old, new, _SAME)
    alike, old_left, new_left = _paired(old_left, new_left, _ALIKE)
    there = pl.concat([both, alike]).with_columns(state=_state_of_pair())
    fresh = _beside(new_left, before.findings, "was").with_columns(
        state=pl.when(pl.col("outcome") == str(Outcome.WAIVED)).then(pl.lit(WAIVED))
        .otherwise(pl.lit(NEW)))
    lost = _lost(old_left, after, present)
    last = len(reports) - 1
    now = pl.concat([there, fresh], how="diagonal").sort("line")
    now = _whole(_since(now, reports[:-1], last), after.findings)
    lost = _whole(_since(lost, reports[:-2], last - 1), before.findings)
    found = pl.concat([now, lost], how="diagonal")
    order = pl.col("state").replace_strict(dict(zip(STATES, range(len(STATES)), strict=True)),
                                           return_dtype=pl.Int8)
    worse = _weight("outcome", "severity") > _weight("was", "was_severity")
    return found.sort(order, maintain_order=True).with_columns(
        weighs=pl.when(pl.col("state").is_in([NEW, CHANGED]) & worse)
        .then(_weight("outcome", "severity")).otherwise(0)).drop(
        "nth", "nth-of-record", "line", "was_severity", strict=False)


def _weight(outcome: str, severity: str) -> pl.Expr:
    """How much an outcome weighs: more the worse it is."""
    return pl.when(pl.col(outcome) == str(Outcome.VIOLATION)).then(
        pl.when(pl.col(severity) == str(Severity.WARNING)).then(2).otherwise(3)).when(
        pl.col(outcome) == str(Outcome.UNDETERMINED)).then(1).otherwise(0)


def _with_ids(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings with ids that follow from what is shown: some form has no others."""
    ids = [fingerprint(rule, record, due)
           for rule, record, due in findings.select("rule", "record", "due").iter_rows()]
    return findings.with_columns(pl.Series("id", ids, dtype=pl.String))


def _numbered(findings: pl.DataFrame) -> pl.DataFrame:
    """What is wrong in a report; findings of one id, and of one record, are told apart."""
    return findings.select(_TOLD_BY).with_row_index("line").filter(
        pl.col("outcome").is_in(WRONG)).with_columns(pl.int_range(pl.len()).over("id").alias("nth"))


def _whole(found: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Findings with what was not needed to match them."""
    return found.hstack(findings.drop(_TOLD_BY)[found["line"]])


def _paired(old: pl.DataFrame, new: pl.DataFrame,
            keys: list[str]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The findings of both that agree in `keys`, then those left over of each."""
    if keys == _ALIKE:
        old, new = (side.with_columns(pl.int_range(pl.len()).over("rule", "record")
                                      .alias("nth-of-record")) for side in (old, new))
    was = old.select(*keys, was="outcome", was_due="due", was_clause="clause",
                     was_severity="severity")
    pairs = new.join(was, on=keys, how="inner", maintain_order="left")
    return (pairs.drop("nth-of-record", strict=False),
            old.join(new, on=keys, how="anti", maintain_order="left"),
            new.join(old, on=keys, how="anti", maintain_order="left"))


def _state_of_pair() -> pl.Expr:
    """What became of a finding that both reports have."""
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"was_{name}" if name != "outcome" else "was"))
        for name in ("outcome", "due", "clause", "severity"))
    return pl.when(pl.col("outcome") == str(Outcome.WAIVED)).then(pl.lit(WAIVED)).when(same).then(
        pl.lit(OPEN)).otherwise(pl.lit(CHANGED))


def _beside(left: pl.DataFrame, findings: pl.DataFrame, name: str) -> pl.DataFrame:
    """Findings with the outcome that their rule had for their record in the other report."""
    others = findings.select("rule", "record", pl.col("outcome").alias(name)).filter(
        ~pl.col(name).is_in(WRONG)).unique(["rule", "record"], keep="last")
    return left.join(others, on=["rule", "record"], how="left", maintain_order="left")


def _lost(left: pl.DataFrame, after: ReportFile, present: pl.Series | None) -> pl.DataFrame:
    """What became of findings that the newer report does not have."""
    known = after.findings["record"].drop_nulls().unique()
    told = _beside(left, after.findings, "now")
    state = pl.when(pl.col("now").is_not_null()).then(pl.lit(MENDED)).when(
        pl.col("clause").is_in(list(after.unjudged))
        | pl.col("file").is_in(list(after.skipped)).fill_null(value=False),
    ).then(pl.lit(NOT_JUDGED)).when(
        pl.col("record").is_in(known.implode()).fill_null(value=False)).then(pl.lit(MENDED))
    if present is not None:
        state = state.when(pl.col("record").is_in(present.implode())).then(pl.lit(MENDED)).when(
            pl.col("record").is_not_null()).then(pl.lit(GONE))
    return told.with_columns(
        state=state.otherwise(pl.lit(UNREPORTED)), was=pl.col("outcome"), was_due=pl.col("due"),
        was_clause=pl.col("clause")).with_columns(outcome=pl.col("now")).drop("now")


def _since(found: pl.DataFrame, earlier: Sequence[ReportFile], last: int) -> pl.DataFrame:
    """Findings with the place of the earliest report in which they stand without a gap."""
    since = pl.repeat(last, len(found), dtype=pl.Int32, eager=True)
    fresh = found["state"] == NEW
    for at in reversed(range(len(earlier))):
        report = earlier[at].findings.select("id", "outcome").filter(
            pl.col("outcome").is_in(WRONG))["id"].unique()
        stands = (since == at + 1) & found["id"].is_in(report.implode()) & ~fresh
        since = since.zip_with(~stands, pl.repeat(at, len(found), dtype=pl.Int32, eager=True))
    return found.with_columns(since.alias("since"))
