"""Pages about security keep up: limits, licences, what CI installs and which actions it runs."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
LOCKED = {p["name"]: p["version"] for p in LOCK["package"]}
HASHES = {f["hash"] for p in LOCK["package"]
          for f in (*p.get("wheels", ()), *([p["sdist"]] if "sdist" in p else ()))
          if "hash" in f}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    part = text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = re.findall(r"^\|(.*)\|$", part, re.MULTILINE)[2:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


LIMITS = rows(page("docs/security.md"), "Limits")


@pytest.mark.parametrize("row", LIMITS, ids=lambda r: r[0][:40])
def test_limits_are_those_of_the_code(row: list[str]) -> None:
    _, number, where = row
    file, name = re.fullmatch(r"`(.+)\.py` `(.+)`", where).groups()  # type: ignore[union-attr]
    value: Any = import_module(f"zhuanjie.{file.replace('/', '.')}")
    if name.startswith("Limits."):
        value, name = value.Limits(), name.removeprefix("Limits.")
    assert getattr(value, name) == int(number.replace(",", ""))


def test_there_are_limits_to_compare() -> None:
    assert len(LIMITS) > 15


def required(extra: str = "") -> set[str]:
    """What is installed with the program, or with one of its extras, by their names."""
    found: set[str] = set()

    def walk(name: str, extra: str) -> None:
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            return  # for another system
        for need in map(Requirement, needs):
            known = canonicalize_name(need.name)
            if (need.marker is None or need.marker.evaluate({"extra": extra})) and (
                    known not in found):
                found.add(known)
                walk(need.name, "")

    walk("zhuanjie", extra)
    return found


@cache
def licence(name: str) -> str:
    """What a package says that it may be used under."""
    said = distribution(name).metadata
    if expression := said.get("License-Expression"):
        return str(expression)
    named = [c.split(" :: ")[-1] for c in said.get_all("Classifier") or ()
             if c.startswith("License ::")]
    short = said.get("License") or ""
    return " OR ".join(named) or (short if len(short) < 60 else "")


ALLOWED = re.compile(
    r"(?:MIT(?: License)?|Apache-2\.0|Apache Software License|BSD(?:-[23]-Clause)?(?: License)?|"
    r"0BSD|3-Clause BSD License|PSF-2\.0|Python Software Foundation License|Zlib|CC0-1\.0|"
    r"MPL-2\.0|Mozilla Public License 2\.0 \(MPL 2\.0\)|ISC|Unicode-3\.0| AND | OR |[()])+")
"""Licences that ask for no more than to be named, and the MPL, which asks for its own files."""
WEAK = {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}
"""What may be linked to and replaced: it comes with an extra alone."""


def test_required_packages_may_be_used() -> None:
    names = required()
    assert {"click", "polars", "pydantic", "tabulate"} <= names
    refused = {n: licence(n) for n in names if not ALLOWED.fullmatch(licence(n))}
    assert not refused


@pytest.mark.parametrize("extra", ["authoring", "duckdb", "lsp", "postgresql"])
def test_packages_of_extras_may_be_used(extra: str) -> None:
    found = {n: licence(n) for n in required(extra) - required()}
    assert found
    assert {n: v for n, v in found.items() if not ALLOWED.fullmatch(v)} == {
        n: v for n, v in WEAK.items() if n in found}


def test_the_page_of_licences_has_every_required_package() -> None:
    told = {row[0].strip("`"): row[1] for row in rows(page("docs/licences.md"), "With the program")}
    names = required()
    assert names <= told.keys()
    assert {n: told[n] for n in names} == {n: licence(n) for n in names}
    assert told.keys() - names <= {"colorama", "wcwidth"}  # on other systems, or by an extra


ACTIONS = [
    *re.findall(r"uses: (\S+)(.*)", page("action.yml")),
    *re.findall(r"uses: (\S+)(.*)", page("docs/in-ci.md")),
    *(found for file in (ROOT / ".github").glob("**/*.y*ml")
      for found in re.findall(r"uses: (\S+)(.*)", file.read_text(encoding="utf-8"))),
]


@pytest.mark.parametrize("used", ACTIONS, ids=lambda u: u[0][:40])
def test_actions_are_named_by_commit(used: tuple[str, str]) -> None:
    name, rest = used
    if name.startswith("./"):
        return
    if name.startswith("OWNER/"):  # the reader's own copy: which commit, the page says how to find
        assert name.endswith("@COMMIT")
        return
    assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name), name
    assert re.fullmatch(r"\s+# v\d+\.\d+\.\d+", rest), "which version that is has to stand beside it"


@pytest.mark.parametrize("name", ["plain", "authoring", "build"])
def test_what_ci_installs_is_what_the_lock_file_has(name: str) -> None:
    text = page(f"requirements/{name}.txt")
    pinned = dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)", text, re.MULTILINE))
    assert pinned and {n: LOCKED[n] for n in pinned} == pinned
    hashes = re.findall(r"--hash=(sha256:[0-9a-f]{64})", text)
    assert len(hashes) >= len(pinned) and set(hashes) <= HASHES
    plain = required("authoring" if name == "authoring" else "")
    if name != "build":
        assert plain <= pinned.keys()


def test_installs_in_ci_are_locked() -> None:
    """Nothing is fetched by pip but by hash, in any recipe."""
    for file in (".ci/install", "action.yml", "docs/in-ci.md", ".ci/run"):
        for line in page(file).splitlines():
            if "pip install" in line or 'pip" install' in line:
                assert "--require-hashes" in line or "--no-deps" in line, (file, line)
    assert "--locked" in page("Makefile")
    for hook in yaml.safe_load(page(".pre-commit-hooks.yaml")):
        for needed in hook.get("additional_dependencies", ()):
            package, _, version = needed.partition("==")
            assert LOCKED[package] == version, needed


def test_the_script_refuses_a_list_that_there_is_not() -> None:
    done = subprocess.run([ROOT / ".ci" / "install", "nothing"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 2 and "no list of packages" in done.stderr
