"""Addresses of tables in databases. In: a URL. Out: what libpq takes, the table, and its order.

`postgresql://user@host/db?table=schema.name&order=column`: `table` and `order` are ours, all other
parts are libpq's own. What is shown of an address holds no user and no password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.extras import lacking, missing

SCHEMES = ("postgresql://", "postgres://")
_OWN = ("table", "order")
_SECRET = ("password", "sslpassword", "oauth_client_secret", "scram_client_key",
           "scram_server_key")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a table is. `shown` stands for it in reports and messages."""

    conninfo: str = field(repr=False)
    table: str
    order: tuple[str, ...]
    shown: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def place(self) -> Place:
        """The place that messages name."""
        return Place(file=self.shown)


def is_database(item: str) -> bool:
    """Whether what a caller names is a table of a database and no file."""
    return item.lower().startswith(SCHEMES)


def address_of(url: str) -> Address:
    """Take a URL apart.

    Raises InputError where it is malformed or names no table, UsageError where nothing is
    installed that could read it.
    """
    if lacking("postgresql"):
        raise missing("postgresql")
    import psycopg

    head, _, query = url.partition("?")
    pairs = [pair for pair in query.split("&") if pair]
    own = {name: [unquote(pair.partition("=")[2]) for pair in pairs
                  if pair.partition("=")[0] == name] for name in _OWN}
    rest = "&".join(p for p in pairs if p.partition("=")[0] not in _OWN)
    conninfo = f"{head}?{rest}" if rest else head
    place = Place(file=f"{head.partition('://')[0]}://…")
    try:
        parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.Error:
        # libpq's own words quote the part it stumbled over, which may be a password.
        raise fail(InputError, "records.db.url", place, "records.db.hint.url") from None
    # What stands between `://` and a slash that belongs to a password is no host and no port.
    after = head.partition("://")[2].partition("/")[2]
    ports = str(parts.get("port") or "").replace(",", "")
    if "@" in after or (ports and not ports.isdecimal()):
        raise fail(InputError, "records.db.url", place, "records.db.hint.url")
    tables = [name for name in own["table"] if name]
    if any("\0" in text for texts in own.values() for text in texts):
        raise fail(InputError, "records.db.url", place, "records.db.hint.url")
    if len(tables) != 1:
        raise fail(InputError, "records.db.no-table", place, "records.db.hint.table")
    order = tuple(name for text in own["order"] for name in text.split(",") if name)
    secrets = tuple(str(parts[name]) for name in _SECRET if parts.get(name))
    return Address(conninfo, tables[0], order, _shown(parts, tables[0]),
                   (*secrets, *map(quote, secrets)))


def _shown(parts: Mapping[str, object], table: str) -> str:
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "")
    # A folder of sockets is no host.
    where = "" if host.startswith(("/", "@")) else f"{host}:{port}" if port and host else host
    return f"postgresql://{where}/{parts.get('dbname') or ''}?table={table}"
