"""Packages whose XML calamine would misread. In: an .xlsx. Out: the same, plainly written, or None.

calamine knows UTF-8 alone and passes over what stands in CDATA sections, in silence.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from zhuanjie.engine.ledger.readers.package_xml import refuse

BLOCK = 1 << 20
_SECTION = b"<![CDATA["
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_UNREADABLE = (BadZipFile, expat.ExpatError, ValueError, OSError, EOFError, NotImplementedError,
               RuntimeError, zlib.error)


def plain_package(path: Path) -> io.BytesIO | None:
    """The package with such parts written anew; None where there are none."""
    try:
        with ZipFile(path) as parts:
            odd = [name for name in parts.namelist()
                   if name.startswith("xl/") and name.endswith(".xml") and _is_odd(parts, name)]
            if not odd:
                return None
            out = io.BytesIO()
            with ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as plain:
                for name in parts.namelist():
                    data = parts.read(name)
                    plain.writestr(name, _plain(data) if name in odd else data)
    except _UNREADABLE:  # for calamine to say
        return None
    out.seek(0)
    return out


def _is_odd(parts: ZipFile, name: str) -> bool:
    rest = b""
    with parts.open(name) as file:
        while block := file.read(BLOCK):
            if not rest and block.startswith(_WIDE):
                return True
            if _SECTION in rest + block:
                return True
            rest = block[-len(_SECTION):]
    return False


def _plain(data: bytes) -> bytes:
    """A part in UTF-8, its texts as texts; raises ExpatError where it is not well formed."""
    out: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = parser.ordered_attributes = True
    parser.StartDoctypeDeclHandler = refuse

    def start(name: str, given: list[str]) -> None:
        pairs = zip(given[::2], given[1::2], strict=True)
        out.append(f"<{name}" + "".join(f" {k}={quoteattr(v)}" for k, v in pairs) + ">")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: out.append(f"</{name}>")
    parser.CharacterDataHandler = lambda text: out.append(escape(text))
    parser.Parse(data, True)
    return "".join(out).encode()
