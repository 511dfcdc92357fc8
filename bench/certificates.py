"""A certificate authority for one run, and a certificate for 127.0.0.1 that it signed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = IPv4Address("127.0.0.1")
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: the authority that clients trust, and the server's certificate and key.

    `with_public_roots` is a file with the public roots that requests trusts by default, and this authority after them.
    """

    authority: Path
    with_public_roots: Path
    certificate: Path
    key: Path


def make_certificates(directory: Path) -> Certificates:
    """Make the authority and the server's certificate, valid for two days around now."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed("Benchmark authority", authority_key, "Benchmark authority", authority_key)
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _signed("127.0.0.1", server_key, "Benchmark authority", authority_key, host=HOST)
    made = Certificates(
        *(directory / name for name in ("authority.pem", "roots.pem", "server.pem", "server.key"))
    )
    made.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.with_public_roots.write_bytes(Path(certifi.where()).read_bytes() + made.authority.read_bytes())
    made.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made


def _signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    host: IPv4Address | None = None,
) -> x509.Certificate:
    """Return a certificate: a server's if `host` is given, otherwise an authority's."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(host)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
