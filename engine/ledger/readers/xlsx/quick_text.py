"""XML in its usual form. In: blocks of text and pieces of them. Out: what they say."""

from __future__ import annotations

import re

import polars as pl

_ATTRIBUTE = re.compile(r'\s+([A-Za-z_][\w:.]*)="([^"<>]*)"')
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_PRESERVED = '<is><t xml:space="preserve">'


class UnusualError(Exception):
    """The part is not written as most are; a parser has to read it."""


def plain(block: bytes, prefix: bytes) -> bytes:
    """A block without the prefix of the sheet's own elements, its lines ended as XML has it."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if prefix:
        begin, end = b"<" + prefix, b"</" + prefix
        if block.count(b"<") != block.count(begin) + block.count(end):
            raise UnusualError
        block = block.replace(begin, b"<").replace(end, b"</")
    return block


def pieces_of(block: bytes, mark: str) -> pl.Series:
    """The text of a block, split at every mark; raises UnusualError where it is no UTF-8."""
    try:
        # As a column from the first: an expression would copy the block.
        return pl.Series("text", [block], dtype=pl.Binary).cast(pl.String).str.split(
            mark).explode()
    except pl.exceptions.ComputeError:
        raise UnusualError from None


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag; raises UnusualError where something else is among them."""
    out: dict[str, str] = {}
    at = 0
    while found := _ATTRIBUTE.match(text, at):
        at = found.end()
        if found[1] in out or "&" in found[2] or found[1].startswith("xmlns"):
            raise UnusualError
        out[found[1]] = found[2]
    if text[at:].strip(" \t\n"):
        raise UnusualError
    return out


def unwrapped(inner: pl.Series, inline: pl.Series | None) -> pl.Series:
    """What stands in `<v>`, or for texts that are `inline` in `<is><t>`; raises UnusualError where
    anything else is there."""
    cell = pl.lit(inner)
    found = within(cell, "<v>", "</v>")
    if inline is not None:
        found = pl.when(pl.lit(inline)).then(pl.coalesce(
            within(cell, "<is><t>", "</t></is>"), within(cell, _PRESERVED, "</t></is>"))
        ).otherwise(found)
    value = pl.select(found.alias("text")).to_series()
    if value.null_count():
        missing = value.is_null()
        if not inner.filter(missing).is_in(["", "<v/>", "<v></v>", "<is><t/></is>", "<is/>"]).all():
            raise UnusualError
        value = value.fill_null("")
    if value.str.contains("<", literal=True).any():
        raise UnusualError
    return unquoted(value)


def within(texts: pl.Expr, begin: str, end: str) -> pl.Expr:
    """What stands between two tags; null where it does not."""
    return pl.when(texts.str.starts_with(begin) & texts.str.ends_with(end)).then(
        texts.str.strip_prefix(begin).str.strip_suffix(end))


def unquoted(texts: pl.Series) -> pl.Series:
    """Texts with the characters that entities stand for."""
    odd = texts.str.contains("&", literal=True).arg_true()
    if not len(odd):
        return texts
    return texts.scatter(odd, [unquote(text) for text in texts.gather(odd)])


def unquote(text: str) -> str:
    """A text with the characters that its entities stand for."""
    out = _ENTITY.sub(_character, text)
    if text.count("&") != len(_ENTITY.findall(text)):
        raise UnusualError
    return out


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED[found[1]]
    code = int(found[2]) if found[2] else int(found[3], 16)
    if (code < 32 and code not in (9, 10, 13)) or 0xD800 <= code < 0xE000 or code >= 0xFFFE:
        raise UnusualError
    return chr(code)
