"""One message to one address over SMTP with TLS, and a plain answer to what became of it.

A server may accept a message only after the line that ends it (RFC 5321, 4.1.1.4 and 6.1). `Courier.deliver` therefore
sends everything but that line, calls `before_end`, and only then ends the message: what fails earlier was surely not
delivered.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Literal, cast

from reports.distribution.errors import MailServerError, UnreachableError

Security = Literal["starttls", "tls"]
PORTS: dict[str, int] = {"starttls": 587, "tls": 465}
#: Seconds to wait for an answer, and for the answer to the end of a message (RFC 5321, 4.5.3.2.6).
PATIENCE = 60.0
PATIENCE_AT_THE_END = 600.0
#: The reply before a server hangs up.
SERVICE_CLOSING = 421
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_ENVIRONMENT = "docs/sending.md lists the variables."


@dataclass(frozen=True)
class MailServer:
    """Where and as whom to send. `security` is "starttls" (a plain greeting, then TLS) or "tls" from the first byte."""

    host: str
    port: int
    security: Security
    user: str
    password: str

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port}, {self.security})"


def mail_server(environment: Mapping[str, str] = os.environ) -> MailServer:
    """The server that the environment names: SMTP_HOST, SMTP_PORT, SMTP_SECURITY, SMTP_USER, SMTP_PASSWORD.

    Raises
    ------
    MailServerError
        If a variable is missing or impossible. A password is never repeated.
    """
    host = environment.get("SMTP_HOST", "").strip()
    if not host:
        raise MailServerError("SMTP_HOST", "is not set", f"Set it, or use DRY_RUN=1. {_ENVIRONMENT}")
    if not _HOST.fullmatch(host):
        raise MailServerError("SMTP_HOST", "is not the name of a host", "Write it as mail.example.org.")
    security = environment.get("SMTP_SECURITY", "").strip().lower() or "starttls"
    if security not in PORTS:
        raise MailServerError("SMTP_SECURITY", "is neither starttls nor tls", "There is no sending without TLS.")
    port = environment.get("SMTP_PORT", "").strip() or str(PORTS[security])
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise MailServerError("SMTP_PORT", "is not a port number", f"The usual one is {PORTS[security]}.")
    user, password = environment.get("SMTP_USER", ""), environment.get("SMTP_PASSWORD", "")
    if bool(user) != bool(password):
        raise MailServerError("SMTP_USER, SMTP_PASSWORD", "one is set without the other", "Set both, or neither.")
    if not (user + password).isascii():
        raise MailServerError("SMTP_USER, SMTP_PASSWORD", "hold signs outside ASCII", "Use a password without them.")
    return MailServer(host, int(port), cast(Security, security), user, password)


class Fate(Enum):
    """What became of a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    BROKEN_OFF = "broken off"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Answer:
    """The fate of a message and the server's own words."""

    fate: Fate
    reply: str


class Courier:
    """A session with a mail server, opened when it is first needed and again after it was lost."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._session: smtplib.SMTP | None = None

    def deliver(
        self, message: EmailMessage, sender: str, recipient: str, before_end: Callable[[], None] = lambda: None
    ) -> Answer:
        """Send one message to one address.

        Parameters
        ----------
        message : EmailMessage
        sender, recipient : str
            Addresses of the envelope.
        before_end : callable
            Called when the server holds everything but the end of the message.

        Raises
        ------
        MailServerError
            If no session can be opened: nobody will get anything from this server now.
        """
        content = message.as_bytes()
        reused = self._session is not None
        answer = self._attempt(content, sender, recipient, before_end)
        if answer.fate is Fate.BROKEN_OFF and reused:
            return self._attempt(content, sender, recipient, before_end)
        return answer

    def _attempt(self, content: bytes, sender: str, recipient: str, before_end: Callable[[], None]) -> Answer:
        session = self._opened()
        try:
            refusal = _envelope(session, sender, recipient, len(content))
            if refusal is not None:
                return refusal
            session.send(_LEADING_DOT.sub(b"..", content))
        except OSError as error:
            self._drop()
            return Answer(Fate.BROKEN_OFF, _told(error))
        except BaseException:
            self._drop()
            raise
        try:
            before_end()
            answer = _ended(session)
        except OSError as error:
            self._drop()
            return Answer(Fate.DOUBTFUL, _told(error))
        except BaseException:
            self._drop()
            raise
        return answer

    def close(self) -> None:
        """Take leave of the server."""
        if self._session is not None:
            try:
                self._session.quit()
            except OSError:
                self._session.close()
            self._session = None

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _opened(self) -> smtplib.SMTP:
        if self._session is None:
            self._session = _open(self._server)
        return self._session


def _open(server: MailServer) -> smtplib.SMTP:
    where = f"{server.host}:{server.port}"
    trust = ssl.create_default_context()
    try:
        if server.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=trust)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
    except ssl.SSLError as error:
        raise _untrusted(where, error) from error
    except OSError as error:
        raise UnreachableError(where, f"does not answer ({_told(error)})", "Check SMTP_HOST and SMTP_PORT.") from error
    try:
        if server.security == "starttls":
            session.starttls(context=trust)
        session.ehlo_or_helo_if_needed()
        if server.user:
            session.login(server.user, server.password)
    except BaseException as error:
        session.close()
        if isinstance(error, OSError):
            raise _unopened(where, error) from error
        raise
    return session


def _unopened(where: str, error: OSError) -> MailServerError:
    match error:
        case ssl.SSLError():
            return _untrusted(where, error)
        case smtplib.SMTPAuthenticationError():
            code = error.smtp_code
            return MailServerError(where, f"refuses the log-in ({code})", "Check SMTP_USER and SMTP_PASSWORD.")
        case smtplib.SMTPNotSupportedError():
            return MailServerError(
                where,
                "offers no TLS or no log-in",
                "Check SMTP_PORT; SMTP_SECURITY=tls speaks TLS from the first byte.",
            )
    return UnreachableError(where, f"breaks off ({_told(error)})", "Run `make distribute` again.")


def _untrusted(where: str, error: ssl.SSLError) -> MailServerError:
    if isinstance(error, ssl.SSLCertVerificationError):
        problem = f"shows a certificate that is not trusted ({error.verify_message})"
        return MailServerError(where, problem, "Check SMTP_HOST; SSL_CERT_FILE names an authority of your own.")
    return MailServerError(where, f"does not speak TLS here ({error.reason})", "Check SMTP_PORT and SMTP_SECURITY.")


def _envelope(session: smtplib.SMTP, sender: str, recipient: str, size: int) -> Answer | None:
    """Announce a message; the server's refusal, or None where it waits for the content."""
    steps: tuple[Callable[[], tuple[int, bytes]], ...] = (
        lambda: session.mail(sender, [f"size={size}"] if session.has_extn("size") else []),
        lambda: session.rcpt(recipient),
        lambda: session.docmd("DATA"),
    )
    for step in steps:
        code, words = step()
        if code == SERVICE_CLOSING:
            raise smtplib.SMTPServerDisconnected(words.decode("utf-8", "replace"))
        if code >= 400:
            session.rset()
            return _answer(code, words)
    return None


def _ended(session: smtplib.SMTP) -> Answer:
    """End a message; the server's answer."""
    if session.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is gone")
    session.sock.settimeout(PATIENCE_AT_THE_END)
    session.send(b".\r\n")
    code, words = session.getreply()
    if session.sock is not None:
        session.sock.settimeout(PATIENCE)
    return _answer(code, words)


def _answer(code: int, words: bytes) -> Answer:
    fate = Fate.ACCEPTED if code < 400 else Fate.DEFERRED if code < 500 else Fate.REFUSED
    return Answer(fate, f"{code} {_printable(words.decode('utf-8', 'replace'))}")


def _told(error: BaseException) -> str:
    """An error in words, without what a terminal might obey."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _printable(str(error)) or type(error).__name__


def _printable(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]
