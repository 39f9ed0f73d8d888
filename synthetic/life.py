"""Members' stories, told without a fault. In: a draft with its traits. Out: its fields filled in.

Everything happens in good time; what would happen after the as-of day has not happened yet, and its
duty is noted as pending. Nothing here breaks a clause or leaves one undetermined.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

import polars as pl

from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.synthetic.draft import (
    CONTACT,
    NUMBER,
    VERIFY,
    Draft,
    Number,
    at,
    between,
    chance,
    pick,
    pools,
    probation_end,
)
from zhuanjie.synthetic.traits import choose, trait

UNIVERSITY: Final = "闽南示例学院"
ISSUER: Final = f"中共{UNIVERSITY}委员会组织部"
MATURE: Final = 170
"""Days after leaving by which every deadline of a transfer has passed."""

TOWNSHIPS: Final = ("workplace_township", "residence_township", "parents_township")
MOVED: Final = ("employer_org", *TOWNSHIPS, "talent_service")

_LEVELS: Final = ("province", "city", "county")


def live(draft: Draft) -> None:
    """Fill in the draft."""
    choose(draft)
    _start(draft)
    _person(draft)
    _membership(draft)
    _education(draft)
    _destination(draft)
    _retention(draft)
    _letter(draft)
    _reception(draft)


def newest_class(as_of: int) -> int:
    """The year of the class that left last; it leaves in June and July."""
    day = from_day(as_of)
    return day.year if day.month >= 8 else day.year - 1


def serial(number: pl.Expr) -> pl.Expr:
    """The number a letter bears."""
    return number.cast(pl.String).str.zfill(7)


def _start(d: Draft) -> None:
    """What the rest hangs on."""
    year = newest_class(d.as_of)
    left = [to_day(date(y, 6, 20)) for y in (year - 1, year)]
    grown = d.as_of - to_day(date(year, 7, 5)) >= MATURE
    old = trait("age", "old")
    if not grown:
        old |= trait("stage", "settled")
    d.set("~old", old)
    d.set("~male", chance("male", 0.5))
    d.set("~department", between("department", 0, len(pools()["department"]) - 1))
    d.set("~city", between("city", 0, len(pools()["city"]) - 1))
    d.set("~trade", between("trade", 0, len(pools()["trade"]) - 1))
    d.set("~retained", trait("kind", "retained"))
    d.set("~issued", trait("kind", *MOVED) & ~trait("stage", "before"))
    d.set("~serial", serial(pl.col(NUMBER)))
    d.step()
    d.set("member.cohort", pl.when("~old").then(year - 1).otherwise(year).cast(pl.Int64))
    d.set("member.left_on",
          pl.when(trait("stage", "before")).then(d.as_of + between("leaving", 1, 60))
          .otherwise(pl.when("~old").then(left[0]).otherwise(left[1]) + between("left", 0, 15))
          .cast(pl.Int32))
    d.step()


def _person(d: Draft) -> None:
    departments = pools()["department"]
    names, single = _names()
    males = len(names) // 2
    # One of the shorter names of three in ten; boys' names stand before girls'.
    place = pl.when(chance("short name", 0.3)).then(between("name", 0, single - 1)).otherwise(
        between("longer name", single, males - 1))
    d.set("member.name", at(names, place + pl.when("~male").then(0).otherwise(males)))
    year = newest_class(d.as_of)
    entered = tuple(f"{y - 4}{n:02d}" for y in (year - 1, year)
                    for n in range(1, len(departments) + 1))
    number = pl.col(NUMBER).cast(pl.String).str.zfill(5)
    d.set("member.id", at(entered, pl.col("~department")
                          + pl.when("~old").then(0).otherwise(len(departments))) + number)
    d.set("member.sex", pl.when("~male").then(pl.lit("male")).otherwise(pl.lit("female")))
    d.set("member.ethnicity", pick("ethnicity", pools()["ethnicity"]))
    # No operator gives out numbers that begin with 100.
    d.set("member.phone", (between("phone", 0, 99_999_999) + pl.lit(10_000_000_000))
          .cast(pl.String))
    d.set("member.school_branch", at(tuple(f"{name}党总支" for name in departments),
                                     pl.col("~department")))


@cache
def _names() -> tuple[tuple[str, ...], int]:
    """Names of boys and then of girls, each the shorter ones first; how many of those."""
    given = [pools()["male"], pools()["female"]]
    short = [[s + a for s in pools()["surname"] for a in each] for each in given]
    longer = [[name + b for name in names for b in each]
              for names, each in zip(short, given, strict=True)]
    return (*short[0], *longer[0], *short[1], *longer[1]), len(short[0])


def _membership(d: Draft) -> None:
    full = trait("membership", "full", "converted")
    d.set("member.category",
          pl.when(full).then(pl.lit("full")).otherwise(pl.lit("probationary")))
    student = pl.min_horizontal("member.left_on", d.as_of)
    d.set("member.admitted_on", student - pl.when(full).then(between("full", 500, 1100)).otherwise(
        between("admitted", 20, 360)))
    d.step()
    admitted = pl.col("member.admitted_on")
    d.set("~decided", probation_end(admitted, d.as_of) + between("decided", 0, 20))
    d.step()
    decided, probation = pl.col("~decided"), ~trait("membership", "full")
    d.act("probation.decided_on", decided, "2.4a", probation)
    done = probation & (decided <= d.as_of)
    extended = trait("membership", "extended")
    d.set("probation.applied_on", decided - between("applied to convert", 21, 40), done)
    d.set("probation.decision",
          pl.when(extended).then(pl.lit("extended")).otherwise(pl.lit("full")), done)
    d.set("probation.extended_to",
          probation_end(admitted, d.as_of, between("extension", 6, 12)), done & extended)
    d.step()


def _education(d: Draft) -> None:
    everybody = pl.lit(value=True)
    briefed = pl.col("member.left_on") - between("briefed", 5, 40)
    noticed = briefed + between("noticed", 0, 4)
    d.act("education.briefed_on", briefed, "1.1a", everybody)
    d.act("education.notice_on", noticed, "1.1b", everybody)
    d.set("education.notice_form", "written", noticed <= d.as_of)


def _destination(d: Draft) -> None:
    trades = pools()["trade"]
    employers = tuple(city + trade for city in pools()["city"] for trade in trades)
    jobless = chance("without work", 0.5)
    # Whether employed, and whether the employer has a Party organisation, by destination.
    employed = trait("kind", "employer_org", "workplace_township") | (
        trait("kind", "residence_township") & ~jobless)
    d.set("employment.employed", employed)
    d.set("employment.employer", at(employers, pl.col("~city") * len(trades) + pl.col("~trade")),
          employed)
    d.set("employment.employer_has_party_org", trait("kind", "employer_org"), employed)
    kinds = (*MOVED, "retained")
    d.set("destination.kind", at(kinds, pl.min_horizontal("~kind", len(kinds) - 1)),
          ~trait("kind", "none"))
    level = between("level", 0, len(_LEVELS) - 1)
    talent = trait("kind", "talent_service")
    d.set("destination.talent_level", at(_LEVELS, level), talent)
    d.set("destination.talent_is_public", True, talent)
    d.set("destination.file_moved_with", True, talent)
    _organisation(d, employers, level)
    d.step()


def _organisation(d: Draft, employers: tuple[str, ...], level: pl.Expr) -> None:
    """The name of the organisation that takes the member in."""
    cities, counties, townships = (pools()[p] for p in ("city", "county", "township"))
    talent = ("福建省", *cities, *counties)
    named = (
        *(f"中共{name}委员会" for name in employers),
        *(f"中共{place}人才服务中心委员会" for place in talent),
        *(f"中共{place}工作委员会" for place in townships),
        f"中共{UNIVERSITY}委员会",
    )
    place = (pl.when(level == 0).then(0).when(level == 1).then(pl.col("~city") + 1)
             .otherwise(between("county", 1 + len(cities), len(talent) - 1)))
    index = (
        pl.when(trait("kind", "employer_org"))
        .then(pl.col("~city") * len(pools()["trade"]) + pl.col("~trade"))
        .when(trait("kind", "talent_service")).then(place + len(employers))
        .when("~retained").then(len(named) - 1)
        .otherwise(between("township", len(employers) + len(talent), len(named) - 2)))
    d.set("destination.org", at(named, index), ~trait("kind", "none"))


def _retention(d: Draft) -> None:
    stays, left = pl.col("~retained"), pl.col("member.left_on")
    applied = pl.min_horizontal("member.left_on", d.as_of) - between("applied to stay", 10, 30)
    approved = applied + between("approved", 1, 8)
    assigned = approved + between("retained branch assigned", 0, 25)
    d.set("retention.reason", pick("reason", pools()["reason"]), stays)
    d.set("retention.applied_on", applied, stays)
    d.set("retention.application_form", "written", stays)
    d.set("retention.applied_by", "self", stays)
    d.set("retention.decision", "approved", stays)
    d.set("retention.approved_by", "university_org_dept", stays)
    d.set("retention.approved_on", approved, stays)
    d.act("retention.branch_assigned_on", assigned, "1.4a", stays)
    d.set("retention.branch", pick("retained branch", pools()["branch"]),
          stays & (assigned <= d.as_of))
    d.set("retention.attends", trait("attends"), stays)
    away = stays & ~trait("attends")
    certificate = left + between("retained certificate", 0, 25)
    d.act("retention.certificate_on", certificate, "1.4b", away)
    _verified(d, "retention", certificate, away)
    _contacted(d, "retention", left, away)
    registered = certificate + between("registered", 5, 40)
    shown = away & trait("floating") & (registered <= d.as_of)
    # The member shows the certificate where he or she now lives.
    d.set("floating.certificate_no", pl.lit("H") + pl.col("~serial"), shown)
    d.set("floating.registered_on", registered, shown)
    d.act("floating.origin_contacted_on", registered + between("origin", 0, 25), "2.3a", shown)
    d.act("floating.branch_assigned_on", registered + between("floating branch", 0, 25), "2.3b",
          shown)


def _contacted(d: Draft, group: str, start: pl.Expr, where: pl.Expr) -> None:
    """The last contact is never older than the interval; at first there may be none."""
    gap = d.as_of - start
    day = d.as_of - between(f"{group} contact", 0, pl.min_horizontal(gap, CONTACT))
    asked = (gap > CONTACT) | ((gap > 30) & chance(f"{group} contacted", 0.6))
    d.set(f"{group}.last_contact_on", day, where & asked)


def _verified(d: Draft, group: str, certificate: pl.Expr, where: pl.Expr) -> None:
    d.set(f"{group}.last_verified_on", d.as_of - between(f"{group} verified", 0, VERIFY),
          where & (d.as_of - certificate > VERIFY))


def _letter(d: Draft) -> None:
    issued, slip = pl.col("~issued"), ~trait("two_part")
    day = (pl.when(trait("stage", "transit")).then(d.as_of - between("sent off", 0, 25))
           .when(trait("stage", "fresh")).then(d.as_of - between("issued lately", 8, 55))
           .otherwise(pl.col("member.left_on") - between("issued", 0, 7)))
    d.set("letter.form", pl.when(slip).then(pl.lit("three_part")).otherwise(pl.lit("two_part")),
          issued)
    d.set("letter.serial", pl.col("~serial"), issued)
    d.set("letter.stub_serial", pl.col("~serial"), issued)
    d.set("letter.receipt_serial", pl.col("~serial"), issued & slip)
    d.set("letter.issuer", ISSUER, issued)
    d.set("letter.issued_on", day, issued)
    d.set("letter.valid_days", pl.when(chance("sixty days", 0.5)).then(60).otherwise(90)
          .cast(pl.Int64), issued & chance("states its days", 0.3))
    d.set("letter.addressee", pl.col("destination.org"), issued)
    for part in ("name", "sex", "category"):
        d.set(f"letter.{part}", pl.col(f"member.{part}"), issued)
    # No exchange gives out numbers that begin with 0.
    exchange = pl.lit("0595-0") + between("landline", 1_000_000, 9_999_999).cast(pl.String)
    d.set("letter.phone", pl.when(chance("mobile", 0.85)).then("member.phone").otherwise(exchange),
          issued)
    addresses = tuple(f"福建省示例市学府路1号{UNIVERSITY}{name}党总支"
                      for name in pools()["department"])
    d.set("letter.origin_address", at(addresses, pl.col("~department")), issued)
    d.set("receipt.tracker", pick("tracker", tuple(f"{s}老师" for s in pools()["surname"])), issued)
    d.step()


def _reception(d: Draft) -> None:
    fresh, quick, issued = trait("stage", "fresh"), trait("quick"), pl.col("letter.issued_on")
    reported = pl.col("~issued") & trait("reported")
    lately = pl.max_horizontal(issued + 5, d.as_of - between("accepted lately", 0, 25))
    days = between("way", 3, _either(quick, 8, 55))
    d.set("~presented", pl.when(fresh).then(lately - between("presented lately", 0, 3))
          .otherwise(issued + days))
    d.set("~accepted", pl.when(fresh).then(lately)
          .otherwise(issued + days + between("accepted", 0, _either(quick, 2, 5))))
    d.step()
    there = reported & ~trait("stage", "transit") & (pl.col("~presented") <= d.as_of)
    d.set("arrival.presented_on", pl.col("~presented"), there)
    # Who is still on the way arrives tomorrow at the earliest.
    d.set("~accepted", pl.when(there).then("~accepted").otherwise(d.as_of + 1))
    d.step()
    d.set("~taken", reported & (pl.col("~accepted") <= d.as_of))
    d.set("~sent", pl.col("~accepted") + between("sent", 0, 14))
    d.step()
    slip, sent = ~trait("two_part"), pl.col("~sent")
    d.act("receipt.returned_on", sent + between("returned", 2, 15), "1.6b", reported & slip)
    d.act("arrival.receipt_sent_on", sent, "2.2a", pl.col("~taken") & slip)
    _accepted(d, pl.col("~accepted"), pl.col("~taken"))
    d.step()


def _accepted(d: Draft, accepted: pl.Expr, taken: pl.Expr) -> None:
    """What follows once the member is taken in."""
    presented = pl.col("~presented")
    checked = presented + (accepted - presented) // 2
    assigned = accepted + between("branch assigned", 0, 25)
    requested = accepted + between("requested", 0, 10)
    d.set("arrival.accepted_on", accepted, taken)
    d.set("arrival.credentials_checked_on", checked, taken)
    d.act("arrival.branch_assigned_on", assigned, "2.1b", taken)
    d.set("arrival.branch", pick("branch", pools()["branch"]), taken & (assigned <= d.as_of))
    d.set("arrival.file_requested_on", requested, taken & (requested <= d.as_of))
    d.act("arrival.file_received_on", accepted + between("file", 12, 55), "2.1c", taken)
    d.set("arrival.by_proxy", trait("proxy"), taken)
    d.set("arrival.proxy_verified_on", checked, taken & trait("proxy"))
    d.set("arrival.attends", trait("attends"), taken)
    away = taken & ~trait("attends")
    certificate = accepted + between("certificate", 0, _either(trait("quick"), 5, 25))
    d.act("arrival.certificate_on", certificate, "2.5b", away)
    _verified(d, "arrival", certificate, away)
    _contacted(d, "arrival", accepted, away)


def _either(where: pl.Expr, there: int, else_: int) -> Number:
    return pl.when(where).then(there).otherwise(else_)
