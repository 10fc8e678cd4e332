"""A user's address is no way into the network the server stands in; mail travels encrypted or not at all."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.notices import email, outside
from smartfolio_app.providers.notices.base import Notice, NoticeError
from smartfolio_app.providers.notices.registry import channel_of, channels
from smartfolio_app.settings import load_settings
from tests.loopback.mail import Letters, MailServer

NOTICE = Notice("n1", dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "One\r\nBcc: x@y.z", "Il y a 3 €.", "warning")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://example.org/x", "notice.not_https"),
        ("ftp://example.org/", "notice.not_https"),
        ("example.org", "notice.address"),
        ("https://", "notice.address"),
        ("https://user:pass@example.org/", "notice.address"),
        ("https://example.org/\n", "notice.address"),
        ("https://exa mple.org/", "notice.address"),
        ("https://example.org:99999/", "notice.address"),
        ("https://[::1/", "notice.address"),
        ("https://127.0.0.1/", "notice.private"),
        ("http://127.0.0.1/", "notice.private"),
        ("https://localhost/", "notice.private"),
        ("https://10.1.2.3/", "notice.private"),
        ("https://169.254.169.254/latest/meta-data", "notice.private"),
        ("https://[::1]/", "notice.private"),
        ("https://[::ffff:10.0.0.1]/", "notice.private"),
        ("https://[fd00::1]/", "notice.private"),
        ("https://0.0.0.0/", "notice.private"),
        ("https://192.0.2.1/", "notice.private"),
    ],
)
def test_addresses_that_may_not_be_posted_to(address, code):
    with pytest.raises(InvalidInputError) as caught:
        outside.check_address(address, private=False)
    assert caught.value.code == code
    with pytest.raises(NoticeError):
        outside.post(address, b"{}", {}, private=False)


def test_public_ones_may_and_private_ones_where_the_operator_allows_it():
    assert outside.check_address("https://example.org:8443/a?b=c", private=False) == "example.org"
    assert outside.check_address("http://127.0.0.1:1/", private=True) == "127.0.0.1"
    with pytest.raises(InvalidInputError):
        outside.check_address("http://10.0.0.1/", private=True)  # http is for loopback alone


def resolving(monkeypatch, *addresses):
    def resolve(host, port, *_more, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(outside.socket, "getaddrinfo", resolve)


@pytest.mark.parametrize("found", [("127.0.0.1",), ("10.0.0.7",), ("93.184.216.34", "192.168.1.1")])
def test_a_public_name_with_a_private_address_is_not_connected_to(monkeypatch, found):
    resolving(monkeypatch, *found)
    with pytest.raises(NoticeError) as caught:
        outside.post("https://rebound.example/", b"{}", {}, private=False)
    assert (caught.value.code, caught.value.lasting) == ("notice.private", True)


def test_one_who_drips_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(outside, "DEADLINE", 1.0)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        stop = threading.Event()

        def drip():
            connection, _ = listening.accept()
            with connection:
                while not stop.wait(0.1):
                    try:
                        connection.sendall(b"X")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(NoticeError) as caught:
            outside.post(address, b"{}", {}, private=True)
        stop.set()
        thread.join(30)
    assert caught.value.code in {"notice.timeout", "notice.no_connection"}


def test_nobody_there_is_no_connection():
    with socket.socket() as taken:
        taken.bind(
            ("127.0.0.1", 0)
        )  # bound, not listening: a connection is refused, and nobody else can take it
        with pytest.raises(NoticeError) as caught:
            outside.post(f"http://127.0.0.1:{taken.getsockname()[1]}/", b"{}", {}, private=True)
    assert (caught.value.code, caught.value.lasting) == ("notice.no_connection", False)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("webhook", {"url": "https://example.org/", "secret": "short"}),
        ("ntfy", {"topic": "a/b"}),
        ("ntfy", {"topic": "a", "token": "two words"}),
        ("email", {"to": "nobody"}),
        ("email", {"to": "a..b@example.org"}),
        ("email", {"to": "a@b.c, d@e.f"}),
        ("email", {"to": "a@b.c\nBcc: d@e.f"}),
    ],
)
def test_what_a_channel_cannot_use_is_refused(kind, fields):
    with pytest.raises(InvalidInputError):
        channel_of(kind).check(fields, load_settings(smtp_host="mail.example.org"))


def test_there_are_three_kinds_of_channels():
    assert set(channels()) == {"email", "ntfy", "webhook"}
    with pytest.raises(InvalidInputError):
        channel_of("pigeon")


# ----------------------------------------------------------------------------------------------------------- e-mail
@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that signs itself: the path of it and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "loopback.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def authenticate(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"smart", b"open sesame"), handled=False)


@pytest.fixture
def mail_server(certificate):
    """A maker of mail servers on loopback: ``mail_server(tls="starttls"|"tls"|"none")`` -> (letters, port)."""
    running = []

    def make(tls):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        letters = Letters()
        options = {
            "authenticator": authenticate,
            "auth_require_tls": tls == "starttls",
            "auth_required": True,
        }
        if tls == "none":
            options = {}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        server = MailServer(letters, ssl_context=context if tls == "tls" else None, **options)
        server.start()
        running.append(server)
        return letters, server.port

    yield make
    for server in running:
        server.stop()


def settings_of(port, security, **more):
    return load_settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security=security, **more)


# The server of the test asks for a password; with implicit TLS it cannot see that the line is safe.
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_sent_encrypted_and_signed_in(mail_server, certificate, monkeypatch, security):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    letters, port = mail_server(security)
    settings = settings_of(port, security, smtp_user="smart", smtp_password="open sesame")
    email.CHANNEL.send({"to": "anna@example.org"}, NOTICE, settings)
    ((session, envelope),) = letters.got
    assert session.ssl is not None or security == "tls"
    message = message_from_bytes(envelope.original_content, policy=policy.default)
    assert message["Subject"] == "One Bcc: x@y.z"
    assert message["Bcc"] is None
    assert message.get_content().split() == ["Il", "y", "a", "3", "€."]
    assert "n1" in message["Message-ID"]
    wrong = settings_of(port, security, smtp_user="smart", smtp_password="guessed")
    with pytest.raises(NoticeError) as caught:
        email.CHANNEL.send({"to": "anna@example.org"}, NOTICE, wrong)
    assert (caught.value.code, caught.value.lasting) == ("notice.mail_login", True)


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(mail_server):
    letters, port = mail_server("starttls")
    with pytest.raises(NoticeError) as caught:
        email.CHANNEL.send({"to": "anna@example.org"}, NOTICE, settings_of(port, "starttls"))
    assert caught.value.code == "notice.no_connection"
    assert letters.got == []


def test_no_password_travels_in_the_clear(mail_server):
    letters, port = mail_server("none")
    for settings in (
        settings_of(port, "none", smtp_user="smart", smtp_password="open sesame"),
        settings_of(port, "starttls", smtp_user="smart", smtp_password="open sesame"),
    ):
        with pytest.raises(NoticeError) as caught:
            email.CHANNEL.send({"to": "anna@example.org"}, NOTICE, settings)
        assert caught.value.code == "notice.mail_no_tls"
    assert letters.got == []
