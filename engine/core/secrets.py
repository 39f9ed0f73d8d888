"""Names that users give, as they may be shown. In: a name, a text. Out: the same without a secret.

Whatever is shown of a call passes here: a password belongs into no message, no report and no file,
also where the address that holds it is misspelt or stands where none is wanted.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from zhuanjie.engine.core.patterns import late

HIDDEN: Final = "***"
_WORDS: Final = r"pass(?:word|wd|phrase)|pwd|secret|token|scram_(?:client|server)_key|api_?key"
_WORD: Final = late(_WORDS, re.IGNORECASE)
_NAMED: Final = late(
    rf"(\b\w*(?:{_WORDS})\w*[ \t]*(?:=|%3D)[ \t]*)"
    r"('(?:\\.|[^'\\])*'?|\"(?:\\.|[^\"\\])*\"?|[^\s&;'\"`]+)", re.IGNORECASE)
_HEAD: Final = r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9+.\-]+:/+)"
_USER: Final = late(_HEAD + r"[^\s`]*@")
_USER_SPACED: Final = late(_HEAD + r".*@", re.DOTALL)
_MISSPELT: Final = late(r"(?<![A-Za-z0-9:])(postgres[\w+]*+:?+/*+|//)[^\s`/:]*:[^\s`]*@",
                              re.IGNORECASE)
_HOST: Final = r"(?:\[[^\]\s]*\]|[^/?\s:,]*)(?::[0-9]*)?"
_NO_HOST: Final = late(
    rf"(?<![A-Za-z0-9])(postgres(?:ql)?:/+)(?!{_HOST}(?:,{_HOST})*(?:[/?\s`]|$))[^\s`]*",
    re.IGNORECASE)
"""An address whose port is no number: a user and a password without a host."""
_BARE: Final = late(
    r"(?<![\w/@.:])[A-Za-z_][\w.\-]*:(?![/\\])[^\s`]*@(?=[\w.\-]+:[0-9]|[\w.\-]+/|\[)")
"""User and password of an address that does not say of what: a host with a port or a path
follows, which tells it from a time, a drive or a mail address."""
_ESCAPED: Final = late(r"(^|[?&])([^=&\s]*%[^=&\s]*)=([^&\s]*)")


def shown_name(name: str) -> str:
    """A name as a user gave it, such as a path or an address, without user and password."""
    return _shown(name, _USER_SPACED)


def shown_text(text: str) -> str:
    """A text that may quote such names, without the secrets in them."""
    return _shown(text, _USER)


def _shown(text: str, user: re.Pattern[str]) -> str:
    if not text.isprintable():  # bytes of a name that are no characters
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if "@" in text and ("//" in text or "postgres" in text.lower()):
        text = _MISSPELT.sub(rf"\1{HIDDEN}@", text)
    if "@" in text and ":" in text:
        text = _BARE.sub(f"{HIDDEN}@", text)
    if ":/" in text:
        text = user.sub(rf"\1{HIDDEN}@", text)
        text = _NO_HOST.sub(rf"\1{HIDDEN}", text)
    if "%" in text and "=" in text:
        text = _ESCAPED.sub(_escaped, text)
    if ("=" in text or "%3" in text) and _WORD.search(text):
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return text


def _escaped(found: re.Match[str]) -> str:
    """A part of an address whose name is written with escapes, which a server undoes."""
    secret = _WORD.search(unquote(found[2]))
    return f"{found[1]}{found[2]}={HIDDEN}" if secret else found[0]
