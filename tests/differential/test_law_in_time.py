"""Which law judges what, held against a choice made by hand, record by record and rule by rule.

The choice below knows the packs' first days and which date each rule speaks of; it knows neither
editions nor conditions. What it expects of a rule is what the chosen pack, named outright, says.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from support.marks import few
from support.records_over_time import RECORDS, TURNS, record

from zhuanjie.engine.api import audit, check, check_one, load_policy
from zhuanjie.engine.auditing import editions
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Finding
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.specialize import specialize

SINCE = {"fujian-2007-80": date.min, "central-2015-33": date(2015, 7, 1),
         "central-2019-regulations": date(2019, 5, 6)}
"""The packs and their first days; the first judges what came before it as well."""

SPEAK_OF = {
    ("member.left_on",): "leaving-education-held transfer-notice-given transfer-notice-written "
    "retained-certificate-issued destination-recorded",
    ("letter.issued_on", "retention.approved_on"): "destination-allowed talent-service-qualifies",
    ("retention.applied_on",): "retention-requested abroad-particulars-stated",
    ("retention.approved_on",): "retention-approved retention-reasoned retained-branch-assigned "
    "retention-filed",
    ("letter.issued_on",): "letter-identity-agrees letter-phone-valid letter-origin-address-given "
    "letter-serials-agree letter-serial-unique tracker-named receipt-returned receipt-followed-up "
    "letter-presented-in-time committees-entitled",
    ("letter.reissued_on",): "letter-reissued-lawfully",
    ("arrival.accepted_on",): "credentials-checked branch-assigned file-received receipt-sent "
    "proxy-verified absent-certificate-issued",
    ("floating.registered_on",): "origin-contacted floating-branch-assigned",
    ("member.admitted_on",): "conversion-decided extension-within-bounds conversion-not-early",
    (): "retained-contact-kept retained-certificate-verified absent-contact-kept "
    "absent-certificate-verified retention-liaison-named retention-ended abroad-contact-kept",
}
DATES = {rule: dates for dates, rules in SPEAK_OF.items() for rule in rules.split()}

SHARE = {"durable": 8, "reference": 2}
DAYS = (date(2007, 12, 31), date(2015, 6, 30), date(2015, 7, 1), date(2019, 5, 6),
        date(2026, 3, 1))


def chosen(rule: str, record: dict[str, Any], as_of: date) -> str:
    """The pack that judges a record by a rule."""
    dates = (record[name] for name in DATES[rule] if record.get(name) is not None)
    decides = min(next(dates, as_of), as_of)
    return max((pack for pack, since in SINCE.items() if since <= decides), key=SINCE.__getitem__)


def said(findings: list[Finding]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What was said of each record by each rule; nothing may be said twice."""
    out = {(f.record or "", f.rule): (
        f.clause, f.outcome, f.severity, f.message, f.due, f.days_late, f.missing,
        dict(f.fields), f.remedy) for f in findings}
    assert len(out) == len(findings)
    return out


def test_every_rule_is_spoken_of() -> None:
    rules = {r.id for pack in SINCE for r in load_policy(pack).rules if r.shape != "reconcile"}
    assert set(DATES) == rules


@pytest.mark.parametrize("backend", few(NAMES, "polars", "python", "durable"))
@pytest.mark.parametrize("as_of", few(DAYS, DAYS[-1]), ids=str)
def test_each_record_is_judged_by_the_law_of_its_dates(as_of: date, backend: str) -> None:
    records = [record(s) for s in range(0, RECORDS, SHARE.get(backend, 1))]
    came = audit(records, as_of=as_of, backend=backend, all_outcomes=True)
    by_pack = {pack: said(audit(records, load_policy(pack), as_of=as_of, all_outcomes=True).findings)
               for pack in SINCE}
    expected = {}
    for one in records:
        for rule in DATES:
            key = one["member.id"], rule
            pack = chosen(rule, one, as_of)
            if key in by_pack[pack]:
                expected[key] = by_pack[pack][key]
    found = said(came.findings)
    assert found == expected
    reached = {pack for pack, since in SINCE.items() if since <= as_of}
    assert {j.policy.id for j in came.judged} == (reached if len(reached) > 1 else set())
    # Who judged is where what is said was written first: the pack itself says the same of it.
    for f in came.findings if len(reached) > 1 else ():
        assert by_pack[f.pack][f.record or "", f.rule] == found[f.record or "", f.rule]


@pytest.mark.parametrize("as_of", few(DAYS, DAYS[-1]), ids=str)
@pytest.mark.parametrize("turn", [*TURNS, date(2024, 1, 1)], ids=str)
def test_a_batch_of_one_time_is_judged_by_fewer_conditions(
        as_of: date, turn: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editions that a batch does not reach, or reaches wholly, fall away and change nothing."""
    records = []
    for seed in range(40):
        random = Random(seed)
        records.append({name: turn + timedelta(random.randrange(200))
                        if isinstance(value, date) else value
                        for name, value in record(seed).items()})
    plain = said(audit(records, as_of=as_of, all_outcomes=True).findings)
    seen: list[tuple[bool | None, ...]] = []

    def spied(plan: Plan, judging: tuple[bool | None, ...]) -> Plan:
        seen.append(judging)
        return specialize(plan, judging)

    monkeypatch.setattr(editions, "specialize", spied)
    with using(Limits(specialize_from=0)):
        assert said(audit(records, as_of=as_of, all_outcomes=True).findings) == plain
    assert as_of < date(2015, 7, 1) or {True, False} & set(seen[0])


@pytest.mark.parametrize("as_of", few(DAYS, date(2015, 7, 1)), ids=str)
@pytest.mark.parametrize("records", few((4, 24), 4))
def test_a_single_record_is_judged_as_in_a_ledger(as_of: date, records: int) -> None:
    policy = load_policy(as_of=as_of)
    for one in (record(s) for s in range(records)):
        wanted = said(audit([one], policy, as_of=as_of, all_outcomes=True).findings)
        assert said(check(one, policy, as_of=as_of, all_outcomes=True)) == wanted
        report = check_one(one, policy, as_of=as_of, all_outcomes=True)
        assert said(report.findings) == wanted


def test_counts_say_which_pack_judged_how_many() -> None:
    as_of = DAYS[-1]
    records = [record(s) for s in range(120)]
    report = audit(records, as_of=as_of)
    for part in report.judged:
        for clause, rule in (("1.2", "destination-allowed"), ("33", "destination-allowed"),
                             ("1.2g", "retention-reasoned"), ("A25", "committees-entitled")):
            if clause in part.clauses:
                later = ("central-2015-33", "central-2019-regulations")
                packs = later if clause == "33" else (part.policy.id,)
                assert part.clauses[clause] == sum(
                    chosen(rule, one, as_of) in packs for one in records), clause
    assert {p for part in report.judged for p in part.clauses} >= {"1.2", "33", "1.2g", "A25"}


@pytest.mark.parametrize(("pack", "first", "as_of"), [
    ("fujian-2007-80", date(2007, 6, 1), date(2015, 6, 30)),
    ("central-2015-33", date(2016, 6, 1), date(2019, 5, 5)),
    ("central-2019-regulations", date(2020, 6, 1), date(2026, 3, 1)),
])
def test_a_ledger_of_one_time_comes_out_as_by_its_pack(pack: str, first: date,
                                                       as_of: date) -> None:
    records = []
    for seed in range(60):
        random = Random(seed)
        one = record(seed)
        records.append({name: first + timedelta(random.randrange(300))
                        if isinstance(value, date) else value for name, value in one.items()})
    named = audit(records, load_policy(pack), as_of=as_of)
    by_date = audit(records, as_of=as_of)
    assert [_plain(f) for f in by_date.findings] == [_plain(f) for f in named.findings]
    assert by_date.summary == named.summary


def _plain(f: Finding) -> tuple[Any, ...]:
    return (f.record, f.rule, f.clause, f.outcome, f.severity, f.message, f.due, f.days_late,
            f.missing, dict(f.fields), f.remedy, f.location)
