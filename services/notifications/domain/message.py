"""What an e-mail about a statement says: nothing that tells of health, provider or account.

Source of the rule: docs/trust, PHI rules; the document itself is attached encrypted.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.events.payments import StatementBody

SUBJECT = "Your billing statement is ready"


class Email(NamedTuple):
    """A message ready for the channel; attachment is an encrypted PDF."""

    sender: str
    recipient: str
    message_id: str
    subject: str
    body: str
    attachment: bytes
    attachment_name: str


def open_password(birth_date: str) -> str:
    """The password of the attached document: date of birth as MMDDYYYY.

    birth_date: ISO 8601.
    """
    year, month, day = birth_date.split("-")
    return f"{month}{day}{year}"


def cover_text(statement: StatementBody) -> str:
    """The body of the e-mail: how to open the document and whom to call, and no more."""
    return (
        "A billing statement is attached to this message.\n\n"
        "It is protected. To open it, type the patient's date of birth as eight digits: "
        "month, day, year.\n\n"
        f"Questions? Call {statement.practice_phone}. Please do not reply to this message.\n"
    )


def total_matches(statement: StatementBody) -> bool:
    """True when the lines add up to the amount due: no other statement may leave the house."""
    return sum(line.you_owe_cents for line in statement.lines) == statement.amount_due_cents
