"""A mail server of one test: plain, or by TLS from the first byte on."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.configured import configured
from tests.servers import free_port
from tests.world import Smtp
from vestibule.courier.transports import channels

SMTP_BACKEND = "vestibule.courier.transports.smtp.EmailBackend"


@contextmanager
def sink(handler: Smtp | None = None, tls: ssl.SSLContext | None = None, **more: object) -> Iterator[Smtp]:
    """A server that takes the mails of this process until the end of the block."""
    taken = handler or Smtp()
    controller = Controller(taken, hostname="127.0.0.1", port=free_port(), ssl_context=tls)
    controller.start()
    to = {"EMAIL_BACKEND": SMTP_BACKEND, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": controller.port, **more}
    channels.close_mail_connection()
    try:
        with configured(**to):
            yield taken
    finally:
        channels.close_mail_connection()
        controller.stop()


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, as one PEM file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
