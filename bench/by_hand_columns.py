"""The conditions of `conditions.py` over columns, as users of Polars and of Great Expectations
would write them. In: nothing. Out: expressions, and expectations on columns made for them.

Columns are fields with `_` for the dot; dates are day numbers.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from conditions import TODAY


def polars_conditions() -> list[pl.Expr]:
    """True where a condition holds."""
    c = pl.col
    slip, away = c("letter_form") != "two_part", ~c("arrival_attends")
    retained = c("destination_kind") == "retained"
    accepted = c("arrival_accepted_on")
    return [
        c("education_briefed_on") > c("member_left_on"),
        c("education_notice_on") > c("member_left_on"),
        c("education_notice_form") != "written",
        c("employment_employed") & c("employment_employer_has_party_org")
        & ~c("destination_kind").is_in(["employer_org", "retained"]),
        ~c("employment_employed") & ~c("destination_kind").is_in(
            ["residence_township", "parents_township", "talent_service", "retained"]),
        (c("destination_kind") == "talent_service")
        & ~(c("destination_talent_is_public") & c("destination_file_moved_with")),
        retained & (c("retention_decision") != "approved"),
        retained & (c("retention_approved_on") < c("retention_applied_on")),
        (c("letter_name") != c("member_name")) | (c("letter_sex") != c("member_sex"))
        | (c("letter_category") != c("member_category")),
        c("letter_stub_serial") != c("letter_serial"),
        slip & (c("letter_receipt_serial") != c("letter_serial")),
        slip & (c("receipt_returned_on") > accepted + 30),
        c("arrival_presented_on") > c("letter_issued_on") + c("letter_valid_days"),
        c("arrival_credentials_checked_on") > accepted,
        c("arrival_branch_assigned_on") > accepted + 30,
        c("arrival_file_received_on") > accepted + 60,
        slip & (c("arrival_receipt_sent_on") > accepted + 30),
        c("arrival_by_proxy") & (c("arrival_proxy_verified_on") > accepted),
        away & (c("arrival_certificate_on") > accepted + 30),
        away & (c("arrival_last_contact_on") + 180 < TODAY),
        c("floating_origin_contacted_on") > c("floating_registered_on") + 30,
        (c("member_category") == "probationary")
        & (c("probation_decided_on") > c("member_admitted_on") + 395),
    ]


def with_sums(frame: Any) -> Any:
    """A pandas frame with the columns that expectations compare, which know no arithmetic."""
    accepted = frame["arrival_accepted_on"]
    return frame.assign(
        accepted_30=accepted + 30, accepted_60=accepted + 60,
        valid_until=frame["letter_issued_on"] + frame["letter_valid_days"],
        registered_30=frame["floating_registered_on"] + 30,
        admitted_395=frame["member_admitted_on"] + 395,
        contact_due=frame["arrival_last_contact_on"] + 180, today=TODAY,
        talent_ok=frame["destination_talent_is_public"] & frame["destination_file_moved_with"],
        letter_identity=frame["letter_name"] + frame["letter_sex"] + frame["letter_category"],
        member_identity=frame["member_name"] + frame["member_sex"] + frame["member_category"],
    )


def expectations(gxe: Any) -> list[Any]:
    """What should hold; `gxe` is `great_expectations.expectations`."""
    def given(condition: str | None) -> dict[str, str]:
        return {"row_condition": condition, "condition_parser": "pandas"} if condition else {}

    def least(greater: str, less: str, condition: str | None = None) -> Any:
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=greater, column_B=less, or_equal=True, **given(condition))

    def equal(one: str, other: str, condition: str | None = None) -> Any:
        return gxe.ExpectColumnPairValuesToBeEqual(column_A=one, column_B=other,
                                                   **given(condition))

    def among(column: str, values: list[Any], condition: str | None = None) -> Any:
        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=values,
                                               **given(condition))

    slip, retained = 'letter_form != "two_part"', 'destination_kind == "retained"'
    all_ = [
        least("member_left_on", "education_briefed_on"),
        least("member_left_on", "education_notice_on"),
        among("education_notice_form", ["written"]),
        among("destination_kind", ["employer_org", "retained"],
              "employment_employed and employment_employer_has_party_org"),
        among("destination_kind", ["residence_township", "parents_township", "talent_service",
                                   "retained"], "not employment_employed"),
        among("talent_ok", [True], 'destination_kind == "talent_service"'),
        among("retention_decision", ["approved"], retained),
        least("retention_approved_on", "retention_applied_on", retained),
        equal("letter_identity", "member_identity"),
        equal("letter_stub_serial", "letter_serial"),
        equal("letter_receipt_serial", "letter_serial", slip),
        least("accepted_30", "receipt_returned_on", slip),
        least("valid_until", "arrival_presented_on"),
        least("arrival_accepted_on", "arrival_credentials_checked_on"),
        least("accepted_30", "arrival_branch_assigned_on"),
        least("accepted_60", "arrival_file_received_on"),
        least("accepted_30", "arrival_receipt_sent_on", slip),
        least("arrival_accepted_on", "arrival_proxy_verified_on", "arrival_by_proxy"),
        least("accepted_30", "arrival_certificate_on", "not arrival_attends"),
        least("contact_due", "today", "not arrival_attends"),
        least("registered_30", "floating_origin_contacted_on"),
        least("admitted_395", "probation_decided_on", 'member_category == "probationary"'),
    ]
    for number, expectation in enumerate(all_):  # results come back in an order of their own
        expectation.meta = {"number": number}
    return all_
