"""What a parser found wrong, in our words. In: its English text. Out: a cause with a code.

Parsers of JSON, YAML, XML and TOML speak English only; the kinds of fault are few.
"""

from __future__ import annotations

import re

from msgspec import Struct

from zhuanjie.engine.core.patterns import late

_KINDS = tuple((late(pattern, re.IGNORECASE), code) for pattern, code in (
    (r"<EOF>|<stream end>", "parser.open"),
    (r"expecting ',' delimiter|expected ',' or|expecting ':' delimiter|could not find expected ':'"
     r"|expected '=' after", "parser.separator"),
    (r"property name enclosed|invalid (initial character for a )?key|expected a key", "parser.key"),
    (r"expecting value|invalid value|no element found|expected.*node content", "parser.value"),
    (r"extra data|junk after|expected newline or end|but found another document", "parser.extra"),
    (r"unterminated|unclosed|unexpected end|unexpected end of stream|scanning a quoted",
     "parser.open"),
    (r"illegal trailing comma", "parser.comma"),
    (r"control character|special characters are not allowed|not well-formed|illegal character",
     "parser.character"),
    (r"escape", "parser.escape"),
    (r"character '\\t'|found a tab", "parser.tab"),
    (r"mapping values are not allowed", "parser.colon"),
    (r"block end|did not find expected|bad indentation|but found", "parser.indent"),
    (r"mismatched tag", "parser.tag"),
    (r"undefined (alias|entity)|cannot start any token|unknown escape", "parser.sign"),
    (r"extraneous input|mismatched input|no viable alternative", "parser.unexpected"),
    (r"missing ['<]", "parser.missing"), (r"token recognition", "parser.character"),
    (r"duplicate|cannot overwrite|cannot declare|more than once", "parser.twice"),
))

_TOKEN = late(r"(?:input|alias|character) '([^']+)'")


class WritingFault(Struct, frozen=True):
    """A fault of writing: the code of our words, and the parser's own."""

    code: str
    text: str
    token: str = ""

    def __str__(self) -> str:
        return self.text


def cause(text: str) -> WritingFault:
    """What a parser's message means."""
    code = next((code for pattern, code in _KINDS if pattern.search(text)), "parser.other")
    token = _TOKEN.search(text)
    return WritingFault(code, text, token[1] if token else "…")
