"""A signal ends a register in good order: what is under way comes to its end, and is kept."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import select

from zhuanjie.web.operations.tables import DUTIES
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.history import events

PROGRAM = '''
import sys, time
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from zhuanjie.web.api.app import make_app
from zhuanjie.web.api.server import listen, serve, url_of
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.operations.logs import log_to
from zhuanjie.web.service.register import open_register
from zhuanjie.web.store.event import Actor, EventDraft

log_to()
register = open_register(sys.argv[1])
settings = HttpSettings()
app = make_app(register, settings)


def change():
    with register.store.change(Actor("li", "system")) as work:
        print("begun", flush=True)
        time.sleep(1.5)
        work.record(EventDraft("member.imported", "m1", values={"member.name": (None, "SECRET")}))


async def slow(request):
    await run_in_threadpool(change)
    return PlainTextResponse("kept")


app.router.routes.append(Route("/slow/{name}", slow))
with listen("127.0.0.1", 0, settings, insecure=False) as listening:
    serve(app, listening, lambda: print(url_of(listening), flush=True))
register.close()
print("closed", flush=True)
'''


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_kept_when_a_signal_comes(tmp_path: Path, sign: signal.Signals) -> None:
    url = f"sqlite:///{tmp_path / 'register.db'}"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    answers: list[bytes] = []
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.communicate()
        for path in ("/healthz", "/readyz"):
            assert urllib.request.urlopen(address + path, timeout=10).status == 200
        asking = threading.Thread(target=lambda: answers.append(
            urllib.request.urlopen(f"{address}/slow/SECRET", timeout=30).read()))
        asking.start()
        assert process.stdout.readline() == "begun\n"
        process.send_signal(sign)
        time.sleep(0.3)
        with pytest.raises(OSError):
            urllib.request.urlopen(address + "/healthz", timeout=5)  # nothing more is taken
        asking.join(30)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert answers == [b"kept"]
    assert (process.returncode, out) == (0, "closed\n")
    lines = [json.loads(line) for line in err.splitlines()]
    assert "SECRET" not in err
    assert [x["status"] for x in lines if x.get("route") == "/slow/{name}"] == [200], lines
    database = RegisterDatabase(url)
    with database.reading() as conn:
        assert [e.member for e in events(conn) if e.kind == "member.imported"] == ["m1"]
        # No duty is left half done.
        assert conn.execute(select(DUTIES.c.name).where(DUTIES.c.leased_by.is_not(None))).all() == []
        assert conn.execute(select(DUTIES.c.name)).scalars().all()
    database.close()
