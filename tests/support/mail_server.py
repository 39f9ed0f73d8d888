"""A mail server and a webhook on loopback. In: what they answer. Out: what they were sent."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """A certificate of its own authority for `localhost`."""

    file: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.file, self.key)
        return made


def certificate(folder: Path) -> Certificate:
    """A certificate for `localhost` and 127.0.0.1, good today."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False)
            .sign(key, hashes.SHA256()))
    out = Certificate(folder / "cert.pem", folder / "key.pem")
    out.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    out.key.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return out


@dataclass
class Mailbox:
    """What a mail server took. `answer` is what it says to each message."""

    port: int = 0
    envelopes: list[Any] = field(default_factory=list)
    answer: str = "250 OK"
    to_recipient: str = ""
    users: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str,
                          _options: Any) -> str:
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return self.answer

    def mails(self) -> list[Message]:
        return [message_from_bytes(e.content, _class=EmailMessage, policy=default)
                for e in self.envelopes]


@contextmanager
def mail_server(cert: Certificate | None = None, *, tls: bool = False,
                users: dict[str, str] | None = None) -> Iterator[Mailbox]:
    """A mail server on 127.0.0.1: with STARTTLS where it has a certificate, or with TLS at once."""
    box = Mailbox(users=users or {})

    def check(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and box.users.get(data.login.decode()) \
            == data.password.decode()
        return AuthResult(success=good, handled=False) if not good else AuthResult(success=True)

    options: dict[str, Any] = {}
    if cert is not None and tls:
        options = {"ssl_context": cert.context()}
    elif cert is not None:
        options = {"tls_context": cert.context(), "require_starttls": True}
    if users:
        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": not tls}
    controller = Controller(box, hostname="127.0.0.1", port=0, **options)
    # The controller looks for the port it was given, and it was given none: bind, then ask.
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop(no_assert=True)


@dataclass
class Posted:
    """A request that a webhook was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Webhook:
    """What a webhook was sent; `answers` are what it says, the last one for good."""

    address: str
    posts: list[Posted] = field(default_factory=list)
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)


def answering(status: int, body: bytes = b'{"errcode":0,"errmsg":"ok"}',
              **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer with this status, body and headers."""
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    return answer


@contextmanager
def webhook(cert: Certificate | None = None) -> Iterator[Webhook]:
    """A server of webhooks on 127.0.0.1, with TLS where it has a certificate."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            hook.posts.append(Posted(self.path, dict(self.headers), self.rfile.read(length)))
            answer = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if cert is not None:
        server.socket = cert.context().wrap_socket(server.socket, server_side=True)
    scheme = "https" if cert is not None else "http"
    hook = Webhook(f"{scheme}://127.0.0.1:{server.server_port}", answers=[answering(200)])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
