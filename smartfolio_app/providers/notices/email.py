"""An e-mail, through the mail server that the operator named."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.declared import Field
from smartfolio_app.providers.notices.base import Notice, NoticeError
from smartfolio_app.settings import Settings

_TIMEOUT = 20.0
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Email:
    """One address."""

    id = "email"
    fields = (Field("to", "channels.field.to"),)

    def check(self, given: Mapping[str, str], settings: Settings) -> None:
        """Refuse what is no address, or any while there is no mail server."""
        if not settings.smtp_host:
            raise InvalidInputError("notice.no_mail_server")
        if not _ADDRESS.fullmatch(given["to"]) or len(given["to"]) > 254:
            raise InvalidInputError("notice.mail_address")
        try:
            Address(addr_spec=given["to"])
        except (HeaderParseError, ValueError) as error:
            raise InvalidInputError("notice.mail_address") from error

    def shown(self, given: Mapping[str, str]) -> str:
        """Return the address."""
        return given["to"]

    def send(self, given: Mapping[str, str], notice: Notice, settings: Settings) -> None:
        """Hand one message over to the mail server."""
        if not settings.smtp_host:
            raise NoticeError("notice.no_mail_server", lasting=True)
        message = letter(given["to"], notice, settings)
        try:
            with _connected(settings) as server:
                password = settings.smtp_password
                if settings.smtp_user and password is not None:
                    server.login(settings.smtp_user, password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise NoticeError("notice.mail_login", lasting=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            lasting = all(code >= 500 for code in codes)
            raise NoticeError("notice.mail_refused", lasting=lasting, answer=max(codes)) from error
        except smtplib.SMTPResponseException as error:
            lasting = error.smtp_code >= 500
            raise NoticeError("notice.mail_refused", lasting=lasting, answer=error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NoticeError("notice.mail_no_tls", lasting=True) from error
        except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
            raise NoticeError("notice.no_connection", host=settings.smtp_host) from error


def letter(to: str, notice: Notice, settings: Settings) -> EmailMessage:
    """Return the message; its id is the notice's, so that one that arrives twice is known as one."""
    message = EmailMessage()
    sender = settings.smtp_from or f"smartfolio@{settings.smtp_host}"
    message["From"] = Address("SmartFolio", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(notice.title.split())
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = make_msgid(notice.id, domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text + "\n")
    return message


def _connected(settings: Settings) -> smtplib.SMTP:
    """Return a connection that is encrypted, unless the operator asked for none (and then without a password)."""
    trust = ssl.create_default_context()
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT, context=trust)
    if settings.smtp_security == "none" and settings.smtp_user:
        raise NoticeError("notice.mail_no_tls", lasting=True)
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT)
    if settings.smtp_security == "starttls":
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
    return server


CHANNEL = Email()
