"""People at work on a register, for locust. In: a key, members. Out: requests.

Each client acts once in so many seconds, as somebody who reads before they write.
`bench/register.py` starts it, and gives it what it needs by the environment.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from locust import HttpUser, between, task

KEY = os.environ["REGISTER_KEY"]
MEMBERS: list[str] = json.loads(Path(os.environ["REGISTER_MEMBERS"]).read_text())
ACT = os.environ["REGISTER_ACT"]
PACE = float(os.environ["REGISTER_PACE"])
INPUTS = json.loads(os.environ["REGISTER_INPUTS"])


class Clerk(HttpUser):
    """Somebody who acts, looks at who they acted on, and turns pages."""

    # Not all at once: people are not in step with one another.
    wait_time = between(0.5 * PACE, 1.5 * PACE)

    def on_start(self) -> None:
        self.client.headers["authorization"] = f"Bearer {KEY}"

    @task(6)
    def act(self) -> None:
        """A change, judged and saved."""
        # Each time another value: what would change nothing is not recorded.
        inputs = {name: f"{text}{random.randrange(10**9)}" for name, text in INPUTS.items()}
        body = {"inputs": inputs, "reason": "核对"}
        self.client.post(f"/api/v1/members/{random.choice(MEMBERS)}/acts/{ACT}", json=body,
                         name="act")

    @task(2)
    def look(self) -> None:
        """One member, judged anew."""
        self.client.get(f"/api/v1/members/{random.choice(MEMBERS)}", name="member")

    @task(2)
    def page(self) -> None:
        """A page of the list."""
        self.client.get("/api/v1/members?limit=50&order=changed", name="list")
