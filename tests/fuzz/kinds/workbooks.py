"""Workbooks. In: a random source. Out: inputs whose zip archive, XML or cells are not as usual."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from random import Random

import xlsxwriter

from fuzz import nasty, texts
from fuzz.inputs import FuzzInput
from fuzz.kinds.grids import Grid, call, grid

ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
REFS = ("A1048576", "XFD1", "XFD1048576", "A0", "ZZZZ1", "1A", "", "a2", "$A$2", "A2:B3", "A-1",
        "AW99999999999999999999", "A1", "BAD")
NUMBERS = ("1e400", "-1e400", "NaN", "INF", "1e300", "-1", "0x10", "39263", "2958466", "", " ",
           "9" * 400, "99999999999999999999", "-2147483649", "1.5")
TYPES = ("s", "str", "inlineStr", "b", "e", "d", "n", "x", "")


def _input(rng: Random, kind: str, name: str, data: bytes, made: Grid | None) -> FuzzInput:
    args, form, output = call(rng, name)
    if rng.random() < 0.15:
        args, form, output = ("audit", name, "--as-of", "2007-12-31", "--lang", "en", "-o",
                              "marked.xlsx"), "xlsx", "marked.xlsx"
    return FuzzInput(kind, args, {name: data}, form=form, output=output,
                     rows=len(made.rows) if made else None, blank=made.blank if made else 0)


def workbook(rng: Random, made: Grid) -> bytes:
    """The grid as .xlsx, with what workbooks of offices have besides."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False,
                                     "strings_to_urls": False})
    sheet = book.add_worksheet("台账")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, row in enumerate([made.headings, *made.rows]):
        for column, cell in enumerate(row):
            one = re.sub("[\ud800-\udfff]", "", cell)[:32_000]
            if re.fullmatch(r"\d{4}-\d\d-\d\d", one) and rng.random() < 0.3:
                sheet.write_number(at, column, 39263 + rng.randrange(-9, 900), day)
            elif one:
                sheet.write_string(at, column, one)
    if rng.random() < 0.2:
        sheet.merge_range(len(made.rows) + 1, 0, len(made.rows) + 1, 3, "合计")
        made.rows.append(["合计"])
    if rng.random() < 0.1:
        sheet.autofilter(0, 0, len(made.rows), 3)
        sheet.set_row(1, options={"hidden": True})
    if rng.random() < 0.1:
        book.add_worksheet("说明").write(0, 0, "x")
    with suppress(xlsxwriter.exceptions.XlsxWriterException):
        book.close()
    return out.getvalue()


def fresh_xlsx(rng: Random) -> FuzzInput:
    """A workbook; most have something of their package changed too."""
    made = grid(rng)
    given = _input(rng, "xlsx", rng.choice(("l.xlsx", "l.xlsx", "l.xlsx", "l.xlsm", "l.et")),
                   workbook(rng, made), made)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        given = mutate_package(rng, given)
    return given


def fresh_ods(rng: Random) -> FuzzInput:
    """An OpenDocument sheet, with repeated cells among others."""
    made = grid(rng, 5)
    cells = []
    for row in [made.headings, *made.rows]:
        line = "".join(f'<table:table-cell office:value-type="string"><text:p>{_escaped(c)}</text:p>'
                       "</table:table-cell>" for c in row)
        cells.append(f"<table:table-row>{line}</table:table-row>")
    repeat = rng.choice((1, 2, 16_384, 1_000_000, 2**31, 10**30))
    where = rng.choice(("columns", "rows"))
    if rng.random() < 0.4:
        cells.append(f'<table:table-row table:number-{where}-repeated="{repeat}"><table:table-cell '
                     f'table:number-columns-repeated="{repeat}"/></table:table-row>')
    spaces = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"'
                      for p in ("office", "table", "text"))
    content = (f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
               f'<office:spreadsheet><table:table table:name="a">{"".join(cells)}</table:table>'
               "</office:spreadsheet></office:body></office:document-content>")
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    data = packed({"mimetype": kind, "content.xml": content.encode(), "META-INF/manifest.xml":
                   b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:'
                   b'manifest:1.0"/>'})
    given = _input(rng, "ods", "l.ods", data, None)
    return mutate_package(rng, given) if rng.random() < 0.6 else given


def fresh_old(rng: Random) -> FuzzInput:
    """An .xls of old: binary, a page called so, or XML of 2003."""
    made = grid(rng, 5)
    rows = [made.headings, *made.rows]
    match rng.randrange(3):
        case 0:
            import xlwt

            book = xlwt.Workbook()
            sheet = book.add_sheet("a")
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write(at, column, re.sub("[\ud800-\udfff]", "", cell)[:30_000])
            out = io.BytesIO()
            book.save(out)
            name, data = "l.xls", out.getvalue()
        case 1:
            body = "".join("<tr>" + "".join(f"<td>{_escaped(c)}</td>" for c in row) + "</tr>"
                           for row in rows)
            name, data = "l.xls", f"<html><meta charset=utf-8><table>{body}</table>".encode()
        case _:
            body = "".join("<Row>" + "".join(f'<Cell><Data ss:Type="String">{_escaped(c)}</Data></Cell>'
                                             for c in row) + "</Row>" for row in rows)
            space = "urn:schemas-microsoft-com:office:spreadsheet"
            name = rng.choice(("l.xls", "l.xml"))
            data = (f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet '
                    f'ss:Name="a"><Table>{body}</Table></Worksheet></Workbook>').encode()
    if rng.random() < 0.5:
        data = texts.mutate(rng, data, [b"<table>", b"<tr>", b'ss:Index="99999999"', b"<td colspan=9999999>",
                                        b"<td rowspan=99999>", b"<Row ss:Index='-1'>", ENTITIES])
    return _input(rng, "old", name, data, None)


def _escaped(text: str) -> str:
    kept = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unpacked(data: bytes) -> dict[str, bytes]:
    """The parts of a package; nothing of one that is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            return {i.filename: parts.read(i) for i in parts.infolist() if i.file_size < 1 << 24}
    except (zipfile.BadZipFile, ValueError, OSError, zlib.error, NotImplementedError, EOFError,
            RuntimeError, struct.error):
        return {}


def packed(parts: Mapping[str, bytes], compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A package of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compress
            archive.writestr(info, data)
    return out.getvalue()


def mutate_package(rng: Random, given: FuzzInput) -> FuzzInput:
    """Bytes of the archive, its parts, or the XML of one changed."""
    name = next(iter(given.files))
    data = given.files[name]
    parts = unpacked(data)
    match rng.randrange(10):
        case 0:
            data = texts.mutate(rng, data)
        case 1:
            data = _headers(rng, data)
        case 2 if parts:
            data = packed(_parts(rng, parts), rng.choice((0, 8, 12, 14)))
        case _ if parts:
            sheets = [n for n in parts if "sheet" in n or n == "content.xml"] * 3
            part = rng.choice((*parts, *sheets))
            data = packed({**parts, part: _xml(rng, parts[part])})
        case _:
            data = texts.mutate(rng, data)
    return replace(given, files={name: data}, rows=None)


def _headers(rng: Random, data: bytes) -> bytes:
    """One number in a header of the archive."""
    places = [m.start() for m in re.finditer(b"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    if not places:
        return data
    at = rng.choice(places) + rng.randrange(4, 46)
    size = rng.choice((1, 2, 4))
    number = rng.choice((0, 1, 8, 99, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)) & ((1 << 8 * size) - 1)
    return data[:at] + number.to_bytes(size, "little") + data[at + size:]


def _parts(rng: Random, parts: dict[str, bytes]) -> dict[str, bytes]:
    name, other = rng.choice(list(parts)), rng.choice(list(parts))
    match rng.randrange(6):
        case 0:
            return {n: d for n, d in parts.items() if n != name}
        case 1:
            return {**parts, name: parts[other]}
        case 2:
            return {(rng.choice((name.upper(), "../" + name, "/" + name, name.replace("/", "\\")))
                     if n == name else n): d for n, d in parts.items()}
        case 3:
            return {**parts, name: b""}
        case 4:
            return {**parts, nasty.text(rng).encode(errors="replace").decode()[:200] or "x": b"x"}
        case _:
            return {**parts, name: parts[name] + b" " * rng.choice((10, 1 << 20, 1 << 24))}


def _xml(rng: Random, data: bytes) -> bytes:
    tags = list(re.finditer(rb"<[^<>!?]{1,300}>", data))
    if not tags:
        return texts.mutate(rng, data)
    tag = rng.choice(tags)
    start, end, one = tag.start(), tag.end(), tag[0]
    match rng.randrange(12):
        case 0:
            one = re.sub(rb'="([^"]*)"', rb"='\1'", one)
        case 1:
            found = re.findall(rb'\s[\w:]+="[^"]*"', one)
            rng.shuffle(found)
            head = re.match(rb"</?[\w:]+", one)
            one = (head[0] if head else b"<c") + b"\n".join(found) + one[-2 if one.endswith(b"/>") else -1:]
        case 2:
            one = re.sub(rb'="[^"]*"', lambda _: b'="' + _attribute(rng) + b'"', one, count=1)
        case 3:
            one = re.sub(rb'\br="[A-Z]+\d+"', lambda _: f'r="{rng.choice(REFS)}"'.encode(), one)
        case 4:
            one = re.sub(rb'\bt="\w*"', lambda _: f't="{rng.choice(TYPES)}"'.encode(), one)
        case 5:
            one *= rng.choice((2, 50, 5_000))
        case 6:
            one = b""
        case 7:
            return data.replace(b"<" + one[1:4], b"<x:" + one[1:4]).replace(b"</" + one[1:4], b"</x:" + one[1:4])
        case 8:
            return data[:start] + _attribute(rng) + data[start:]
        case 9:
            head = data.find(b"?>") + 2
            return data[:head] + ENTITIES + data[head:start] + b"&b;" + data[start:]
        case 10:
            after = data.find(b"<", end)
            return data[:end] + rng.choice(NUMBERS).encode() + data[after:] if after > 0 else data
        case _:
            return texts.mutate(rng, data)
    return data[:start] + one + data[end:]


def _attribute(rng: Random) -> bytes:
    one = rng.choice((*REFS, *NUMBERS, nasty.text(rng)[:2000], "A1:XFD1048576", "0", "-1", "4294967296",
                      "&#0;", "&#x110000;", "&b;", "../x.xml", "http://127.0.0.1:1/x"))
    return one.encode(errors="replace").replace(b'"', b"").replace(b"<", b"")
