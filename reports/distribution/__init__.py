"""Editions to their readers: who gets what, one message each, a ledger of who has it. The only part that sends."""

from reports.distribution.delivery import MailServer, mail_server
from reports.distribution.dispatch import Doubtful, distribute, write_messages
from reports.distribution.edition import Edition, read_edition
from reports.distribution.stakeholders import Stakeholders, load_stakeholders

__all__ = [
    "Doubtful",
    "Edition",
    "MailServer",
    "Stakeholders",
    "distribute",
    "load_stakeholders",
    "mail_server",
    "read_edition",
    "write_messages",
]
