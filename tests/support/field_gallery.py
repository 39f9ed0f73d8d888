"""The gallery of ledgers as offices keep them. In: fixtures/field. Out: cases, and their files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.field_grids import WRITERS, sheet_of

GALLERY = Path(__file__).resolve().parents[2] / "fixtures" / "field"
KEYS = frozenset(("case", "means", "forms", "table", "cells", "merged", "hidden", "filtered", "struck",
                  "sheets", "files", "call", "columns", "roster", "as_of", "absent", "join", "gap",
                  "read"))
READ = frozenset(("records", "ids", "rows", "marked", "tables", "skipped", "columns", "without",
                  "suggestion", "no_suggestion", "values", "every", "input", "unread", "said",
                  "silent", "says", "violations", "not_violated", "not_judged", "hidden", "refused"))
FORMS = ("csv", "xlsx", "xls", "ods")


class _Texts(yaml.SafeLoader):
    """Cells are texts: `0701` keeps its zero and a day is no date; `~` alone is nothing."""


_Texts.yaml_implicit_resolvers = {
    "~": [("tag:yaml.org,2002:null", re.compile("^~$"))],
    "<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))],
}


@dataclass(frozen=True)
class FieldCase:
    """A ledger and what is read from it; `form` is the kind of file that it is written as.

    One form of each case is tried in every run; among them all forms come alike often.
    """

    kind: str
    name: str
    form: str
    data: Mapping[str, Any]
    is_tried_always: bool

    @property
    def read(self) -> Mapping[str, Any]:
        """What an office means by it."""
        return self.data["read"]

    def write(self, folder: Path) -> list[str]:
        """Write its files; what a call names of them."""
        if "files" in self.data:
            for name, file in self.data["files"].items():
                _write_file(folder / name, file)
            called = self.data.get("call", list(self.data["files"]))
            return [str(folder if name == "." else folder / name) for name in called]
        path = folder / f"台账.{self.form}"
        WRITERS[self.form](path, _sheets(self.data))
        return [str(path)]

    def write_roster(self, folder: Path) -> str | None:
        """Write its roster beside the ledger, where it has one."""
        if "roster" not in self.data:
            return None
        path = folder / "名册.csv"
        WRITERS["csv"](path, [sheet_of("名册", {"table": self.data["roster"]})])
        return str(path)


def _sheets(data: Mapping[str, Any]) -> list[Any]:
    return [sheet_of(name, sheet) for name, sheet in data.get("sheets", {"台账": data}).items()]


def _write_file(path: Path, file: Mapping[str, Any]) -> None:
    if "like" not in file:
        pieces = re.split("⟦([0-9a-f]+)⟧", file["text"])
        encoding = file.get("encoding", "utf-8")
        path.write_bytes(b"".join(bytes.fromhex(piece) if at % 2 else piece.encode(encoding)
                                  for at, piece in enumerate(pieces)))
        return
    WRITERS[file["like"]](path, _sheets(file))
    if "rewrite" in file:
        path.write_bytes(_rewritten(path.read_bytes(), file["rewrite"]))


def _rewritten(package: bytes, changes: Mapping[str, list[list[str]]]) -> bytes:
    """A package whose parts are written in another way; a change that changes nothing is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            for pattern, put in changes.get(name, changes.get("*", ())):
                text, times = re.subn(pattern, put, text)
                if not times and name in changes:
                    raise ValueError(f"{name} has no {pattern}")
            new.writestr(name, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def gallery() -> Iterator[FieldCase]:
    """Every case in every form it is to be read in."""
    for file in sorted(GALLERY.glob("*.yaml")):
        for at, data in enumerate(yaml.load(file.read_text(encoding="utf-8"), _Texts)):
            strange = (data.keys() - KEYS) | (data["read"].keys() - READ)
            if strange:
                raise ValueError(f"{file.name}, {data['case']}: nobody knows {sorted(strange)}")
            forms = ("",) if "files" in data else data.get("forms", FORMS)
            for form in forms:
                yield FieldCase(file.stem, data["case"], form, data, form == forms[at % len(forms)])
