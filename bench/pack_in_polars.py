"""The provincial pack written by hand in Polars, as one would who has no rules engine.

In: a ledger as Parquet, a file for the findings. Out: the findings, as `zhuanjie audit` writes
them: every violation, undetermined and pending outcome with due day, lateness and missing fields.
The ledger is read twice, as streams: once for the serials that stand there twice, once for
everything else. Every rule is one column of true, false and unknown; a bitmask says which records
are left.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

import polars as pl
from polars.io.plugins import register_io_source

AS_OF = date(2007, 12, 31)
TODAY = (AS_OF - date(1970, 1, 1)).days
BATCH = 200_000
FINDINGS = {
    "record": pl.String, "rule": pl.String, "clause": pl.String, "outcome": pl.String,
    "severity": pl.String, "due": pl.Date, "days_late": pl.Int32,
    "missing": pl.List(pl.String),
    "file": pl.String, "sheet": pl.String, "row": pl.Int64,
}
PHONE = r"^(1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8})$"

_EVERY_DAY = pl.select(pl.date_range(date(1900, 1, 1), date(2999, 12, 31))).to_series()
_MONTHS = {n: _EVERY_DAY.dt.offset_by(f"{n}mo").to_physical() for n in (12, 18, 24)}


def day(name: str) -> pl.Expr:
    return pl.col(name).to_physical()


def has(name: str) -> pl.Expr:
    return pl.col(name).is_not_null()


def is_(name: str, value: str) -> pl.Expr:
    return pl.col(name) == value


def after_months(name: str, months: int) -> pl.Expr:
    """A table of all days is fifteen times as fast as moving each."""
    return pl.lit(_MONTHS[months]).gather(day(name) + 25_567)


def done(name: str) -> pl.Expr:
    """The day of an act that is done, none where it is only announced."""
    return pl.when(day(name) <= TODAY).then(day(name))


@dataclass(frozen=True)
class Rule:
    """`bad` is true, false or unknown; `left` says what fields an unknown one may hang on."""

    id: str
    clause: str
    bad: pl.Expr
    left: tuple[tuple[str, pl.Expr], ...] = ()
    due: pl.Expr | None = None
    done: pl.Expr | None = None
    severity: str = "error"
    named: pl.Expr | None = None
    recurs: bool = False


def require(id_: str, clause: str, when: pl.Expr, ask: pl.Expr, in_when: tuple[str, ...] = (),
            in_ask: tuple[str, ...] = (), **more: pl.Expr) -> Rule:
    left = (*((f, when.is_null()) for f in in_when), *((f, ask.is_null()) for f in in_ask))
    return Rule(id_, clause, when & ~ask, left, **more)


def deadline(id_: str, clause: str, when: pl.Expr, due: pl.Expr, act: str,
             in_when: tuple[str, ...] = (), in_due: tuple[str, ...] = (),
             severity: str = "error") -> Rule:
    on = done(act)
    settled = pl.when(due.is_not_null()).then((on <= due).fill_null(value=False))
    left = (*((f, when.is_null()) for f in in_when), *((f, due.is_null()) for f in in_due))
    return Rule(id_, clause, when & ~settled, left, due, on, severity)


def recurring(id_: str, clause: str, when: pl.Expr, start: str, last: str, every: int,
              in_when: tuple[str, ...] = ()) -> Rule:
    due = pl.coalesce(done(last), day(start)) + every
    return Rule(id_, clause, when & (due < TODAY), tuple((f, when.is_null()) for f in in_when),
                due, recurs=True)


KIND = "destination.kind"
EMPLOYED, ORGANISED = "employment.employed", "employment.employer_has_party_org"
issued, accepted, left = has("letter.issued_on"), has("arrival.accepted_on"), has("member.left_on")
two_part = has("letter.form") & is_("letter.form", "two_part")
slip = issued & ~two_part
retained = is_(KIND, "retained")
away = retained & left & ~pl.col("retention.attends")
absent = accepted & ~pl.col("arrival.attends")
employed, organised = pl.col(EMPLOYED), pl.col(ORGANISED)
taken = day("arrival.accepted_on")
valid_until = day("letter.issued_on") + pl.col("letter.valid_days").fill_null(90)
receipt_due = taken.fill_null(valid_until) + 30
to_employer = is_(KIND, "employer_org")
to_township = pl.col(KIND).is_in(["workplace_township", "residence_township"])
to_home = pl.col(KIND).is_in(["residence_township", "parents_township", "talent_service"])
row_a, row_b, row_c = employed & organised, employed & ~organised, ~employed
year_end = after_months("member.admitted_on", 12)

RULES = (
    deadline("leaving-education-held", "1.1a", left, day("member.left_on"), "education.briefed_on",
             severity="warning"),
    deadline("transfer-notice-given", "1.1b", left, day("member.left_on"), "education.notice_on"),
    require("transfer-notice-written", "1.1c", has("education.notice_on"),
            is_("education.notice_form", "written"), in_ask=("education.notice_form",)),
    Rule("destination-allowed", "1.2",
         has(KIND) & ~((row_a & to_employer) | (row_b & to_township) | (row_c & to_home)
                       | retained),
         ((EMPLOYED, (row_a & to_employer).is_null() | (row_b & to_township).is_null()
           | (row_c & to_home).is_null()),
          (ORGANISED, (row_a & to_employer).is_null() | (row_b & to_township).is_null())),
         named=pl.when(row_a).then(pl.lit("1.2a")).when(row_b).then(pl.lit("1.2b"))
         .when(row_c).then(pl.lit("1.2c")).otherwise(pl.lit("1.2"))),
    require("talent-service-qualifies", "1.2d", is_(KIND, "talent_service"),
            pl.col("destination.talent_level").is_in(["county", "city", "province"])
            & pl.col("destination.talent_is_public") & pl.col("destination.file_moved_with"),
            (KIND,), ("destination.talent_level", "destination.talent_is_public",
                      "destination.file_moved_with")),
    require("retention-requested", "1.2e", retained,
            has("retention.applied_on") & is_("retention.application_form", "written")
            & is_("retention.applied_by", "self"),
            (KIND,), ("retention.application_form", "retention.applied_by")),
    require("retention-approved", "1.2f", retained,
            has("retention.approved_on") & is_("retention.decision", "approved")
            & is_("retention.approved_by", "university_org_dept")
            & (day("retention.approved_on") >= day("retention.applied_on")),
            (KIND,), ("retention.applied_on", "retention.decision", "retention.approved_by")),
    require("retention-reasoned", "1.2g", retained, has("retention.reason"), (KIND,)),
    require("letter-identity-agrees", "1.3a", issued,
            has("letter.name") & (pl.col("letter.name") == pl.col("member.name"))
            & (pl.col("letter.sex") == pl.col("member.sex"))
            & (pl.col("letter.category") == pl.col("member.category")),
            in_ask=("member.name", "member.sex", "member.category", "letter.sex",
                    "letter.category")),
    require("letter-phone-valid", "1.3b", issued,
            has("letter.phone") & pl.col("letter.phone").str.contains(PHONE)),
    require("letter-origin-address-given", "1.3c", issued, has("letter.origin_address")),
    require("letter-serials-agree", "1.3d", issued,
            has("letter.serial") & has("letter.stub_serial")
            & (pl.col("letter.stub_serial") == pl.col("letter.serial"))
            & (two_part | (has("letter.receipt_serial")
                           & (pl.col("letter.receipt_serial") == pl.col("letter.serial"))))),
    Rule("letter-serial-unique", "1.3e", pl.col("~twice")),
    deadline("retained-branch-assigned", "1.4a", retained & is_("retention.decision", "approved"),
             day("retention.approved_on") + 30, "retention.branch_assigned_on",
             (KIND, "retention.decision"), ("retention.approved_on",)),
    deadline("retained-certificate-issued", "1.4b", away, day("member.left_on") + 30,
             "retention.certificate_on", (KIND, "retention.attends")),
    recurring("retained-contact-kept", "1.4c", away, "member.left_on",
              "retention.last_contact_on", 180, (KIND, "retention.attends")),
    recurring("retained-certificate-verified", "1.4d", retained & has("retention.certificate_on"),
              "retention.certificate_on", "retention.last_verified_on", 365, (KIND,)),
    require("destination-recorded", "1.5b", left & (day("member.left_on") <= TODAY), has(KIND)),
    require("tracker-named", "1.6a", issued, has("receipt.tracker")),
    deadline("receipt-returned", "1.6b", slip, receipt_due, "receipt.returned_on"),
    deadline("receipt-followed-up", "1.6c",
             slip & (receipt_due < TODAY) & done("receipt.returned_on").is_null(),
             receipt_due + 15, "receipt.followed_up_on"),
    require("letter-presented-in-time", "1.6d", issued & has("arrival.presented_on"),
            day("arrival.presented_on") <= valid_until),
    require("credentials-checked", "2.1a", accepted,
            has("arrival.credentials_checked_on")
            & (day("arrival.credentials_checked_on") <= taken)),
    deadline("branch-assigned", "2.1b", accepted, taken + 30, "arrival.branch_assigned_on"),
    deadline("file-received", "2.1c", accepted, taken + 60, "arrival.file_received_on"),
    deadline("receipt-sent", "2.2a", accepted & ~two_part, taken + 30, "arrival.receipt_sent_on"),
    deadline("origin-contacted", "2.3a", has("floating.registered_on"),
             day("floating.registered_on") + 30, "floating.origin_contacted_on"),
    deadline("floating-branch-assigned", "2.3b", has("floating.registered_on"),
             day("floating.registered_on") + 30, "floating.branch_assigned_on"),
    deadline("conversion-decided", "2.4a", is_("member.category", "probationary"),
             day("probation.extended_to").fill_null(year_end) + 30, "probation.decided_on",
             ("member.category",), ("member.admitted_on",)),
    require("extension-within-bounds", "2.4b", has("probation.extended_to"),
            (day("probation.extended_to") >= after_months("member.admitted_on", 18))
            & (day("probation.extended_to") <= after_months("member.admitted_on", 24)),
            in_ask=("member.admitted_on",)),
    require("conversion-not-early", "2.4c",
            has("probation.decided_on") & is_("probation.decision", "full"),
            day("probation.decided_on") >= year_end,
            ("probation.decision",), ("member.admitted_on",)),
    require("proxy-verified", "2.5a", accepted & pl.col("arrival.by_proxy"),
            has("arrival.proxy_verified_on") & (day("arrival.proxy_verified_on") <= taken),
            ("arrival.by_proxy",)),
    deadline("absent-certificate-issued", "2.5b", absent, taken + 30, "arrival.certificate_on",
             ("arrival.attends",)),
    recurring("absent-contact-kept", "2.5c", absent, "arrival.accepted_on",
              "arrival.last_contact_on", 180, ("arrival.attends",)),
    recurring("absent-certificate-verified", "2.5d", has("arrival.certificate_on"),
              "arrival.certificate_on", "arrival.last_verified_on", 365),
)
FIELDS = sorted({"member.id", "letter.issuer"}.union(*(r.bad.meta.root_names() for r in RULES))
                - {"~twice"})
"""The columns the pack reads; `bulk.py` scans the same ones."""


def twice(ledger: pl.LazyFrame) -> pl.DataFrame:
    """The issuers and serials that stand in the ledger more than once."""
    letters = ledger.filter(issued & has("letter.serial")).select("letter.issuer", "letter.serial")
    print_ = pl.struct("letter.issuer", "letter.serial").hash().alias("~print")
    prints = letters.select(print_).collect(engine="streaming").to_series().sort()
    again = prints.filter(prints == prints.shift(1)).unique()
    if not len(again):
        return letters.clear().collect()
    # What has the same print need not be the same.
    some = letters.filter(print_.is_in(again.implode())).collect(engine="streaming")
    return some.group_by(pl.all()).len().filter(pl.col("len") > 1).drop("len")


def findings(path: str) -> Iterator[pl.DataFrame]:
    """The findings of the ledger, a batch at a time, by row and then by rule."""
    ledger = pl.scan_parquet(path)
    shared = twice(ledger)
    names = pl.struct("letter.issuer", "letter.serial")
    known = shared.select(names).to_series().implode() if len(shared) else None
    again = (issued & has("letter.serial") & names.is_in(known) if known is not None
             else pl.lit(value=False))
    opened = reduce(or_, (
        pl.when(rule.bad.ne_missing(False)).then(pl.lit(1 << i, dtype=pl.UInt64)).otherwise(
            pl.lit(0, dtype=pl.UInt64))
        for i, rule in enumerate(RULES)))
    query = (
        ledger.select(FIELDS).with_row_index("~row").with_columns(again.alias("~twice"))
        .with_columns(opened.alias("~open")).filter(pl.col("~open") != 0)
    )
    for batch in query.collect_batches(chunk_size=BATCH, engine="streaming"):
        yield expanded(batch, path)


def expanded(batch: pl.DataFrame, path: str) -> pl.DataFrame:
    """A row for each rule that is open in each record."""
    lazy, parts = batch.lazy(), []
    for i, rule in enumerate(RULES):
        some = lazy.filter(pl.col("~open") & (1 << i) != 0)
        parts.append(some.select(*_finding(rule, i)))
    found = pl.concat(parts).sort("~row", "~rule")
    return found.select(
        "record", "rule", "clause", "outcome", "severity", "due", "days_late", "missing",
        file=pl.lit(path), sheet=pl.lit(None, pl.String), row=pl.col("~row").cast(pl.Int64) + 1,
    ).collect(engine="in-memory")


def _finding(rule: Rule, number: int) -> Iterator[pl.Expr]:
    due = pl.lit(None, pl.Int32) if rule.due is None else rule.due.cast(pl.Int32)
    act = pl.lit(None, pl.Int32) if rule.done is None else rule.done.cast(pl.Int32)
    pends = (pl.lit(value=False) if rule.due is None or rule.recurs
             else act.is_null() & (due >= TODAY))
    unknown = rule.bad.is_null()
    outcome = (pl.when(unknown).then(pl.lit("undetermined")).when(pends).then(pl.lit("pending"))
               .otherwise(pl.lit("violation")))
    # Fewest steps where there is one field or none, which is most rules.
    named = [pl.when(pl.col(f).is_null() & where).then(pl.lit(f)) for f, where in rule.left]
    missing = (pl.concat_list(named).list.drop_nulls() if named
               else pl.lit([], pl.List(pl.String)))
    yield pl.col("~row")
    yield pl.lit(number, pl.UInt8).alias("~rule")
    yield pl.col("member.id").alias("record")
    yield pl.lit(rule.id).alias("rule")
    yield (pl.lit(rule.clause) if rule.named is None else rule.named).alias("clause")
    yield outcome.alias("outcome")
    yield pl.lit(rule.severity).alias("severity")
    yield pl.when(~unknown).then(due).cast(pl.Date).alias("due")
    yield pl.when(~unknown & ~pends).then(act.fill_null(TODAY) - due).alias("days_late")
    yield pl.when(unknown).then(missing).otherwise(pl.lit([], pl.List(pl.String))).alias("missing")


def main(ledger: str, output: str) -> None:
    register_io_source(lambda *_: findings(ledger), schema=FINDINGS).sink_parquet(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
