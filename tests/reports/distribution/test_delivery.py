"""Sessions with a real mail server: TLS or nothing, and a plain answer to what became of a message."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import trustme
from post_office import PASSWORD, REPLIES, USER, PostOffice, free_port, open_office

from reports.distribution.delivery import Courier, Fate, MailServer, mail_server
from reports.distribution.errors import MailServerError, UnreachableError

SENDER, READER = "study@example.org", "ada@example.org"


def message(text: str = "Words.\n") -> EmailMessage:
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"], written["Subject"] = SENDER, READER, "Edition"
    written.set_content(text)
    return written


def sent(server: MailServer, *recipients: str, text: str = "Words.\n") -> list[tuple[Fate, str]]:
    with closing(Courier(server)) as courier:
        answers = [courier.deliver(message(text), SENDER, one) for one in recipients or (READER,)]
    return [(answer.fate, answer.reply) for answer in answers]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.usefixtures("trusted")
def test_a_message_arrives_word_for_word_over_tls(authority: trustme.CA, security: str) -> None:
    text = "one\n.two begins with a dot\n.\n..three\nñ, €\nthe end\n"
    with open_office(authority, security=security) as office:
        assert sent(office.server, text=text) == [(Fate.ACCEPTED, "250 2.0.0 queued")]
        [(address, arrived)] = office.accepted
    assert address == READER
    assert arrived.get_content().replace("\r\n", "\n") == text


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host_is_refused_before_the_password_is_sent(authority: trustme.CA) -> None:
    with open_office(authority, name="elsewhere.example.org") as office:
        with pytest.raises(MailServerError, match="not trusted") as caught:
            sent(office.server)
        assert not office.attempts
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_refused(security: str) -> None:
    with (
        open_office(trustme.CA(), security=security) as office,
        pytest.raises(MailServerError, match=r"not trusted.*SSL_CERT_FILE"),
    ):
        sent(office.server)


def test_a_wrong_password_is_named_and_not_repeated(office: PostOffice) -> None:
    server = MailServer("localhost", office.port, "starttls", USER, "wrong secret")
    with pytest.raises(MailServerError, match=r"refuses the log-in \(535\).*SMTP_PASSWORD") as caught:
        sent(server)
    assert "wrong secret" not in f"{caught.value}{caught.value.__cause__}{server!r}"


def test_a_server_without_tls_gets_no_password_and_no_message() -> None:
    with (
        _scripted(["220 hello\r\n", "250-there\r\n250 SIZE\r\n"]) as (port, heard),
        pytest.raises(MailServerError, match="no TLS"),
    ):
        sent(MailServer("localhost", port, "starttls", USER, PASSWORD))
    assert not any(word in line.upper() for line in heard for word in ("AUTH", "MAIL", "RCPT"))


def test_tls_to_a_port_that_speaks_plainly_is_explained() -> None:
    with (
        _scripted(["220 hello\r\n"]) as (port, _),
        pytest.raises(MailServerError, match=r"does not speak TLS.*SMTP_SECURITY|breaks off|does not answer"),
    ):
        sent(MailServer("localhost", port, "tls", "", ""))


def test_nobody_listening_is_worth_another_try() -> None:
    port = free_port()
    with pytest.raises(UnreachableError, match=f"localhost:{port}") as caught:
        sent(MailServer("localhost", port, "starttls", "", ""))
    assert caught.value.exit_code == 75


@pytest.mark.parametrize(
    ("plan", "fate", "reply"),
    [
        ("refuse", Fate.REFUSED, "550"),
        ("later", Fate.DEFERRED, "451"),
        ("refuse content", Fate.REFUSED, "554"),
        ("content later", Fate.DEFERRED, "452"),
    ],
)
def test_a_refusal_at_any_step_is_told_and_the_next_message_goes(
    office: PostOffice, plan: str, fate: Fate, reply: str
) -> None:
    office.plans = {READER: [plan]}
    (first, words), (second, _) = sent(office.server, READER, "bob@example.org")
    assert (first, words[:3]) == (fate, reply)
    assert second is Fate.ACCEPTED
    assert office.recipients == ["bob@example.org"]


def test_a_connection_lost_before_the_end_is_surely_not_delivered(office: PostOffice) -> None:
    office.plans = {READER: ["hang up"]}
    ended: list[str] = []
    with closing(Courier(office.server)) as courier:
        answer = courier.deliver(message(), SENDER, READER, before_end=lambda: ended.append("too early"))
        after = courier.deliver(message(), SENDER, "bob@example.org")
    assert (answer.fate, after.fate) == (Fate.BROKEN_OFF, Fate.ACCEPTED)
    assert not ended


def test_a_session_that_went_stale_is_opened_again(office: PostOffice) -> None:
    office.plans = {"bob@example.org": ["hang up"]}
    fates = [fate for fate, _ in sent(office.server, READER, "bob@example.org")]
    assert fates == [Fate.ACCEPTED, Fate.ACCEPTED]


def test_a_connection_lost_after_the_end_is_doubtful_and_not_tried_again(office: PostOffice) -> None:
    office.plans = {READER: ["swallow"]}
    assert [fate for fate, _ in sent(office.server)] == [Fate.DOUBTFUL]
    assert office.attempts == [READER]


def test_nothing_arrives_if_the_end_is_never_sent(office: PostOffice) -> None:
    def crash() -> None:
        raise MemoryError

    with closing(Courier(office.server)) as courier, pytest.raises(MemoryError):
        courier.deliver(message(), SENDER, READER, before_end=crash)
    assert office.attempts == [READER]
    assert not office.accepted


def test_the_words_of_a_server_cannot_steer_the_terminal(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REPLIES, "refuse", "550 \x1b[2Jgone \x07" + "x" * 400)
    office.plans = {READER: ["refuse"]}
    [(_, reply)] = sent(office.server)
    assert reply.isprintable()
    assert len(reply) < 220


FULL = {"SMTP_HOST": "mail.example.org", "SMTP_USER": "u", "SMTP_PASSWORD": "p"}


def test_the_environment_names_the_server_and_tls_is_the_default() -> None:
    assert mail_server(FULL) == MailServer("mail.example.org", 587, "starttls", "u", "p")
    assert mail_server({**FULL, "SMTP_SECURITY": "TLS"}).port == 465


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"SMTP_HOST": " "}, "SMTP_HOST"),
        ({"SMTP_HOST": "a\r\nb"}, "SMTP_HOST"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY"),
        ({"SMTP_PORT": "smtp"}, "SMTP_PORT"),
        ({"SMTP_PORT": "70000"}, "SMTP_PORT"),
        ({"SMTP_USER": ""}, "SMTP_USER"),
        ({"SMTP_PASSWORD": "pässwort"}, "SMTP_PASSWORD"),
    ],
)
def test_an_impossible_variable_is_named_without_its_secret(change: dict[str, str], culprit: str) -> None:
    with pytest.raises(MailServerError, match=culprit) as caught:
        mail_server({**FULL, **change})
    assert caught.value.remedy
    assert "pässwort" not in str(caught.value)


@contextmanager
def _scripted(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """A server that answers each line it hears with the next of its own, without TLS."""
    heard: list[str] = []
    listener = socket.create_server(("localhost", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for line in lines:
                connection.sendall(line.encode())
                heard.append(connection.recv(1000).decode("latin-1"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        thread.join(5)
        listener.close()
