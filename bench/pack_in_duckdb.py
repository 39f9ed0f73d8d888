"""The provincial pack by hand in SQL for DuckDB. In: a ledger as Parquet. Out: its findings.

The same findings as `pack_in_polars.py` writes, in any order, which spares DuckDB a sort. SQL's own
logic of three values gives each rule true, false or unknown; a bitmask says which records are left,
and only those are looked at again, rule by rule.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

TODAY = "DATE '2007-12-31'"
GROUPS = ("member", "education", "employment", "destination", "retention", "letter", "receipt",
          "arrival", "floating", "probation")


def quoted(sql: str) -> str:
    """Field names as DuckDB wants names with a dot in them."""
    return re.sub(r"\b(" + "|".join(GROUPS) + r")\.(\w+)", r'"\1.\2"', sql)


def has(name: str) -> str:
    return f"({name} IS NOT NULL)"


def done(name: str) -> str:
    return f"(CASE WHEN {name} <= {TODAY} THEN {name} END)"


def after_months(name: str, months: int) -> str:
    return f"({name} + INTERVAL {months} MONTH)::DATE"


@dataclass(frozen=True)
class Rule:
    """`bad` is true, false or unknown; `left` says what fields an unknown one may hang on."""

    id: str
    clause: str
    bad: str
    left: tuple[tuple[str, str], ...] = ()
    due: str = "NULL::DATE"
    done: str = "NULL::DATE"
    severity: str = "error"
    named: str | None = None
    pends: str = "false"


def require(id_: str, clause: str, when: str, ask: str, in_when: tuple[str, ...] = (),
            in_ask: tuple[str, ...] = ()) -> Rule:
    left = (*((f, f"({when}) IS NULL") for f in in_when),
            *((f, f"({ask}) IS NULL") for f in in_ask))
    return Rule(id_, clause, f"({when}) AND NOT ({ask})", left)


def deadline(id_: str, clause: str, when: str, due: str, act: str, in_when: tuple[str, ...] = (),
             in_due: tuple[str, ...] = (), severity: str = "error") -> Rule:
    on = done(act)
    settled = f"CASE WHEN {due} IS NOT NULL THEN coalesce({on} <= {due}, false) END"
    left = (*((f, f"({when}) IS NULL") for f in in_when),
            *((f, f"{due} IS NULL") for f in in_due))
    return Rule(id_, clause, f"({when}) AND NOT ({settled})", left, due, on, severity,
                pends=f"({on} IS NULL AND {due} >= {TODAY})")


def recurring(id_: str, clause: str, when: str, start: str, last: str, every: int,
              in_when: tuple[str, ...] = ()) -> Rule:
    due = f"(coalesce({done(last)}, {start}) + {every})"
    return Rule(id_, clause, f"({when}) AND ({due} < {TODAY})",
                tuple((f, f"({when}) IS NULL") for f in in_when), due)


KIND = "destination.kind"
EMPLOYED, ORGANISED = "employment.employed", "employment.employer_has_party_org"
issued, accepted, left = has("letter.issued_on"), has("arrival.accepted_on"), has("member.left_on")
two_part = f"({has('letter.form')} AND letter.form = 'two_part')"
slip = f"({issued} AND NOT {two_part})"
retained = f"({KIND} = 'retained')"
away = f"({retained} AND {left} AND NOT retention.attends)"
absent = f"({accepted} AND NOT arrival.attends)"
valid_until = "(letter.issued_on + coalesce(letter.valid_days, 90)::INTEGER)"
receipt_due = f"(coalesce(arrival.accepted_on, {valid_until}) + 30)"
to_employer = f"({EMPLOYED} AND {ORGANISED} AND {KIND} = 'employer_org')"
to_township = (f"({EMPLOYED} AND NOT {ORGANISED}"
               f" AND {KIND} IN ('workplace_township', 'residence_township'))")
to_home = (f"(NOT {EMPLOYED} AND {KIND} IN"
           " ('residence_township', 'parents_township', 'talent_service'))")
year_end = after_months("member.admitted_on", 12)

RULES = (
    deadline("leaving-education-held", "1.1a", left, "member.left_on", "education.briefed_on",
             severity="warning"),
    deadline("transfer-notice-given", "1.1b", left, "member.left_on", "education.notice_on"),
    require("transfer-notice-written", "1.1c", has("education.notice_on"),
            "education.notice_form = 'written'", in_ask=("education.notice_form",)),
    Rule("destination-allowed", "1.2",
         f"{has(KIND)} AND NOT ({to_employer} OR {to_township} OR {to_home} OR {retained})",
         ((EMPLOYED, f"{to_employer} IS NULL OR {to_township} IS NULL OR {to_home} IS NULL"),
          (ORGANISED, f"{to_employer} IS NULL OR {to_township} IS NULL")),
         named=f"CASE WHEN {EMPLOYED} AND {ORGANISED} THEN '1.2a'"
               f" WHEN {EMPLOYED} AND NOT {ORGANISED} THEN '1.2b'"
               f" WHEN NOT {EMPLOYED} THEN '1.2c' ELSE '1.2' END"),
    require("talent-service-qualifies", "1.2d", f"{KIND} = 'talent_service'",
            "destination.talent_level IN ('county', 'city', 'province')"
            " AND destination.talent_is_public AND destination.file_moved_with",
            (KIND,), ("destination.talent_level", "destination.talent_is_public",
                      "destination.file_moved_with")),
    require("retention-requested", "1.2e", retained,
            f"{has('retention.applied_on')} AND retention.application_form = 'written'"
            " AND retention.applied_by = 'self'",
            (KIND,), ("retention.application_form", "retention.applied_by")),
    require("retention-approved", "1.2f", retained,
            f"{has('retention.approved_on')} AND retention.decision = 'approved'"
            " AND retention.approved_by = 'university_org_dept'"
            " AND retention.approved_on >= retention.applied_on",
            (KIND,), ("retention.applied_on", "retention.decision", "retention.approved_by")),
    require("retention-reasoned", "1.2g", retained, has("retention.reason"), (KIND,)),
    require("letter-identity-agrees", "1.3a", issued,
            f"{has('letter.name')} AND letter.name = member.name AND letter.sex = member.sex"
            " AND letter.category = member.category",
            in_ask=("member.name", "member.sex", "member.category", "letter.sex",
                    "letter.category")),
    require("letter-phone-valid", "1.3b", issued,
            f"{has('letter.phone')} AND regexp_full_match("
            "letter.phone, '1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}')"),
    require("letter-origin-address-given", "1.3c", issued, has("letter.origin_address")),
    require("letter-serials-agree", "1.3d", issued,
            f"{has('letter.serial')} AND {has('letter.stub_serial')}"
            f" AND letter.stub_serial = letter.serial AND ({two_part} OR"
            f" ({has('letter.receipt_serial')} AND letter.receipt_serial = letter.serial))"),
    Rule("letter-serial-unique", "1.3e", "twice"),
    deadline("retained-branch-assigned", "1.4a",
             f"{retained} AND retention.decision = 'approved'", "(retention.approved_on + 30)",
             "retention.branch_assigned_on", (KIND, "retention.decision"),
             ("retention.approved_on",)),
    deadline("retained-certificate-issued", "1.4b", away, "(member.left_on + 30)",
             "retention.certificate_on", (KIND, "retention.attends")),
    recurring("retained-contact-kept", "1.4c", away, "member.left_on",
              "retention.last_contact_on", 180, (KIND, "retention.attends")),
    recurring("retained-certificate-verified", "1.4d",
              f"{retained} AND {has('retention.certificate_on')}",
              "retention.certificate_on", "retention.last_verified_on", 365, (KIND,)),
    require("destination-recorded", "1.5b", f"{left} AND member.left_on <= {TODAY}", has(KIND)),
    require("tracker-named", "1.6a", issued, has("receipt.tracker")),
    deadline("receipt-returned", "1.6b", slip, receipt_due, "receipt.returned_on"),
    deadline("receipt-followed-up", "1.6c",
             f"{slip} AND {receipt_due} < {TODAY} AND {done('receipt.returned_on')} IS NULL",
             f"({receipt_due} + 15)", "receipt.followed_up_on"),
    require("letter-presented-in-time", "1.6d", f"{issued} AND {has('arrival.presented_on')}",
            f"arrival.presented_on <= {valid_until}"),
    require("credentials-checked", "2.1a", accepted,
            f"{has('arrival.credentials_checked_on')}"
            " AND arrival.credentials_checked_on <= arrival.accepted_on"),
    deadline("branch-assigned", "2.1b", accepted, "(arrival.accepted_on + 30)",
             "arrival.branch_assigned_on"),
    deadline("file-received", "2.1c", accepted, "(arrival.accepted_on + 60)",
             "arrival.file_received_on"),
    deadline("receipt-sent", "2.2a", f"{accepted} AND NOT {two_part}",
             "(arrival.accepted_on + 30)", "arrival.receipt_sent_on"),
    deadline("origin-contacted", "2.3a", has("floating.registered_on"),
             "(floating.registered_on + 30)", "floating.origin_contacted_on"),
    deadline("floating-branch-assigned", "2.3b", has("floating.registered_on"),
             "(floating.registered_on + 30)", "floating.branch_assigned_on"),
    deadline("conversion-decided", "2.4a", "member.category = 'probationary'",
             f"(coalesce(probation.extended_to, {year_end}) + 30)", "probation.decided_on",
             ("member.category",), ("member.admitted_on",)),
    require("extension-within-bounds", "2.4b", has("probation.extended_to"),
            f"probation.extended_to >= {after_months('member.admitted_on', 18)}"
            f" AND probation.extended_to <= {after_months('member.admitted_on', 24)}",
            in_ask=("member.admitted_on",)),
    require("conversion-not-early", "2.4c",
            f"{has('probation.decided_on')} AND probation.decision = 'full'",
            f"probation.decided_on >= {year_end}",
            ("probation.decision",), ("member.admitted_on",)),
    require("proxy-verified", "2.5a", f"{accepted} AND arrival.by_proxy",
            f"{has('arrival.proxy_verified_on')}"
            " AND arrival.proxy_verified_on <= arrival.accepted_on", ("arrival.by_proxy",)),
    deadline("absent-certificate-issued", "2.5b", absent, "(arrival.accepted_on + 30)",
             "arrival.certificate_on", ("arrival.attends",)),
    recurring("absent-contact-kept", "2.5c", absent, "arrival.accepted_on",
              "arrival.last_contact_on", 180, ("arrival.attends",)),
    recurring("absent-certificate-verified", "2.5d", has("arrival.certificate_on"),
              "arrival.certificate_on", "arrival.last_verified_on", 365),
)

# What has the same print need not be the same, so few are grouped by the serials themselves.
TWICE = f"""
CREATE TEMP TABLE twice AS
WITH letters AS (
    SELECT hash(letter.issuer, letter.serial) AS print, letter.issuer AS issuer,
           letter.serial AS serial
    FROM read_parquet($ledger) WHERE {issued} AND {has('letter.serial')}),
again AS (SELECT print FROM letters GROUP BY print HAVING count(*) > 1)
SELECT issuer, serial FROM letters WHERE print IN (SELECT print FROM again)
GROUP BY issuer, serial HAVING count(*) > 1
"""


def opened() -> str:
    """The records that have something to report, and which rules have."""
    bits = " | ".join(f"(CASE WHEN ({rule.bad}) IS NOT FALSE THEN {1 << i} ELSE 0 END)::UBIGINT"
                      for i, rule in enumerate(RULES))
    text = " ".join(part for r in RULES for part in (r.bad, r.due, r.done, r.named or ""))
    names = sorted({m[0] for m in re.finditer(rf"\b({'|'.join(GROUPS)})\.\w+", text)})
    return f"""
    CREATE TEMP TABLE opened AS
    SELECT member.id, {', '.join(names)}, line, {bits} AS bits, twice
    FROM (SELECT l.*, l.file_row_number + 1 AS line, {issued} AND t.serial IS NOT NULL AS twice
          FROM read_parquet($ledger, file_row_number = true) AS l
          LEFT JOIN twice AS t ON letter.serial = t.serial
                              AND letter.issuer IS NOT DISTINCT FROM t.issuer)
    WHERE bits <> 0
    """


def findings() -> Iterator[str]:
    for i, rule in enumerate(RULES):
        left = ", ".join(f"CASE WHEN {f} IS NULL AND ({where}) THEN '{f}' END".replace(
            f"'{f}'", f"'{f.replace('.', '§')}'") for f, where in rule.left)
        missing = (f"CASE WHEN ({rule.bad}) IS NULL THEN"
                   f" list_filter([{left}], lambda name: name IS NOT NULL) ELSE [] END"
                   if left else "[]::VARCHAR[]")
        clause = rule.named or f"'{rule.clause}'"
        yield f"""
        SELECT member.id AS record, '{rule.id}' AS rule, {clause} AS clause,
               CASE WHEN ({rule.bad}) IS NULL THEN 'undetermined'
                    WHEN {rule.pends} THEN 'pending' ELSE 'violation' END AS outcome,
               '{rule.severity}' AS severity,
               CASE WHEN ({rule.bad}) IS NOT NULL THEN {rule.due} END AS due,
               CASE WHEN ({rule.bad}) IS NOT NULL AND NOT ({rule.pends})
                    THEN coalesce({rule.done}, {TODAY}) - {rule.due} END::INTEGER AS days_late,
               {missing} AS missing,
               $ledger AS file, NULL::VARCHAR AS sheet, line AS row
        FROM opened WHERE (bits >> {i}) & 1 = 1
        """


def main(ledger: str, output: str) -> None:
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = false")
    for query in (TWICE, opened()):
        db.execute(quoted(query), {"ledger": ledger})
    every = quoted(" UNION ALL ".join(findings())).replace("§", ".")
    db.execute(f"COPY ({every}) TO '{output}' (FORMAT parquet)", {"ledger": ledger})


if __name__ == "__main__":
    main(*sys.argv[1:])
