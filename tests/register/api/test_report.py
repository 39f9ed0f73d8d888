"""The monthly report over HTTP: tables, a PDF, a workbook; a past day is worked out first."""

from __future__ import annotations

from support.register_office import Office


def test_a_report_has_its_tables_checkpoint_and_files(at: Office) -> None:
    told = at.ask("GET", "/report").json()
    assert told["about"].startswith("组织部") and told["note"] and "王" not in str(told["tables"])
    units = told["tables"][0]
    assert [row[:2] for row in units["rows"]] == [["数学系", 2], ["物理系", 1], ["All", 3]]
    own = at.ask("GET", "/report", "college", "maths").json()
    assert "物理系" not in str(own) and at.ask(
        "GET", "/report?unit=physics", "college", "maths").status_code == 404
    for kind, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        made = at.ask("GET", f"/report/{kind}")
        assert made.content.startswith(begins), made.text
        assert made.content == at.ask("GET", f"/report/{kind}").content


def test_a_past_day_is_worked_out_first(at: Office) -> None:
    answer = at.ask("GET", "/report?as_of=2026-06-29")
    assert answer.status_code == 404 and answer.json()["code"] == "register.board.not-worked-out"
    assert at.ask("POST", "/figures/days", json={"as_of": "2026-06-29"}).status_code == 202
    assert at.ask("POST", "/figures/days", json={"as_of": "2026-06-30"}).status_code == 400
    assert at.ask("POST", "/figures/days", "administrator", json={
        "as_of": "2026-06-29"}).status_code == 403
