"""The formats there are. In: the name of a command or a format. Out: what there is to know of it.

One table that options, help, file endings and writers read; a format's module is imported when it
is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

Findings = Literal["whole", "spooled", "kept", "streamed", "file", "book"]


class Format(Struct, frozen=True):
    """A format. Its module, `zhuanjie.report.formats.<name>`, has `render`.

    `endings` are those of files that ask for it. With `for_people` it writes sections, else a
    report or plain data; `machine` text is UTF-8 everywhere, with a mark for spreadsheet programs
    if `bom`. `findings` says when the findings of an audit are written: when all is known
    (`whole`), kept aside until the totals before them are known (`spooled`), likewise by a format
    that has no room for totals alone (`kept`), as they come (`streamed`), by the engine into a
    `file`, or into the ledger itself (`book`); these two need a file. The module of the second and
    third kind has `spooled`, which makes what keeps them; what it and `render` return is to be
    said. `has_input` is false
    where there is no room for what could not be read; with `on_spark` Spark can write it itself.
    `most` is how many findings it bears.
    """

    name: str
    endings: tuple[str, ...] = ()
    for_people: bool = False
    machine: bool = True
    bom: bool = False
    findings: Findings = "whole"
    has_input: bool = True
    on_spark: bool = False
    most: int | None = None

    @property
    def needs_file(self) -> bool:
        """Whether it cannot be written to a terminal or pipe."""
        return self.findings in ("file", "book")


FORMATS: Final[Mapping[str, Format]] = {form.name: form for form in (
    Format("table", (".txt",), for_people=True, machine=False, most=500_000),
    Format("markdown", (".md",), for_people=True, machine=False, most=500_000),
    Format("html", (".html",), for_people=True, most=200_000),
    Format("json", (".json",), findings="spooled"),
    Format("jsonl", (".jsonl",), findings="streamed", has_input=False, on_spark=True),
    Format("csv", (".csv",), bom=True, findings="streamed", has_input=False, on_spark=True),
    Format("parquet", (".parquet",), findings="file", on_spark=True),
    Format("ics", (".ics",), has_input=False),
    Format("pdf", (".pdf",), findings="file"),
    Format("xlsx", (".xlsx",), findings="book"),
    Format("xlsm", (".xlsm",), findings="book"),
    Format("github", findings="kept"),
    Format("gitlab", findings="kept"),
    Format("junit", (".xml",), findings="kept"),
    Format("sarif", (".sarif", ".sarif.json"), findings="kept"),
    Format("yaml", (".yaml", ".yml")),
)}

_ANSWER: Final = ("table", "json", "markdown")
_AUDIT: Final = ("table", "json", "jsonl", "csv", "markdown", "html", "parquet",
                 "xlsx", "xlsm", "sarif", "junit", "github", "gitlab")
OFFERED: Final[Mapping[str, tuple[str, ...]]] = {
    "audit": _AUDIT,
    "columns": ("table", "json", "yaml", "markdown"),
    "compare": ("table", "json", "csv", "markdown", "html"),
    "check": ("table", "json", "github", "markdown", "sarif", "junit", "gitlab"),
    "deadlines": ("table", "ics", "json", "jsonl", "csv", "markdown", "html", "xlsx"),
    "destinations": _ANSWER,
    "explain": _ANSWER,
    "fields": _ANSWER,
    "policy.coverage": ("table", "json", "html", "markdown"),
    "policy.diff": _ANSWER,
    "policy.docs": ("markdown", "html"),
    "policy.lint": ("table", "json", "markdown", "github", "sarif"),
    "policy.lock": ("table", "json", "markdown", "github"),
    "policy.list": _ANSWER,
    "policy.mutate": _ANSWER,
    "policy.show": (*_ANSWER, "csv"),
    "policy.test": ("table", "json", "junit", "github"),
    "baseline.show": _ANSWER,
    "register.audit": _AUDIT,
    "register.import": _ANSWER,
    "register.reminders": _ANSWER,
    "register.calendars": _ANSWER,
    "register.export": ("csv", "jsonl", "parquet", "xlsx"),
    "register.report": ("json", "pdf", "xlsx"),
    "register.trail.verify": _ANSWER,
    "register.trail.redact": _ANSWER,
    "register.users.keys": _ANSWER,
    "register.users.list": _ANSWER,
    "waivers.lint": ("table", "json", "markdown", "github"),
    "waivers.list": _ANSWER,
    "policy.verify": ("table", "json", "markdown", "github"),
}
"""The formats by the command that offers them, the usual one first."""


def by_ending(path: Path, command: str) -> str | None:
    """The format that the ending of a file asks for, among those that a command offers."""
    return next(iter(fitting(path, command)), None)


def fitting(path: Path, command: str) -> list[str]:
    """The formats that go with the longest ending of a file, among those a command offers."""
    name = path.name.lower() if path.suffix else ""
    fits = {n: end for n in OFFERED[command] for end in FORMATS[n].endings if name.endswith(end)}
    longest = max(map(len, fits.values()), default=0)
    return [n for n, end in fits.items() if len(end) == longest]


def endings(command: str) -> list[str]:
    """The endings of files that a command writes, each once."""
    return list(dict.fromkeys(end for n in OFFERED[command] for end in FORMATS[n].endings))


def spark_forms() -> dict[str, str]:
    """The formats that Spark can write, by the ending that asks for them."""
    return {end: form.name for form in FORMATS.values() if form.on_spark for end in form.endings}
