"""CAS 3.0, which campuses use. In: tickets. Out: who it is; which session is to end.

XML is read without entities or types of documents: what has any is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET
from xml.parsers import expat

from zhuanjie.engine.api import fail
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.identity import Identity
from zhuanjie.web.access.outgoing import ProviderCaller
from zhuanjie.web.access.providers import CasProvider

_CAS: Final = "{http://www.yale.edu/tp/cas}"
_SAMLP: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
_TICKET: Final = re.compile(r"ST-[\w.-]{1,250}", re.ASCII)
_LARGEST: Final = 64 * 1024
_DEEPEST: Final = 20


class CasFlow:
    """Signs people in at one server; safe to share among threads."""

    def __init__(self, provider: CasProvider, caller: ProviderCaller | None = None) -> None:
        self._provider = provider
        self._caller = caller or ProviderCaller(provider.allowed)

    def begin(self, service: str) -> str:
        """Where to send the browser, which comes back to `service` with a ticket."""
        return f"{self._provider.base}/login?{urlencode({'service': service})}"

    def finish(self, ticket: str, service: str) -> Identity:
        """Whose ticket it is; raises LoginError. `service` is ours, never what a request says."""
        if not is_ticket(ticket):
            raise fail(LoginError, "register.access.provider-refused")
        body = self._caller.call(f"{self._provider.base}/p3/serviceValidate",
                                 params={"service": service, "ticket": ticket})
        root = parse(body)
        if root is None or root.tag != f"{_CAS}serviceResponse":
            raise fail(LoginError, "register.access.provider-answer")
        found = root.findall(f"{_CAS}authenticationSuccess")
        if len(found) != 1 or len(root) != 1:
            raise fail(LoginError, "register.access.provider-refused")
        user = (found[0].findtext(f"{_CAS}user") or "").strip()
        # A ticket that went through somebody else's hands is not one that the person showed us.
        if not user or found[0].find(f"{_CAS}proxies") is not None:
            raise fail(LoginError, "register.access.provider-refused")
        attributes: dict[str, list[str]] = {}
        for each in found[0].findall(f"{_CAS}attributes/*"):
            name = each.tag.removeprefix(_CAS)
            attributes.setdefault(name, []).append((each.text or "").strip())
        return Identity(user, attributes, outer=ticket)


def is_ticket(text: str) -> bool:
    """Whether this can be a service ticket."""
    return _TICKET.fullmatch(text) is not None


def ended_ticket(form: Mapping[str, str]) -> str | None:
    """The ticket whose session a server says has ended (single log-out), if it says so."""
    root = parse(form.get("logoutRequest", "").encode("utf-8", "surrogatepass"))
    if root is None or root.tag != f"{_SAMLP}LogoutRequest":
        return None
    ticket = (root.findtext(f"{_SAMLP}SessionIndex") or "").strip()
    return ticket if is_ticket(ticket) else None


def parse(body: bytes) -> ET.Element | None:
    """The root of a document, or None for one that is none, too large, or more than plain XML."""
    if len(body) > _LARGEST:
        return None
    builder, depth = ET.TreeBuilder(), 0
    parser = expat.ParserCreate(namespace_separator="}")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("too deep")
        builder.start(_tag(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_tag(name))

    def refuse(*_given: object) -> None:
        raise ValueError("a type of document")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError):
        return None


def _tag(name: str) -> str:
    return f"{{{name}" if "}" in name else name
