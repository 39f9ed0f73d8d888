"""A PostgreSQL server of its own for the tests. In: nothing. Out: a running cluster, thrown away.

Its order of texts is a language's and not that of code points, so that a comparison which forgets
to say how it compares is found out.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "s3cret%word"
SETTINGS = "fsync=off\nsynchronous_commit=off\nfull_page_writes=off\nmax_connections=30\n"


def binaries() -> Path | None:
    """Where the newest server's programs are."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin")]
    folders.sort(key=lambda p: [int(n) for n in p.parent.name.split(".") if n.isdigit()])
    on_path = shutil.which("initdb")
    folders = folders or ([Path(on_path).resolve().parent] if on_path else [])
    return next((f for f in reversed(folders) if (f / "initdb").exists()), None)


@dataclass
class Cluster:
    """A server: where it listens, and how it is stopped and started."""

    bin: Path
    folder: Path
    port: int
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What libpq needs to reach it as its owner, over its socket."""
        return {"PGHOST": str(self.folder), "PGPORT": str(self.port), "PGUSER": "owner",
                "PGDATABASE": "postgres"}

    def url(self, table: str, more: str = "") -> str:
        """The address of one of its tables, over the socket."""
        return f"postgresql://owner@/postgres?host={self.folder}&port={self.port}&table={table}{more}"

    def database(self, name: str) -> str:
        """The address of a new database of its own, over the socket."""
        self.run("psql", "-q", "-h", str(self.folder), "-p", str(self.port), "-U", "owner", "-d",
                 "postgres", "-c", f"CREATE DATABASE {name}")
        return f"postgresql://owner@/{name}?host={self.folder}&port={self.port}"

    def tcp(self, table: str, password: str | None = PASSWORD) -> str:
        """The address of one of its tables, over the network and by password."""
        secret = "" if password is None else ":" + password.replace("%", "%25")
        return f"postgresql://owner{secret}@127.0.0.1:{self.port}/postgres?table={table}"

    def run(self, *call: str) -> None:
        """Run one of the server's programs as its owner: it refuses to be root."""
        done = subprocess.run([str(self.bin / call[0]), *call[1:]], user=self.user,
                              cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        """Start it and wait until it answers; it ends with this process, however that ends."""
        tied = [which, "--pdeathsig", "QUIT", "--"] if (which := shutil.which("setpriv")) else []
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*tied, str(self.bin / "postgres"), "-D", str(self.folder / "data")],
                user=self.user, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", str(self.folder), "-p",
                              str(self.port)], check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < end, (
                self.folder / "log").read_text(encoding="utf-8", errors="replace")
            time.sleep(0.05)

    def stop(self, mode: str = "immediate") -> None:
        """Stop it, as a crash would."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-s", "-w", "stop")
        if self.process is not None:
            self.process.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def cluster(more: str = "") -> Iterator[Cluster]:
    """A cluster that runs while the context does; `more` are settings that go before ours."""
    found = binaries()
    assert found
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = next(n for n in ("postgres", "nobody") if n in names) if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="zj-pg-", dir="/tmp"))  # a socket's path must be short
    server = Cluster(found, folder, _free_port(), user)
    try:
        folder.chmod(0o711)
        if user:
            shutil.chown(folder, user)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if user:
            shutil.chown(secret, user)
        server.run("initdb", "-D", str(folder / "data"), "-U", "owner", "-E", "UTF8", "--no-sync",
                   "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en",
                   "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", str(secret))
        with (folder / "data" / "postgresql.conf").open("a") as config:
            config.write(f"{SETTINGS}{more}port={server.port}\nunix_socket_directories='{folder}'\n"
                         "listen_addresses='127.0.0.1'\n")
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
