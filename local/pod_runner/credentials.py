"""The runner's certificate and token, and the kubeconfig that clients use them with."""

import base64
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.files import write_private
from local.pod_runner.objects import Json

VALIDITY = timedelta(days=825)
RENEWAL = timedelta(days=30)


def make_credentials(folder: Path, token: str) -> None:
    """Write `ca.crt`, `server.crt`, `server.key` and `token`, readable by their owner only.

    Certificates that are still valid for 30 days stay; the token file always ends up with this token.

    :param folder: made when missing.
    :param token: the bearer token clients must send.
    """
    if not _still_valid(folder):
        for name, content in _certificates().items():
            write_private(folder / name, content)
    write_private(folder / "token", token)


def kubeconfig(folder: Path, port: int, namespace: str = "shamal") -> Json:
    """Return the kubeconfig of a runner, with its token and CA inside.

    :param folder: where `make_credentials` wrote.
    :param port: the runner's port.
    :param namespace: the default namespace.
    """
    ca = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": ca}
    context = {"cluster": "pod-runner", "user": "airflow", "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "pod-runner", "cluster": cluster}],
        "users": [{"name": "airflow", "user": {"token": (folder / "token").read_text()}}],
        "contexts": [{"name": "pod-runner", "context": context}],
        "current-context": "pod-runner",
    }


def _still_valid(folder: Path) -> bool:
    # Written last: where it is, the others are.
    certificate = folder / "server.crt"
    if not certificate.exists():
        return False
    server = x509.load_pem_x509_certificate(certificate.read_bytes())
    return server.not_valid_after_utc - datetime.now(UTC) > RENEWAL


def _certificates() -> dict[str, bytes]:
    """Make a CA, sign one server certificate with it, and forget the CA's key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pod-runner CA")])
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pod-runner")])
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    server = (
        _builder(name, ca_name, key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"ca.crt": ca.public_bytes(pem), "server.key": private, "server.crt": server.public_bytes(pem)}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - timedelta(minutes=5)
    return (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), start, start + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
