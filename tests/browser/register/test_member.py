"""A member's page in a browser: judged while one types, kept apart from others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.store.event import SYSTEM


@pytest.fixture(scope="module")
def member(demo: Any) -> str:
    """A member of whom a rule is broken."""
    with demo.register.store.reading(SYSTEM) as conn:
        return str(conn.execute(select(OUTCOMES.c.member).where(
            OUTCOMES.c.outcome == "violation").order_by(OUTCOMES.c.member).limit(1)).scalar_one())


def test_what_is_typed_is_judged_and_a_conflict_is_shown(signed_in: Callable[..., Any],
                                                         demo: Any, member: str) -> None:
    page = signed_in("department", f"/members/{member}/acts/correct?section=person", lang="en",
                     refused=True)
    page.fill("[name='f:member.phone']", "13900001111")
    page.wait_for_selector("#judged ins:has-text('13900001111')")
    page.fill("[name='f:member.left_on']", "2007-01-01")
    page.fill("[name=reason]", "as the member says")
    other = signed_in("department", f"/members/{member}/acts/correct?section=person", lang="en")
    other.fill("[name='f:member.phone']", "13900002222")
    other.fill("[name=reason]", "another call")
    other.click("button.main")
    other.wait_for_url(f"**/members/{member}")
    page.click("button.main")
    page.wait_for_selector(".theirs:has-text('13900002222')")
    assert page.input_value("[name='f:member.phone']") == "13900001111"
    page.click("button.main")
    page.wait_for_url(f"**/members/{member}")
    assert "13900001111" in page.locator(".events").inner_text()
