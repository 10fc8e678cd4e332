"""The reverse proxies of docs/proxy, run for real: their examples with names, ports and certificates of a test.

Caddy and nginx are taken from the machine, else installed through apt where that is allowed.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.ports import free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "proxy"
HOST = "127.0.0.1"
EXAMPLE_NAME = "money.example.org"
EXAMPLE_UPSTREAM = "127.0.0.1:8080"
PATIENCE_SECONDS = 60


class NoProxyError(Exception):
    """The program is not there and cannot be had, or does not start; the message says why."""


@dataclass(frozen=True)
class Certificates:
    """An authority of the test's own, and a server's certificate that it signed for 127.0.0.1."""

    authority: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a client needs that believes this authority alone."""
        return ssl.create_default_context(cafile=str(self.authority))


def make_certificates(folder: Path) -> Certificates:
    """Write an authority and a certificate into ``folder``."""
    now = datetime.now(UTC)

    def build(
        subject: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer or name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    signing = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        build("SmartFolio test authority", None, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(signing, critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        build("SmartFolio behind a proxy", root.subject, key)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    pem = serialization.Encoding.PEM
    made.authority.write_bytes(root.public_bytes(pem))
    made.chain.write_bytes(leaf.public_bytes(pem))
    made.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


@dataclass
class Proxy:
    """A running proxy; ``url`` is the https address that people open."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """The address of its site."""
        return f"https://{HOST}:{self.port}"

    def stop(self) -> None:
        """End the proxy."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def start(name: str, folder: Path, app_port: int, certificates: Certificates) -> Proxy:
    """Start ``caddy`` or ``nginx`` in front of the app on ``app_port``, by its example in docs/proxy.

    Raises:
        NoProxyError: It cannot be had or does not start.
    """
    program = find_program(name)
    port = free_port(HOST)
    log = folder / "log"
    command = _COMMANDS[name](program, folder, port, app_port, certificates)
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
    )
    running = Proxy(name, port, process, log)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return running
        time.sleep(0.02)
    running.stop()
    raise NoProxyError(f"{name} does not answer; it said:\n{log.read_text(errors='replace')[-2000:]}")


def find_program(name: str) -> str:
    """Return where a proxy is; install it through apt, without starting it, where that is allowed and needed."""
    paths = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = shutil.which(name, path=paths)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        # Run level 1: the package's own service is not started.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", name]):
            subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)
        found = shutil.which(name, path=paths)
    if found is None:
        raise NoProxyError(
            f"{name} is not installed, and could not be installed through apt (that takes root)"
        )
    return found


def _example(name: str, app_port: int) -> str:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert EXAMPLE_NAME in text, f"{name} no longer names {EXAMPLE_NAME}"
    assert EXAMPLE_UPSTREAM in text, f"{name} no longer names {EXAMPLE_UPSTREAM}"
    return text.replace(EXAMPLE_UPSTREAM, f"127.0.0.1:{app_port}")


def _caddy(program: str, folder: Path, port: int, app_port: int, given: Certificates) -> list[object]:
    site = f"{EXAMPLE_NAME} {{"
    text = _example("Caddyfile", app_port)
    assert site in text
    own = f"https://{HOST}:{port} {{\n\ttls {given.chain} {given.key}"
    text = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text.replace(site, own)
    (folder / "Caddyfile").write_text(text)
    return [program, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


def _nginx(program: str, folder: Path, port: int, app_port: int, given: Certificates) -> list[object]:
    text = _example("nginx.conf", app_port)
    lines = [line for line in text.splitlines() if "listen [::]" not in line]  # machines without IPv6
    text = "\n".join(lines).replace(EXAMPLE_NAME, HOST)
    changes = {
        "listen 80;": f"listen {HOST}:{free_port(HOST)};",
        "listen 443 ssl http2;": f"listen {HOST}:{port} ssl http2;",
        f"/etc/letsencrypt/live/{HOST}/fullchain.pem": str(given.chain),
        f"/etc/letsencrypt/live/{HOST}/privkey.pem": str(given.key),
    }
    for old, new in changes.items():
        assert old in text, f"the example no longer says {old}"
        text = text.replace(old, new)
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # the test's folders are closed to other users
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n  access_log off;\n{temporary}{text}\n}}\n"
    )
    return [program, "-e", "stderr", "-c", folder / "nginx.conf"]


_COMMANDS: dict[str, Callable[[str, Path, int, int, Certificates], list[object]]] = {
    "caddy": _caddy,
    "nginx": _nginx,
}
