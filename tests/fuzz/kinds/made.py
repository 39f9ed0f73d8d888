"""What the program itself writes and reads again. In: nothing. Out: a report, a baseline, a journal."""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from support.cli_command import AS_OF, COMMAND, LEDGER, write_ledger

EVENTS = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in (
    {"member.id": "06001", "姓名": "张三", "letter.issued_on": "2007-06-30"},
    {"clock": "2007-10-01"}, {"学号": "06002", "letter": {"issued_on": "2007-09-01", "serial": "A1"}},
    {"member.id": "06001", "receipt.returned_on": "2007-09-30"}, {"clock": "2007-12-31"},
    {"member.id": "06002", "letter.issued_on": None},
)).encode()


@cache
def written() -> dict[str, bytes]:
    """Files of each kind, made once by the real command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ledger(folder / "l.csv", LEDGER)
        (folder / "e.jsonl").write_bytes(EVENTS)
        for call in (["audit", "l.csv", "-o", "report.json", "--fail-on", "never"],
                     ["audit", "l.csv", "-o", "report.csv", "--fail-on", "never"],
                     ["baseline", "create", "l.csv", "-o", "baseline.jsonl"],
                     ["watch", "e.jsonl", "--journal", "journal"]):
            subprocess.run([COMMAND, *call, *AS_OF], cwd=folder, check=False, capture_output=True)
        return {p.name: p.read_bytes() for p in folder.iterdir()}
