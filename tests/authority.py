"""Certificates for servers on this computer: self-signed, or of an authority like a company's."""

import datetime
import ipaddress
import ssl

import pytest


def self_signed(folder):
    """Make a certificate that vouches for itself; get the paths of it and of its key."""
    key, name = _key(), _name("test")
    return _written(folder, _certificate(name, name, key, key, is_authority=True), key)


def authority(folder):
    """Make an authority as companies have them, without key identifiers, and a server's
    certificate; get the paths of the authority, of the certificate and of its key.
    """
    root_key, root = _key(), _name("Company")
    key = _key()
    path = folder / "authority.pem"
    path.write_bytes(_pem(_certificate(root, root, root_key, root_key, is_authority=True)))
    return (str(path), *_written(folder, _certificate(_name("test"), root, key, root_key), key))


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _key():
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(text):
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _certificate(name, issuer, key, issuer_key, is_authority=False):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _pem(certificate):
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)


def _written(folder, certificate, key):
    from cryptography.hazmat.primitives import serialization

    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(_pem(certificate))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])
