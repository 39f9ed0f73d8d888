"""Addresses of databases with a password in them. In: a random source. Out: calls that name one.

No server is there: every address leads to a closed port of this machine, or nowhere.
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from support.cli_command import SOUND, record

from fuzz import nasty
from fuzz.inputs import FuzzInput
from fuzz.kinds.grids import quoted

SECRET = nasty.CANARY
SHAPES = (
    "postgresql://bob:{}@127.0.0.1:1/db?table=t", "postgres://bob:{}@127.0.0.1:1/db?table=a.b.c",
    "postgresql:/bob:{}@127.0.0.1:1/db", "postgresql:bob:{}@127.0.0.1:1/db", "POSTGRESQL://bob:{}@127.0.0.1:1",
    "postgresql://127.0.0.1:1/db?user=bob&password={}&table=t", "postgresql://:{}@127.0.0.1:1/?table=%00",
    "postgresql://127.0.0.1:1/db?sslpassword={}&table=t", "host=127.0.0.1 port=1 password={} dbname=d",
    "postgresql://bob:{}@[::1]:1/db?table=t&order=x", "postgresql+psycopg://bob:{}@127.0.0.1:1/db",
    "postgresql://bob:{}@127.0.0.1:99999/db?table=t", "postgresql://bob:{}@127.0.0.1:x/db?table=t",
    "mysql://bob:{}@127.0.0.1:1/db", "sqlite://bob:{}@x/db", "https://bob:{}@127.0.0.1:1/l.csv",
    "ftp://bob:{}@127.0.0.1/x", "bob:{}@127.0.0.1:1/db", "//bob:{}@127.0.0.1:1/db",
    "postgresql://bob:{}@127.0.0.1:1,127.0.0.1:2/db?table=t&connect_timeout=1",
    "jdbc:postgresql://127.0.0.1:1/d?user=a&password={}", "PGPASSWORD={}",
    "postgresql://bob:{}\u200b@127.0.0.1:1/db?table=t", "postgresql://bob:{}%40@127.0.0.1:1/db?table=t",
    "postgresql://bob%3a{}@127.0.0.1:1/db?table=t", "postgresql://bob:a:{}@127.0.0.1:1/db?table=t",
    "postgresql://bob:#{}@127.0.0.1:1/db?table=t", "postgresql://bob:?{}@127.0.0.1:1/db?table=t",
    "postgresql://bob:/{}@127.0.0.1:1/db?table=t", "postgresql://bob: {}@127.0.0.1:1/db?table=t",
    "postgresql://bob:'{}@127.0.0.1:1/db?table=t", "postgresql://bob:`{}`@127.0.0.1:1/db?table=t",
    "postgresql://bob:\n{}@127.0.0.1:1/db?table=t", "postgresql://b@b:{}@127.0.0.1:1/db?table=t",
    "postgresql:\\\\bob:{}@127.0.0.1:1/db", "postgresql：//bob:{}@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/db?table=t&passfile=x&Password={}",
    "postgresql://127.0.0.1:1/db?table=t;password={}", "host=127.0.0.1 password = {}",
    "postgresql://127.0.0.1:1/db?options=-c%20password%3D{}",
)
PLACES = (
    ("audit", "{}"), ("audit", "l.csv", "{}"), ("check", "{}"), ("destinations", "{}"), ("watch", "{}"),
    ("watch", "-", "--journal", "{}"), ("columns", "{}"), ("explain", "{}", "--row", "1"),
    ("deadlines", "{}"), ("eval", "1", "--data", "{}"), ("eval", "'{}'"), ("audit", "l.csv", "--columns", "{}"),
    ("audit", "l.csv", "--policy", "{}"), ("audit", "l.csv", "--roster", "{}"), ("compare", "{}", "{}"),
    ("audit", "l.csv", "-o", "{}"), ("audit", "l.csv", "-o", "{}.csv"), ("audit", "l.csv", "--only", "{}"),
    ("audit", "l.csv", "--skip", "{}"), ("audit", "l.csv", "--set", "{}"), ("audit", "l.csv", "--set", "x={}"),
    ("audit", "l.csv", "--as-of", "{}"), ("audit", "l.csv", "--backend", "{}"), ("audit", "l.csv", "-f", "{}"),
    ("audit", "l.csv", "--column", "{}"), ("audit", "l.csv", "--column", "x={}"), ("audit", "l.csv", "--by", "{}"),
    ("audit", "l.csv", "--waivers", "{}"), ("audit", "l.csv", "--baseline", "{}"), ("waivers", "lint", "{}"),
    ("waivers", "list", "{}"), ("baseline", "create", "{}", "-o", "b.jsonl"), ("baseline", "show", "{}"),
    ("baseline", "update", "{}", "l.csv"), ("policy", "show", "{}"), ("policy", "lint", "{}"),
    ("policy", "diff", "{}", "fujian-2007-80"), ("policy", "new", "{}"), ("policy", "docs", "{}"),
    ("policy", "schema", "{}"), ("policy", "test", "{}"), ("policy", "fmt", "{}"), ("fields", "{}"),
    ("template", "{}", "-o", "t.xlsx"), ("template", "-o", "{}.xlsx"), ("generate", "{}"), ("{}",),
    ("--config", "{}", "fields"), ("audit", "--{}"), ("audit", "{}", "--format", "json"),
    ("audit", "{}", "--partition-by", "clause", "-o", "out"), ("audit", "{}", "--backend", "duckdb"),
    ("explain", "l.csv", "{}"), ("audit", "{}", "-o", "out.html"), ("completion", "{}"),
)
SEEDS = quoted([list(SOUND), list(record(1).values())], ",", "\n", False).encode()


def fresh(rng: Random) -> FuzzInput:
    """An address in a place where a name is given."""
    given = FuzzInput("url", ("audit", SHAPES[0].format(SECRET)), {"l.csv": SEEDS}, secrets=(SECRET,),
                      output="out", writes=("b.jsonl", "t.xlsx"))
    shape = rng.choice(SHAPES).replace("{}", SECRET)
    user = re.search(r"://\w+(?=:)", shape)
    if user and rng.random() < 0.4:  # a word such as `password` has to stay one
        at = rng.randrange(user.start() + 3, user.end() + 1)
        shape = shape[:at] + rng.choice((nasty.text(rng)[:60], "%", "@", ":", "//", " ")) + shape[at:]
    if re.match(r"\s*spark:", shape, re.IGNORECASE):
        shape = shape.replace("park", "pork", 1)
    place = [p.replace("{}", shape).replace("\x00", "") for p in rng.choice(PLACES)]
    lang = rng.choice(("en", "zh"))
    args = (*place, "--lang", lang)
    return replace(given, args=tuple(a.encode(errors="replace").decode() for a in args))


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """Another one: an address is small enough to be made anew."""
    return fresh(rng)
