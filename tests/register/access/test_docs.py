"""What docs/register.md says of users and roles is what the program does."""

from __future__ import annotations

from pathlib import Path

from zhuanjie.web.access.passwords import LONGEST, SHORTEST
from zhuanjie.web.access.permissions import Reach, permission_table
from zhuanjie.web.access.settings import AccessSettings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "register.md").read_text(encoding="utf-8")
CELLS = {None: "", Reach.OWN: "own", Reach.BELOW: "below", Reach.ALL: "all"}


def table() -> str:
    """The table of permissions, as the page shows it."""
    known = permission_table()
    roles = known.assignable
    lines = ["| permission | | " + " | ".join(roles) + " |", "|---" * (len(roles) + 2) + "|"]
    for name, permission in known.permissions.items():
        code = " ¹" if permission.second_factor else ""
        lines.append(f"| `{name}`{code} | {permission.title.en} | " + " | ".join(
            CELLS[permission.grants.get(role)] for role in roles) + " |")
    return "\n".join(lines)


def test_the_page_shows_the_table() -> None:
    assert table() in PAGE, f"docs/register.md should show:\n\n{table()}\n"


def test_the_page_says_the_usual_numbers() -> None:
    usual = AccessSettings()
    for said in (f"{SHORTEST} to {LONGEST} characters", f"{usual.idle // 60} minutes",
                 f"{usual.session // 3600} hours", f"{usual.account.free} failures",
                 f"{usual.network.free} of an address", f"{usual.longest_key_days} days",
                 f"{usual.one_time_password // 3600} hours"):
        assert said in PAGE, said
