"""Handing one e-mail to a relay, and what its answer means for the attempt."""

from __future__ import annotations

from email.message import EmailMessage
from typing import NamedTuple

import aiosmtplib

from services.notifications.domain.lifecycle import Outcome
from services.notifications.domain.message import Email
from services.notifications.settings import NotificationsSettings


class Answer(NamedTuple):
    """The outcome and the SMTP reply code or failure kind, never the relay's words."""

    outcome: Outcome
    code: str


def _mime(email: Email) -> EmailMessage:
    message = EmailMessage()
    message["From"] = email.sender
    message["To"] = email.recipient
    message["Subject"] = email.subject
    message["Message-ID"] = email.message_id
    message.set_content(email.body)
    message.add_attachment(
        email.attachment, maintype="application", subtype="pdf", filename=email.attachment_name
    )
    return message


def _refusal(code: int) -> Answer:
    permanent = 500 <= code < 600
    return Answer(Outcome.REFUSED if permanent else Outcome.TRY_LATER, str(code))


async def send(email: Email, settings: NotificationsSettings) -> Answer:
    """One SMTP conversation, bounded by smtp_timeout_seconds; never raises for the relay's sake.

    A connection that breaks after it was made leaves the outcome unknown: the relay may have it.
    """
    smtp = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        timeout=settings.smtp_timeout_seconds,
        start_tls=True if settings.smtp_start_tls or settings.profile == "prod" else None,
        username=settings.smtp_username or None,
        password=settings.smtp_password or None,
    )
    try:
        await smtp.connect()
    except aiosmtplib.SMTPAuthenticationError as error:
        return Answer(Outcome.TRY_LATER, str(error.code))
    except (aiosmtplib.SMTPException, OSError) as error:
        return Answer(Outcome.TRY_LATER, type(error).__name__)
    try:
        await smtp.send_message(_mime(email))
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _refusal(error.recipients[0].code)
    except aiosmtplib.SMTPResponseException as error:
        return _refusal(error.code)
    except (aiosmtplib.SMTPException, OSError) as error:
        return Answer(Outcome.UNKNOWN, type(error).__name__)
    finally:
        smtp.close()
    return Answer(Outcome.SENT, "250")
