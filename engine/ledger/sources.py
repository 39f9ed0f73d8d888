"""Which files a ledger is made of. In: paths, folders, globs, `-`. Out: files and their kinds.

A table of a database stands among them under its address.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from zhuanjie.engine.core import temporary
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.secrets import shown_name
from zhuanjie.engine.ledger.documents import unreadable
from zhuanjie.engine.ledger.file_kinds import KINDS, FileKind
from zhuanjie.engine.ledger.readers.address import is_database
from zhuanjie.engine.ledger.readers.encoding import marked_encoding
from zhuanjie.engine.ledger.readers.lakehouse_address import is_lakehouse
from zhuanjie.engine.ledger.readers.provided_address import is_provided

HEAD = 4096
STDIN = "-"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGES = ("<!doctype", "<html", "<?xml", "<table", "<meta", "<head", "<style", "<body", "<div",
          "<!--", "<workbook")
_OLD_BOOKS = (".xls", ".xlt", ".et", ".ett")
"""Endings that say little: programs give them to all that a spreadsheet program opens."""
_BY_CONTENT: dict[str, FileKind] = {
    "ole": "workbook", "zip": "workbook", "html": "markup", "text": "delimited"}
_OF_SYSTEMS = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class LedgerSource:
    """A file to read: where it is, how it is called in messages, its kind.

    `named` is false for a file that was found in a folder. `problem` says why it cannot be read.
    `address` is a database's, a lakehouse's or a provider's, as it was given; `version` is the
    lakehouse's.
    """

    path: Path
    name: str
    kind: FileKind
    named: bool = True
    problem: InputError | None = None
    address: str = field(default="", repr=False)
    version: str | None = None


def find_sources(given: Sequence[str | Path], version: str | None = None) -> list[LedgerSource]:
    """The files meant, in the order given and by name within a folder; each once.

    `version` is that of tables of a lakehouse.
    """
    found: dict[Path, LedgerSource] = {}
    for item in given:
        if is_database(str(item)):
            found[Path(str(item))] = LedgerSource(Path(str(item)), shown_name(str(item)),
                                                  "database", address=str(item))
            continue
        if is_provided(str(item)) and not Path(item).exists():
            found[Path(str(item))] = LedgerSource(
                Path(str(item)), _provided_name(str(item)), "provided", address=str(item))
            continue
        if is_lakehouse(str(item)) and not Path(item).exists():
            found[Path(str(item))] = LedgerSource(
                Path(str(item)), shown_name(str(item)), "lakehouse", address=str(item),
                version=version)
            continue
        for path, named in _paths(str(item)):
            kind = KINDS.get(path.suffix.lower(), "workbook")
            source = LedgerSource(path, shown_name(str(path)), kind, named)
            try:
                source = check_content(source)
            except InputError as problem:
                source = replace(source, problem=problem)
            found.setdefault(path.resolve(), source)
    return list(found.values())


def _provided_name(item: str) -> str:
    """What stands for a provider's address: no password, which may be in what it hands on."""
    head, _, where = item.partition(":")
    return f"{head}:{shown_name(where)}"


def spool(stdin: BinaryIO) -> LedgerSource:
    """Standard input, kept in a temporary file of the kind its content shows; caller deletes it."""
    import shutil  # imported late: one record is read without it

    head = stdin.read(HEAD)
    kind, suffix = _sniff(head)
    with temporary.room():
        path = temporary.new_file(suffix)
        try:
            with path.open("wb") as file:
                file.write(head)
                shutil.copyfileobj(stdin, file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return LedgerSource(path, STDIN, kind)


def check_content(source: LedgerSource) -> LedgerSource:
    """The source with the kind its content has.

    Raises InputError for an empty file, and for one whose content is not what its name says.
    """
    suffix = source.path.suffix.lower()
    try:
        str(source.path).encode()
    except UnicodeEncodeError:  # the readers take names in UTF-8 alone
        raise fail(InputError, "records.name-not-utf8", Place(file=source.name),
                   "records.hint.name-not-utf8") from None
    if suffix not in KINDS:
        raise fail(InputError, "records.unsupported", Place(file=source.name),
                   "records.hint.unsupported", suffix=suffix or source.path.name,
                   supported=" ".join(KINDS))
    if not source.path.is_file():
        raise fail(InputError, "records.not-a-file", Place(file=source.name),
                   "records.hint.not-a-file")
    try:
        with source.path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise unreadable(error, source.name) from None
    place = Place(file=source.name)
    if not head:
        raise fail(InputError, "records.empty-file", place, "records.hint.empty-file")
    held = _held(head)
    if suffix in _OLD_BOOKS and held in _BY_CONTENT:
        return replace(source, kind=_BY_CONTENT[held])
    fits = {
        "workbook": held == "zip" or (held == "ole" and _encrypted(source.path)),
        "parquet": held == "parquet", "markup": held == "html",
    }.get(source.kind, held in ("text", "json"))
    if not fits or held == "web-archive":
        raise fail(InputError, f"records.really-{held}", place, f"records.hint.really-{held}",
                   suffix=suffix)
    return source


def files_meant(item: str) -> Iterator[Path]:
    """The files one argument means, whatever they hold; raises InputError where it means none."""
    yield from (path for path, named in _paths(item) if named or path.suffix.lower() in KINDS)


def _paths(item: str) -> Iterator[tuple[Path, bool]]:
    """The files one argument means, and whether they were named rather than found."""
    if not item.strip():  # `Path("")` would be the folder one is in
        raise fail(InputError, "records.no-sources", hint="records.hint.no-sources")
    if "://" in item:
        raise fail(InputError, "records.url", Place(file=item.partition("://")[0] + "://…"),
                   "records.hint.url")
    path = Path(item)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if _is_document(p, path))
        if not any(p.suffix.lower() in KINDS for p in files):
            raise fail(InputError, "records.empty-folder", Place(file=item),
                       "records.hint.unsupported", supported=" ".join(KINDS))
        yield from ((p, False) for p in files)
    elif path.exists() or not glob.has_magic(item):
        if not path.exists():
            raise unreadable(FileNotFoundError(), item)
        yield path, True
    else:
        matches = sorted(glob.glob(item, recursive=True))  # noqa: PTH207  # Path.glob refuses absolute patterns
        if not matches:
            raise fail(InputError, "records.no-match", Place(file=item), "records.hint.not-found")
        for match in matches:
            yield from _paths(glob.escape(match) if not Path(match).exists() else match)


def _is_document(path: Path, folder: Path) -> bool:
    """Whether what a folder holds is somebody's: not hidden, no program's lock file.

    A pipe, or a link that leads nowhere, is too: what cannot be read is said, not passed over.
    """
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
    return not hidden and path.name.lower() not in _OF_SYSTEMS and not path.is_dir()


def _held(head: bytes) -> str:
    """What the first bytes of a file show it to be."""
    if head.startswith(b"PK"):
        return "zip"
    if head.startswith(_OLE):
        return "ole"
    if head.startswith(b"PAR1"):
        return "parquet"
    text = head.decode(marked_encoding(head) or "utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith(("{", "[")):
        return "json"
    if text[:13].lower() == "mime-version:" or (
            "\ncontent-type: multipart/related" in text.lower()):
        return "web-archive"
    return "html" if text.lower().startswith(_PAGES) else "text"


def _encrypted(path: Path) -> bool:
    """Whether an OLE container holds an encrypted workbook; the reader then says so."""
    with path.open("rb") as file:
        return "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20)


def _sniff(head: bytes) -> tuple[FileKind, str]:
    """The kind of a stream, and an extension that readers know it by."""
    held = _held(head)
    if held == "json":
        first, _, rest = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
        one_a_line = first.rstrip().endswith(b"}") and rest.lstrip()[:1] in (b"{", b"")
        return ("lines", ".jsonl") if first.startswith(b"{") and one_a_line else ("json", ".json")
    kinds: dict[str, tuple[FileKind, str]] = {
        "zip": ("workbook", ".xlsx"), "ole": ("workbook", ".xls"),
        "parquet": ("parquet", ".parquet"), "html": ("markup", ".xml"),
    }
    return kinds.get(held, ("delimited", ".csv"))
