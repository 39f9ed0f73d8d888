"""Small .ods files, part by part. In: sheets of a gallery. Out: the bytes of a file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from support.field_grids import Sheet, Typed

KIND = "application/vnd.oasis.opendocument.spreadsheet"
SPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"' for name, urn in (
    ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"),
    ("number", "datastyle"), ("fo", "xsl-fo-compatible")))
DAYS = {
    "day": '<number:year number:style="long"/><number:text>-</number:text><number:month '
           'number:style="long"/><number:text>-</number:text><number:day number:style="long"/>',
    "month": '<number:year number:style="long"/><number:text>年</number:text><number:month/>'
             '<number:text>月</number:text>',
    "year": '<number:year number:style="long"/>',
    "month-day": '<number:month/><number:text>月</number:text><number:day/>'
                 '<number:text>日</number:text>',
}


def document(sheets: Sequence[Sheet]) -> bytes:
    """A package of the two parts that every reader asks for, and its manifest."""
    styles: dict[str, str] = {}
    tables = "".join(_table(sheet, styles) for sheet in sheets)
    content = (f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES} '
               f'office:version="1.2"><office:automatic-styles>{"".join(styles.values())}'
               f"</office:automatic-styles><office:body><office:spreadsheet>{tables}"
               "</office:spreadsheet></office:body></office:document-content>")
    manifest = ('<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest='
                '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
                f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}"/>'
                '<manifest:file-entry manifest:full-path="content.xml" '
                'manifest:media-type="text/xml"/></manifest:manifest>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", KIND, zipfile.ZIP_STORED)
        package.writestr("content.xml", content, zipfile.ZIP_DEFLATED)
        package.writestr("META-INF/manifest.xml", manifest, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _table(sheet: Sheet, styles: dict[str, str]) -> str:
    style = ""
    if sheet.is_hidden:
        styles["away"] = ('<style:style style:name="away" style:family="table">'
                          '<style:table-properties table:display="false"/></style:style>')
        style = ' table:style-name="away"'
    heads = {(top, left): (bottom - top + 1, right - left + 1)
             for top, left, bottom, right in sheet.merged}
    covered = {(at, column) for top, left, bottom, right in sheet.merged
               for at in range(top, bottom + 1) for column in range(left, right + 1)} - heads.keys()
    width = max(*map(len, sheet.rows), *(area[3] + 1 for area in sheet.merged), 1)
    rows = []
    for at, row in enumerate(sheet.rows):
        seen = (' table:visibility="collapse"' if at + 1 in sheet.hidden
                else ' table:visibility="filter"' if at + 1 in sheet.filtered else "")
        cells = []
        for column in range(width):
            cell = row[column] if column < len(row) else ""
            name = "covered-table-cell" if (at, column) in covered else "table-cell"
            span = heads.get((at, column))
            spans = (f' table:number-rows-spanned="{span[0]}" table:number-columns-spanned="{span[1]}"'
                     if span else "")
            cells.append(f"<table:{name}{spans}{_cell(cell, at + 1 in sheet.struck, styles)}"
                         f"</table:{name}>")
        rows.append(f"<table:table-row{seen}>{''.join(cells)}</table:table-row>")
    return (f"<table:table table:name={quoteattr(sheet.name)}{style}>"
            f'<table:table-column table:number-columns-repeated="{width}"/>{"".join(rows)}'
            "</table:table>")


def _cell(cell: str | Typed, struck: bool, styles: dict[str, str]) -> str:
    """The attributes and the inside of a cell, from behind its name."""
    if cell == "":
        return ">"
    form = cell.show if isinstance(cell, Typed) and cell.kind in ("day", "number") else ""
    style = _style(form, struck, styles)
    if isinstance(cell, str):
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in cell.split("\n"))
        return f'{style} office:value-type="string">{lines}'
    text = f"<text:p>{escape(cell.text)}</text:p>"
    if cell.kind == "day":
        return f'{style} office:value-type="date" office:date-value="{cell.value}">{text}'
    if cell.kind == "number":
        return f'{style} office:value-type="float" office:value="{cell.value!r}">{text}'
    formula = "=VLOOKUP(1;[.A1:.A1];1)" if cell.kind == "error" else cell.value
    return (f'{style} table:formula={quoteattr("of:" + formula)} office:value-type="string" '
            f'office:string-value="{escape(cell.text)}">{text}')


def _style(form: str, struck: bool, styles: dict[str, str]) -> str:
    if not form and not struck:
        return ""
    name = f"c-{form or 'text'}-{int(struck)}"
    data = f"n-{form}"
    if form in DAYS:
        styles[data] = f'<number:date-style style:name="{data}">{DAYS[form]}</number:date-style>'
    elif form:
        styles[data] = (f'<number:number-style style:name="{data}"><number:number '
                        f'number:decimal-places="0" number:min-integer-digits="{len(form)}"/>'
                        "</number:number-style>")
    through = '<style:text-properties style:text-line-through-style="solid"/>' if struck else ""
    shown = f' style:data-style-name="{data}"' if form else ""
    styles[name] = (f'<style:style style:name="{name}" style:family="table-cell"{shown}>{through}'
                    "</style:style>")
    return f' table:style-name="{name}"'
