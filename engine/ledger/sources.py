"""Which files a ledger is made of. In: paths, folders, globs, `-`. Out: files and their kinds.

A table of a database stands among them under its address.
"""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.ledger.documents import unreadable
from zhuanjie.engine.ledger.file_kinds import KINDS, FileKind
from zhuanjie.engine.ledger.readers.address import is_database
from zhuanjie.engine.ledger.readers.encoding import marked_encoding

HEAD = 4096
STDIN = "-"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGES = ("<!doctype", "<html", "<?xml", "<table", "<meta", "<head")
_OLD_BOOKS, _ZIPPED_BOOKS = (".xls",), (".xlsx", ".xlsm", ".xlsb", ".ods")


@dataclass(frozen=True, slots=True)
class LedgerSource:
    """A file to read: where it is, how it is called in messages, its kind.

    `named` is false for a file that was found in a folder: without a ledger it is passed over.
    """

    path: Path
    name: str
    kind: FileKind
    named: bool = True


def find_sources(given: Sequence[str | Path]) -> list[LedgerSource]:
    """The files meant, in the order given and by name within a folder; each once."""
    found: dict[Path, LedgerSource] = {}
    for item in given:
        if is_database(str(item)):
            found[Path(str(item))] = LedgerSource(Path(str(item)), str(item), "database")
            continue
        for path, named in _paths(str(item)):
            kind = KINDS.get(path.suffix.lower())
            if kind is None:
                raise fail(InputError, "records.unsupported", Place(file=str(path)),
                           "records.hint.unsupported", suffix=path.suffix or path.name,
                           supported=" ".join(KINDS))
            source = LedgerSource(path, str(path), kind, named)
            check_content(source)
            found.setdefault(path.resolve(), source)
    return list(found.values())


def spool(stdin: BinaryIO) -> LedgerSource:
    """Standard input, kept in a temporary file of the kind its content shows; caller deletes it."""
    head = stdin.read(HEAD)
    kind, suffix = _sniff(head)
    with tempfile.NamedTemporaryFile(prefix="zhuanjie-", suffix=suffix, delete=False) as file:
        file.write(head)
        shutil.copyfileobj(stdin, file)
    return LedgerSource(Path(file.name), STDIN, kind)


def check_content(source: LedgerSource) -> None:
    """Refuse an empty file, and one whose content is not what its name says."""
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
    suffix = source.path.suffix.lower()
    held = _held(head)
    fits = {
        "workbook": held == ("ole" if suffix in _OLD_BOOKS else "zip")
        or (held == "ole" and _encrypted(source.path)),
        "parquet": held == "parquet",
    }.get(source.kind, held in ("text", "json"))
    if not fits:
        raise fail(InputError, f"records.really-{held}", place, f"records.hint.really-{held}",
                   suffix=suffix)


def files_meant(item: str) -> Iterator[Path]:
    """The files one argument means, whatever they hold; raises InputError where it means none."""
    yield from (path for path, _ in _paths(item))


def _paths(item: str) -> Iterator[tuple[Path, bool]]:
    """The files one argument means, and whether they were named rather than found."""
    if not item.strip():  # `Path("")` would be the folder one is in
        raise fail(InputError, "records.no-sources", hint="records.hint.no-sources")
    if "://" in item:
        raise fail(InputError, "records.url", Place(file=item.partition("://")[0] + "://…"),
                   "records.hint.url")
    path = Path(item)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if _is_ledger_file(p, path))
        if not files:
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


def _is_ledger_file(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is of a supported kind, not hidden and no program's lock file."""
    hidden = any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
    return path.suffix.lower() in KINDS and not hidden and path.is_file()


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
        "parquet": ("parquet", ".parquet"),
    }
    return kinds.get(held, ("delimited", ".csv"))
