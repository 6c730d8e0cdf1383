"""A real mail server with TLS in a thread: it keeps what it accepts and does to an address what a test tells it."""
# ruff: noqa: ARG001, ARG002 - the server passes more than is needed

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from reports.distribution import MailServer

USER, PASSWORD = "study", "correct horse"
REPLIES = {
    "refuse": "550 5.1.1 no such user",
    "later": "451 4.7.1 greylisted, try again later",
    "refuse content": "554 5.7.1 content refused",
    "content later": "452 4.3.1 disk full",
}


@dataclass
class PostOffice:
    """What arrived, and what is to happen to an address: one word or callable for each further attempt."""

    accepted: list[tuple[str, EmailMessage]] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    plans: dict[str, list[str | Callable[[], None]]] = field(default_factory=dict)
    on_recipient: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    port: int = 0
    security: str = "starttls"

    @property
    def server(self) -> MailServer:
        return MailServer("localhost", self.port, self.security, USER, PASSWORD)  # type: ignore[arg-type]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(self.port),
            "SMTP_SECURITY": self.security,
            "SMTP_USER": USER,
            "SMTP_PASSWORD": PASSWORD,
        }

    @property
    def recipients(self) -> list[str]:
        return sorted(address for address, _ in self.accepted)

    def _next(self, address: str) -> Any:
        plan = self.plans.get(address, [])
        return plan[0] if plan else None

    def _done(self, address: str) -> None:
        if self.plans.get(address):
            self.plans[address].pop(0)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.attempts.append(address)
        if self.on_recipient.get(address):
            self.on_recipient[address].pop()()
            return "451 the client is gone"
        plan = self._next(address)
        if plan in {"refuse", "later"}:
            self._done(address)
            return REPLIES[plan]
        if plan == "hang up":
            self._done(address)
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        [address] = envelope.rcpt_tos
        plan = self._next(address)
        self._done(address)
        if plan in REPLIES:
            return REPLIES[plan]
        self.accepted.append((address, message_from_bytes(envelope.content, policy=default)))  # type: ignore[arg-type]
        if callable(plan):
            plan()
        if plan == "swallow":
            server.transport.abort()
        return "250 2.0.0 queued"


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("localhost", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def open_office(authority: trustme.CA, *, security: str = "starttls", name: str = "localhost") -> Iterator[PostOffice]:
    """A post office on a free port, whose certificate is made out to `name`."""
    office = PostOffice(security=security)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    office.port = free_port()
    shared = {"hostname": "localhost", "port": office.port, "authenticator": _authenticated}
    if security == "tls":
        controller = Controller(office, ssl_context=context, auth_require_tls=False, **shared)
    else:
        controller = Controller(office, tls_context=context, require_starttls=True, auth_required=True, **shared)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
