"""The page of an audit without a browser: what is counted, escaped, allowed, refused."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import date, timedelta
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.cli_command import run
from support.output_reports import finding
from support.page_reports import DAY, HOSTILE, hostile, html_of, many, report_of
from support.values import replace

from zhuanjie.engine.api import OutputError, load_policy
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome, Severity
from zhuanjie.engine.core.waiver import Waiver, WaiverUse
from zhuanjie.report.formats.registry import FORMATS
from zhuanjie.report.page.acts import acts
from zhuanjie.report.page.audit import brief
from zhuanjie.report.page.counts import age_bounds, count, monday
from zhuanjie.report.page.markup import Html, tag
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable

ROOT = Path(__file__).resolve().parents[2]


class Reader(HTMLParser):
    """The elements of a page, whether each is closed, and its texts by the part they stand in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.part, self.texts = "", dict[str, str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.ids += [value for value in [given.get("id")] if value]
        if tag == "section":
            self.part = given["aria-labelledby"] or ""
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts[self.part] = self.texts.get(self.part, "") + data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_ledger_holds_is_escaped_everywhere(lang: str) -> None:
    text = html_of(hostile(), lang)
    reader = Reader(text)
    assert reader.open == []
    assert "img" not in reader.tags and reader.tags.count("script") == 2
    assert "\u202e" not in text and "\u2066" not in text
    for given in HOSTILE:
        shown = printable(given)
        for part in ("findings", "waivers", "by-0"):
            assert shown in reader.texts[part], (given, part)


def test_the_data_hold_every_finding() -> None:
    report = many(500)
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>',
                         html_of(report), re.DOTALL)
    data = json.loads(held)
    texts = data["texts"]
    assert len(data["rows"]) == 500
    for row, found in zip(data["rows"], report.findings, strict=True):
        told = [texts[row[at]] for at in (2, 4, 5, 6, 10, 11, 14)]
        assert told == [found.clause, found.record, found.name, found.group, found.message,
                        found.remedy, found.outcome]
        assert row[9] == (found.days_late or 0)
        assert texts[row[8]] == (found.due.isoformat() if found.due else "")


def test_the_policy_on_content_allows_what_stands_there_alone() -> None:
    text = html_of(many(3))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = unescape(policy)
    for name in ("style", "script"):
        (held,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = b64encode(sha256(held.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "http:" not in text and "https:" not in text and "url(" in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    text = html_of(many(500), "en")
    ids = Reader(text).ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_deadlines_are_counted_by_age_and_week() -> None:
    def late(days: int, **more: Any) -> Any:
        return finding(due=DAY - timedelta(days), days_late=days, row=days, rule="receipt-returned",
                       **more)

    def due(days: int) -> Any:
        return finding(outcome=Outcome.PENDING, due=DAY + timedelta(days), row=9000 + days)

    done = late(45, fields={"receipt.returned_on": DAY})
    found = [late(1), late(30), late(31), late(60), late(90), late(91), late(4000), done,
             due(0), due(6), due(7), due(13 * 7 - 1), due(13 * 7), due(5000)]
    made = count(report_of(found), {"receipt-returned": "receipt.returned_on"})
    assert made.ages == [2, 2, 1, 2]
    assert made.came_late == 1
    weeks = list(made.weeks.values())  # the day of the audit is a Monday
    assert DAY.weekday() == 0
    assert (weeks[0], weeks[1], weeks[12], made.later) == (2, 1, 1, 2)
    assert age_bounds() == [(1, 30), (31, 60), (61, 90), (91, None)]
    assert made.records == {Outcome.VIOLATION: 8, Outcome.PENDING: 6}
    assert count(replace(report_of(found), as_of=date.max), {}).weeks
    assert monday(date.min) == date.min


def test_a_record_counts_once_by_the_worst_of_it() -> None:
    found = [finding(outcome=Outcome.PENDING), finding(outcome=Outcome.UNDETERMINED),
             finding("b", Outcome.WAIVED, row=3), finding("c", row=None), finding("d", row=4)]
    made = count(report_of(found), {})
    assert made.records == {Outcome.UNDETERMINED: 1, Outcome.WAIVED: 1, Outcome.VIOLATION: 1}


def test_the_act_that_mends_most_people_comes_first() -> None:
    view = View.of(load_policy("fujian-2007-80"), "en")
    found = [finding("a", clause="1.6b", remedy="write"), finding("b", clause="1.6c", remedy="write"),
             finding("a", clause="1.6c", remedy="write"), finding("c", clause="2.1a", remedy="call"),
             *(finding(str(n), clause="1.3a", remedy=f"see {n}", rule="letter-matches-member")
               for n in range(9)),
             finding("z", Outcome.PENDING, "2.1b", remedy="wait")]
    first, second, third = acts(found, view)
    assert (first.people, first.findings, first.clauses) == (9, 9, ("1.3a",))  # worded nine ways
    assert (second.what, second.people, second.findings) == ("write", 2, 3)
    assert second.clauses == ("1.6b", "1.6c")
    assert (third.what, third.people, third.severity) == ("call", 1, Severity.ERROR)


def test_waivers_are_shown_with_reason_and_last_day() -> None:
    held = Waiver("2026-017", "军训封闭", "zhang", "li", date(2007, 9, 1), date(2008, 1, 18), "〔2007〕12号")
    gone = replace(held, id="2026-002", expires=date(2007, 12, 1), in_force=False)
    report = report_of([finding(outcome=Outcome.WAIVED, waiver=held),
                        finding("b", waiver=gone, row=3)])
    idle = replace(held, id="2026-030", granted_on=date(2008, 1, 1))
    report.waivers = (WaiverUse(held, "in_force", 1), WaiverUse(idle, "later", 0))
    text = Reader(html_of(report)).texts
    for said in ("2026-017", "军训封闭", "zhang", "li", "2007-09-01", "2008-01-18", "〔2007〕12号",
                 "2026-002", "2026-030", *(say(f"output.waivers.state.{s}", "zh")
                                           for s in ("in_force", "expired", "later"))):
        assert said in text["waivers"]
    assert "豁免 2026-017，至 2008-01-18：军训封闭" in text["findings"]
    assert "豁免 2026-002 已于 2007-12-01 到期" in text["findings"]


def test_very_many_groups_are_folded_and_all_there() -> None:
    found = [finding(str(n), row=n, group=f"<学院{n}>") for n in range(95)]
    text = html_of(report_of(found), "en")
    assert "the other 55" in Reader(text).texts["by-group"]
    assert all(f"<学院{n}>" in Reader(text).texts["by-group"] for n in (0, 40, 94))
    assert text.count("<details>") == 1
    assert "<details>" not in html_of(report_of(found[:40]))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_numbers_stand_with_their_sources(lang: Any) -> None:
    policy = load_policy("fujian-2007-80")
    policy = replace(policy, overrides={"receipt_return_days": 77})
    report = report_of([finding()])
    text = Reader("".join(brief(report, View.of(policy, lang)))).texts
    for name, parameter in policy.parameters.items():
        assert name in text["parameters"]
        assert getattr(parameter.source, lang) in text["parameters"]
        assert getattr(parameter.note, lang) in text["parameters"]
    assert "77" in text["parameters"]
    assert policy.sha256 in text["policy"] and "cd" not in text["policy"]
    assert report.ledger.sha256 in text["policy"]


def test_too_many_findings_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    from zhuanjie.cli.commands import audit
    from zhuanjie.cli.main import main

    small = {**FORMATS, "html": replace(FORMATS["html"], most=20)}
    monkeypatch.setattr("zhuanjie.report.presentation.FORMATS", small)
    monkeypatch.setattr("zhuanjie.report.of_report.FORMATS", small)
    monkeypatch.setattr(audit, "_CHECKED", 10)
    page = tmp_path / "report.html"
    call = ["audit", str(ROOT / "fixtures/ledgers/office-2007.xlsx"), "--as-of", "2007-12-31",
            "--lang", "en", "--quiet"]
    assert main([*call, "-o", str(page)]) == 2
    said = capsys.readouterr().err
    assert "more than 20 findings" in said and "csv" in said and "--summary" in said
    assert not page.exists()
    assert main([*call, "-o", str(page), "--summary"]) == 1
    assert 'id="data"' not in page.read_text(encoding="utf-8")
    with pytest.raises(OutputError):
        many(21).save(tmp_path / "other.html")
    frame = many(21)._repr_html_()
    assert frame.startswith("<iframe sandbox") and "id=&quot;data" not in frame
    assert "id=&quot;data" in many(20)._repr_html_()


def test_the_command_writes_the_same_page_twice(tmp_path: Path) -> None:
    pages = []
    for name in ("a", "b"):
        done = run("audit", ROOT / "fixtures/ledgers/office-2007.xlsx", "--as-of", "2007-12-31",
                   "--all", "--by", "member.sex", "-o", tmp_path / f"{name}.html", "--quiet")
        assert done.returncode == 1
        pages.append((tmp_path / f"{name}.html").read_bytes())
    assert pages[0] == pages[1]
    reader = Reader(pages[0].decode())
    assert reader.open == []
    assert {"figures", "first", "broken", "clauses", "by-0", "overdue", "to-come", "completion",
            "findings", "input", "policy", "parameters", "method"} <= set(reader.ids)
    assert "%" in reader.texts["completion"]


def test_markup_is_text_unless_it_says_otherwise() -> None:
    assert tag("p", "<b>", Html("<i></i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></i></p>'
    assert tag("rect", width=3) == '<rect width="3"/>'
    assert tag("a", "x", hidden=True, rel=None, id=False) == "<a hidden>x</a>"
